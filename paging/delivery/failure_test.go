package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/paging"
	"tocsin/paging/delivery"
)

// hooked is a queue with trouble.
type hooked struct {
	*world
	beforeCode func()
	fail       func() error
	claims     atomic.Int32
	most       int          // attempts per claim; 0: as many as asked for
	stuck      atomic.Int32 // so many releases of a phone fail
}

func (q *hooked) ReleasePhone(ctx context.Context, l paging.PhoneLease) error {
	if q.stuck.Add(-1) >= 0 {
		return errors.New("the store does not answer")
	}
	return q.world.ReleasePhone(ctx, l)
}

func (q *hooked) ReserveCode(ctx context.Context, r paging.CodeRequest) (paging.Code, error) {
	if q.beforeCode != nil {
		q.beforeCode()
	}
	return q.world.ReserveCode(ctx, r)
}

func (q *hooked) ClaimAttempts(ctx context.Context, now time.Time, leases paging.Leases, limit int) ([]paging.Claim, time.Time, error) {
	q.claims.Add(1)
	if q.fail != nil {
		if err := q.fail(); err != nil {
			return nil, time.Time{}, err
		}
	}
	if q.most > 0 {
		limit = min(limit, q.most)
	}
	return q.world.ClaimAttempts(ctx, now, leases, limit)
}

// TestRetries ensures the back-off of temporary failures, that the provider's own word is
// respected, and that the deadline ends them.
func TestRetries(t *testing.T) {
	for _, c := range []struct {
		name     string
		answer   answer
		deadline time.Duration
		tries    []time.Duration
		end      paging.State
	}{
		{"doubling up to a minute", failing(paging.Temporary, 0), 5 * time.Minute, []time.Duration{0, 2, 6, 14, 30, 62, 122, 182, 242}, paging.Failed},
		{"as the provider asks", failing(paging.Temporary, 40*time.Second), 100 * time.Second, []time.Duration{0, 40, 80}, paging.Failed},
		{"no time left", failing(paging.Temporary, 0), time.Second, []time.Duration{0}, paging.Failed},
		{"past the deadline once", answer{}, -time.Hour, []time.Duration{0}, paging.Sent},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.net.script = func(int, paging.Message) answer { return c.answer }
				id := w.page(func(a *paging.Attempt) { a.Deadline = w.start.Add(c.deadline) })
				_, stop := w.deliver()
				w.after(10 * time.Minute)
				stop()
				var tries []time.Duration
				for _, s := range w.net.tries {
					tries = append(tries, s.after.Round(time.Second)/time.Second)
				}
				assert.Equal(t, c.tries, tries)
				assert.Equal(t, c.end, w.row(id).State)
				assert.Equal(t, w.net.tries[0].body, w.net.tries[len(tries)-1].body, "a retry has the same code")
			})
		})
	}
}

// TestPermanentFailures ensures that what no retry can help fails at once, with the reason.
func TestPermanentFailures(t *testing.T) {
	for _, class := range []paging.Class{paging.BadContact, paging.OptedOut, paging.BadAccount, paging.NotConfigured} {
		t.Run(string(class), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.net.script = func(int, paging.Message) answer { return refuse(class) }
				id := w.page()
				_, stop := w.deliver()
				w.after(time.Second)
				stop()
				assert.Len(t, w.net.tries, 1)
				assert.Equal(t, paging.Failed, w.row(id).State)
				assert.Contains(t, w.row(id).Reason, "refused by the test")
			})
		})
	}
}

// TestNoChannel ensures that a contact of a kind that nobody serves fails at once, with proof.
func TestNoChannel(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		id := w.page(func(a *paging.Attempt) { a.Channel = "pigeon" })
		_, stop := w.deliver()
		w.after(time.Second)
		stop()
		assert.Equal(t, paging.Failed, w.row(id).State)
		assert.Contains(t, w.row(id).Reason, "pigeon")
	})
}

// TestRefusedContent ensures that a text which the provider filters goes out once more, plain,
// with the same code.
func TestRefusedContent(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.net.script = func(n int, _ paging.Message) answer {
			if n == 1 || n > 2 {
				return refuse(paging.BadContent)
			}
			return answer{}
		}
		id := w.page(p0, titled("free prizes"))
		_, stop := w.deliver()
		w.after(time.Second)
		require.Equal(t, []string{"P0 page 10. Reply 10 = ack. See list"}, w.net.bodies(ana))
		assert.Equal(t, paging.Sent, w.row(id).State)
		assert.Equal(t, w.net.sent()[0].body, w.row(id).Text)

		second := w.page(titled("free prizes"))
		w.after(2 * time.Second)
		stop()
		assert.Equal(t, paging.Failed, w.row(second).State)
		assert.Len(t, w.net.tries, 4)
	})
}

// TestUnknownOutcome ensures that a message whose outcome is unknown is looked for, reported
// when it is found (even late), and sent again, the same text, only when it is not.
func TestUnknownOutcome(t *testing.T) {
	unknown := &paging.SendError{Class: paging.UnknownResult, Message: "the connection was lost"}
	for _, c := range []struct {
		name  string
		taken bool
		late  time.Duration // until it is listed
		tries int
		texts int
	}{
		{"taken", true, 0, 1, 1},
		{"taken, listed late", true, 7 * time.Second, 1, 1},
		{"not taken", false, 0, 2, 1},
		{"taken, never listed", true, time.Hour, 2, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.net.unlisted = c.late
				w.net.script = func(n int, _ paging.Message) answer {
					if n == 1 {
						return answer{err: unknown, take: c.taken}
					}
					return answer{}
				}
				id := w.page()
				_, stop := w.deliver()
				w.after(time.Minute)
				stop()
				require.Len(t, w.net.tries, c.tries)
				assert.Len(t, w.net.sent(), c.texts)
				assert.Equal(t, paging.Sent, w.row(id).State)
				assert.Equal(t, w.net.sent()[0].id, map[bool]string{true: w.row(id).ProviderID, false: "SM1"}[c.tries == 1 || !c.taken])
				if c.tries == 2 {
					assert.Equal(t, w.net.tries[0].body, w.net.tries[1].body)
					assert.InDelta(t, 17, w.net.tries[1].after.Seconds(), 2.5)
				}
			})
		})
	}
}

// TestUnknownBundle ensures that a rolling text whose outcome is unknown is settled as one:
// found once for all, or sent again once.
func TestUnknownBundle(t *testing.T) {
	for _, taken := range []bool{true, false} {
		t.Run(fmt.Sprint("taken ", taken), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.net.script = func(n int, _ paging.Message) answer {
					if n == 5 {
						return answer{take: taken, err: &paging.SendError{Class: paging.UnknownResult, Message: "lost"}}
					}
					return answer{}
				}
				var ids []paging.AttemptID
				for range 50 {
					ids = append(ids, w.page())
				}
				_, stop := w.deliver()
				w.after(time.Minute)
				stop()
				require.Len(t, w.net.sent(), 5)
				rolling := w.net.sent()[4]
				n := 0
				for _, id := range ids {
					assert.Equal(t, paging.Sent, w.row(id).State)
					if w.row(id).ProviderID == rolling.id {
						n++
					}
				}
				assert.Equal(t, 46, n)
			})
		})
	}
}

// TestTakeover ensures that an attempt which a dead process had begun is not sent again when
// the provider has it, and is sent again, the same text, when it does not.
func TestTakeover(t *testing.T) {
	for _, had := range []bool{true, false} {
		t.Run(fmt.Sprint("provider has it ", had), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				id := w.page()
				claims, _, err := w.ClaimAttempts(t.Context(), time.Now(), paging.Leases{Planned: 3 * time.Second, Sending: 30 * time.Second}, 10)
				require.NoError(t, err)
				errs, err := w.Begin(t.Context(), time.Now(), 30*time.Second, []paging.Start{{Claim: claims[0], Code: "77", Text: "P2 Finding. Reply 77 = ack"}})
				require.NoError(t, err)
				require.NoError(t, errs[0])
				if had {
					_, err = w.net.Send(t.Context(), paging.Message{To: ana, Body: "P2 Finding. Reply 77 = ack"})
					require.NoError(t, err)
				}
				_, stop := w.deliver()
				w.after(29 * time.Second)
				assert.Equal(t, 0, w.net.asked(), "the lease of the dead process was not respected")
				w.after(time.Minute)
				stop()
				want := map[bool]string{true: "P2 Finding. Reply 77 = ack", false: "P2 Finding. Reply 10 = ack, 10e = pass on"}[had]
				assert.Equal(t, []string{want}, w.net.bodies(ana))
				assert.Equal(t, paging.Sent, w.row(id).State)
			})
		})
	}
}

// TestReleaseIsRepeated ensures that a phone whose lease could not be given back at once does
// not hold up the next page for the whole lease.
func TestReleaseIsRepeated(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		q := &hooked{world: w}
		q.stuck.Store(3)
		w.page()
		d, stop := w.deliver(func(c *delivery.Config) { c.Queue = q })
		w.after(500 * time.Millisecond)
		w.page(p0)
		d.Wake()
		w.after(3 * time.Second)
		stop()
		assert.Len(t, w.net.sent(), 2)
	})
}

// TestTwoDeliveries ensures that two processes on one store send every page once, however
// slow the provider, and never two texts to one phone at the same time.
func TestTwoDeliveries(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		random := rand.New(rand.NewPCG(3, 4))
		w.net.script = func(int, paging.Message) answer {
			return answer{wait: time.Duration(random.IntN(900)) * time.Millisecond}
		}
		small := func(c *delivery.Config) { c.Queue = &hooked{world: w, most: 3} } // so that both have pages for one phone
		d1, stop1 := w.deliver(small)
		d2, stop2 := w.deliver(small, func(c *delivery.Config) { c.Concurrency = 3 })
		var ids []paging.AttemptID
		for i := range 200 {
			ids = append(ids, w.page(p0, to(fmt.Sprintf("+120255501%02d", i%20)), titled(fmt.Sprintf("incident %d", i))))
			if i%7 == 0 {
				d1.Wake()
				d2.Wake()
				synctest.Wait()
			}
		}
		w.after(5 * time.Minute)
		stop1()
		stop2()
		assert.Len(t, w.net.tries, 200)
		assert.Equal(t, 1, w.net.overlap, "two texts to one phone at the same time")
		count := map[string]int{}
		for _, s := range w.net.sent() {
			count[s.body]++
		}
		for body, n := range count {
			assert.Equal(t, 1, n, body)
		}
		for _, id := range ids {
			assert.Equal(t, paging.Sent, w.row(id).State)
			assert.Equal(t, 1, w.row(id).Tries)
		}
	})
}
