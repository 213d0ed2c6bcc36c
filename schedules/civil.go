package schedules

import (
	"fmt"
	"time"
)

// Civil is a reading of a local wall clock, without a zone.
type Civil struct {
	Year                      int
	Month                     time.Month
	Day, Hour, Minute, Second int
}

// ParseCivil reads "2026-01-05T09:00" or, with seconds, "2026-01-05T09:00:00".
func ParseCivil(s string) (Civil, error) {
	for _, layout := range [...]string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if len(s) != len(layout) {
			continue
		}
		if t, err := time.Parse(layout, s); err == nil {
			return civilOf(t.Unix()), nil
		}
	}
	return Civil{}, fmt.Errorf("%q is not a local date and time; write for example 2026-01-05T09:00, without Z or an offset", s)
}

// String is the inverse of [ParseCivil].
func (c Civil) String() string {
	s := fmt.Sprintf("%04d-%02d-%02dT%02d:%02d", c.Year, int(c.Month), c.Day, c.Hour, c.Minute)
	if c.Second != 0 {
		s += fmt.Sprintf(":%02d", c.Second)
	}
	return s
}

// seconds counts the seconds of the wall clock, as if it were UTC, since 1970.
// On that line arithmetic has no daylight saving.
func (c Civil) seconds() int64 {
	return time.Date(c.Year, c.Month, c.Day, c.Hour, c.Minute, c.Second, 0, time.UTC).Unix()
}

// civilOf is the inverse of seconds.
func civilOf(seconds int64) Civil {
	t := time.Unix(seconds, 0).UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return Civil{year, month, day, hour, minute, second}
}

// In is the first instant at which the clock of loc shows c or later: of a time that occurs twice
// the first, and of one that is skipped the first after the gap. It is how everything begins in a
// schedule. A date that no calendar has counts on, as in [time.Date].
func (c Civil) In(loc *time.Location) time.Time {
	z := zone{loc: loc}
	return time.Unix(z.first(c.seconds()), 0).In(loc)
}

// LastIn is the last instant at which the clock of loc shows c, and of a time that is skipped the
// first after the gap. It is how whatever may not end early ends in a schedule.
func (c Civil) LastIn(loc *time.Location) time.Time {
	z := zone{loc: loc}
	return time.Unix(z.last(c.seconds()), 0).In(loc)
}

// check reports a date that no calendar has, such as 30 February.
func (c Civil) check() error {
	if c.Year < 1 || c.Year > 9999 || civilOf(c.seconds()) != c {
		return fmt.Errorf("%s is not a date and time of the calendar (years 1 to 9999)", c)
	}
	return nil
}
