package escalation

import (
	"cmp"
	"slices"
	"time"

	"tocsin/schedules"
)

// stretch is a span, in Unix seconds, in which the same people serve.
type stretch struct {
	from, to int64
	people   []schedules.UserID
}

// coverage is stretches in order that meet without holes; nobody serving is a stretch, too.
type coverage []stretch

// add appends a stretch, and makes equal neighbours one.
func (c coverage) add(from, to int64, people []schedules.UserID) coverage {
	if n := len(c); n > 0 && slices.Equal(c[n-1].people, people) {
		c[n-1].to = to
		return c
	}
	return append(c, stretch{from, to, people})
}

// coverageOf is rendered shifts as a coverage.
func coverageOf(shifts []schedules.Shift) coverage {
	c := make(coverage, 0, len(shifts))
	for _, s := range shifts {
		c = c.add(s.Start.Unix(), s.End.Unix(), s.Users)
	}
	return c
}

// with walks through two coverages of the same span and joins what they hold.
func (c coverage) with(other coverage, join func(a, b []schedules.UserID) []schedules.UserID) coverage {
	if len(c) == 0 || len(other) == 0 {
		return nil
	}
	out := make(coverage, 0, max(len(c), len(other)))
	at := max(c[0].from, other[0].from)
	for i, j := 0, 0; i < len(c) && j < len(other); {
		end := min(c[i].to, other[j].to)
		if end > at {
			out = out.add(at, end, join(c[i].people, other[j].people))
			at = end
		}
		if c[i].to <= end {
			i++
		}
		if other[j].to <= end {
			j++
		}
	}
	return out
}

// union is who is in any of the two, in order, each once.
func union(a, b []schedules.UserID) []schedules.UserID {
	if len(b) == 0 {
		return a
	}
	out := slices.Clone(a)
	for _, u := range b {
		if !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	return out
}

// both is who is in a and in b.
func both(a, b []schedules.UserID) (out []schedules.UserID) {
	for _, u := range a {
		if slices.Contains(b, u) {
			out = append(out, u)
		}
	}
	return out
}

// without is who is in a and not in b.
func without(a, b []schedules.UserID) (out []schedules.UserID) {
	for _, u := range a {
		if !slices.Contains(b, u) {
			out = append(out, u)
		}
	}
	return out
}

// span is from a second up to, not including, another.
type span struct{ from, to int64 }

// spans are when each of the people of a coverage serves.
func (c coverage) spans() map[schedules.UserID][]span {
	out := map[schedules.UserID][]span{}
	for _, s := range c {
		for _, u := range s.people {
			out[u] = addSpan(out[u], span{s.from, s.to})
		}
	}
	return out
}

// addSpan appends a span that begins no earlier than the last one, and joins those that meet.
func addSpan(list []span, s span) []span {
	if n := len(list); n > 0 && s.from <= list[n-1].to {
		list[n-1].to = max(list[n-1].to, s.to)
		return list
	}
	return append(list, s)
}

// crossing is where two lists of spans, each in order, overlap.
func crossing(a, b []span) (out []span) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		from, to := max(a[i].from, b[j].from), min(a[i].to, b[j].to)
		if from < to {
			out = append(out, span{from, to})
		}
		if a[i].to < b[j].to {
			i++
		} else {
			j++
		}
	}
	return out
}

// spansOf is time off as spans.
func spansOf(list []schedules.Span) []span {
	var out []span
	for _, s := range list {
		if s.Start.Before(s.End) {
			out = append(out, span{s.Start.Unix(), s.End.Unix()})
		}
	}
	return joined(out)
}

// joined puts spans in order and makes those that meet one.
func joined(list []span) (out []span) {
	slices.SortFunc(list, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for _, s := range list {
		out = addSpan(out, s)
	}
	return out
}

func atSecond(u int64, zone *time.Location) time.Time { return time.Unix(u, 0).In(zone) }

// eachWith calls f for every span in which neither of two coverages changes.
func (c coverage) eachWith(other coverage, f func(at span, a, b []schedules.UserID)) {
	for i, j := 0, 0; i < len(c) && j < len(other); {
		from, to := max(c[i].from, other[j].from), min(c[i].to, other[j].to)
		if from < to {
			f(span{from, to}, c[i].people, other[j].people)
		}
		if c[i].to <= to {
			i++
		}
		if other[j].to <= to {
			j++
		}
	}
}

// within calls f for every stretch of the coverage, clipped to a span.
func (c coverage) within(at span, f func(at span, people []schedules.UserID)) {
	coverage{{from: at.from, to: at.to}}.eachWith(c[c.find(at.from):], func(s span, _, people []schedules.UserID) { f(s, people) })
}

// find is the index of the stretch at u.
func (c coverage) find(u int64) int {
	i, _ := slices.BinarySearchFunc(c, u, func(s stretch, u int64) int {
		if s.to <= u {
			return -1
		}
		return 1
	})
	return min(i, len(c))
}
