package schedules

import (
	"slices"
	"time"
)

// Handover is a span of time for which other people are on call than before a change.
type Handover struct {
	From, To      time.Time // from From up to, not including, To
	Layer         string    // "" for the whole schedule, as pages see it
	Before, After []UserID  // none: nobody is on call
}

// Handovers is what a change of a schedule moves between from and to: per layer of either,
// and for the whole schedule, the longest spans in which the set of people differs and stays
// the same on both sides. They are ordered by From, the whole schedule before its layers. A
// layer that one of the two lacks has nobody on call there.
func Handovers(old, next *Schedule, from, to time.Time) []Handover {
	out := moves("", old.Final(from, to), next.Final(from, to), from, to)
	names := old.Layers()
	for _, name := range next.Layers() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		out = append(out, moves(name, old.line(name, from, to), next.line(name, from, to), from, to)...)
	}
	slices.SortStableFunc(out, func(a, b Handover) int { return a.From.Compare(b.From) })
	return out
}

// line is the shifts of one layer, none if there is no such layer. (Shifts would take "" for
// all of them.)
func (s *Schedule) line(layer string, from, to time.Time) []Shift {
	if !slices.Contains(s.Layers(), layer) {
		return nil
	}
	return s.Shifts(layer, from, to)
}

// moves walks along both lines at once. An empty line is a gap.
func moves(layer string, before, after []Shift, from, to time.Time) []Handover {
	var out []Handover
	for at, i, j := from, 0, 0; at.Before(to); {
		a, b := shiftAt(before, &i, at, to), shiftAt(after, &j, at, to)
		end := a.End
		if b.End.Before(end) {
			end = b.End
		}
		if !samePeople(a.Users, b.Users) {
			last := len(out) - 1
			if last >= 0 && out[last].To.Equal(at) && samePeople(out[last].Before, a.Users) && samePeople(out[last].After, b.Users) {
				out[last].To = end
			} else {
				out = append(out, Handover{From: at, To: end, Layer: layer, Before: a.Users, After: b.Users})
			}
		}
		at = end
	}
	return out
}

// shiftAt is the shift that holds at, moving i up to it; where the line has none, a gap.
func shiftAt(line []Shift, i *int, at, to time.Time) Shift {
	for *i < len(line) && !line[*i].End.After(at) {
		*i++
	}
	switch {
	case *i == len(line):
		return Shift{Start: at, End: to}
	case line[*i].Start.After(at):
		return Shift{Start: at, End: line[*i].Start}
	}
	return line[*i]
}

// samePeople compares lists that name each person once, whatever their order.
func samePeople(a, b []UserID) bool {
	return len(a) == len(b) && common(a, b) == len(a)
}

// common counts who is in both.
func common(a, b []UserID) int {
	n := 0
	for _, u := range a {
		if slices.Contains(b, u) {
			n++
		}
	}
	return n
}
