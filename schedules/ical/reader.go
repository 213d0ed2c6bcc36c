package ical

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/schedules"
)

const (
	maxErrors   = 20
	maxWarnings = 100
)

// Reader reads calendars. The window is for [Reader.Spans], and for [Reader.Shifts] when its
// options have none: From and To say which time matters, as [Options] does.
type Reader struct{ From, To time.Time }

// Options say how a calendar becomes shifts.
type Options struct {
	// Zone is where whole days and times without a zone are; nil means UTC.
	Zone *time.Location
	// People finds a user by an e-mail address, a full name, an id, or whatever else people
	// write into titles. It is asked for words that are no people, too.
	People func(text string) (schedules.UserID, bool)
	// From and To bound what is returned to the events that meet [From, To), in full length.
	// A series without end needs both; a calendar without such series may leave them zero.
	From, To time.Time
}

// Shifts are the duties that a calendar gives, ordered by start, and warnings: events that
// name nobody who is known (with their UID and time), that have no length, or that repeat
// the UID of another. Errors are joined, each with its line; then there are no shifts.
func (r Reader) Shifts(ics []byte, o Options) ([]schedules.Fixed, []string, error) {
	if o.People == nil {
		return nil, nil, errors.New("options of the calendar lack People, the way to find users")
	}
	w := window{o.From, o.To}
	if w.from.IsZero() && w.to.IsZero() {
		w = window{r.From, r.To}
	}
	all, warnings, err := read(ics, o.Zone, w)
	if err != nil {
		return nil, nil, err
	}
	var out []schedules.Fixed
	people := map[*event][]schedules.UserID{}
	for _, f := range all {
		users, known := people[f.by]
		if !known {
			users = f.by.people(o.People)
			people[f.by] = users
			if len(users) == 0 {
				warnings.add("event %.80q (UID %.80s, %s) names nobody who is known: invite the person, or write an e-mail address, a name or an id of a user into the title",
					f.by.title, f.by.uid, f.span.Start.Format(time.RFC3339))
			}
		}
		if len(users) > 0 {
			out = append(out, schedules.Fixed{From: f.span.Start, To: f.span.End, Users: slices.Clone(users)})
		}
	}
	return out, warnings.list(), nil
}

// Spans are the times of all events of a calendar of holidays or time off, ordered by start.
// zone is as [Options.Zone]. Events without length are left out; equal ones count once.
func (r Reader) Spans(ics []byte, zone *time.Location) ([]schedules.Span, error) {
	all, _, err := read(ics, zone, window{r.From, r.To})
	if err != nil {
		return nil, err
	}
	out := make([]schedules.Span, 0, len(all))
	for _, f := range all {
		out = append(out, f.span)
	}
	return slices.CompactFunc(out, func(a, b schedules.Span) bool { return a.Start.Equal(b.Start) && a.End.Equal(b.End) }), nil
}

// read is every instance of every event in the window, ordered by time, then by UID.
func read(ics []byte, zone *time.Location, w window) ([]found, *warnings, error) {
	calendars, err := parse(ics)
	if err != nil {
		return nil, nil, err
	}
	b, warned := newBudget(), &warnings{}
	all, err := collect(calendars, zone, b, warned)
	if err != nil {
		return nil, nil, err
	}
	var out []found
	for _, s := range all {
		instances, err := s.instances(w, b)
		if err != nil {
			return nil, nil, err
		}
		for _, f := range instances {
			if !f.span.End.After(f.span.Start) {
				warned.add("event %.80q (UID %.80s, %s) has no length: give it an end after its start",
					f.by.title, f.by.uid, f.span.Start.Format(time.RFC3339))
				continue
			}
			out = append(out, f)
		}
		if len(out) > maxSpans {
			return nil, nil, tooMany()
		}
	}
	slices.SortStableFunc(out, func(a, b found) int {
		return cmp.Or(a.span.Start.Compare(b.span.Start), a.span.End.Compare(b.span.End), cmp.Compare(a.by.uid, b.by.uid))
	})
	return out, warned, nil
}

// collect groups the events of all calendars of a file by UID, in order of appearance.
func collect(calendars []*component, zone *time.Location, b *budget, warned *warnings) ([]*series, error) {
	var order []*series
	byUID := map[string]*series{}
	var errs []error
	for _, cal := range calendars {
		z, err := newZones(cal, zone, b)
		if err != nil {
			return nil, err
		}
		cancelled := strings.EqualFold(cal.text("METHOD"), "CANCEL")
		for _, c := range cal.children {
			if c.name != "VEVENT" {
				continue
			}
			e, err := eventOf(c, z, cancelled)
			if err != nil {
				if errs = append(errs, err); len(errs) == maxErrors {
					return nil, errors.Join(append(errs, errors.New("and perhaps more"))...)
				}
				continue
			}
			s := byUID[e.uid]
			if s == nil {
				s = &series{places: map[int64]int{}}
				byUID[e.uid] = s
				order = append(order, s)
			}
			if lost := s.add(e); lost != nil && s.clash(lost) {
				warned.add("line %d: event %.80q is left out, as another one has its UID %.80s and holds instead", lost.line, lost.title, lost.uid)
			}
		}
	}
	return order, errors.Join(errs...)
}

// clash says whether an event that was replaced may have been meant to stand on its own: it
// is no older version, and says something else.
func (s *series) clash(lost *event) bool {
	m := s.master
	return lost.instance == nil && m != nil && !m.cancelled && !lost.cancelled &&
		lost.sequence == m.sequence && lost.stamped == m.stamped && lost.start != m.start
}

// warnings are counted, and kept up to a bound.
type warnings struct {
	kept []string
	more int
}

func (w *warnings) add(format string, args ...any) {
	if len(w.kept) == maxWarnings {
		w.more++
		return
	}
	w.kept = append(w.kept, fmt.Sprintf(format, args...))
}

func (w *warnings) list() []string {
	if w.more == 0 {
		return w.kept
	}
	return append(w.kept, fmt.Sprintf("and %d more warnings", w.more))
}
