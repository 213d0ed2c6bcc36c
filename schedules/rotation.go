package schedules

import "time"

// cycle is the compiled clockwork of a rotation: turn i runs on the wall clock
// from boundary(i) to boundary(i+1).
type cycle struct {
	anchor  int64 // wall clock of the first hand-off
	seconds int64 // length of a turn on the wall clock; 0 if in months
	months  int64 // length of a turn in months; 0 if in seconds
	start   Civil // anchor, for months
}

func newCycle(r Rotation) cycle {
	c := cycle{anchor: r.Start.seconds(), start: r.Start}
	n := int64(r.Every.N)
	switch r.Every.Unit {
	case Hour:
		c.seconds = n * 60 * 60
	case Day:
		c.seconds = n * daySeconds
	case Week:
		c.seconds = n * 7 * daySeconds
	case Month:
		c.months = n
	}
	return c
}

// turn is the number of the turn at a wall clock: the greatest i with
// boundary(i) <= wall, or -1 before the first.
func (c *cycle) turn(wall int64) int64 {
	if wall < c.anchor {
		return -1
	}
	if c.months == 0 {
		return (wall - c.anchor) / c.seconds
	}
	year, month, _ := time.Unix(wall, 0).UTC().Date()
	i := (monthNumber(year, month) - monthNumber(c.start.Year, c.start.Month)) / c.months
	if c.boundary(i) > wall { // the day of the month is still to come
		i--
	}
	return i
}

// boundary is the wall clock at which turn i begins. Months are clamped to their
// last day, always from the first hand-off.
func (c *cycle) boundary(i int64) int64 {
	if c.months == 0 {
		return c.anchor + i*c.seconds
	}
	m := monthNumber(c.start.Year, c.start.Month) + i*c.months
	at := c.start
	at.Year, at.Month = int(m/12), time.Month(m%12+1)
	at.Day = min(at.Day, time.Date(at.Year, at.Month+1, 0, 0, 0, 0, 0, time.UTC).Day())
	return at.seconds()
}

func monthNumber(year int, month time.Month) int64 {
	return int64(year)*12 + int64(month) - 1
}
