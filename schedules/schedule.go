package schedules

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Schedule answers who is on call. Make one with [Compile].
type Schedule struct {
	name      string
	owner     UserID
	zone      *zone
	layers    []string
	overrides []string // their IDs
	users     []UserID
	all       *view
	shadows   *view
	views     map[string]*view // by name of layer or role
}

// Shift is a span of time from Start up to, not including, End in which the same
// people, in the same order, are on call for the same reason.
type Shift struct {
	Start, End time.Time
	Users      []UserID // none in a gap
	Layer      string   // or role; "" if all layers were asked together
	Source     string   // SourceRotation, SourceOverride, …: of several the most special
	Duties     []Duty   // one a user, in the order of Users

	// Skew is how much longer the shift is than its ends say on the wall clock: +1 h for a day
	// of 25 hours.
	Skew time.Duration
}

// Duty says by what somebody serves in a [Shift].
type Duty struct {
	User   UserID
	Layer  string // "" when by no layer: the fallback, or an override that names none and hides or adds
	Source string // SourceRotation, SourceOverride, …
	By     string // ID of the override, if it has one
}

// Name is the schedule's name.
func (s *Schedule) Name() string { return s.name }

// Owner is who answers for the schedule; may be empty.
func (s *Schedule) Owner() UserID { return s.owner }

// Layers are the layers' names in order.
func (s *Schedule) Layers() []string { return slices.Clone(s.layers) }

// Zone is the schedule's own time zone.
func (s *Schedule) Zone() *time.Location { return s.zone.loc }

// Users are all who can ever be on call or learn, overrides and fallback
// included, in order of appearance.
func (s *Schedule) Users() []UserID { return slices.Clone(s.users) }

// OnCall is the longest shift around at. Layer "" asks all layers together; a
// name that is no layer's but a role asks the layers of that role. A zero Start or
// End means that the answer has always been, or stays, the same. (If 10 000
// hand-offs of single layers in a row leave the answer of all layers as it is,
// the search ends there and the shift may in truth be longer.) An unknown layer
// is an error that lists the layers.
func (s *Schedule) OnCall(layer string, at time.Time) (Shift, error) {
	v, err := s.view(layer)
	if err != nil {
		return Shift{}, err
	}
	u := seconds(at)
	x, ok := s.lookup(v, u)
	if !ok {
		x, _ = s.around(v, u)
	}
	return x, nil
}

// around is the shift around u, and its end.
func (s *Schedule) around(v *view, u int64) (x Shift, end int64) {
	var spots, before [cursorRoom]known
	var room [entryRoom]entry
	forth := v.cursor(&spots, false)
	a, edge := forth.read(u, room[:0])
	back, since := forth.turned(&before)
	end = forth.end(&a, edge)
	return s.shift(v, &a, back.start(&a, since), end), end
}

// On appends to buf who is on call at an instant; for an unknown layer nobody.
// It is the fast path: it computes no span and does not allocate if buf has room.
func (s *Schedule) On(layer string, at time.Time, buf []UserID) []UserID {
	v, err := s.view(layer)
	if err != nil {
		return buf
	}
	return s.append(buf, v, at)
}

// Shadows appends to buf who learns at an instant: the people of layers with [RoleShadow].
func (s *Schedule) Shadows(at time.Time, buf []UserID) []UserID {
	return s.append(buf, s.shadows, at)
}

func (s *Schedule) append(buf []UserID, v *view, at time.Time) []UserID {
	var room [entryRoom]entry
	a := v.on(seconds(at), room[:0])
	for i := range a.entries {
		buf = append(buf, s.users[a.entries[i].user])
	}
	return buf
}

// Next is the next instant after at when the people on call, or their order,
// change; false if never. After 10 000 hand-offs without a change it answers with
// the last of them, so that a timer set by it looks again.
func (s *Schedule) Next(layer string, at time.Time) (time.Time, bool) {
	v, err := s.view(layer)
	if err != nil {
		return time.Time{}, false
	}
	var spots [cursorRoom]known
	var room [entryRoom]entry
	c := v.cursor(&spots, true)
	a, edge := c.read(seconds(at), room[:0])
	if edge = c.end(&a, edge); edge == forever {
		return time.Time{}, false
	}
	return time.Unix(edge, 0).In(v.zone.loc), true
}

// Shifts covers [from, to) without holes: shifts are clipped to it, equal
// neighbours are one, and gaps are shifts without users. With layer "" the
// shifts of each layer come, ordered by start, then by layer; [Schedule.Final]
// has those of all together. An unknown layer has none. The cost grows with the
// span; callers bound it.
func (s *Schedule) Shifts(layer string, from, to time.Time) []Shift {
	if layer != "" {
		v, err := s.view(layer)
		if err != nil {
			return nil
		}
		return s.render(v, from, to)
	}
	var out []Shift
	for _, name := range s.layers {
		out = append(out, s.render(s.views[name], from, to)...)
	}
	slices.SortStableFunc(out, func(a, b Shift) int { return a.Start.Compare(b.Start) })
	return out
}

// Final covers [from, to) with the shifts of the whole schedule, as pages see it: priorities,
// overrides and the fallback applied, each duty with its source.
func (s *Schedule) Final(from, to time.Time) []Shift { return s.render(s.all, from, to) }

// Gaps are the spans of [from, to) in which nobody is on call: on the layer, or
// with layer "" on any. An unknown layer has none. Where the fallback serves there
// is no gap; its shifts have [SourceFallback].
func (s *Schedule) Gaps(layer string, from, to time.Time) []Shift {
	v, err := s.view(layer)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(s.render(v, from, to), func(x Shift) bool { return x.Source != SourceGap })
}

// view is the lines that a name means.
func (s *Schedule) view(name string) (*view, error) {
	if name == "" {
		return s.all, nil
	}
	if v := s.views[name]; v != nil {
		return v, nil
	}
	return nil, fmt.Errorf("schedule %q has no layer %q; its layers are %s", s.name, name, strings.Join(s.layers, ", "))
}
