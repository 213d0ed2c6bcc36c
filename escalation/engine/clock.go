package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// Clock is the local clock corrected by its offset to the store's.
type Clock struct {
	local  func() time.Time
	offset atomic.Int64
}

// NewClock returns a clock without an offset; local is time.Now outside of tests.
func NewClock(local func() time.Time) *Clock { return &Clock{local: local} }

// Now is the corrected time, in UTC.
func (c *Clock) Now() time.Time {
	return c.local().Add(time.Duration(c.offset.Load())).UTC()
}

// Offset is what is added to the local clock.
func (c *Clock) Offset() time.Duration { return time.Duration(c.offset.Load()) }

// Measure asks the store for its time; half of the round trip is taken off. An offset within
// that half proves nothing and counts as none: a slow answer must not move the clock. A store
// that cannot be asked leaves the offset as it was: paging never stops for it.
func (c *Clock) Measure(ctx context.Context, ask func(context.Context, time.Time) (time.Time, error)) error {
	before := c.local()
	remote, err := ask(ctx, before)
	if err != nil {
		return err
	}
	after := c.local()
	offset := remote.Sub(before.Add(after.Sub(before) / 2))
	if offset.Abs() <= after.Sub(before)/2 { // no more than the question itself may be off, or a store without a clock
		offset = 0
	}
	c.offset.Store(int64(offset))
	return nil
}
