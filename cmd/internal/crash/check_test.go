package crash_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/client"
	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/paging/twilio/telephone"
)

// overdue is how late a timer or a page may be once all has settled, however busy the machine.
const overdue = 5 * time.Second

// world is what the API says, by alert.
type world struct {
	byAlert map[string][]api.Incident
	broken  []string // what must never be
	late    []string // what must not last
}

// look reads every incident with all that belongs to it, and checks each for itself.
func look(t *testing.T, c *client.Client, texts map[string]telephone.Text) world {
	t.Helper()
	w := world{byAlert: map[string][]api.Incident{}}
	ids := make(chan string)
	var mu sync.Mutex
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for id := range ids {
				d, err := c.Incident(context.Background(), id)
				mu.Lock()
				if err != nil {
					w.broken = append(w.broken, fmt.Sprintf("%s cannot be read: %v", id, err))
				} else {
					w.add(d, texts)
				}
				mu.Unlock()
			}
		})
	}
	err := eachIncident(c, func(id string) { ids <- id })
	close(ids)
	readers.Wait() // before w is copied
	require.NoError(t, err)
	return w
}

func eachIncident(c *client.Client, found func(id string)) error {
	for before := ""; ; {
		list, err := c.Incidents(context.Background(), true, 500, before)
		if err != nil {
			return err
		}
		for _, i := range list.Incidents {
			found(string(i.ID))
		}
		if before = string(list.Next); before == "" {
			return nil
		}
	}
}

// add checks what must hold for every incident, accepted or not.
func (w *world) add(d api.IncidentDetail, texts map[string]telephone.Text) {
	i := d.Incident
	for _, m := range d.Members {
		w.byAlert[m.Identity] = append(w.byAlert[m.Identity], i)
	}
	wrong := func(list *[]string, format string, args ...any) {
		*list = append(*list, fmt.Sprintf("%s %s: ", i.ID, i.Title)+fmt.Sprintf(format, args...))
	}
	if n := escalation.VerifyTimeline(d.Timeline, ""); n != 0 || len(d.Timeline) == 0 {
		wrong(&w.broken, "its timeline of %d is broken at %d", len(d.Timeline), n)
	}
	if len(d.Members) != i.Firing+i.Ended {
		wrong(&w.broken, "%d members, but %d fire and %d ended", len(d.Members), i.Firing, i.Ended)
	}
	if i.State == escalation.Triggered && i.NextDueAt.IsZero() {
		wrong(&w.broken, "it waits for nothing")
	}
	if i.State == escalation.Triggered && time.Since(i.NextDueAt) > overdue {
		wrong(&w.late, "its timer was due at %s", i.NextDueAt)
	}
	for _, a := range d.Attempts {
		switch {
		case a.State.Live():
			if time.Since(a.Due) > overdue {
				wrong(&w.late, "attempt %s is %s and was due at %s", a.ID, a.State, a.Due)
			}
		case a.State == paging.Failed:
			wrong(&w.broken, "attempt %s failed: %s", a.ID, a.Reason)
		case a.State == paging.Canceled:
		case texts[a.ProviderID].Reached != a.Address:
			wrong(&w.broken, "attempt %s is %s, but the phone has no text %q", a.ID, a.State, a.ProviderID)
		case a.Kind == paging.Page && !strings.Contains(texts[a.ProviderID].Body, caseName.FindString(i.Title)):
			wrong(&w.broken, "attempt %s is %s, but the text is another: %q", a.ID, a.State, texts[a.ProviderID].Body)
		}
	}
}

// verdict is the line that a run ends with.
type verdict struct {
	store                                     string
	kills, accepted, stored, paged, confirmed int
	repeated, lost                            int
}

func (v verdict) String() string {
	return fmt.Sprintf("store=%s kills=%d accepted=%d stored=%d paged=%d confirmed=%d repeated=%d lost=%d",
		v.store, v.kills, v.accepted, v.stored, v.paged, v.confirmed, v.repeated, v.lost)
}

// judge compares what the senders and the people know with what the gateway says.
func judge(t *testing.T, v verdict, crashes int, s *stream, p *phones, w world) verdict {
	t.Helper()
	assert.Empty(t, w.broken)
	assert.Empty(t, w.late, "after all that time")
	alerts, answers := s.tell()
	for status := range answers {
		assert.Contains(t, []int{0, 200, 503}, status, "an answer that no sender should get")
	}
	for _, a := range alerts {
		incidents := w.byAlert[a.name]
		assert.LessOrEqual(t, len(incidents), 1, "%s has more than one incident", a.name)
		if !a.accepted {
			continue
		}
		v.accepted++
		paged := p.knows(a.name)
		if paged {
			v.paged++
		}
		if len(incidents) > 0 {
			v.stored++
			checkKnown(t, a, incidents[0], p.confirmed[a.name])
		}
		if !paged || len(incidents) == 0 {
			v.lost++
			t.Errorf("lost: %s was accepted; in the store: %t, paged: %t", a.name, len(incidents) > 0, paged)
		}
	}
	for attempt, n := range p.copies() {
		v.repeated += n - 1
		assert.LessOrEqual(t, n, 1+crashes, "copies of the text for %s", attempt)
	}
	v.confirmed = len(p.confirmed)
	return v
}

// checkKnown checks that what was confirmed to people and senders still holds.
func checkKnown(t *testing.T, a alert, i api.Incident, confirmed string) {
	t.Helper()
	switch {
	case a.ended:
		assert.Equal(t, escalation.Resolved, i.State, "the end of %s was accepted", a.name)
	case confirmed != "" && !a.ending:
		assert.Equal(t, escalation.Acknowledged, i.State, "%s: a phone was told %q", a.name, confirmed)
	case !a.ending:
		assert.NotEqual(t, escalation.Resolved, i.State, "nobody ended %s", a.name)
	}
	if confirmed != "" {
		assert.NotNil(t, i.Ack, "%s: a phone was told %q", a.name, confirmed)
	}
}
