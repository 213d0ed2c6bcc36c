package configs

import (
	"bytes"
	"net/mail"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"tocsin/paging"
	"tocsin/schedules"
)

// CalendarReader decodes iCalendar files (RFC 5545). cmd registers one, so that no format
// is known here.
type CalendarReader interface {
	// Shifts returns the events as shifts of the people named in them, and a sentence for
	// each event that leads to nobody.
	Shifts(ics []byte, o CalendarOptions) ([]schedules.Fixed, []string, error)

	// Spans returns when events are, whoever they name. A day without a clock is a day of
	// the zone.
	Spans(ics []byte, zone *time.Location) ([]schedules.Span, error)
}

// CalendarOptions says how a calendar of shifts is read.
type CalendarOptions struct {
	Zone *time.Location // of days and of clocks without a zone

	// People finds the user behind an e-mail address, a name or the title of an event; false
	// when there is none or more than one.
	People func(text string) (schedules.UserID, bool)
}

// calendarExtension marks calendars among the files of a configuration.
const calendarExtension = ".ics"

// calendarBegin is how every calendar begins (RFC 5545 §3.4).
const calendarBegin = "BEGIN:VCALENDAR"

// calendarName cleans the name of a calendar; what is wrong with it otherwise.
func calendarName(name string) (clean, fault string) {
	switch {
	case !strings.EqualFold(path.Ext(name), calendarExtension):
		return "", "is no name of a calendar; it must end in " + calendarExtension
	case strings.Contains(name, `\`) || !filepath.IsLocal(filepath.FromSlash(name)):
		return "", "must lie in the folder of the configuration; write a path below it, with slashes"
	}
	return path.Clean(name), ""
}

func isCalendar(data []byte) bool {
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n")
	return len(data) >= len(calendarBegin) && strings.EqualFold(string(data[:len(calendarBegin)]), calendarBegin)
}

// calendar reads { file: NAME.ics }, or NAME.ics alone, and returns the bytes and the place
// of the name.
func (r *reader) calendar(n node) (data []byte, at node, ok bool) {
	at = n
	alone := n.kind() == "a single value"
	if !alone {
		f, ok := r.mapping(n, "file")
		if !ok {
			return nil, n, false
		}
		if at, ok = f.need("file"); !ok {
			return nil, n, false
		}
	}
	name, ok := r.text(at)
	if !ok {
		return nil, at, false
	}
	clean, fault := calendarName(name)
	data, there := r.calendars[clean]
	switch {
	case strings.Contains(name, "://"): // may hold a token
		r.fail(at, "this is an address, and calendars are not fetched; save it in the folder of the configuration and name that file")
	case alone && !(File{Name: name}).IsCalendar():
		r.fail(at, "%q is no file of a calendar, and no tables of holidays are built in; write { file: NAME.ics }", name)
	case fault != "":
		r.fail(at, "%q %s", name, fault)
	case r.reg.Calendar == nil:
		r.fail(at, "this program cannot read calendars; write the times out instead")
	case !there:
		r.fail(at, "calendar %s does not exist; paths are relative to the folder of the configuration", name)
	case !isCalendar(data):
		r.fail(at, "%s is no calendar: it does not begin with %s", name, calendarBegin)
	default:
		return data, at, true
	}
	return nil, at, false
}

// fixed reads the shifts of a calendar.
func (r *reader) fixed(n node, zone *time.Location) []schedules.Fixed {
	data, at, ok := r.calendar(n)
	if !ok {
		return nil
	}
	shifts, complaints, err := r.reg.Calendar.Shifts(data, CalendarOptions{Zone: zone, People: r.person})
	switch {
	case err != nil:
		r.fail(at, "the calendar cannot be read: %v", err)
	case len(shifts) == 0:
		r.fail(at, "the calendar has no shift of a known person; name people in its titles, or give users their email")
	}
	const few = 5
	for i, text := range complaints {
		if i == few {
			r.warn(at, "and %d more events with a fault", len(complaints)-few)
			break
		}
		r.warn(at, "%s", text)
	}
	return shifts
}

// identity is what a calendar may call a person, in words.
type identity struct {
	user  schedules.UserID
	names [3][]string // e-mail address, name, full name: the first kind that matches anybody wins
}

// identify notes what calendars may call a person, with the e-mail address if there is one.
func (r *reader) identify(f fields, u *paging.User) {
	email := ""
	if n, ok := f.get("email"); ok {
		if email, ok = r.text(n); ok && !r.emailShape(n, email) {
			email = ""
		}
	}
	r.identities = append(r.identities, identity{u.Name, [3][]string{wordsOf(email), wordsOf(string(u.Name)), wordsOf(u.FullName)}})
}

// emailShape checks the shape of an address (RFC 5322) and that it is nobody else's.
func (r *reader) emailShape(n node, s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || strings.ContainsAny(s, " \"()") {
		r.fail(n, "%q is no e-mail address; write for example dana@example.org", s)
		return false
	}
	for _, other := range r.identities {
		if slices.Equal(other.names[0], wordsOf(s)) {
			r.fail(n, "%s is also the e-mail address of %s; a calendar could not tell them apart", s, other.user)
			return false
		}
	}
	return true
}

// person finds who is meant: by e-mail address, else name, else full name, each as whole
// words of the text. A longer name wins over one that is a part of it.
func (r *reader) person(text string) (schedules.UserID, bool) {
	said := wordsOf(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(text)), "mailto:"))
	for kind := range 3 {
		var found []identity
		for _, i := range r.identities {
			if holds(said, i.names[kind]) {
				found = append(found, i)
			}
		}
		found = slices.DeleteFunc(slices.Clone(found), func(i identity) bool {
			return slices.ContainsFunc(found, func(o identity) bool {
				return len(o.names[kind]) > len(i.names[kind]) && holds(o.names[kind], i.names[kind])
			})
		})
		if len(found) > 0 {
			return found[0].user, len(found) == 1
		}
	}
	return "", false
}

// wordsOf splits a text into lower-case words. What e-mail addresses and names are made of
// belongs to a word: ana is no word of ana@example.org.
func wordsOf(text string) []string {
	parts := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool {
		return !unicode.In(c, unicode.L, unicode.M, unicode.N) && !strings.ContainsRune("@._-+", c)
	})
	out := parts[:0]
	for _, part := range parts {
		if part = strings.Trim(part, "._-+"); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// holds says whether the words of name stand in the text, one after the other.
func holds(text, name []string) bool {
	for i := 0; len(name) > 0 && i+len(name) <= len(text); i++ {
		if slices.Equal(text[i:i+len(name)], name) {
			return true
		}
	}
	return false
}
