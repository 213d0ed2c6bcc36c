package schedules

import (
	"sort"
	"time"
)

// averageMonth is exact over the 400 years after which the calendar repeats.
const averageMonth = 146_097 * daySeconds / 4800

// cycle is the compiled clockwork of a rotation: turn i runs on the wall clock
// from boundary(i) to boundary(i+1). Turns of unequal length repeat in rounds.
type cycle struct {
	zone   *zone   // whose wall clock it is; UTC for hours that pass
	anchor int64   // wall clock of the first hand-off
	start  Civil   // anchor, for months
	begins []begin // of each turn in a round
	round  begin   // of the next round

	marks *marks // instead of begins, a turn begins with every so many windows
	every int64  // windows a turn
	zero  int64  // number of the window that begins turn 0
}

// begin is how long after the beginning of the round a turn begins: months, and
// then seconds of the wall clock.
type begin struct{ months, seconds int64 }

// newCycle is the clockwork of a rotation that was found good. The zone is that
// of the layer, marks the beginnings of its windows.
func newCycle(r Rotation, z *zone, windows []Window) *cycle {
	c := &cycle{zone: z, anchor: r.Start.seconds(), start: r.Start}
	if r.Elapsed { // a clock without changes, from the same instant on
		c.zone, c.anchor = newUTC(), z.first(c.anchor)
		c.start = civilOf(c.anchor)
	}
	if r.Step == StepOccurrence {
		c.marks, c.every = newMarks(windows), int64(r.Every.N)
		c.zero = c.marks.count(c.anchor - 1)
		if p := newPattern(windows); p == nil || p.covers(c.anchor) {
			c.zero = c.marks.count(c.anchor) - 1
		}
		return c
	}
	lengths := r.Sequence
	if len(lengths) == 0 {
		lengths = []Every{r.Every}
	}
	for _, e := range lengths {
		c.begins = append(c.begins, c.round)
		n := int64(e.N)
		switch e.Unit {
		case Hour:
			c.round.seconds += n * 60 * 60
		case Day:
			c.round.seconds += n * daySeconds
		case Week:
			c.round.seconds += n * weekSeconds
		case Month:
			c.round.months += n
		}
	}
	return c
}

// turn is the number of the turn at a wall clock not before the anchor: the
// greatest i with boundary(i) <= wall.
func (c *cycle) turn(wall int64) int64 {
	switch {
	case c.marks != nil:
		return max(0, c.marks.count(wall)-1-c.zero) / c.every
	case c.round.months > 0:
		return c.turnOfMonths(wall)
	}
	past, n := wall-c.anchor, int64(len(c.begins))
	round := past / c.round.seconds
	if n == 1 {
		return round
	}
	past -= round * c.round.seconds
	return round*n + int64(sort.Search(len(c.begins), func(i int) bool { return c.begins[i].seconds > past })) - 1
}

// turnOfMonths guesses the round by the average month, which is at most some days
// off, and puts it right.
func (c *cycle) turnOfMonths(wall int64) int64 {
	n := int64(len(c.begins))
	round := (wall - c.anchor) / (c.round.months*averageMonth + c.round.seconds)
	for round > 0 && c.boundary(round*n) > wall {
		round--
	}
	for c.boundary((round+1)*n) <= wall {
		round++
	}
	return round*n + int64(sort.Search(len(c.begins), func(i int) bool { return c.boundary(round*n+int64(i)) > wall })) - 1
}

// boundary is the wall clock at which turn i begins. Months are clamped to their
// last day, always from the first hand-off.
func (c *cycle) boundary(i int64) int64 {
	if c.marks != nil {
		if i == 0 {
			return c.anchor
		}
		return c.marks.wall(c.zero + i*c.every)
	}
	n := int64(len(c.begins))
	if n == 1 && c.round.months == 0 {
		return c.anchor + i*c.round.seconds
	}
	b := c.begins[i%n]
	seconds := i/n*c.round.seconds + b.seconds
	if c.round.months == 0 {
		return c.anchor + seconds
	}
	m := int64(c.start.Year)*12 + int64(c.start.Month) - 1 + i/n*c.round.months + b.months
	at := c.start
	at.Year, at.Month = int(m/12), time.Month(m%12+1)
	at.Day = min(at.Day, time.Date(at.Year, at.Month+1, 0, 0, 0, 0, 0, time.UTC).Day())
	return at.seconds() + seconds
}

// instant is the instant at which turn i begins.
func (c *cycle) instant(i int64) int64 { return c.zone.first(c.boundary(i)) }
