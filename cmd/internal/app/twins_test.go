package app_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/paging/twilio/telephone"
)

const twinAlerts = 20

// Two gateways on one Redis are one service: an alert that both get pages once, whoever took
// it, and what is acknowledged at one is acknowledged at the other, where nobody is paged then.
func TestTwins(t *testing.T) {
	w := apptest.New(t, apptest.Redis, strings.Replace(muted, "2s", "5s", 1))
	first, second := w.Run(), w.Run()
	require.NotEqual(t, first.URL, second.URL)
	ids := map[paging.IncidentID]string{}
	var mu sync.Mutex
	var sending sync.WaitGroup
	for i := range twinAlerts {
		e := apptest.Event{Key: fmt.Sprint("k", i), Title: fmt.Sprintf("Trouble %02d.", i), Severity: "critical"}
		for _, g := range []*apptest.Gateway{first, second} {
			sending.Go(func() {
				s := g.Event(e)
				mu.Lock()
				defer mu.Unlock()
				for _, id := range s.Incidents {
					ids[id] = e.Title
				}
			})
		}
	}
	sending.Wait()
	require.Len(t, ids, twinAlerts, "one incident each")
	for _, title := range ids {
		w.Page(anaPhone, title)
	}
	ackHalf(t, w, second, ids)
	acked := map[paging.IncidentID]time.Time{}
	for id := range ids {
		if d := first.Incident(id); d.Incident.State == escalation.Acknowledged {
			acked[id] = d.Incident.Ack.At
		}
	}
	require.Len(t, acked, twinAlerts/2, "what one took the other sees")

	var last time.Time
	for id, title := range ids {
		if _, ok := acked[id]; ok {
			continue
		}
		page := w.Page(benPhone, title)
		d := first.Becomes(id, "passed on", func(d api.IncidentDetail) bool { return len(tierStarts(d)) == 2 })
		due := tierStarts(d)[0].Add(5 * time.Second)
		assertOnTime(t, "secondary of "+title, due, tierStarts(d)[1]) // ten texts to one phone then go one by one
		assert.GreaterOrEqual(t, page.At.Sub(due), -early)
		if page.At.After(last) {
			last = page.At
		}
	}
	w.Never(last.Add(time.Second), "nobody is paged for what was acknowledged", func(x telephone.Text) bool {
		for id := range acked {
			if x.To == benPhone && strings.Contains(x.Body, ids[id]) && apptest.IsPage(x) {
				return true
			}
		}
		return false
	})
	count := map[string]int{}
	for _, x := range w.Pages() {
		count[x.To+" "+x.Body]++
	}
	assert.Len(t, count, twinAlerts+twinAlerts/2)
	for text, n := range count {
		assert.Equal(t, 1, n, "texted more than once: %s", text)
	}
}

// ackHalf acknowledges half of the incidents, at one gateway's API or by reply.
func ackHalf(t *testing.T, w *apptest.World, at *apptest.Gateway, ids map[paging.IncidentID]string) {
	t.Helper()
	done := 0
	for id, title := range ids {
		if done++; done > len(ids)/2 {
			return
		}
		if done%2 == 0 {
			w.Reply(anaPhone, apptest.Code(t, w.Page(anaPhone, title)))
			continue
		}
		out, err := at.API.Act(t.Context(), string(id), "ack", api.Action{As: "ana"})
		require.NoError(t, err)
		require.Equal(t, escalation.Done, out.Outcome)
	}
}
