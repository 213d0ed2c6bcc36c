package schedules

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Schedule answers who is on call. Make one with [Compile].
type Schedule struct {
	name  string
	owner UserID
	zone  *zone
	all   view
	users []UserID
}

// Shift is a span of time from Start up to, not including, End in which the same
// people, in the same order, are on call for the same reason.
type Shift struct {
	Start, End time.Time
	Users      []UserID // none in a gap
	Layer      string   // "" if all layers were asked together
	Source     string   // SourceRotation, SourceOverride or SourceGap
}

// Name is the schedule's name.
func (s *Schedule) Name() string { return s.name }

// Owner is who answers for the schedule; may be empty.
func (s *Schedule) Owner() UserID { return s.owner }

// Layers are the layers' names in order.
func (s *Schedule) Layers() []string {
	names := make([]string, len(s.all))
	for i, l := range s.all {
		names[i] = l.name
	}
	return names
}

// Users are all who can ever be on call, overrides included, in order of appearance.
func (s *Schedule) Users() []UserID { return slices.Clone(s.users) }

// OnCall is the longest shift around at. Layer "" asks all layers together. A
// zero Start or End means that the answer has always been, or stays, the same.
// (If 1000 hand-offs of single layers in a row leave the answer of all layers as
// it is, the search ends there and the shift may in truth be longer.) An unknown
// layer is an error that lists the layers.
func (s *Schedule) OnCall(layer string, at time.Time) (Shift, error) {
	v, z, err := s.view(layer)
	if err != nil {
		return Shift{}, err
	}
	u := seconds(at)
	d := v.duty(u, nil)
	shift := Shift{Users: d.users, Layer: layer, Source: d.source}
	if start := v.start(u, d); start != never {
		shift.Start = time.Unix(start, 0).In(z.loc)
	}
	if end := v.end(u, d, false); end != forever {
		shift.End = time.Unix(end, 0).In(z.loc)
	}
	return shift, nil
}

// On appends to buf who is on call at an instant; for an unknown layer nobody.
// It is the fast path: it computes no span and does not allocate if buf has room.
func (s *Schedule) On(layer string, at time.Time, buf []UserID) []UserID {
	v, _, err := s.view(layer)
	if err != nil {
		return buf
	}
	return v.duty(seconds(at), buf).users
}

// Next is the next instant after at when the people on call, or their order,
// change; false if never. After 1000 hand-offs without a change it answers with
// the last of them, so that a timer set by it looks again.
func (s *Schedule) Next(layer string, at time.Time) (time.Time, bool) {
	v, z, err := s.view(layer)
	if err != nil {
		return time.Time{}, false
	}
	u := seconds(at)
	end := v.end(u, v.duty(u, nil), true)
	if end == forever {
		return time.Time{}, false
	}
	return time.Unix(end, 0).In(z.loc), true
}

// Shifts covers [from, to) without holes: shifts are clipped to it, equal
// neighbours are one, and gaps are shifts without users. With layer "" the
// shifts of each layer come, ordered by start, then by layer. An unknown layer
// has none. The cost grows with the span; callers bound it.
func (s *Schedule) Shifts(layer string, from, to time.Time) []Shift {
	if layer != "" {
		v, z, err := s.view(layer)
		if err != nil {
			return nil
		}
		return v.shifts(layer, z, from, to)
	}
	var out []Shift
	for i, l := range s.all {
		out = append(out, s.all[i:i+1].shifts(l.name, l.zone, from, to)...)
	}
	slices.SortStableFunc(out, func(a, b Shift) int { return a.Start.Compare(b.Start) })
	return out
}

// Gaps are the spans of [from, to) in which nobody is on call: on the layer, or
// with layer "" on any. An unknown layer has none.
func (s *Schedule) Gaps(layer string, from, to time.Time) []Shift {
	v, z, err := s.view(layer)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(v.shifts(layer, z, from, to), func(x Shift) bool { return x.Source != SourceGap })
}

// shifts renders [from, to) as one line of shifts.
func (v view) shifts(layer string, z *zone, from, to time.Time) []Shift {
	var out []Shift
	for at := from; at.Before(to); {
		u := seconds(at)
		d := v.duty(u, nil)
		end := to
		if next := v.next(u, false); next != forever {
			if t := time.Unix(next, 0); t.Before(to) && t.After(at) {
				end = t
			}
		}
		if n := len(out); n > 0 && d.equal(duty{out[n-1].Users, out[n-1].Source}) {
			out[n-1].End = end.In(z.loc)
		} else {
			out = append(out, Shift{at.In(z.loc), end.In(z.loc), d.users, layer, d.source})
		}
		at = end
	}
	return out
}

// view is the layers that a name means, and the zone in which to answer.
func (s *Schedule) view(name string) (view, *zone, error) {
	if name == "" {
		return s.all, s.zone, nil
	}
	for i, l := range s.all {
		if l.name == name {
			return s.all[i : i+1], l.zone, nil
		}
	}
	return nil, nil, fmt.Errorf("schedule %q has no layer %q; its layers are %s", s.name, name, strings.Join(s.Layers(), ", "))
}

// seconds is the Unix time of t, held within some 30 000 years so that no
// arithmetic overflows, whatever time a caller brings.
func seconds(t time.Time) int64 {
	const limit = 1 << 40
	return min(max(t.Unix(), -limit), limit)
}
