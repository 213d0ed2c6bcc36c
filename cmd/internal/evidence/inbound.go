package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/audit"
	"tocsin/escalation/store"
)

const (
	// around is how far the intake log's time of a delivery may lie from the entry that it led to.
	around = 5 * time.Second
	// mostInbound bounds how many deliveries one bundle holds, and inboundPage how many are read at once.
	mostInbound = 1000
	inboundPage = 500
)

// inboundOf finds the deliveries that concern an incident: those of its members' integrations,
// around the entries about members, that name one of them; or, where none does (not every
// identity stands in a body as it is), all of them. One may tell of other incidents, too.
func inboundOf(ctx context.Context, s store.Store, v audit.View) ([]Inbound, []file, error) {
	near, named := []store.Intake{}, []store.Intake{}
	from, last := v.Incident.OpenedAt.Add(-around), v.Incident.OpenedAt
	if n := len(v.Timeline); n > 0 {
		last = v.Timeline[n-1].At
	}
	for {
		page, err := s.Intakes(ctx, from, inboundPage)
		if err != nil {
			return nil, nil, err
		}
		for _, in := range page {
			if concerns(in, v.Timeline) {
				near = append(near, in)
				if names(in.Body, v.Members) {
					named = append(named, in)
				}
			}
		}
		next := from
		if len(page) > 0 {
			next = page[len(page)-1].At.Add(time.Nanosecond)
		}
		if len(page) < inboundPage || !next.After(from) || next.After(last.Add(around)) || len(near) >= mostInbound {
			break
		}
		from = next
	}
	if len(named) > 0 {
		near = named
	}
	out, files := []Inbound{}, []file{}
	for i, in := range near[:min(len(near), mostInbound)] {
		name := fmt.Sprintf("inbound/%03d.body", i+1)
		files = append(files, file{name, in.Body})
		out = append(out, Inbound{in.At, in.Integration, in.DeliveryID, in.Alerts, in.Note, in.Header, name, in.Truncated})
	}
	return out, files, nil
}

func concerns(in store.Intake, timeline []escalation.Entry) bool {
	for _, e := range timeline {
		if e.Member != nil && e.Member.Integration == in.Integration && in.At.Sub(e.At).Abs() <= around {
			return true
		}
	}
	return false
}

// names says whether a body holds the identity or title of a member, as it is or as JSON.
func names(body []byte, members []escalation.Member) bool {
	for _, m := range members {
		for _, text := range []string{m.Identity, m.Title} {
			quoted, err := json.Marshal(text)
			if err == nil && text != "" && (bytes.Contains(body, []byte(text)) || bytes.Contains(body, bytes.Trim(quoted, `"`))) {
				return true
			}
		}
	}
	return false
}
