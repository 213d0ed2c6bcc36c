package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/paging"
	"tocsin/paging/delivery"
)

// door is the queue as one process sees it: each call passes it on the way in and on the way out.
type door struct {
	*world
	in, out func(ctx context.Context, op string) error
}

func pass[T any](ctx context.Context, q *door, op string, call func() (T, error)) (v T, err error) {
	if q.in != nil {
		if err = q.in(ctx, op); err != nil {
			return v, err
		}
	}
	if v, err = call(); q.out != nil {
		err = errors.Join(err, q.out(ctx, op))
	}
	return v, err
}

type claimed struct {
	claims []paging.Claim
	next   time.Time
}

func (q *door) ClaimAttempts(ctx context.Context, now time.Time, leases paging.Leases, limit int) ([]paging.Claim, time.Time, error) {
	d, err := pass(ctx, q, "claim", func() (d claimed, err error) {
		d.claims, d.next, err = q.world.ClaimAttempts(ctx, now, leases, limit)
		return d, err
	})
	return d.claims, d.next, err
}

func (q *door) Begin(ctx context.Context, now time.Time, lease time.Duration, starts []paging.Start) ([]error, error) {
	return pass(ctx, q, "begin", func() ([]error, error) { return q.world.Begin(ctx, now, lease, starts) })
}

func (q *door) Defer(ctx context.Context, claims []paging.Claim, until time.Time) error {
	_, err := pass(ctx, q, "defer", func() (any, error) { return nil, q.world.Defer(ctx, claims, until) })
	return err
}

func (q *door) ReserveCode(ctx context.Context, r paging.CodeRequest) (paging.Code, error) {
	return pass(ctx, q, "code", func() (paging.Code, error) { return q.world.ReserveCode(ctx, r) })
}

func (q *door) LeasePhone(ctx context.Context, phone string, now time.Time, lease time.Duration) (l paging.PhoneLease, ok bool, err error) {
	l, err = pass(ctx, q, "lease", func() (l paging.PhoneLease, err error) {
		l, ok, err = q.world.LeasePhone(ctx, phone, now, lease)
		return l, err
	})
	return l, ok, err
}

func (q *door) RenewPhone(ctx context.Context, l paging.PhoneLease, now time.Time, lease time.Duration) error {
	_, err := pass(ctx, q, "renew", func() (any, error) { return nil, q.world.RenewPhone(ctx, l, now, lease) })
	return err
}

func (q *door) ReleasePhone(ctx context.Context, l paging.PhoneLease) error {
	_, err := pass(ctx, q, "release", func() (any, error) { return nil, q.world.ReleasePhone(ctx, l) })
	return err
}

var errDead = errors.New("the process is dead")

// mortal returns a door that is shut for ever once dead is set.
func (w *world) mortal(dead *atomic.Bool) *door {
	return &door{world: w, in: func(context.Context, string) error {
		if dead.Load() {
			return errDead
		}
		return nil
	}}
}

// TestSoonTakenOver ensures that what a process which dies had claimed and not begun is texted by
// another within 5 s: whether it had only the claim or the phone as well, and although it had
// been texting that phone for a while.
func TestSoonTakenOver(t *testing.T) {
	for _, op := range []string{"lease", "code", "begin"} {
		t.Run("before "+op, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				var dead atomic.Bool
				q := w.mortal(&dead)
				alive := q.in
				q.in = func(ctx context.Context, now string) error {
					if now == op {
						dead.Store(true)
					}
					return alive(ctx, now)
				}
				_, stop := w.deliver(func(c *delivery.Config) { c.Queue = q })
				w.after(time.Second)
				id := w.page(p0)
				w.after(1500 * time.Millisecond)
				require.True(t, dead.Load())
				_, stop2 := w.deliver()
				w.after(6 * time.Second)
				stop()
				stop2()
				require.Len(t, w.net.sent(), 1)
				assert.Less(t, w.net.sent()[0].at.Sub(w.start), 5*time.Second)
				assert.Equal(t, paging.Sent, w.row(id).State)
			})
		})
	}
	t.Run("while it texts", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			w.net.script = func(n int, _ paging.Message) answer {
				return answer{wait: time.Duration(2-min(n, 2)) * 9 * time.Second}
			}
			var dead atomic.Bool
			w.page(p0, titled("first"))
			_, stop := w.deliver(func(c *delivery.Config) { c.Queue = w.mortal(&dead) })
			w.after(2 * time.Second)
			second := w.page(p0, titled("second"))
			_, stop2 := w.deliver()
			w.after(7 * time.Second)
			assert.Empty(t, w.net.sent(), "the phone is texted right now")
			dead.Store(true)
			w.after(12 * time.Second)
			assert.Equal(t, paging.Sent, w.row(second).State)
			w.after(time.Minute)
			stop()
			stop2()
		})
	})
}

// TestBusyProcess ensures that a page which waits in a busy process that claims no more is texted
// soon by another, and that the busy one does nothing more about it.
func TestBusyProcess(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.net.script = func(n int, _ paging.Message) answer {
			return answer{wait: time.Duration(2-min(n, 2)) * 9 * time.Second}
		}
		var codes atomic.Int32
		q := &door{world: w, in: func(_ context.Context, op string) error {
			if op == "code" {
				codes.Add(1)
			}
			if since := time.Since(w.start); op == "claim" && since > 2*time.Second && since < 20*time.Second {
				return errDead
			}
			return nil
		}}
		w.page(to("+12025550102"))
		_, stop := w.deliver(func(c *delivery.Config) { c.Queue, c.Concurrency = q, 1 })
		w.after(time.Second)
		id := w.page()
		w.after(1500 * time.Millisecond)
		_, stop2 := w.deliver()
		w.after(6 * time.Second)
		assert.Equal(t, paging.Sent, w.row(id).State)
		w.after(time.Minute)
		stop()
		stop2()
		assert.Len(t, w.net.tries, 2)
		assert.Equal(t, int32(1), codes.Load())
	})
}

// TestSlowProvider ensures that a provider which takes longer than any short lease gets each text
// once, and texts to one phone one after the other, although several processes wait for the phone.
func TestSlowProvider(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.net.script = func(int, paging.Message) answer { return answer{wait: 9 * time.Second} }
		var stops []func()
		for range 3 {
			_, stop := w.deliver()
			stops = append(stops, stop)
		}
		for i := range 6 {
			w.page(p0, titled(fmt.Sprintf("incident %d", i)))
		}
		w.after(2 * time.Minute)
		for _, stop := range stops {
			stop()
		}
		assert.Len(t, w.net.tries, 6)
		assert.Len(t, w.net.sent(), 6)
		assert.Equal(t, 1, w.net.overlap)
	})
}

// TestSlowStore ensures that a store whose every answer takes longer than a third of a short lease
// costs no page and doubles none, for one process and for several.
func TestSlowStore(t *testing.T) {
	for processes := range 3 {
		t.Run(fmt.Sprint(processes+1), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.net.script = func(int, paging.Message) answer { return answer{wait: 4 * time.Second} }
				slow := func(context.Context, string) error {
					time.Sleep(650 * time.Millisecond)
					return nil
				}
				var stops []func()
				for range processes + 1 {
					_, stop := w.deliver(func(c *delivery.Config) { c.Queue = &door{world: w, in: slow, out: slow} })
					stops = append(stops, stop)
				}
				for i := range 6 {
					w.page(p0, to(fmt.Sprintf("+120255501%02d", i%2)), titled(fmt.Sprintf("incident %d", i)))
				}
				w.after(time.Minute)
				for _, stop := range stops {
					stop()
				}
				assert.Len(t, w.net.tries, 6)
				assert.Equal(t, 1, w.net.overlap)
			})
		})
	}
}

// TestStoodStill ensures that a process which stood still longer than its leases, before or after
// its Begin, texts nobody while another has the phone, and that each page goes out once.
func TestStoodStill(t *testing.T) {
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprint("after Begin ", after), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.net.script = func(int, paging.Message) answer { return answer{wait: 9 * time.Second} }
				still := make(chan struct{})
				var stands atomic.Bool
				stand := func(_ context.Context, op string) error {
					if op == "begin" && time.Since(w.start) < 8*time.Second {
						stands.Store(true)
					}
					if stands.Load() {
						<-still
					}
					return nil
				}
				q := &door{world: w, in: stand}
				if after {
					q.in = func(_ context.Context, op string) error {
						if stands.Load() {
							<-still
						}
						return nil
					}
					q.out = stand
				}
				first := w.page(p0, titled("first"))
				_, stop := w.deliver(func(c *delivery.Config) { c.Queue = q })
				w.after(time.Second)
				require.True(t, stands.Load())
				second := w.page(p0, titled("second"))
				_, stop2 := w.deliver()
				w.after(8 * time.Second)
				require.Len(t, w.net.tries, 1, "the other has the phone")
				stands.Store(false)
				close(still)
				w.after(90 * time.Second)
				stop()
				stop2()
				assert.Len(t, w.net.tries, 2)
				assert.Equal(t, 1, w.net.overlap)
				assert.Equal(t, paging.Sent, w.row(first).State)
				assert.Equal(t, paging.Sent, w.row(second).State)
			})
		})
	}
}
