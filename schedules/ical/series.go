package ical

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"tocsin/schedules"
)

// maxSpans bounds the instances of one calendar within its window.
const maxSpans = 50_000

// window is the time that matters; a zero end is open.
type window struct{ from, to time.Time }

func (w window) meets(s schedules.Span) bool {
	return (w.from.IsZero() || s.End.After(w.from)) && (w.to.IsZero() || s.Start.Before(w.to))
}

// firstWall is the wall clock before which no instance can end in the window, in any zone.
func (w window) firstWall() int64 {
	if w.from.IsZero() {
		return math.MinInt64 / 2
	}
	return w.from.Unix() - reach
}

// lastWall is the wall clock after which no instance can begin in the window, in any zone.
func (w window) lastWall() int64 {
	if w.to.IsZero() {
		return lastWall
	}
	return min(w.to.Unix()+reach, lastWall)
}

// series is all that a calendar says about one UID.
type series struct {
	master  *event
	changes []*event // of single instances
	places  map[int64]int
}

// add takes a version of the series or of an instance. It returns the event that this
// replaces, or e itself if a newer one is known.
func (s *series) add(e *event) *event {
	place := &s.master
	if e.instance != nil {
		key := e.instance.instant().Unix()
		i, ok := s.places[key]
		if !ok {
			s.places[key] = len(s.changes)
			s.changes = append(s.changes, e)
			return nil
		}
		place = &s.changes[i]
	}
	old := *place
	if old != nil && !e.newer(old) {
		return e
	}
	*place = e
	return old
}

// marks finds instances by their start, or by their day if either side knows only a day.
type marks struct{ instants, days map[int64]int }

// mark numbers the instances of e that the stamps (EXDATE or RECURRENCE-ID) mean.
func (e *event) mark(m marks, i int, s stamp) {
	if s.date || e.start.date {
		m.days[s.day(e.start.loc)] = i
		return
	}
	m.instants[s.instant().Unix()] = i
}

func (m marks) find(wall int64, start time.Time) (int, bool) {
	i, ok := m.instants[start.Unix()]
	if !ok {
		i, ok = m.days[floorDiv(wall, daySeconds)]
	}
	return i, ok
}

// found is an instance, and the event that says what it is.
type found struct {
	span schedules.Span
	by   *event
}

// instances are those that meet the window, ordered by start.
func (s *series) instances(w window, b *budget) ([]found, error) {
	if s.master != nil && s.master.cancelled {
		return nil, nil
	}
	var out []found
	took := make([]bool, len(s.changes)) // their instance is one of the series
	if s.master != nil {
		var err error
		if out, err = s.regular(w, b, took); err != nil {
			return nil, fmt.Errorf("line %d: event %.80q: %w", s.master.line, s.master.title, err)
		}
	}
	for i, c := range s.changes {
		// Left over from before the whole series was moved?
		stale := s.master != nil && !took[i] && c.sequence < s.master.sequence && c.instance.wall < w.lastWall()-2*reach
		if span := c.at(c.start.wall); !c.cancelled && !stale && w.meets(span) {
			out = append(out, found{span, c})
		}
	}
	slices.SortStableFunc(out, func(a, b found) int {
		return cmp.Or(a.span.Start.Compare(b.span.Start), a.span.End.Compare(b.span.End))
	})
	return out, nil
}

// regular are the instances of the series that are neither taken out nor changed.
func (s *series) regular(w window, b *budget, took []bool) ([]found, error) {
	e := s.master
	r := e.rule
	switch {
	case r == nil:
		r = &rule{count: 1}
	case r.endless() && (w.from.IsZero() || w.to.IsZero()):
		return nil, errors.New("its rule has no end; ask for a window of time")
	}
	without, changed := s.marks()
	var out []found
	var full error
	seen := map[int64]bool{}
	take := func(wall int64, span schedules.Span) bool {
		_, gone := without.find(wall, span.Start)
		if i, ok := changed.find(wall, span.Start); ok {
			took[i], gone = true, true
		}
		if gone || !w.meets(span) || seen[span.Start.Unix()] {
			return true
		}
		if len(out) == maxSpans {
			full = tooMany()
			return false
		}
		seen[span.Start.Unix()] = true
		out = append(out, found{span, e})
		return true
	}
	early := w.firstWall() - e.length.wall - e.length.exact
	err := r.walls(e.start, w.lastWall(), b, func(wall int64) bool {
		if wall < early && wall != e.start.wall && len(s.changes) == 0 {
			return true // it is over before the window begins, and nobody asks for it
		}
		full = b.spend(3) // the zone costs more than the rule
		return full == nil && take(wall, e.at(wall))
	})
	for _, x := range e.more {
		wall := e.wallOf(x.start)
		span := e.at(wall)
		if !x.end.IsZero() {
			span.End = x.end
		}
		if !take(wall, span) {
			break
		}
	}
	return out, errors.Join(err, full)
}

// marks are the instances that are taken out, and those that are changed, by their number.
func (s *series) marks() (without, changed marks) {
	without, changed = marks{map[int64]int{}, map[int64]int{}}, marks{map[int64]int{}, map[int64]int{}}
	for _, x := range s.master.without {
		s.master.mark(without, 0, x)
	}
	for i, c := range s.changes {
		s.master.mark(changed, i, *c.instance)
	}
	return without, changed
}

func tooMany() error {
	return fmt.Errorf("more than %d instances: take a shorter window", maxSpans)
}
