package escalation

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/schedules"
)

// relied are the schedules and layers that tiers and fallbacks lead to, in order of name, and
// the schedules that none leads to, as a whole.
func (r *readiness) relied() []Target {
	targets, used := map[Target]bool{}, map[string]bool{}
	for _, p := range r.Policies {
		for _, list := range p.targets() {
			for _, t := range list {
				if _, ok := r.Schedules[t.Name]; ok && t.Kind == TargetSchedule {
					targets[t], used[t.Name] = true, true
				}
			}
		}
	}
	for name := range r.Schedules {
		if !used[name] {
			targets[Target{Kind: TargetSchedule, Name: name}] = true
		}
	}
	return slices.SortedFunc(maps.Keys(targets), func(a, b Target) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Layer, b.Layer))
	})
}

// targets are the lists of targets of all tiers and of the fallback.
func (p *Policy) targets() [][]Target {
	lists := [][]Target{p.Fallback.Default}
	for _, t := range p.Tiers {
		lists = append(lists, t.Page)
	}
	for _, severity := range slices.Sorted(maps.Keys(p.Fallback.By)) {
		lists = append(lists, p.Fallback.By[severity])
	}
	return lists
}

// gaps: nobody is on call.
func (r *readiness) gaps() {
	for _, t := range r.relied() {
		s := r.Schedules[t.Name]
		f := fact{Finding: Finding{Kind: Gap, Owner: r.ownerOr(s.Owner()), Schedule: t.Name, Layer: t.Layer}, zone: s.Zone()}
		for _, piece := range r.line(t) {
			if len(piece.people) == 0 {
				r.note(f, span{piece.from, piece.to})
			}
			for _, u := range piece.people {
				r.meet(u, span{piece.from, piece.to}, f, "is on call in "+placeName(t.Name, t.Layer))
			}
		}
	}
}

// people: on call while off, and on call in several schedules at once.
func (r *readiness) people() {
	duty := map[schedules.UserID]map[string][]span{}
	for _, name := range slices.Sorted(maps.Keys(r.Schedules)) {
		s := r.Schedules[name]
		for u, spans := range r.line(Target{Kind: TargetSchedule, Name: name}).spans() {
			if duty[u] == nil {
				duty[u] = map[string][]span{}
			}
			duty[u][name] = spans
			f := fact{Finding: Finding{Kind: AwayOnCall, Owner: r.ownerOr(s.Owner()), Schedule: name, Users: []schedules.UserID{u}}, zone: s.Zone()}
			for _, at := range crossing(spans, spansOf(r.Away[u])) {
				r.note(f, at)
			}
		}
	}
	for u, by := range duty {
		r.double(u, by)
	}
}

// double sweeps over the ends of one person's duties.
func (r *readiness) double(u schedules.UserID, by map[string][]span) {
	if len(by) < 2 {
		return
	}
	type edge struct {
		at    int64
		begin bool
		name  string
	}
	var edges []edge
	for name, spans := range by {
		for _, s := range spans {
			edges = append(edges, edge{s.from, true, name}, edge{s.to, false, name})
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.name, b.name)) })
	var on []string
	for i, e := range edges {
		if at, found := slices.BinarySearch(on, e.name); e.begin {
			on = slices.Insert(on, at, e.name)
		} else if found {
			on = slices.Delete(on, at, at+1)
		}
		if len(on) < 2 || i+1 == len(edges) || edges[i+1].at == e.at {
			continue
		}
		s := r.Schedules[on[0]]
		r.note(fact{zone: s.Zone(), Finding: Finding{
			Kind: DoubleBooking, Owner: r.ownerOr(s.Owner()), Schedule: on[0], Also: several(on[1:]), Users: []schedules.UserID{u},
		}}, span{e.at, edges[i+1].at})
	}
}

// several names a few of a list.
func several(names []string) string {
	const few = 3
	if len(names) > few {
		return strings.Join(names[:few], ", ") + fmt.Sprintf(" and %d more", len(names)-few)
	}
	return strings.Join(names, ", ")
}

// policy looks at each tier, each pair of neighbours, and the fallback.
func (r *readiness) policy(p *Policy) {
	f := fact{Finding: Finding{Owner: r.ownerOr(p.Owner), Policy: p.Name}}
	f.zone = r.zoneOf(p, f.Owner)
	for i, t := range p.Tiers {
		f.Tier = t.Name
		r.empty(f, t.Page)
		if i > 0 {
			r.consecutive(f, p.Tiers[i-1], t)
		}
	}
	f.Tier = FallbackName
	r.empty(f, p.Fallback.Default)
	for _, severity := range slices.Sorted(maps.Keys(p.Fallback.By)) {
		r.empty(f, p.Fallback.By[severity])
	}
}

// zoneOf is where a policy's times are read: that of its first schedule, else its owner's.
func (r *readiness) zoneOf(p *Policy, owner schedules.UserID) *time.Location {
	for _, list := range p.targets()[1:] {
		for _, t := range list {
			if s, ok := r.Schedules[t.Name]; ok && t.Kind == TargetSchedule {
				return s.Zone()
			}
		}
	}
	if u, ok := r.Users[owner]; ok && u.Location != nil {
		return u.Location
	}
	return time.UTC
}

// empty: nobody who can be paged. A gap of the one schedule behind it is told already.
func (r *readiness) empty(f fact, targets []Target) {
	if len(targets) == 0 && f.Tier == FallbackName { // the root's is used
		return
	}
	f.Kind = EmptyTier
	told := false
	if len(targets) == 1 {
		s, ok := r.Schedules[targets[0].Name]
		told = ok && targets[0].Kind == TargetSchedule && r.ownerOr(s.Owner()) == f.Owner
	}
	for _, piece := range r.tier(targets) {
		at := span{piece.from, piece.to}
		for _, u := range piece.people {
			r.meet(u, at, f, "is paged by "+f.Policy+", "+f.Tier)
		}
		if !slices.ContainsFunc(piece.people, r.reachable) && (len(piece.people) > 0 || !told) {
			g := f
			g.Users = piece.people
			r.note(g, at)
		}
	}
}

// reachable says whether Step would page that person.
func (r *readiness) reachable(name schedules.UserID) bool { return r.whyNot(name) == "" }

// whyNot says why that person cannot be paged; empty when that works.
func (r *readiness) whyNot(name schedules.UserID) string {
	u, ok := r.Users[name]
	switch {
	case !ok:
		return "is not among the users"
	case len(u.Contacts) == 0:
		return "has no contact"
	}
	for _, level := range r.Scale.Levels {
		if len(u.Ladder(level.Urgency)) == 0 {
			return "has no contact for " + string(level.Name)
		}
	}
	return ""
}

// consecutive: somebody in a tier and in the next one.
func (r *readiness) consecutive(f fact, tier, next Tier) {
	f.Kind, f.Tier, f.Also = ConsecutiveTiers, tier.Name, next.Name
	var named []Target
	for _, t := range next.Page {
		if t.Kind != TargetTeam {
			named = append(named, t)
		}
	}
	first, second := r.tier(tier.Page), r.tier(next.Page)
	own := r.tier(named)
	first.eachWith(second, func(at span, a, b []schedules.UserID) {
		g := f
		switch again := both(a, b); {
		case len(again) == 0:
			return
		case len(again) == len(b): // the next tier has nobody new
			g.Users, g.detail = slices.Sorted(slices.Values(again)), "nobody new"
			if len(a) == len(b) {
				g.detail = "the same"
			}
			r.note(g, at)
		default:
			own.within(at, func(at span, people []schedules.UserID) {
				if again := both(a, people); len(again) > 0 {
					slices.Sort(again)
					g.Users, g.detail = again, names(slices.Sorted(slices.Values(without(union(a, b), again))))
					r.note(g, at)
				}
			})
		}
	})
}

// meeting is where somebody would be paged first.
type meeting struct {
	at   span
	fact fact
	why  string
}

func (r *readiness) meet(name schedules.UserID, at span, f fact, why string) {
	if at.to <= r.now.Unix() || at.from >= r.now.Add(r.o.Horizon).Unix() {
		return
	}
	if known, ok := r.meets[name]; !ok || at.from < known.at.from {
		r.meets[name] = meeting{at, f, why}
	}
}

// unreachable: somebody who would be paged cannot be.
func (r *readiness) unreachable() {
	for name, m := range r.meets {
		why := r.whyNot(name)
		if why == "" {
			continue
		}
		f := m.fact
		f.Kind, f.Users, f.detail = Unreachable, []schedules.UserID{name}, why+"\x00"+m.why
		r.note(f, m.at)
	}
}
