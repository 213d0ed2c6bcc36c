package ical

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	client "github.com/emersion/go-ical"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/schedules"
)

var stamped = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// platform is a schedule with two layers, over the change of the clock in Berlin.
func platform(t testing.TB) []schedules.Shift {
	t.Helper()
	day, err := schedules.ParseEvery("1 day")
	require.NoError(t, err)
	week, err := schedules.ParseEvery("1 week")
	require.NoError(t, err)
	start, err := schedules.ParseCivil("2026-03-02T09:00")
	require.NoError(t, err)
	s, err := schedules.Compile(schedules.Spec{Name: "platform", TimeZone: "Europe/Berlin", Layers: []schedules.Layer{
		{Name: "primary", Rotation: schedules.Rotation{Every: week, Start: start, Participants: [][]schedules.UserID{{"ana"}, {"ben", "cleo"}, {}}}},
		{Name: "secondary", Rotation: schedules.Rotation{Every: day, Start: start, Participants: [][]schedules.UserID{{"ben"}, {"dora"}}}},
	}})
	require.NoError(t, err)
	return s.Shifts("", time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), time.Date(2026, 4, 13, 7, 0, 0, 0, time.UTC))
}

// decode reads a feed with an independent client library.
func decode(t testing.TB, feed []byte) []client.Event {
	t.Helper()
	cal, err := client.NewDecoder(bytes.NewReader(feed)).Decode()
	require.NoError(t, err)
	return cal.Events()
}

func text(t testing.TB, e client.Event, name string) string {
	t.Helper()
	s, err := e.Props.Text(name)
	require.NoError(t, err)
	return s
}

// Ensures that a schedule that goes through its feed and a real client library comes out as
// the same shifts, and through our own reader with the same people at the same times.
func TestRoundTrip(t *testing.T) {
	var want []string
	for _, s := range platform(t) {
		if len(s.Users) > 0 {
			want = append(want, span(schedules.Span{Start: s.Start, End: s.End})+" "+strings.Join(texts(s.Users), ",")+" "+s.Layer)
		}
	}
	require.Greater(t, len(want), 40)
	feed := Feed("Platform", EventsOf("platform", platform(t), ""), stamped)

	var got []string
	uids := map[string]bool{}
	for _, e := range decode(t, feed) {
		start, err := e.DateTimeStart(time.UTC)
		require.NoError(t, err)
		end, err := e.DateTimeEnd(time.UTC)
		require.NoError(t, err)
		title := text(t, e, "SUMMARY")
		layer, users, ok := strings.Cut(strings.TrimPrefix(title, "On call: platform ("), "): ")
		require.True(t, ok, title)
		got = append(got, span(schedules.Span{Start: start, End: end})+" "+strings.ReplaceAll(users, ", ", ",")+" "+layer)
		uids[text(t, e, "UID")] = true
	}
	assert.Equal(t, want, got)
	assert.Len(t, uids, len(want), "each has a UID of its own")

	shifts, warned, err := Reader{}.Shifts(feed, Options{People: people})
	require.NoError(t, err)
	assert.Empty(t, warned)
	var bare []string
	for _, w := range want {
		bare = append(bare, w[:strings.LastIndex(w, " ")])
	}
	assert.ElementsMatch(t, bare, lines(shifts))
}

// Ensures that the feed of a person holds only that person's duty, by layer, each as one
// event although others come and go beside them.
func TestFeedOfAPerson(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC) }
	duties := func(list ...string) (out []schedules.Duty) {
		for i := 0; i < len(list); i += 2 {
			out = append(out, schedules.Duty{User: schedules.UserID(list[i]), Layer: list[i+1]})
		}
		return out
	}
	shifts := []schedules.Shift{
		{Start: at(0), End: at(4), Users: []schedules.UserID{"ana", "ben"}, Duties: duties("ana", "primary", "ben", "secondary")},
		{Start: at(4), End: at(8), Users: []schedules.UserID{"ana", "cleo"}, Duties: duties("ana", "primary", "cleo", "secondary")},
		{Start: at(8), End: at(9)},
		{Start: at(9), End: at(12), Users: []schedules.UserID{"cleo", "ana"}, Duties: duties("cleo", "primary", "ana", "primary")},
		{Start: at(12), End: at(13), Users: []schedules.UserID{"ana"}, Duties: duties("ana", "")},
	}
	var got []string
	for _, e := range EventsOf("platform", shifts, "ana") {
		got = append(got, e.Start.Format("15")+"-"+e.End.Format("15")+" "+e.Title())
	}
	assert.Equal(t, []string{"00-08 On call: platform (primary)", "09-12 On call: platform (primary)", "12-13 On call: platform"}, got)

	got = nil
	for _, e := range EventsOf("platform", shifts, "") {
		got = append(got, e.Start.Format("15")+"-"+e.End.Format("15")+" "+e.Title())
	}
	assert.Equal(t, []string{
		"00-08 On call: platform (primary): ana", "00-04 On call: platform (secondary): ben", "04-08 On call: platform (secondary): cleo",
		"09-12 On call: platform (primary): cleo, ana", "12-13 On call: platform: ana",
	}, got)
	assert.Empty(t, EventsOf("platform", shifts, "dora"))
}

// Ensures that UIDs stay as documented: over renderings, later ends and starts at another
// hour of the day; and that other people, layers, schedules and days have others.
func TestUIDs(t *testing.T) {
	base := Event{Schedule: "platform", Layer: "primary", Users: []schedules.UserID{"ana", "ben"}, Start: stamped, End: stamped.Add(time.Hour)}
	same := []func(*Event){
		func(e *Event) { e.End = e.End.Add(time.Hour) },
		func(e *Event) { e.Start = e.Start.Add(time.Hour) },
		func(e *Event) { e.Users = []schedules.UserID{"ben", "ana"} },
		func(e *Event) { e.Start = e.Start.In(time.FixedZone("", 13*60*60)) },
	}
	other := []func(*Event){
		func(e *Event) { e.Start = e.Start.AddDate(0, 0, 1) },
		func(e *Event) { e.Users = []schedules.UserID{"ana"} },
		func(e *Event) { e.Users = []schedules.UserID{"anab", "en"} },
		func(e *Event) { e.Layer = "" },
		func(e *Event) { e.Schedule, e.Layer = "platformp", "rimary" },
		func(e *Event) { e.Nth = 1 },
	}
	for i, change := range same {
		e := base
		change(&e)
		assert.Equal(t, base.UID(), e.UID(), i)
	}
	for i, change := range other {
		e := base
		change(&e)
		assert.NotEqual(t, base.UID(), e.UID(), i)
	}
	assert.Equal(t, "e4cb4108", base.UID()[:8], "UIDs survive releases: people have subscribed to them")
}

// Ensures that a feed is what RFC 5545 and 7986 ask of a subscription: CRLF, folded lines, no
// METHOD, times in UTC, a name and a refresh interval; and the same bytes for the same input.
func TestFeedFormat(t *testing.T) {
	long := strings.Repeat("łódź ", 40)
	events := EventsOf(long, platform(t), "")
	feed := Feed("Team; łódź\r\nMETHOD:CANCEL", events, stamped)
	assert.Equal(t, feed, Feed("Team; łódź\r\nMETHOD:CANCEL", events, stamped))
	for line := range strings.SplitSeq(strings.TrimSuffix(string(feed), "\r\n"), "\r\n") {
		assert.LessOrEqual(t, len(line), 75)
		assert.NotContains(t, line, "\n")
		assert.True(t, utf8.ValidString(line))
		assert.False(t, strings.HasPrefix(line, "METHOD"))
	}
	for _, want := range []string{"\r\nVERSION:2.0\r\n", "\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n", "\r\nDTSTAMP:20260301T120000Z\r\n",
		"\r\nDTSTART:20260302T080000Z\r\n", `X-WR-CALNAME:Team\; łódź  METHOD:CANCEL`} {
		assert.Contains(t, string(feed), want)
	}
	assert.Equal(t, clean("On call: "+long+" (primary): ana"), text(t, decode(t, feed)[0], "SUMMARY"))
	assert.True(t, strings.HasSuffix(string(Feed("", nil, stamped)), "END:VCALENDAR\r\n"))
}

// Ensures that only the token of that key and subject opens a feed, and that without a key
// nothing does.
func TestTokens(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	token := Sign(key, "user:ana")
	assert.Len(t, token, 43)
	assert.True(t, Verify(key, "user:ana", token))
	assert.False(t, Verify(key, "user:ben", token))
	assert.False(t, Verify([]byte("other"), "user:ana", token))
	assert.False(t, Verify(key, "user:ana", token+"A"))
	assert.False(t, Verify(key, "user:ana", ""))
	assert.False(t, Verify(nil, "user:ana", Sign(nil, "user:ana")))
}

// Ensures that no name can add an event or a line to a feed: an independent client finds the
// events that went in, with their titles but for control characters.
func FuzzFeed(f *testing.F) {
	f.Add("platform", "primary", "ana")
	f.Add("a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:x", "b\nX", "c\\n;,:\"")
	f.Add("\xff\xfe\x00", strings.Repeat("ü ", 80), "\u2028\u0085<>")
	f.Fuzz(func(t *testing.T, schedule, layer, user string) {
		events := []Event{
			{Schedule: schedule, Layer: layer, Users: []schedules.UserID{schedules.UserID(user)}, Start: stamped, End: stamped.Add(time.Hour)},
			{Schedule: user, Layer: schedule, Personal: true, Start: stamped, End: stamped.Add(time.Hour)},
		}
		feed := Feed(schedule, events, stamped)
		got := decode(t, feed)
		require.Len(t, got, len(events))
		for i, e := range got {
			require.Equal(t, events[i].Title(), text(t, e, "SUMMARY"))
			require.NotContains(t, events[i].Title(), "\n")
			require.False(t, strings.ContainsFunc(events[i].Title(), unicode.IsControl))
			require.Len(t, e.Props, 6)
		}
		spans, err := Reader{}.Spans(feed, nil)
		require.NoError(t, err)
		require.Len(t, spans, 1, "both are at the same time")
	})
}

// Ensures that no input makes the reader panic, hang or give shifts without length or people.
func FuzzReader(f *testing.F) {
	for _, name := range [...]string{"exchange.ics", "google.ics", "outlook.ics", "holidays.ics"} {
		f.Add(string(fixture(f, name)), "FREQ=DAILY")
	}
	for _, rule := range [...]string{"FREQ=YEARLY;BYWEEKNO=53,-1,1;BYDAY=MO;WKST=SU", "FREQ=YEARLY;BYDAY=53MO,-53SU;BYYEARDAY=366,-366",
		"FREQ=MONTHLY;BYDAY=-5FR;BYSETPOS=-1;INTERVAL=13", "FREQ=HOURLY;INTERVAL=7;BYDAY=MO;BYMINUTE=0,30", "FREQ=WEEKLY;BYMONTHDAY=31;COUNT=3"} {
		f.Add("", rule)
	}
	o := year
	f.Fuzz(func(t *testing.T, ics, rule string) {
		for _, body := range [][]byte{[]byte(ics), duty("DTSTART;TZID=America/New_York:20250131T013000\nDURATION:PT1H\nRRULE:" + rule)} {
			shifts, _, err := Reader{}.Shifts(body, o)
			for _, s := range shifts {
				require.NoError(t, err)
				require.True(t, s.From.Before(s.To))
				require.NotEmpty(t, s.Users)
				require.True(t, s.To.After(o.From) && s.From.Before(o.To))
			}
		}
	})
}
