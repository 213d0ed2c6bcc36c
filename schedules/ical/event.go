package ical

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/schedules"
)

// event is a VEVENT: a series, a single event, or one instance of a series that was changed.
type event struct {
	uid       string
	line      int
	sequence  int
	stamped   string // DTSTAMP; sorts as written
	cancelled bool
	instance  *stamp // RECURRENCE-ID

	start   stamp
	length  length
	end     *stamp // DTEND, for the first instance
	rule    *rule
	more    []extra // RDATE
	without []stamp // EXDATE

	title     string
	attendees []attendee
}

// extra is an instance that RDATE adds; a PERIOD has a length of its own.
type extra struct {
	start stamp
	end   time.Time // zero: as long as the others
}

// eventOf reads a VEVENT; all that is wrong with it is reported together.
func eventOf(c *component, z *zones, cancelled bool) (*event, error) {
	e := &event{uid: c.text("UID"), line: c.line, stamped: c.text("DTSTAMP"), title: c.text("SUMMARY")}
	if e.uid == "" {
		e.uid = fmt.Sprintf("line %d", c.line)
	}
	e.cancelled = cancelled || strings.EqualFold(c.text("STATUS"), "CANCELLED")
	if n, err := strconv.Atoi(c.text("SEQUENCE")); err == nil {
		e.sequence = n
	}
	var errs []error
	try := func(p property, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("line %d: %s of event %.80q: %w", p.line, p.name, e.title, err))
		}
	}
	// DTSTART first: the others are read in its zone.
	begin, ok := c.get("DTSTART")
	switch {
	case ok:
		var err error
		e.start, err = z.stamp(begin, begin.value, z.floating)
		try(begin, err)
	case !e.cancelled:
		try(property{name: "DTSTART", line: c.line}, errors.New("is missing"))
	}
	if e.start.loc == nil {
		e.start.loc = z.dates
	}
	for _, p := range c.props {
		if len(errs) < maxErrors {
			try(p, e.take(p, z))
		}
	}
	if e.start.date && e.length == (length{}) {
		e.length.wall, e.end = daySeconds, nil // some write the first day as the end of a single day
	}
	return e, errors.Join(errs...)
}

// take reads a property other than DTSTART.
func (e *event) take(p property, z *zones) error {
	var err error
	switch p.name {
	case "DTEND":
		var end stamp
		if end, err = z.stamp(p, p.value, e.start.loc); err == nil {
			e.end = &end
			e.length = length{wall: e.wallOf(end) - e.start.wall}
			if e.length.wall > maxLength {
				err = errors.New("is more than a hundred years after the start")
			}
		}
	case "DURATION":
		if e.end == nil {
			e.length, err = parseLength(p.value)
		}
	case "RECURRENCE-ID":
		if p.params["RANGE"] != "" {
			return errors.New("RANGE is not supported: end the series and begin a new one instead")
		}
		var id stamp
		id, err = z.stamp(p, p.value, e.start.loc)
		e.instance = &id
	case "RRULE":
		if e.rule != nil {
			return errors.New("more than one rule is not supported: make them events of their own")
		}
		e.rule, err = parseRule(p.value, e.start.loc, z.dates)
	case "EXRULE":
		return errors.New("is not supported: use EXDATE")
	case "RDATE":
		err = e.takeMore(p, z)
	case "EXDATE":
		for value := range strings.SplitSeq(p.value, ",") {
			var s stamp
			if s, err = z.stamp(p, value, e.start.loc); err != nil {
				return err
			}
			e.without = append(e.without, s)
		}
	case "ATTENDEE":
		e.attendees = append(e.attendees, attendeeOf(p))
	}
	return err
}

// takeMore reads RDATE: dates, times or periods.
func (e *event) takeMore(p property, z *zones) error {
	for value := range strings.SplitSeq(p.value, ",") {
		begin, until, period := strings.Cut(value, "/")
		s, err := z.stamp(p, begin, e.start.loc)
		if err != nil {
			return err
		}
		x := extra{start: s}
		if period && strings.HasPrefix(strings.TrimSpace(until), "P") {
			l, err := parseLength(until)
			if err != nil {
				return err
			}
			x.end = l.after(s.loc, s.wall)
		} else if period {
			end, err := z.stamp(p, until, e.start.loc)
			if err != nil {
				return err
			}
			x.end = end.instant()
		}
		e.more = append(e.more, x)
	}
	return nil
}

// wallOf is what the clock of the event's zone shows at s.
func (e *event) wallOf(s stamp) int64 {
	if s.loc == e.start.loc {
		return s.wall
	}
	return reading(s.instant(), e.start.loc)
}

// at is the span of the instance that begins on that wall clock.
func (e *event) at(wall int64) schedules.Span {
	span := schedules.Span{Start: first(e.start.loc, wall), End: e.length.after(e.start.loc, wall)}
	if wall == e.start.wall && e.end != nil {
		span.End = e.end.instant()
	}
	return span
}

// newer orders versions of one event.
func (e *event) newer(than *event) bool {
	if e.sequence != than.sequence {
		return e.sequence > than.sequence
	}
	return e.stamped >= than.stamped
}
