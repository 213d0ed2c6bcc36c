package registry

import (
	"time"

	"tocsin/configs"
	"tocsin/schedules"
	"tocsin/schedules/ical"
)

// calendars reads iCalendar for the configuration.
type calendars struct{ reader ical.Reader }

// newCalendars bounds series without end: a configuration is built without a clock, so that
// the same files mean the same shifts at any time.
func newCalendars() calendars {
	return calendars{ical.Reader{
		From: time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC),
	}}
}

// Shifts implements configs.CalendarReader.
func (c calendars) Shifts(ics []byte, o configs.CalendarOptions) ([]schedules.Fixed, []string, error) {
	return c.reader.Shifts(ics, ical.Options{Zone: o.Zone, People: o.People})
}

// Spans implements configs.CalendarReader.
func (c calendars) Spans(ics []byte, zone *time.Location) ([]schedules.Span, error) {
	return c.reader.Spans(ics, zone)
}
