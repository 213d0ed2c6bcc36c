package schedules

import (
	"slices"
	"sync/atomic"
)

// line is one description of a layer for the time in which it holds: a clockwork,
// windows, and cells of time in each of which one set of effects is active. All
// instants are Unix seconds.
type line struct {
	name     string
	layer    int32 // its number in the schedule
	role     string
	priority int
	zone     *zone
	from, to int64  // when it holds
	cycle    *cycle // nil for fixed shifts
	groups   [][]person
	first    int // place of turn 0
	offset   int
	windows  *pattern // nil for always
	away     AwayThen
	adds     bool // somebody may serve here whatever priority hides

	effects []effect
	during  stabs
	cells   []cell // ascending; the first begins at never
	base    *plan  // without any effect
}

// cell runs from its start to the start of the next. Its plan is made when it is
// first needed, as a schedule may know the time off of years.
type cell struct {
	start int64
	plan  atomic.Pointer[plan]
}

// cut divides time into cells at the edges of the effects.
func (l *line) cut() {
	l.base = l.newPlan(situation{only: -1})
	l.during = newStabs(l.effects)
	starts := []int64{never}
	active := map[int64]int{} // at each start, how many effects begin less those that end
	for _, e := range l.effects {
		active[e.from]++
		active[e.to]--
		starts = append(starts, e.from, e.to)
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	if n := len(starts); n > 1 && starts[n-1] == forever {
		starts = starts[:n-1]
	}
	l.cells = make([]cell, len(starts))
	n := 0
	for i, at := range starts {
		l.cells[i].start = at
		if n += active[at]; n == 0 {
			l.cells[i].plan.Store(l.base)
		}
	}
}

// plan is the plan of a cell. Two goroutines may both make it; they are equal.
func (l *line) plan(c int) *plan {
	if p := l.cells[c].plan.Load(); p != nil {
		return p
	}
	p := l.newPlan(situate(l.effects, l.during.at(l.effects, l.cells[c].start)))
	l.cells[c].plan.Store(p)
	return p
}

// spot is where an instant lies on a line.
type spot struct {
	duty *duty
	plan *plan
	cell int
	turn int64 // if open
	arc  int64 // number of the window, if there are windows
	open bool
}

// find fills s for the clock's instant.
func (l *line) find(c *clock, s *spot) {
	s.cell = len(l.cells) - 1
	if l.cells[s.cell].start > c.u {
		s.cell = l.cellAt(c.u)
	}
	s.plan = l.plan(s.cell)
	s.duty, s.open, s.turn = s.plan.closed, false, 0
	if s.plan.constant {
		return
	}
	if l.windows != nil {
		var open bool
		if s.arc, open = l.windows.find(l.zone, c.u, c.shown(l.zone)); !open {
			return
		}
	}
	s.open = true
	if len(s.plan.turns) > 1 {
		s.turn = l.cycle.turn(c.shown(l.cycle.zone))
	}
	s.duty = s.plan.turns[s.turn%int64(len(s.plan.turns))]
}

// cellAt is the cell at u, which lies before the last.
func (l *line) cellAt(u int64) int {
	lo, hi := 0, len(l.cells)-1
	for hi-lo > 1 {
		if mid := int(uint(lo+hi) >> 1); l.cells[mid].start <= u {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// end is the next instant after the spot at which who serves may change, or forever.
// If peopleOnly, a change of the source alone does not count.
func (l *line) end(s *spot, peopleOnly bool) int64 {
	end := int64(forever)
	if s.cell+1 < len(l.cells) {
		end = l.cells[s.cell+1].start
	}
	if s.plan.constant || peopleOnly && s.plan.steady {
		return end
	}
	if l.windows != nil {
		end = min(end, l.windows.end(l.zone, s.arc, s.open))
	}
	if !s.open || peopleOnly && s.plan.level {
		return end
	}
	step := s.plan.ahead[s.turn%int64(len(s.plan.turns))]
	if step == 0 {
		return end
	}
	return min(end, l.cycle.instant(s.turn+int64(step)))
}

// start is the last instant up to the spot at which who serves may have changed, or never.
func (l *line) start(s *spot) int64 {
	start := l.cells[s.cell].start
	if s.plan.constant {
		return start
	}
	if l.windows != nil {
		start = max(start, l.windows.start(l.zone, s.arc, s.open))
	}
	at := s.turn % int64(len(s.plan.turns))
	if !s.open || s.plan.ahead[at] == 0 {
		return start
	}
	return max(start, l.cycle.instant(max(0, s.turn-int64(s.plan.behind[at]))))
}

// clock keeps what zones have shown at u, as neighbouring lines mostly share one.
type clock struct {
	u, wall int64
	zone    *zone
}

func (c *clock) shown(z *zone) int64 {
	if c.zone != z {
		c.zone, c.wall = z, z.shown(c.u)
	}
	return c.wall
}
