package delivery_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/paging"
	"tocsin/paging/delivery"
)

// flood plans n findings, each with a second try after two minutes as a ladder has it.
func (w *world) flood(n int, change ...func(*paging.Attempt)) (ids []paging.AttemptID) {
	for i := range n {
		id := w.newID()
		change := append([]func(*paging.Attempt){titled(fmt.Sprintf("Finding %d", i))}, change...)
		ids = append(ids, w.plan(id, change...))
		ids = append(ids, w.plan(id, append(change, due(time.Now().Add(2*time.Minute)))...))
	}
	return ids
}

// TestFlood ensures the promise of restraint: 500 findings at once give at most 6 texts to one
// number in 10 minutes, a P0 in the middle is texted at once, and every page is told of.
func TestFlood(t *testing.T) {
	for _, c := range []struct{ processes, most int }{{1, 0}, {3, 0}, {2, 200}, {3, 100}} {
		t.Run(fmt.Sprintf("%d processes, %d per claim", c.processes, c.most), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.net.script = func(int, paging.Message) answer { return answer{wait: 200 * time.Millisecond} }
				var stops []func()
				var wakes []*delivery.Delivery
				for range c.processes { // a small claim makes them share the work
					d, stop := w.deliver(func(cfg *delivery.Config) { cfg.Queue = &hooked{world: w, most: c.most} })
					stops, wakes = append(stops, stop), append(wakes, d)
				}
				ids := w.flood(500)
				w.after(5 * time.Second)
				w.page(p0, titled("Checkout down"))
				for _, d := range wakes {
					d.Wake()
				}
				synctest.Wait()
				w.after(5*time.Second + 500*time.Millisecond)
				texts := w.net.sent()
				require.Contains(t, texts[len(texts)-1].body, "P0 Checkout down")
				assert.LessOrEqual(t, texts[len(texts)-1].at.Sub(w.start), 5*time.Second+250*time.Millisecond)

				w.after(10 * time.Minute)
				texts = w.net.sent()
				for _, s := range texts {
					t.Log(s.at.Sub(w.start), s.body)
				}
				assert.LessOrEqual(t, len(texts), 6)
				for i, id := range ids {
					if i%2 == 0 {
						assert.Equal(t, paging.Sent, w.row(id).State, "a first page was not told of in 10 minutes")
					}
				}
				w.after(25 * time.Minute)
				for _, id := range ids {
					assert.Equal(t, paging.Sent, w.row(id).State, "a second page was never told of")
				}
				t.Log("texts in 25 minutes:", len(w.net.sent()))
				assert.LessOrEqual(t, len(w.net.sent()), 10)
				for _, stop := range stops {
					stop()
				}
			})
		})
	}
}

// TestRollingText ensures what the rolling text says, that its one code stands for all
// incidents it tells of, and that all of its pages name the same message.
func TestRollingText(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ids []paging.AttemptID
		for i := range 20 {
			ids = append(ids, w.page(titled(fmt.Sprintf("Finding %d", i)), func(a *paging.Attempt) {
				if a.Rank = 2; i == 13 {
					a.Rank = 3
				}
			}))
		}
		_, stop := w.deliver()
		w.after(14 * time.Second)
		require.Len(t, w.net.sent(), 4, "four texts of their own, the fifth place is the rolling text's")
		w.after(16 * time.Second)
		stop()
		texts := w.net.sent()
		require.Len(t, texts, 5)
		rolling := texts[4]
		assert.InDelta(t, 15.5, rolling.at.Sub(w.start).Seconds(), 0.6)
		assert.True(t, strings.HasPrefix(rolling.body, "16 more incidents: Finding 4; Finding 5; "), rolling.body)
		c := code(rolling.body)
		assert.True(t, strings.HasSuffix(rolling.body, ". Reply "+c+" = ack all 16. list shows them"), rolling.body)
		assert.Equal(t, 1, paging.Segments(rolling.body))

		codes, err := w.Codes(t.Context(), ana, time.Now())
		require.NoError(t, err)
		require.Equal(t, c, codes[len(codes)-1].Code)
		assert.Len(t, codes[len(codes)-1].Incidents, 16)
		bundles := map[string]int{}
		for _, id := range ids {
			row := w.row(id)
			assert.Equal(t, paging.Sent, row.State)
			if row.ProviderID == rolling.id {
				assert.Equal(t, c, row.Code)
				bundles[row.Bundle]++
			}
		}
		assert.Len(t, bundles, 1)
		assert.Equal(t, []int{16}, []int{bundles[w.row(ids[19]).Bundle]})
	})
}

// TestFloodRetries ensures that a rolling text which failed for now stays one text.
func TestFloodRetries(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.net.script = func(n int, _ paging.Message) answer {
			if n >= 5 && n <= 10 {
				return failing(paging.Temporary, 0)
			}
			return answer{}
		}
		for range 100 {
			w.page()
		}
		_, stop := w.deliver()
		w.after(5 * time.Minute)
		stop()
		require.Len(t, w.net.tries, 11)
		texts := w.net.sent()
		require.Len(t, texts, 5)
		assert.True(t, strings.HasPrefix(texts[4].body, "96 more incidents: "), texts[4].body)
	})
}

// TestQuietAfterFlood ensures that a single page long after a flood has a text of its own again.
func TestQuietAfterFlood(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for range 20 {
			w.page()
		}
		d, stop := w.deliver()
		w.after(time.Hour)
		w.page(titled("Disk full"))
		d.Wake()
		synctest.Wait()
		stop()
		texts := w.net.sent()
		assert.Contains(t, texts[len(texts)-1].body, "P2 Disk full. Reply")
		assert.Equal(t, time.Hour, texts[len(texts)-1].at.Sub(w.start))
	})
}

// TestBacklog ensures that several overdue pages of one incident become one text.
func TestBacklog(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		id := w.newID()
		a := w.plan(id, p0, due(w.start.Add(-10*time.Minute)))
		b := w.plan(id, p0, due(w.start.Add(-5*time.Minute)))
		_, stop := w.deliver()
		w.after(time.Second)
		stop()
		assert.Len(t, w.net.sent(), 1)
		assert.Equal(t, paging.Sent, w.row(a).State)
		assert.Equal(t, w.row(a).ProviderID, w.row(b).ProviderID)
	})
}

// TestNotices ensures that a notice goes at once with this phone's code, and that the notices
// of an "all" over a flood do not become one themselves.
func TestNotices(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		acked := func(a *paging.Attempt) { a.Kind, a.What, a.By, a.WhatAt = paging.Notice, "acked", "ben", time.Now() }
		id := w.newID()
		w.plan(id, titled("Disk full"))
		d, stop := w.deliver()
		w.after(time.Second)
		w.plan(id, titled("Disk full"), acked)
		d.Wake()
		synctest.Wait()
		clock := time.Now().UTC().Format("15:04")
		assert.Equal(t, []string{"P2 Disk full. Reply 10 = ack, 10e = pass on", "ben acked 10 Disk full at " + clock + ". Nothing to do."}, w.net.bodies(ana))

		for i := range 100 {
			w.page(titled(fmt.Sprintf("Finding %d", i)), acked)
		}
		w.after(10 * time.Second)
		stop()
		require.Len(t, w.net.sent(), 3)
		assert.Contains(t, w.net.sent()[2].body, "ben acked 100 incidents: Finding 0; Finding 1; ")
	})
}
