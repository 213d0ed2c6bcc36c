package crash_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/client"
	"tocsin/escalation"
)

// overdue is how late a timer may be in the end.
const overdue = 30 * time.Second

// world is what the API says at the end, by alert.
type world struct {
	byAlert map[string][]api.Incident
	all     int
}

// look reads every incident with all that belongs to it, and checks each for itself.
func look(t *testing.T, c *client.Client) world {
	t.Helper()
	w := world{byAlert: map[string][]api.Incident{}}
	ids := make(chan string)
	var mu sync.Mutex
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for id := range ids {
				d, err := c.Incident(context.Background(), id)
				if !assert.NoError(t, err, id) {
					continue
				}
				checkIncident(t, d)
				mu.Lock()
				w.all++
				for _, m := range d.Members {
					w.byAlert[m.Identity] = append(w.byAlert[m.Identity], d.Incident)
				}
				mu.Unlock()
			}
		})
	}
	defer readers.Wait()
	defer close(ids)
	for before := ""; ; {
		list, err := c.Incidents(context.Background(), true, 500, before)
		require.NoError(t, err)
		for _, i := range list.Incidents {
			ids <- string(i.ID)
		}
		if before = string(list.Next); before == "" {
			return w
		}
	}
}

// checkIncident checks what must hold for every incident, accepted or not.
func checkIncident(t *testing.T, d api.IncidentDetail) {
	t.Helper()
	i := d.Incident
	assert.Zero(t, escalation.VerifyTimeline(d.Timeline, ""), "the timeline of %s is broken", i.ID)
	assert.NotEmpty(t, d.Timeline, i.ID)
	assert.Len(t, d.Members, i.Firing+i.Ended, "members of %s", i.ID)
	if i.State == escalation.Triggered {
		assert.False(t, i.NextDueAt.IsZero(), "%s waits for nothing", i.ID)
		assert.Less(t, time.Since(i.NextDueAt), overdue, "%s is stuck", i.ID)
	}
	for _, a := range d.Attempts {
		if a.State.Live() {
			assert.Less(t, time.Since(a.Due), overdue, "attempt %s is %s for too long", a.ID, a.State)
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
