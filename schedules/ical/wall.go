package ical

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/schedules"
)

const (
	daySeconds = 24 * 60 * 60
	// reach exceeds every offset from UTC (RFC 8536 §3.2: −25 h to +26 h).
	reach = 27 * 60 * 60
	// lastWall is 9999-12-31, where the calendar of RFC 5545 ends.
	lastWall = 253402214400
)

// stamp is a reading of a wall clock in a zone, as a calendar writes times. The wall is in
// seconds since 1970, as if the clock showed UTC: on that line there is no daylight saving.
type stamp struct {
	wall int64
	loc  *time.Location
	date bool // a whole day, from its midnight on
}

func (s stamp) instant() time.Time { return first(s.loc, s.wall) }

// day counts the day that s falls on, as read in loc; a date is the same day everywhere.
func (s stamp) day(loc *time.Location) int64 {
	if s.date || s.loc == loc {
		return floorDiv(s.wall, daySeconds)
	}
	return floorDiv(reading(s.instant(), loc), daySeconds)
}

// first is the first instant at which the clock of loc shows wall or later: the rule of
// package schedules. time.Date is no such rule, as what it does in gaps and folds depends
// on the sign of the offset.
func first(loc *time.Location, wall int64) time.Time {
	return schedules.Civil{Year: 1970, Month: time.January, Day: 1, Second: int(wall)}.In(loc) // which counts on
}

// reading is what the clock of loc shows at t.
func reading(t time.Time, loc *time.Location) int64 {
	_, offset := t.In(loc).Zone()
	return t.Unix() + int64(offset)
}

// parseStamp reads a DATE or a DATE-TIME (RFC 5545 §3.3.4, §3.3.5): dates in the zone of dates,
// a trailing Z in UTC, others in loc.
func parseStamp(value string, loc, dates *time.Location) (stamp, error) {
	v := strings.ToUpper(strings.TrimSpace(value))
	layout := "20060102T150405"
	s := stamp{loc: loc}
	switch {
	case len(v) == len("20060102"):
		layout, s.loc, s.date = "20060102", dates, true
	case strings.HasSuffix(v, "Z"):
		v, s.loc = v[:len(v)-1], time.UTC
	}
	t, err := time.Parse(layout, v)
	if err != nil || t.Year() < 1 || len(v) != len(layout) {
		return stamp{}, fmt.Errorf("%.60q is no date such as 20260105 and no time such as 20260105T090000", value)
	}
	s.wall = t.Unix()
	return s, nil
}

// length is how long an event lasts: first on the wall clock, then in time that passes.
type length struct{ wall, exact int64 }

// after is the end of what begins when the clock of loc shows wall.
func (l length) after(loc *time.Location, wall int64) time.Time {
	return first(loc, wall+l.wall).Add(time.Duration(l.exact) * time.Second)
}

// parseLength reads a DURATION such as P1W, P1DT12H or PT30M (RFC 5545 §3.3.6).
func parseLength(value string) (length, error) {
	wrong := fmt.Errorf("%.60q is no length such as PT12H or P1W", value)
	s, ok := strings.CutPrefix(strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(value)), "+"), "P")
	if !ok || s == "" {
		return length{}, wrong
	}
	var l length
	hours := false
	for s != "" {
		if rest, ok := strings.CutPrefix(s, "T"); ok && !hours {
			s, hours = rest, true
		}
		end := strings.IndexAny(s, "WDHMS")
		if end <= 0 || end > 9 {
			return length{}, wrong
		}
		n, err := strconv.ParseUint(s[:end], 10, 32)
		unit, known := units[s[end]]
		if err != nil || !known || (unit < daySeconds) != hours {
			return length{}, wrong
		}
		if hours {
			l.exact += int64(n) * unit
		} else {
			l.wall += int64(n) * unit
		}
		s = s[end+1:]
	}
	if l.wall+l.exact > maxLength {
		return length{}, fmt.Errorf("%.60q is longer than a hundred years", value)
	}
	return l, nil
}

const maxLength = 100 * 366 * daySeconds

var units = map[byte]int64{'W': 7 * daySeconds, 'D': daySeconds, 'H': 60 * 60, 'M': 60, 'S': 1}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
