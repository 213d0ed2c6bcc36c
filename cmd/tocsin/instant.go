package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"tocsin/configs"
	"tocsin/schedules"
)

// parseInstant reads RFC 3339, or a date or a date and time on the clock of zone. "" is absent.
func parseInstant(flag, text string, zone *time.Location, absent time.Time) (time.Time, error) {
	if text == "" {
		return absent, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return sane(flag, text, t)
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil { // by the rule of package schedules when the clock skips or repeats it
			year, month, day := t.Date()
			hour, minute, second := t.Clock()
			return sane(flag, text, schedules.Civil{Year: year, Month: month, Day: day, Hour: hour, Minute: minute, Second: second}.In(zone))
		}
	}
	return time.Time{}, usagef("--%s %q is no time; write 2026-03-01T09:00:00Z, or 2026-03-01T09:00 or 2026-03-01 on the clock of %s", flag, text, zone)
}

// sane refuses years that RFC 3339 cannot say in every zone.
func sane(flag, text string, t time.Time) (time.Time, error) {
	if y := t.UTC().Year(); y < 1 || y > 9998 {
		return time.Time{}, usagef("--%s %q is outside the years 1 to 9998", flag, text)
	}
	return t, nil
}

// parseSpan reads a duration as in Prometheus ("30m", "1d"), more than zero and up to most.
func parseSpan(flag, text string, most time.Duration) (time.Duration, error) {
	d, err := model.ParseDuration(text)
	switch {
	case err != nil:
		return 0, usagef("--%s %q is no duration; write for example 30m, 24h or 7d", flag, text)
	case d <= 0 || time.Duration(d) > most:
		return 0, usagef("--%s %q must be more than 0 and at most %s", flag, text, span(most))
	}
	return time.Duration(d), nil
}

// schedule finds a schedule and checks the layer, "" being all.
func schedule(config *configs.Config, name, layer string) (*schedules.Schedule, error) {
	s, ok := config.Book().Schedules[name]
	if !ok {
		return nil, fmt.Errorf("there is no schedule %q; %s", name, known("schedules", config.Book().Schedules))
	}
	if _, err := s.OnCall(layer, time.Time{}); err != nil {
		return nil, err
	}
	if len(s.Layers()) == 0 {
		return nil, errors.New("schedule " + name + " has no layer")
	}
	return s, nil
}

// zoneOf is the zone whose clock a schedule, or one of its layers, is written in.
func zoneOf(s *schedules.Schedule, layer string, at time.Time) *time.Location {
	if layer == "" {
		return s.Zone()
	}
	if shifts := s.Shifts(layer, at, at.Add(time.Second)); len(shifts) > 0 {
		return shifts[0].Start.Location()
	}
	return time.UTC
}
