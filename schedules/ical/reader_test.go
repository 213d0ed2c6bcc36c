package ical

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/schedules"
)

func people(text string) (schedules.UserID, bool) {
	user, ok := map[string]schedules.UserID{
		"ana": "ana", "ana@example.org": "ana", "ana example": "ana",
		"ben": "ben", "ben@example.org": "ben", "ben example": "ben",
		"cleo": "cleo", "cleo@example.org": "cleo", "cleo example": "cleo",
		"dora": "dora", "dora@example.org": "dora", "olga@example.org": "olga",
	}[strings.ToLower(text)]
	return user, ok
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return b
}

// lines shows shifts as "2026-03-16T08:00Z 2026-03-23T08:00Z ana,ben", in UTC.
func lines(shifts []schedules.Fixed) []string {
	var out []string
	for _, s := range shifts {
		out = append(out, span(schedules.Span{Start: s.From, End: s.To})+" "+strings.Join(texts(s.Users), ","))
	}
	return out
}

func span(s schedules.Span) string {
	const layout = "2006-01-02T15:04Z"
	return s.Start.UTC().Format(layout) + " " + s.End.UTC().Format(layout)
}

// calendar wraps lines into a calendar.
func calendar(body string) []byte {
	return []byte("BEGIN:VCALENDAR\nVERSION:2.0\n" + body + "\nEND:VCALENDAR\n")
}

// duty is a calendar with one event of ana.
func duty(body string) []byte {
	return calendar("BEGIN:VEVENT\nUID:u1\nSUMMARY:ana\n" + body + "\nEND:VEVENT")
}

var year = Options{People: people, From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}

// Ensures that calendars as they come from Exchange, Google and Outlook give the right people
// at the right instants, over changes of the clock: Windows zones, rules with exceptions,
// moved and cancelled instances, cancelled events, whole days, people by invitation and title.
func TestCalendarsOfOthers(t *testing.T) {
	for _, c := range []struct {
		name, zone string
		want       []string
		warned     string
	}{
		{"exchange.ics", "America/New_York", []string{
			"2026-03-16T08:00Z 2026-03-23T08:00Z ana",
			"2026-03-23T08:00Z 2026-03-30T07:00Z ben", // 167 hours
			"2026-03-30T10:00Z 2026-04-06T07:00Z cleo",
			"2026-04-20T07:00Z 2026-04-27T07:00Z ben", // UNTIL is inclusive
			"2026-04-27T07:00Z 2026-05-04T07:00Z ana",
		}, `event "Team offsite" (UID EX-0004, 2026-05-05T09:00:00+02:00) names nobody`},
		{"google.ics", "Europe/Berlin", []string{
			"2026-10-23T22:00Z 2026-10-25T23:00Z cleo", // a weekend of 49 hours
			"2026-11-01T00:00Z 2026-11-01T13:00Z ana,ben",
			"2026-11-02T01:00Z 2026-11-02T13:00Z ana,ben",
			"2026-11-05T14:00Z 2026-11-05T22:00Z dora", // floating: X-WR-TIMEZONE
			"2026-11-06T23:00Z 2026-11-08T23:00Z cleo",
		}, ""},
		{"outlook.ics", "Europe/Berlin", []string{
			"2026-03-07T08:30Z 2026-03-08T08:00Z ana", // 02:30 does not exist: 03:00 -05:00
			"2026-03-08T08:00Z 2026-03-09T07:30Z ana",
			"2026-03-09T07:30Z 2026-03-10T07:30Z ana",
			"2026-07-08T13:00Z 2026-07-08T16:00Z ben",
			"2026-07-09T07:00Z 2026-07-09T15:00Z cleo",
			"2026-07-10T13:00Z 2026-07-10T21:00Z cleo",
			"2026-07-11T13:00Z 2026-07-11T21:00Z cleo",
			"2026-07-12T09:00Z 2026-07-12T10:00Z cleo",
			"2026-07-13T09:00Z 2026-07-13T11:00Z cleo",
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := year
			o.Zone = zone(t, c.zone)
			shifts, warned, err := Reader{}.Shifts(fixture(t, c.name), o)
			require.NoError(t, err)
			assert.Equal(t, c.want, lines(shifts))
			if c.warned == "" {
				assert.Empty(t, warned)
			} else if assert.Len(t, warned, 1) {
				assert.Contains(t, warned[0], c.warned)
			}
		})
	}
}

// Ensures that holidays are whole days of the zone asked for, even if the calendar says UTC,
// that an endless rule needs a window, and that a day without or with an equal end is one day.
func TestHolidays(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	_, err := Reader{}.Spans(fixture(t, "holidays.ics"), berlin)
	require.ErrorContains(t, err, "its rule has no end; ask for a window")
	spans, err := Reader{From: year.From, To: year.To.AddDate(0, 1, 0)}.Spans(fixture(t, "holidays.ics"), berlin)
	require.NoError(t, err)
	var got []string
	for _, s := range spans {
		got = append(got, span(s))
	}
	assert.Equal(t, []string{
		"2025-12-31T23:00Z 2026-01-01T23:00Z",
		"2026-03-28T23:00Z 2026-03-29T22:00Z", // 23 hours
		"2026-04-30T22:00Z 2026-05-01T22:00Z",
		"2026-12-31T23:00Z 2027-01-01T23:00Z",
	}, got)
}

// Ensures what single properties mean, with instants worked out by hand (zone Europe/Berlin).
func TestInstances(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       []string
	}{
		{"fold: both ends at the first occurrence", "DTSTART:20261025T023000\nDTEND:20261025T040000", []string{"2026-10-25T00:30Z 2026-10-25T03:00Z ana"}},
		{"hours of DURATION pass", "DTSTART:20260328T200000\nDURATION:PT12H\nRRULE:FREQ=DAILY;COUNT=2", []string{
			"2026-03-28T19:00Z 2026-03-29T07:00Z ana", "2026-03-29T18:00Z 2026-03-30T06:00Z ana"}},
		{"end of DTEND follows the wall clock", "DTSTART:20260327T200000\nDTEND:20260328T080000\nRRULE:FREQ=DAILY;COUNT=2", []string{
			"2026-03-27T19:00Z 2026-03-28T07:00Z ana", "2026-03-28T19:00Z 2026-03-29T06:00Z ana"}},
		{"UNTIL as a date holds all day", "DTSTART:20260101T200000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260102", []string{
			"2026-01-01T19:00Z 2026-01-01T20:00Z ana", "2026-01-02T19:00Z 2026-01-02T20:00Z ana"}},
		{"UNTIL local, inclusive", "DTSTART:20260101T200000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260102T200000;", []string{
			"2026-01-01T19:00Z 2026-01-01T20:00Z ana", "2026-01-02T19:00Z 2026-01-02T20:00Z ana"}},
		{"UNTIL in UTC of whole days", "DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY;UNTIL=20260101T230000Z", []string{
			"2025-12-31T23:00Z 2026-01-01T23:00Z ana", "2026-01-01T23:00Z 2026-01-02T23:00Z ana"}},
		{"DTSTART counts, even off its rule", "DTSTART:20260101T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2", []string{
			"2026-01-01T08:00Z 2026-01-01T09:00Z ana", "2026-01-05T08:00Z 2026-01-05T09:00Z ana"}},
		{"EXDATE: list, UTC, date only", "DTSTART:20260101T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=6\nEXDATE:20260101T080000Z,20260102T080000Z\nEXDATE;VALUE=DATE:20260104\nEXDATE;TZID=Tokyo Standard Time:20260105T170000", []string{
			"2026-01-03T08:00Z 2026-01-03T09:00Z ana", "2026-01-06T08:00Z 2026-01-06T09:00Z ana"}},
		{"RDATE twice is one instance", "DTSTART:20260101T090000\nDURATION:PT1H\nRDATE:20260101T090000,20260103T090000,20260103T080000Z", []string{
			"2026-01-01T08:00Z 2026-01-01T09:00Z ana", "2026-01-03T08:00Z 2026-01-03T09:00Z ana"}},
		{"last weekday of the month", "DTSTART:20260130T090000\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", []string{
			"2026-01-30T08:00Z 2026-01-30T09:00Z ana", "2026-02-27T08:00Z 2026-02-27T09:00Z ana"}},
		{"endless, cut by the window, in full length", "DTSTART:20250630T090000\nDTEND:20250707T090000\nRRULE:FREQ=WEEKLY;INTERVAL=26", []string{
			"2025-12-29T08:00Z 2026-01-05T08:00Z ana", "2026-06-29T07:00Z 2026-07-06T07:00Z ana", "2026-12-28T08:00Z 2027-01-04T08:00Z ana"}},
		{"the Monday of week 53", "DTSTART:20201228T090000\nDURATION:PT1H\nRRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", []string{
			"2026-12-28T08:00Z 2026-12-28T09:00Z ana"}},
		{"lower case, and a fold with a tab", "dtstart:2026010\n\t1T090000z\ndtend:20260101T100000Z", []string{"2026-01-01T09:00Z 2026-01-01T10:00Z ana"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := year
			o.Zone = zone(t, "Europe/Berlin")
			shifts, warned, err := Reader{}.Shifts(duty(c.body), o)
			require.NoError(t, err)
			assert.Empty(t, warned)
			assert.Equal(t, c.want, lines(shifts))
		})
	}
}

// Ensures that the newest version of an event holds, wherever it stands and whether it moves
// or cancels, that a change of an instance left over from an older series is not believed,
// and that an event which lost its UID to another one is told.
func TestVersions(t *testing.T) {
	event := func(head, body string) string {
		return "BEGIN:VCALENDAR\n" + head + "BEGIN:VEVENT\nUID:u1\n" + body + "\nEND:VEVENT\nEND:VCALENDAR\n"
	}
	first := "SUMMARY:ana\nDTSTART:20260101T090000Z\nDURATION:PT1H\nSEQUENCE:1\nRRULE:FREQ=DAILY;COUNT=2"
	for _, c := range []struct {
		name, ics, warned string
		want              []string
	}{
		{"a later SEQUENCE that comes first", event("", "SUMMARY:ben\nDTSTART:20260103T090000Z\nDURATION:PT1H\nSEQUENCE:2") + event("", first), "",
			[]string{"2026-01-03T09:00Z 2026-01-03T10:00Z ben"}},
		{"METHOD:CANCEL of all", event("", first) + event("METHOD:CANCEL\n", "SEQUENCE:1\nDTSTAMP:20260101T000000Z"), "", nil},
		{"METHOD:CANCEL of one", event("METHOD:CANCEL\n", "RECURRENCE-ID:20260101T090000Z\nSEQUENCE:2") + event("", first), "",
			[]string{"2026-01-02T09:00Z 2026-01-02T10:00Z ana"}},
		{"an outdated cancellation", event("METHOD:CANCEL\n", "SEQUENCE:0") + event("", first), "",
			[]string{"2026-01-01T09:00Z 2026-01-01T10:00Z ana", "2026-01-02T09:00Z 2026-01-02T10:00Z ana"}},
		{"a stale change", event("", first) + event("", "SUMMARY:ben\nRECURRENCE-ID:20251224T090000Z\nSEQUENCE:0\nDTSTART:20260105T090000Z\nDURATION:PT1H"), "",
			[]string{"2026-01-01T09:00Z 2026-01-01T10:00Z ana", "2026-01-02T09:00Z 2026-01-02T10:00Z ana"}},
		{"a change moved in from outside, without its series", event("", "SUMMARY:ben\nRECURRENCE-ID:20251224T090000Z\nDTSTART:20260105T090000Z\nDURATION:PT1H"), "",
			[]string{"2026-01-05T09:00Z 2026-01-05T10:00Z ben"}},
		{"an equal UID", event("", "SUMMARY:ben\nDTSTART:20260103T090000Z\nDURATION:PT1H\nSEQUENCE:1") + event("", first), `event "ben" is left out, as another one has its UID u1`,
			[]string{"2026-01-01T09:00Z 2026-01-01T10:00Z ana", "2026-01-02T09:00Z 2026-01-02T10:00Z ana"}},
		{"no length", event("", "SUMMARY:ben\nDTSTART:20260103T090000Z"), "has no length", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			shifts, warned, err := Reader{}.Shifts([]byte(c.ics), year)
			require.NoError(t, err)
			assert.Equal(t, c.want, lines(shifts))
			assert.Equal(t, c.warned != "", len(warned) == 1, warned)
			assert.Contains(t, strings.Join(warned, ""), c.warned)
		})
	}
}

// Ensures that what cannot be understood for sure is refused with its line and the reason,
// all of it at once, and that hostile input ends quickly.
func TestRefusals(t *testing.T) {
	begin := "DTSTART:20260101T090000Z\nDURATION:PT1H\n"
	for _, c := range []struct {
		name string
		ics  []byte
		want []string
	}{
		{"a web page", []byte("<html><body>Sign in</body></html>"), []string{"line 1: this is no calendar"}},
		{"nothing", nil, []string{"no BEGIN:VCALENDAR"}},
		{"cut off", []byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n"), []string{"line 2: VEVENT has no END: the calendar is cut off"}},
		{"wrong END", []byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n"), []string{"line 3: END:VCALENDAR, but line 2 began VEVENT"}},
		{"unknown zone", duty("DTSTART;TZID=Middle Earth:20260101T090000"), []string{`line 6: DTSTART of event "ana": time zone "Middle Earth" is unknown`}},
		{"several at once", duty("DTSTART:20260230T090000\nDTEND:soon\nRRULE:FREQ=DAILY;BYDAY=XX"), []string{"line 6: DTSTART", "line 7: DTEND", "line 8: RRULE"}},
		{"no start", duty("DTEND:20260101T090000Z"), []string{"line 3: DTSTART of event \"ana\": is missing"}},
		{"endless by seconds", duty(begin + "RRULE:FREQ=SECONDLY"), []string{"line 8", "FREQ=SECONDLY is not for shifts"}},
		{"an hour that never comes", duty(begin + "RRULE:FREQ=HOURLY;INTERVAL=24;BYHOUR=10"), []string{"HOURLY with BYHOUR"}},
		{"the 53rd Monday of a month", duty(begin + "RRULE:FREQ=MONTHLY;BYDAY=53MO"), []string{"BYDAY counts at most to 5"}},
		{"too many times a day", duty(begin + "RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7;BYMINUTE=1,2,3,4,5,6,7"), []string{"more than 48 times"}},
		{"huge interval", duty(begin + "RRULE:FREQ=WEEKLY;INTERVAL=9223372036854775807"), []string{"INTERVAL must be 1 to 1000"}},
		{"days that never come", duty(strings.Repeat(begin+"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\nEND:VEVENT\nBEGIN:VEVENT\n", 200) + begin), []string{"days that never come, such as 30 February"}},
		{"too many instances", duty(begin + "RRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;BYMINUTE=0,30;COUNT=2000000"), []string{"more than 50000 instances"}},
		{"this and future", duty(begin + "RECURRENCE-ID;RANGE=THISANDFUTURE:20260101T090000Z"), []string{"RANGE is not supported"}},
		{"a broken VTIMEZONE", calendar("BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+9900\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;TZID=Ours:20260101T090000\nEND:VEVENT"),
			[]string{"line 12", `"Ours" is unknown, and its VTIMEZONE cannot be used: line 5: TZOFFSETFROM "+9900" is no offset`}},
		{"depth", []byte("BEGIN:VCALENDAR\n" + strings.Repeat("BEGIN:X\n", 100)), []string{"line 9", "blocks inside one another"}},
		{"a long line of parameters", duty("DTSTART" + strings.Repeat(";A=1", 1_000_000) + ":20260101T090000Z"), []string{"more than 64 parameters"}},
		{"size", []byte(strings.Repeat("X", maxBytes+1)), []string{"more than 8388608"}},
		{"many events", calendar(strings.Repeat("BEGIN:VEVENT\nEND:VEVENT\n", maxComponents)), []string{"more than 20000 events"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := year
			if c.name == "too many instances" {
				o.To = o.To.AddDate(100, 0, 0)
			}
			shifts, _, err := Reader{}.Shifts(c.ics, o)
			require.Error(t, err)
			assert.Nil(t, shifts)
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
		})
	}
}

// Ensures that the people on duty are found as teams write them, each once and in order.
func TestPeople(t *testing.T) {
	for title, want := range map[string][]schedules.UserID{
		"Ana Example on call":                       {"ana"},
		"oncall: ana, ben":                          {"ana", "ben"},
		"Ana & Ben / Ana":                           {"ana", "ben"},
		"primary ben - secondary ANA":               {"ben", "ana"},
		"Platform (ben@example.org)":                {"ben"},
		"Ben Example <ben@example.org> + Cleo":      {"ben", "cleo"},
		"Dora's shift":                              {"dora"},
		"Anabel on call":                            nil,
		"":                                          nil,
		strings.Repeat("nobody ", 100) + "ana":      nil, // farther than we look
		"On call: platform (primary): ana, ben":     {"ana", "ben"},
		"Bereitschaft Ana Example und Ben Example.": {"ana", "ben"},
	} {
		e := event{title: title}
		assert.Equal(t, want, e.people(people), title)
	}
	e := event{title: "ana, ben", attendees: []attendee{{mail: "ana@example.org", declined: true}}}
	assert.Equal(t, []schedules.UserID{"ben"}, e.people(people), "who declined is not on duty by the title either")
	e.attendees = append(e.attendees, attendee{mail: "room@example.org"}, attendee{mail: "x@example.org", name: "Cleo Example"})
	assert.Equal(t, []schedules.UserID{"cleo"}, e.people(people), "invitations come before the title")
}
