package delivery_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/paging"
	"tocsin/paging/delivery"
)

// TestPage ensures that a planned page goes out at once, with a code that leads back to its
// incident, and is reported.
func TestPage(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var late []time.Duration
		d, stop := w.deliver(func(c *delivery.Config) {
			c.Observe.Lateness = func(_ paging.Attempt, l time.Duration, _ bool) { late = append(late, l) }
		})
		w.after(50 * time.Millisecond)
		id := w.page(p0, titled("Checkout errors 7%"), func(a *paging.Attempt) {
			a.Where, a.Else, a.ElseAt = "payments, eu-1", "ben", time.Now().Add(5*time.Minute)
		})
		d.Wake()
		synctest.Wait()
		stop()

		clock := w.start.Add(50*time.Millisecond + 5*time.Minute).UTC().Format("15:04")
		require.Equal(t, []string{"P0 Checkout errors 7% (payments, eu-1). Reply 10 = ack, 10e = pass on. Else ben " + clock}, w.net.bodies(ana))
		row := w.row(id)
		assert.Equal(t, paging.Sent, row.State)
		assert.Equal(t, "10", row.Code)
		assert.Equal(t, 1, row.Tries)
		assert.Equal(t, []time.Duration{0}, late)
		codes, err := w.Codes(t.Context(), ana, time.Now())
		require.NoError(t, err)
		assert.Equal(t, id.Incident(), codes[0].Incidents[0])
		assert.Equal(t, "SM1", w.reports[0].ProviderID)
		assert.Equal(t, "network", w.reports[0].Provider)
	})
}

// TestWithoutWake ensures that a page planned by another process is found within half
// a second, and one that is due later exactly then.
func TestWithoutWake(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		_, stop := w.deliver()
		w.after(10 * time.Millisecond)
		w.page(titled("now"))
		w.page(titled("later"), due(w.start.Add(2*time.Minute)))
		w.after(3 * time.Minute)
		stop()
		texts := w.net.sent()
		require.Len(t, texts, 2)
		assert.LessOrEqual(t, texts[0].at.Sub(w.start), 510*time.Millisecond)
		assert.Equal(t, 2*time.Minute, texts[1].at.Sub(w.start))
	})
}

// TestShortLease ensures that a lease configured too short for a send costs no page.
func TestShortLease(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		id := w.page()
		_, stop := w.deliver(func(c *delivery.Config) { c.Lease, c.SendTimeout = time.Millisecond, time.Second })
		w.after(time.Second)
		stop()
		assert.Equal(t, paging.Sent, w.row(id).State)
	})
}

// TestMostUrgentFirst ensures the order on one phone, and among phones when there are more
// than may be texted at a time.
func TestMostUrgentFirst(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.net.script = func(int, paging.Message) answer { return answer{wait: time.Second} }
		w.page(titled("low"), to("+12025550102"), func(a *paging.Attempt) { a.Rank = 3 })
		w.page(titled("second"), func(a *paging.Attempt) { a.Rank = 1 })
		w.page(titled("report"), func(a *paging.Attempt) { a.Kind, a.Rank = paging.Memo, 0 })
		w.page(titled("third"))
		w.page(titled("first"), p0)
		w.page(titled("news"), func(a *paging.Attempt) { a.Kind, a.What, a.By, a.WhatAt = paging.Notice, "acked", "ben", w.start })
		_, stop := w.deliver(func(c *delivery.Config) { c.Concurrency = 1 })
		w.after(8 * time.Second)
		stop()
		var order []string
		for _, s := range w.net.sent() {
			for _, title := range []string{"low", "first", "news", "second", "third", "report"} {
				if strings.Contains(s.body, " "+title) {
					order = append(order, title)
				}
			}
		}
		assert.Equal(t, []string{"first", "news", "second", "third", "report", "low"}, order)
	})
}

// TestBreakthroughWhenBusy ensures that a page of the most urgent severity goes out at once
// although all places are taken by sends that hang.
func TestBreakthroughWhenBusy(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.net.script = func(_ int, m paging.Message) answer {
			if m.To == ana {
				return answer{}
			}
			return answer{wait: time.Minute}
		}
		w.page(to("+12025550102"))
		w.page(to("+12025550103"))
		d, stop := w.deliver(func(c *delivery.Config) { c.Concurrency = 2 })
		w.after(time.Second)
		w.page(p0)
		d.Wake()
		synctest.Wait()
		assert.Len(t, w.net.bodies(ana), 1)
		stop()
	})
}

// TestCanceledSendsNothing ensures that an attempt which is acknowledged after it was claimed
// is not sent, and nobody is told that it was.
func TestCanceledSendsNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		id := w.page()
		_, stop := w.deliver(func(c *delivery.Config) {
			c.Queue = &hooked{world: w, beforeCode: func() { w.cancel(id) }}
		})
		w.after(2 * time.Minute)
		stop()
		assert.Empty(t, w.net.tries)
		assert.Empty(t, w.reports)
		assert.Equal(t, paging.Canceled, w.row(id).State)
	})
}

// TestReportTrouble ensures that a report is repeated until it is taken, that nothing is sent
// twice meanwhile, and that an engine which hangs holds up no other page.
func TestReportTrouble(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var calls atomic.Int32
		w.reporter = func() error {
			if calls.Add(1) <= 4 {
				time.Sleep(time.Second) // as a store in trouble does
				return errors.New("the store does not answer")
			}
			return nil
		}
		first := w.page(titled("first"))
		d, stop := w.deliver(func(c *delivery.Config) { c.Concurrency = 1 })
		w.after(time.Second / 2)
		second := w.page(titled("second"), to("+12025550102"))
		d.Wake()
		synctest.Wait()
		assert.Len(t, w.net.sent(), 2, "a report that hangs held up another phone")
		w.after(time.Minute)
		stop()
		assert.Len(t, w.net.tries, 2)
		assert.Equal(t, paging.Sent, w.row(first).State)
		assert.Equal(t, paging.Sent, w.row(second).State)
	})
}

// TestReportLost ensures that a page whose report never got through is looked for when its
// claim has run out, found, and not sent again.
func TestReportLost(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.reporter = func() error {
			if time.Since(w.start) < 40*time.Second {
				return errors.New("the store does not answer")
			}
			return nil
		}
		id := w.page()
		_, stop := w.deliver()
		w.after(2 * time.Minute)
		stop()
		assert.Len(t, w.net.tries, 1)
		assert.Equal(t, 1, w.net.finds)
		assert.Equal(t, paging.Sent, w.row(id).State)
		assert.Equal(t, "SM1", w.row(id).ProviderID)
	})
}

// TestDrain ensures that a stop finishes what was begun, gives back what was not, and sends
// nothing more; another process goes on at once.
func TestDrain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.net.script = func(n int, _ paging.Message) answer {
			if n == 1 {
				return answer{wait: 3 * time.Second}
			}
			return answer{}
		}
		first, second := w.page(p0, titled("first")), w.page(titled("second"))
		_, stop := w.deliver()
		w.after(time.Second)
		stop()
		assert.Equal(t, 3*time.Second, time.Since(w.start))
		assert.Len(t, w.net.tries, 1)
		assert.Equal(t, paging.Sent, w.row(first).State)
		assert.Equal(t, paging.Planned, w.row(second).State)

		_, stop = w.deliver()
		synctest.Wait()
		assert.Equal(t, paging.Sent, w.row(second).State, "it was not given back")
		stop()
	})
}

// TestDrainIsBounded ensures that a provider which hangs does not keep the process alive, and
// that the page which was cut off is settled by the next process.
func TestDrainIsBounded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.net.script = func(n int, _ paging.Message) answer {
			return answer{wait: time.Duration(2-min(n, 2)) * time.Hour}
		}
		id := w.page()
		_, stop := w.deliver(func(c *delivery.Config) { c.Drain, c.SendTimeout = 2*time.Second, 10*time.Second })
		w.after(time.Second)
		stop()
		assert.Equal(t, 3*time.Second, time.Since(w.start))
		assert.Equal(t, paging.Sending, w.row(id).State)
		_, stop = w.deliver()
		w.after(2 * time.Minute)
		stop()
		assert.Equal(t, paging.Sent, w.row(id).State)
		assert.Len(t, w.net.sent(), 1)
	})
}

// TestStoreTrouble ensures that a store which fails for a while is not hammered and costs no page.
func TestStoreTrouble(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		q := &hooked{world: w, fail: func() error {
			if time.Since(w.start) < 10*time.Second {
				return errors.New("the store does not answer")
			}
			return nil
		}}
		id := w.page()
		d, stop := w.deliver(func(c *delivery.Config) { c.Queue = q })
		for range 100 {
			d.Wake()
			w.after(time.Since(w.start) + 100*time.Millisecond)
		}
		assert.Less(t, q.claims.Load(), int32(20))
		w.after(12 * time.Second)
		stop()
		assert.Equal(t, paging.Sent, w.row(id).State)
	})
}
