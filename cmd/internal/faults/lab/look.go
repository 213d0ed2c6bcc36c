package lab

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/assert"

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
	byAlert map[string][]api.IncidentDetail
	broken  []string // what must never be
	late    []string // what must not last

	spoilt   bool
	lateness Lateness
}

// look reads every incident with all that belongs to it, and checks each for itself.
func (l *Lab) look() world {
	l.T.Helper()
	c, texts := l.Gateways[0].Client(), l.Phones.texts()
	w := world{byAlert: map[string][]api.IncidentDetail{}, spoilt: l.spoilt}
	first := l.Phones.first()
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
					w.lateness.add(d, first)
				}
				mu.Unlock()
			}
		})
	}
	seen := map[string]bool{}
	assert.Eventually(l.T, func() bool { // what the fault left behind may still be cleared away
		return eachIncident(c, func(id string) {
			if !seen[id] {
				seen[id] = true
				ids <- id
			}
		}) == nil
	}, Settled, time.Second, "the incidents cannot be listed")
	close(ids)
	readers.Wait() // before w is copied
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
		w.byAlert[m.Identity] = append(w.byAlert[m.Identity], d)
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
		case a.State == paging.Failed && w.spoilt && a.Reason != "":
		case a.State == paging.Failed:
			wrong(&w.broken, "attempt %s failed: %s", a.ID, a.Reason)
		case a.State == paging.Canceled:
		case w.spoilt && texts[a.ProviderID].Reached == "":
		case texts[a.ProviderID].Reached != a.Address:
			wrong(&w.broken, "attempt %s is %s, but the phone has no text %q", a.ID, a.State, a.ProviderID)
		case a.Kind == paging.Page && !strings.Contains(texts[a.ProviderID].Body, caseName.FindString(i.Title)):
			wrong(&w.broken, "attempt %s is %s, but the text is another: %q", a.ID, a.State, texts[a.ProviderID].Body)
		}
	}
}
