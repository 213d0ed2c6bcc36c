package configs

import (
	"time"

	"tocsin/schedules"
)

// civil reads a date and time of the local clock.
func (r *reader) civil(n node) (schedules.Civil, bool) {
	s, ok := r.text(n)
	if !ok {
		return schedules.Civil{}, false
	}
	c, err := schedules.ParseCivil(s)
	if err != nil {
		r.fail(n, "%v", err)
	}
	return c, err == nil
}

// moment reads a date and time, or a date alone: then its first instant, or as an end
// the first of the day after, so that the day itself is included.
func (r *reader) moment(n node, end bool) (schedules.Civil, bool) {
	s, ok := r.text(n)
	if !ok {
		return schedules.Civil{}, false
	}
	date, err := time.Parse(time.DateOnly, s)
	if err != nil {
		c, err := schedules.ParseCivil(s)
		if err != nil {
			r.fail(n, "%q is neither a date nor a local date and time; write for example 2026-08-01 or 2026-08-01T09:00, without Z or an offset", s)
		}
		return c, err == nil
	}
	if end {
		date = date.AddDate(0, 0, 1)
	}
	return schedules.Civil{Year: date.Year(), Month: date.Month(), Day: date.Day()}, true
}

// inOrder refuses an end that does not come after the beginning.
func (r *reader) inOrder(end node, from, to schedules.Civil) bool {
	if from.Before(to) {
		return true
	}
	r.fail(end, "it ends at %s, not after it begins; set a later one", to)
	return false
}

// wall counts the seconds of a wall clock since 1970, as if it were UTC.
func wall(c schedules.Civil) int64 {
	return time.Date(c.Year, c.Month, c.Day, c.Hour, c.Minute, c.Second, 0, time.UTC).Unix()
}

// span is the time between two wall clocks of a zone, by the rule of package schedules:
// from the first instant that shows from or later up to the last that shows to.
func span(from, to schedules.Civil, zone *time.Location) schedules.Span {
	return schedules.Span{Start: shows(wall(from), zone, false), End: shows(wall(to), zone, true)}
}

// shows is the first instant, or the last, at which the clock of a zone shows wall; when
// it skips wall, the first after it. A bare time.Date leaves both cases open.
func shows(wall int64, zone *time.Location, last bool) time.Time {
	const reach = 27 * 60 * 60 // more than any offset from UTC
	found := wall + reach
	for u := wall - reach; u <= wall+reach; {
		t := time.Unix(u, 0).In(zone)
		_, offset := t.Zone()
		end := wall + reach + 1
		if _, bound := t.ZoneBounds(); bound.Unix() > u {
			end = bound.Unix()
		} else if !bound.IsZero() { // Go's answer for the last day of some years: it holds for the day
			end = u - u%day + day
		}
		at := wall - int64(offset)
		switch {
		case !last && at < end:
			return time.Unix(max(u, at), 0).In(zone)
		case last && u <= at:
			found = min(end, at)
		}
		u = end
	}
	return time.Unix(found, 0).In(zone)
}
