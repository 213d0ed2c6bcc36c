package configs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/schedules"
)

// plainCalendar reads events without zones and repetition: enough for what is asked here.
type plainCalendar struct{}

func (plainCalendar) Shifts(ics []byte, o CalendarOptions) (shifts []schedules.Fixed, complaints []string, err error) {
	err = events(ics, o.Zone, func(title string, s schedules.Span) {
		if u, ok := o.People(title); ok {
			shifts = append(shifts, schedules.Fixed{From: s.Start, To: s.End, Users: []schedules.UserID{u}})
		} else {
			complaints = append(complaints, "nobody is known in "+title)
		}
	})
	return shifts, complaints, err
}

func (plainCalendar) Spans(ics []byte, zone *time.Location) (spans []schedules.Span, err error) {
	err = events(ics, zone, func(_ string, s schedules.Span) { spans = append(spans, s) })
	return spans, err
}

func events(ics []byte, zone *time.Location, visit func(string, schedules.Span)) error {
	values := map[string]string{}
	for line := range strings.Lines(string(ics)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		key, _, _ = strings.Cut(key, ";")
		if values[key] = value; key != "END" || value != "VEVENT" {
			continue
		}
		var at [2]time.Time
		for i, key := range []string{"DTSTART", "DTEND"} {
			var err error
			if at[i], err = time.ParseInLocation("20060102", values[key], zone); err != nil {
				if at[i], err = time.Parse("20060102T150405Z", values[key]); err != nil {
					return err
				}
			}
		}
		visit(values["SUMMARY"], schedules.Span{Start: at[0], End: at[1]})
	}
	if values["END"] != "VCALENDAR" {
		return errors.New("it ends too early")
	}
	return nil
}

// It ensures whom a calendar means: by address before name before full name, by whole
// words in any case, the longer name before its part, and nobody when two are meant.
func TestPerson(t *testing.T) {
	r := &reader{}
	for _, p := range []struct{ name, email, full string }{
		{"ana", "ana@example.org", "Ana Example"},
		{"ben", "b.smith@example.org", "Ben Smith"},
		{"ana maria", "", "María Ana Ömer"},
		{"o.neil", "", "Shay O'Neil"},
		{"dana", "", ""},
	} {
		r.identities = append(r.identities, identity{schedules.UserID(p.name), [3][]string{wordsOf(p.email), wordsOf(p.name), wordsOf(p.full)}})
	}
	for text, want := range map[string]schedules.UserID{
		"ana@example.org":                    "ana",
		"MAILTO:B.Smith@Example.org":         "ben",
		"b.smith@example.org instead of ana": "ben", // the address wins
		"On call: Ana":                       "ana",
		"ana.":                               "ana",
		"Primary (ben)":                      "ben",
		"Ben Smith":                          "ben",
		"smith, ben":                         "ben",
		"Ana Maria":                          "ana maria",
		"maría ana ömer":                     "ana", // a name goes before a full name
		"Shay O'Neil on call":                "o.neil",
		"o.neil":                             "o.neil",
		"ana and ben":                        "",
		"ana@other.example":                  "", // no name inside an address
		"banana":                             "",
		"ana-lena":                           "",
		"dana":                               "dana",
		"":                                   "",
		"Smith":                              "",
	} {
		got, ok := r.person(text)
		assert.Equal(t, want != "", ok, text)
		if ok {
			assert.Equal(t, want, got, text)
		}
	}
}

const calendarSchedule = `
  - name: festival
    time_zone: Europe/Berlin
    layers: [{ name: all, calendar: { file: sub/rota.ics } }]
    away: [{ user: ana, calendar: { file: sub/off.ics }, kind: holidays }]
`

func calendarOf(lines ...string) string {
	return "\ufeffBEGIN:VCALENDAR\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCALENDAR\r\n"
}

func event(from, to, title string) string {
	return "BEGIN:VEVENT\r\nDTSTART:" + from + "\r\nDTEND:" + to + "\r\nSUMMARY:" + title + "\r\nEND:VEVENT"
}

// It ensures that the shifts and days off of calendars arrive in the schedule, in its
// zone, with a warning for what names nobody, and that without a reader calendars are
// refused.
func TestCalendars(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"c.yaml":       minimal(t) + "schedules:" + calendarSchedule,
		"sub/rota.ics": calendarOf(event("20260301T080000Z", "20260301T120000Z", "ana"), event("20260302T080000Z", "20260302T120000Z", "ana"), event("20260303", "20260304", "somebody")),
		"sub/off.ics":  calendarOf(event("20260302", "20260303", "Day of rest")),
	})
	c, err := Load(dir, Options{Registry: registry(), Env: anyEnv})
	require.NoError(t, err)
	require.Len(t, c.Warnings(), 1)
	assert.Contains(t, c.Warnings()[0].Message, "nobody is known in somebody")
	spec := c.Specs()["festival"]
	assert.Equal(t, []schedules.Fixed{
		{From: date("2026-03-01T08:00:00Z"), To: date("2026-03-01T12:00:00Z"), Users: []schedules.UserID{"ana"}},
		{From: date("2026-03-02T08:00:00Z"), To: date("2026-03-02T12:00:00Z"), Users: []schedules.UserID{"ana"}},
	}, spec.Layers[0].Fixed)
	require.Len(t, spec.Away, 1)
	assert.Equal(t, "holidays", spec.Away[0].Kind)
	assert.True(t, spec.Away[0].Spans[0].Start.Equal(date("2026-03-01T23:00:00Z")), spec.Away[0].Spans[0])
	festival := c.Book().Schedules["festival"]
	assert.Equal(t, []schedules.UserID{"ana"}, festival.On("", date("2026-03-01T09:00:00Z"), nil))
	assert.Empty(t, festival.On("", date("2026-03-02T09:00:00Z"), nil), "a day off")
	assert.Empty(t, festival.On("", date("2026-03-01T12:00:00Z"), nil))

	require.NoError(t, os.WriteFile(filepath.Join(dir, "sub/off.ics"), []byte(calendarOf(event("20260302", "20260302", "A reminder"))), 0o600))
	c, err = Load(dir, Options{Registry: registry(), Env: anyEnv})
	require.NoError(t, err)
	require.Len(t, c.Warnings(), 2)
	assert.Contains(t, c.Warnings()[1].Message, "no event that lasts")
	assert.Equal(t, []schedules.UserID{"ana"}, c.Book().Schedules["festival"].On("", date("2026-03-02T09:00:00Z"), nil))

	reg := registry()
	reg.Calendar = nil
	_, err = Load(dir, Options{Registry: reg, Env: anyEnv})
	require.ErrorContains(t, err, "this program cannot read calendars")
}
