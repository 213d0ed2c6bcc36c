package schedules

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Place is where somebody is on call.
type Place struct {
	Schedule string
	Layer    string // "" for the whole schedule, as pages see it
}

// Conflict is a span in which one person is on call in several places at once.
type Conflict struct {
	User     UserID
	From, To time.Time // from From up to, not including, To
	Places   []Place   // at least two, in the order of the schedules and their layers
}

// DoubleBookings are the spans between from and to in which somebody is on call in two of the
// schedules, or on two layers of one. Each span is as long as the places stay the same. They
// are ordered by From, then person. Two layers of one schedule count if both can be asked for at
// once: if their priority is the same, or if both have a role and not the same. (Of others one
// hides the other, so that somebody on both has one duty.) [RoleShadow] does not count.
func DoubleBookings(all []*Schedule, from, to time.Time) []Conflict {
	var whole, out []Conflict
	for _, s := range all {
		whole = append(whole, booked(Place{Schedule: s.Name()}, s.Final(from, to))...)
		var layers []Conflict
		for _, name := range s.Layers() {
			if s.views[name].lines[0].role != RoleShadow {
				layers = append(layers, booked(Place{s.Name(), name}, s.Shifts(name, from, to))...)
			}
		}
		out = append(out, clashes(layers, s.together)...)
	}
	out = append(out, clashes(whole, func(Place, Place) bool { return true })...)
	slices.SortStableFunc(out, func(a, b Conflict) int {
		return cmp.Or(a.From.Compare(b.From), strings.Compare(string(a.User), string(b.User)), a.To.Compare(b.To))
	})
	return out
}

// together says whether two layers can be asked for at once, by their first description.
func (s *Schedule) together(a, b Place) bool {
	x, y := s.views[a.Layer].lines[0], s.views[b.Layer].lines[0]
	return x.priority == y.priority || x.role != "" && y.role != "" && x.role != y.role
}

// booked is when each person is on call at one place.
func booked(p Place, shifts []Shift) (out []Conflict) {
	duty := stretches(shifts)
	for _, u := range duty.users {
		for _, sp := range duty.spans[u] {
			out = append(out, Conflict{User: u, From: sp.Start, To: sp.End, Places: []Place{p}})
		}
	}
	return out
}

// clashes sweeps over bookings, of which those of one person and place do not overlap, and
// returns where a person has several that count together.
func clashes(bookings []Conflict, count func(a, b Place) bool) (out []Conflict) {
	type edge struct {
		user  UserID
		at    time.Time
		index int // of the booking
	}
	var edges []edge
	for i, b := range bookings {
		edges = append(edges, edge{b.User, b.From, i}, edge{b.User, b.To, i})
	}
	slices.SortStableFunc(edges, func(a, b edge) int {
		return cmp.Or(strings.Compare(string(a.user), string(b.user)), a.at.Compare(b.at))
	})
	var active []int // ascending, as the bookings come in the order of the places
	for i, e := range edges {
		if at, found := slices.BinarySearch(active, e.index); found {
			active = slices.Delete(active, at, at+1)
		} else {
			active = slices.Insert(active, at, e.index)
		}
		if len(active) < 2 || edges[i+1].at.Equal(e.at) {
			continue
		}
		places := counting(bookings, active, count)
		if len(places) == 0 {
			continue
		}
		last := len(out) - 1
		if last >= 0 && out[last].User == e.user && out[last].To.Equal(e.at) && slices.Equal(out[last].Places, places) {
			out[last].To = edges[i+1].at
		} else {
			out = append(out, Conflict{User: e.user, From: e.at, To: edges[i+1].at, Places: places})
		}
	}
	return out
}

// counting is the places of those active bookings that count together with another.
func counting(bookings []Conflict, active []int, count func(a, b Place) bool) (places []Place) {
	for _, i := range active {
		p := bookings[i].Places[0]
		if slices.ContainsFunc(active, func(j int) bool { return j != i && count(p, bookings[j].Places[0]) }) {
			places = append(places, p)
		}
	}
	return places
}

// OffDuty is a span in which somebody is on call although they are off.
type OffDuty struct {
	User     UserID
	From, To time.Time // from From up to, not including, To
	Kind     string    // of the time off, such as "vacation"
	Layer    string    // by which they serve; "" if by none
	Source   string    // by what they serve: SourceRotation, SourceOverride, …
	By       string    // ID of the override, if it has one
}

// AwayOnCall is when people are on call by the schedule while they are off by its spec, between
// from and to: by an override or a swap, as fallback, or by a layer that ignores that kind of
// time off. Each span is as long as everything in it stays the same; they are ordered by From,
// then person and kind.
func AwayOnCall(s *Schedule, spec Spec, from, to time.Time) []OffDuty {
	duties := map[OffDuty][]Span{} // by what they say beside the time
	var keys []OffDuty
	for _, x := range s.Final(from, to) {
		for _, d := range x.duties() {
			key := OffDuty{User: d.User, Layer: d.Layer, Source: d.Source, By: d.By}
			if duties[key] == nil {
				keys = append(keys, key)
			}
			duties[key] = appendSpan(duties[key], Span{x.Start, x.End})
		}
	}
	off := timeOff(spec).byKind()
	var out []OffDuty
	for _, key := range keys {
		for _, a := range off[key.User] {
			for _, sp := range intersect(duties[key], a.spans) {
				found := key
				found.From, found.To, found.Kind = sp.Start, sp.End, a.Kind
				out = append(out, found)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b OffDuty) int {
		return cmp.Or(a.From.Compare(b.From), strings.Compare(string(a.User), string(b.User)), strings.Compare(a.Kind, b.Kind))
	})
	return out
}

// duties is by what each serves, also of a shift that only says it for all.
func (x Shift) duties() []Duty {
	if len(x.Duties) == len(x.Users) {
		return x.Duties
	}
	out := make([]Duty, len(x.Users))
	for i, u := range x.Users {
		out[i] = Duty{User: u, Layer: x.Layer, Source: x.Source}
	}
	return out
}
