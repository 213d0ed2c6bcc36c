package escalation

import (
	"cmp"
	"slices"
	"strings"

	"tocsin/paging"
	"tocsin/routing"
)

// take judges a delivery as the engine's Ingest does.
func (r *Replayer) take(d Delivery) {
	alerts := slices.Clone(d.Batch.Alerts)
	for i := range alerts {
		alerts[i].Integration = d.Integration
	}
	for _, part := range InOrder(alerts) {
		if part[0].Status == routing.Firing {
			r.fire(part)
		} else {
			r.endOrAcknowledge(part)
		}
	}
	for _, group := range d.Batch.CompleteGroups {
		r.unlistMissing(d, group)
	}
}

func memberOf(a routing.Alert) MemberKey {
	return MemberKey{Integration: a.Integration, Identity: a.Identity}
}

func (r *Replayer) fire(alerts []routing.Alert) {
	held := map[MemberKey][]paging.IncidentID{}
	var news []MemberKey
	for _, a := range alerts {
		for _, d := range r.h.book.Table.Route(a, r.h.now) {
			if d.Dropped != "" {
				r.result.Dropped++
				continue
			}
			o := r.h.do(r.h.keys[d.Key], Fire{Alert: a, Decision: d})
			if o.Incident == nil { // there are no more steps
				return
			}
			r.count(o.Kind)
			m := memberOf(a)
			held[m] = append(held[m], o.Incident.ID)
			if o.Kind == Opened || o.Kind == Done {
				news = append(news, m)
			}
		}
	}
	r.h.play(r.h.now) // a part is committed before the next is judged: its pages are on their way
	r.moveMembers(news, held)
}

func (r *Replayer) count(kind OutcomeKind) {
	switch kind {
	case Opened:
		r.result.Opened++
	case Reopened:
		r.result.Reopened++
	case Repeated, Recorded:
		r.result.Repeated++
	default:
		r.result.Joined++
	}
}

// moveMembers ends the membership of alerts in incidents that they were not routed to now; held
// is where they were. A repeat has nowhere to move from.
func (r *Replayer) moveMembers(news []MemberKey, held map[MemberKey][]paging.IncidentID) {
	type moved struct {
		from *rehearsed
		cmd  End
	}
	var moves []moved
	done := map[MemberKey]bool{}
	for _, m := range news {
		if done[m] {
			continue
		}
		done[m] = true
		for _, in := range r.h.identity[m] {
			if !slices.Contains(held[m], in.inc.ID) {
				moves = append(moves, moved{in, End{Member: m, Moved: string(held[m][0])}})
			}
		}
	}
	for _, m := range moves {
		r.h.do(m.from, m.cmd)
	}
}

// endOrAcknowledge sends ends and acknowledgements to the incidents that hold the alert,
// whatever the routes say now.
func (r *Replayer) endOrAcknowledge(alerts []routing.Alert) {
	for _, a := range alerts {
		m := memberOf(a)
		for _, in := range slices.Clone(r.h.identity[m]) {
			if a.Status == routing.Acknowledged {
				r.h.do(in, Acknowledge{By: Actor{Name: a.Integration, Via: "source"}})
				continue
			}
			if o := r.h.do(in, End{Member: m, Alert: a}); o.Kind == Done {
				r.result.Ended++
			}
		}
	}
}

// unlistMissing tells incidents that a complete group omits members of theirs.
func (r *Replayer) unlistMissing(d Delivery, group string) {
	listed := map[string]bool{}
	for _, a := range d.Batch.Alerts {
		if a.Group == group {
			listed[a.Identity] = true
		}
	}
	var missing []membership
	for m := range r.h.groups[groupName{d.Integration, group}] {
		if !listed[m.member.Identity] && m.r.inc.Open() {
			missing = append(missing, m)
		}
	}
	slices.SortFunc(missing, func(a, b membership) int {
		return cmp.Or(strings.Compare(a.member.Identity, b.member.Identity), cmp.Compare(a.r.n, b.r.n))
	})
	for _, m := range missing {
		r.h.do(m.r, Unlist{Member: m.member})
	}
}
