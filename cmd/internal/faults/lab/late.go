package lab

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"tocsin/cmd/internal/api"
	"tocsin/escalation"
	"tocsin/paging"
)

// Lateness is how late things came that were due: what a crash costs in time.
type Lateness struct {
	Tiers []time.Duration // from a tier's deadline to the start of the next one
	Pages []time.Duration // from the start of a tier to its text on a phone
}

// String shows the middle, the 99th of a hundred, and the worst.
func (l Lateness) String() string {
	return fmt.Sprintf("tiers %s; pages %s", spread(l.Tiers), spread(l.Pages))
}

// Worst is the longest of all, of tiers and of pages.
func (l Lateness) Worst() (tiers, pages time.Duration) {
	for _, d := range l.Tiers {
		tiers = max(tiers, d)
	}
	for _, d := range l.Pages {
		pages = max(pages, d)
	}
	return tiers, pages
}

func spread(all []time.Duration) string {
	if len(all) == 0 {
		return "none"
	}
	all = slices.Sorted(slices.Values(all))
	at := func(percent int) time.Duration { return all[(len(all)-1)*percent/100].Round(time.Millisecond) }
	return fmt.Sprintf("p50 %s p99 %s max %s (%d)", at(50), at(99), at(100), len(all))
}

// add measures one incident. first is when the first text of an attempt was on a phone.
func (l *Lateness) add(d api.IncidentDetail, first map[string]time.Time) {
	var steps []escalation.SLA
	for _, s := range d.Incident.SLAs {
		if s.Kind == escalation.SLAAcknowledge {
			steps = append(steps, s)
		}
	}
	for i := 1; i < len(steps); i++ {
		if late := steps[i].Start.Sub(steps[i-1].Deadline); steps[i].Step == steps[i-1].Step+1 && late >= 0 {
			l.Tiers = append(l.Tiers, late)
		}
	}
	for _, a := range d.Attempts {
		at, ok := first[string(a.ID)]
		if !ok || a.Kind != paging.Page {
			continue
		}
		for _, s := range slices.Backward(steps) {
			if s.Tier == a.Tier && !s.Start.After(at) {
				l.Pages = append(l.Pages, at.Sub(s.Start))
				break
			}
		}
	}
}

// first is when each attempt's first text reached its phone.
func (p *Phones) first() map[string]time.Time {
	out := map[string]time.Time{}
	for _, e := range p.Telephone.Log() {
		if x := e.Text; x != nil && x.Callback != "" && x.Reached != "" {
			id, _, _ := strings.Cut(path.Base(x.Callback), "#")
			if at, ok := out[id]; !ok || x.SentAt.Before(at) {
				out[id] = x.SentAt
			}
		}
	}
	return out
}
