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

// span is the time between two wall clocks of a zone, by the rule of package schedules.
func span(from, to schedules.Civil, zone *time.Location) schedules.Span {
	return schedules.Span{Start: from.In(zone), End: to.LastIn(zone)}
}
