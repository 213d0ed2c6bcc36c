package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// Clock is the local clock corrected by its offset to the store's. Between two measurements it
// goes by the time that has passed, not by what the local clock shows: readings of time.Now
// carry a monotonic part, so a local clock that is set moves no deadline. A lease taken with a
// clock that has just jumped by an hour would hold up a phone for an hour.
type Clock struct {
	local func() time.Time
	last  atomic.Pointer[reading]
}

// reading is one instant on both clocks.
type reading struct {
	local    time.Time // with its monotonic part, if it has one
	truth    time.Time
	measured bool // the store was asked
}

// jumped is how far the local clock must have been set for it to be worth a question.
const jumped = time.Second

// NewClock returns a clock without an offset; local is time.Now outside of tests.
func NewClock(local func() time.Time) *Clock {
	c := &Clock{local: local}
	now := local()
	c.last.Store(&reading{local: now, truth: now.Round(0)})
	return c
}

// Now is the corrected time, in UTC.
func (c *Clock) Now() time.Time {
	r := c.last.Load()
	return r.truth.Add(c.local().Sub(r.local)).UTC()
}

// Offset is how far the local clock was corrected when the store was last asked.
func (c *Clock) Offset() time.Duration {
	r := c.last.Load()
	return r.truth.Sub(r.local.Round(0))
}

// Doubtful says that the store should be asked: it never was, or the local clock was set since.
func (c *Clock) Doubtful() bool {
	r, now := c.last.Load(), c.local()
	set := now.Round(0).Sub(r.local.Round(0)) - now.Sub(r.local)
	return !r.measured || set.Abs() > jumped
}

// Measure asks the store for its time; half of the round trip is taken off. An offset within
// that half proves nothing and counts as none: a slow answer must not move the clock. A store
// that cannot be asked leaves everything as it was: paging never stops for it.
func (c *Clock) Measure(ctx context.Context, ask func(context.Context, time.Time) (time.Time, error)) error {
	before := c.local()
	remote, err := ask(ctx, before)
	if err != nil {
		return err
	}
	after := c.local()
	half := after.Sub(before) / 2
	truth := remote.Round(0).Add(half)
	if truth.Sub(after.Round(0)).Abs() <= half { // no more than the question itself may be off, or a store without a clock
		truth = after.Round(0)
	}
	c.last.Store(&reading{local: after, truth: truth, measured: true})
	return nil
}
