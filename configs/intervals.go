package configs

import (
	"github.com/prometheus/alertmanager/timeinterval"
)

// interval reads one of Alertmanager's time intervals
// (https://prometheus.io/docs/alerting/latest/configuration/#time_interval).
func (r *reader) interval(item node) (name string, parts []timeinterval.TimeInterval, ok bool) {
	f, ok := r.mapping(item, "name", "time_intervals")
	if !ok {
		return "", nil, false
	}
	name = f.name()
	for _, n := range f.needList("time_intervals", "say when it is") {
		parts = append(parts, r.intervalPart(n))
	}
	return name, parts, name != ""
}

func (r *reader) intervalPart(n node) (part timeinterval.TimeInterval) {
	f, ok := r.mapping(n, "times", "weekdays", "days_of_month", "months", "years", "location")
	if !ok {
		return part
	}
	for _, t := range f.list("times") {
		r.mapping(t, "start_time", "end_time")
	}
	part.Times = decodeEach[timeinterval.TimeRange](f, "times")
	part.Weekdays = decodeEach[timeinterval.WeekdayRange](f, "weekdays")
	part.DaysOfMonth = decodeEach[timeinterval.DayOfMonthRange](f, "days_of_month")
	part.Months = decodeEach[timeinterval.MonthRange](f, "months")
	part.Years = decodeEach[timeinterval.YearRange](f, "years")
	if z, ok := f.get("location"); ok {
		if _, loc, ok := r.zone(z); ok {
			part.Location = &timeinterval.Location{Location: loc}
		}
	}
	return part
}

// decodeEach leaves the notation of ranges to Alertmanager's own types.
func decodeEach[T any](f fields, key string) (out []T) {
	for _, n := range f.list(key) {
		var v T
		if err := n.y.Decode(&v); err != nil {
			f.r.fail(n, "%s: %v", key, err)
			continue
		}
		out = append(out, v)
	}
	return out
}
