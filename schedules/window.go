package schedules

import (
	"cmp"
	"slices"
	"sort"
	"time"
)

const (
	weekSeconds = 7 * daySeconds
	sunday      = 3 * daySeconds // 1970-01-04T00:00, from which weeks are counted
)

// arc is a span of the weekly wall clock, in seconds since Sunday 00:00; it may
// end in the next week.
type arc struct{ from, to int64 }

func (w Window) arcs() []arc {
	days := w.Days
	if len(days) == 0 {
		days = []time.Weekday{0, 1, 2, 3, 4, 5, 6}
	}
	length := int64(w.To - w.From)
	if length <= 0 {
		length += daySeconds
	}
	out := make([]arc, len(days))
	for i, day := range days {
		from := int64(day)*daySeconds + int64(w.From)
		out[i] = arc{from, from + length}
	}
	return out
}

func sortedArcs(windows []Window) []arc {
	var arcs []arc
	for _, w := range windows {
		arcs = append(arcs, w.arcs()...)
	}
	slices.SortFunc(arcs, func(a, b arc) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	return arcs
}

// pattern is when windows are open: arcs that neither overlap nor touch, in
// order. They are numbered through all weeks; number 0 begins the week of 1970.
type pattern struct{ arcs []arc }

// newPattern is the union of windows; nil if that is always. Arcs that touch on
// the wall clock also do in time, as ends come last and beginnings first.
func newPattern(windows []Window) *pattern {
	var arcs []arc
	for _, a := range sortedArcs(windows) {
		if n := len(arcs); n > 0 && a.from <= arcs[n-1].to {
			arcs[n-1].to = max(arcs[n-1].to, a.to)
		} else {
			arcs = append(arcs, a)
		}
	}
	for len(arcs) > 1 && arcs[len(arcs)-1].to >= arcs[0].from+weekSeconds { // Saturday's reaches into Sunday's
		last := &arcs[len(arcs)-1]
		last.to = max(last.to, arcs[0].to+weekSeconds)
		arcs = arcs[1:]
	}
	if len(arcs) == 0 || arcs[0].to-arcs[0].from >= weekSeconds {
		return nil
	}
	return &pattern{arcs}
}

// at is the number of the last arc that begins at or before a wall clock.
func (p *pattern) at(wall int64) int64 {
	week := floorDiv(wall-sunday, weekSeconds)
	past := wall - sunday - week*weekSeconds
	i := 0
	for i < len(p.arcs) && p.arcs[i].from <= past {
		i++
	}
	return week*int64(len(p.arcs)) + int64(i) - 1
}

// arc is the wall clocks between which arc n lies.
func (p *pattern) arc(n int64) (from, to int64) {
	week := floorDiv(n, int64(len(p.arcs)))
	a, base := p.arcs[n-week*int64(len(p.arcs))], sunday+week*weekSeconds
	return base + a.from, base + a.to
}

// covers says whether a window is open at a wall clock.
func (p *pattern) covers(wall int64) bool {
	_, to := p.arc(p.at(wall))
	return wall < to
}

// find is the number of the last arc that has begun at u, when the zone's clock
// has shown wall, and whether it is open still.
func (p *pattern) find(z *zone, u, wall int64) (n int64, open bool) {
	n = p.at(wall)
	_, to := p.arc(n)
	return n, to >= z.ahead(u)
}

// end is when the windows next open or close after an instant that find described.
// While a clock repeats itself, one arc may begin before another ends.
func (p *pattern) end(z *zone, n int64, open bool) int64 {
	from, to := p.arc(n + 1)
	if !open {
		return z.first(from)
	}
	_, here := p.arc(n)
	at := z.last(here)
	for z.first(from) <= at {
		at = max(at, z.last(to))
		n++
		from, to = p.arc(n + 1)
	}
	return at
}

// start is when the windows last opened or closed, up to an instant that find described.
func (p *pattern) start(z *zone, n int64, open bool) int64 {
	from, to := p.arc(n)
	if !open {
		return z.last(to)
	}
	at := z.first(from)
	for {
		n--
		if from, to = p.arc(n); z.last(to) < at {
			return at
		}
		at = min(at, z.first(from))
	}
}

// marks are the beginnings of windows, numbered through all weeks. Windows that
// begin together count once.
type marks struct{ begins []int64 } // seconds since Sunday 00:00, ascending

func newMarks(windows []Window) *marks {
	m := &marks{}
	for _, a := range sortedArcs(windows) {
		if n := len(m.begins); n == 0 || m.begins[n-1] != a.from {
			m.begins = append(m.begins, a.from)
		}
	}
	return m
}

// count is how many windows have begun up to and including a wall clock, from
// Sunday 1970-01-04 on; negative before. Number count-1 is the last of them.
func (m *marks) count(wall int64) int64 {
	week := floorDiv(wall-sunday, weekSeconds)
	past := wall - sunday - week*weekSeconds
	return week*int64(len(m.begins)) + int64(sort.Search(len(m.begins), func(i int) bool { return m.begins[i] > past }))
}

// wall is the wall clock at which window n begins.
func (m *marks) wall(n int64) int64 {
	week := floorDiv(n, int64(len(m.begins)))
	return sunday + week*weekSeconds + m.begins[n-week*int64(len(m.begins))]
}
