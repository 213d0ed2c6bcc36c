package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	ics "github.com/emersion/go-ical"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
)

// serves are the titles of the events of a calendar that are on at an instant.
func serves(t *testing.T, calendar string, instant time.Time) (titles []string) {
	t.Helper()
	c, err := ics.NewDecoder(strings.NewReader(calendar)).Decode()
	require.NoError(t, err, "a program that reads calendars reads it")
	for _, e := range c.Events() {
		from, err := e.DateTimeStart(time.UTC)
		require.NoError(t, err)
		to, err := e.DateTimeEnd(time.UTC)
		require.NoError(t, err)
		title, err := e.Props.Text(ics.PropSummary)
		require.NoError(t, err)
		if !instant.Before(from) && instant.Before(to) {
			titles = append(titles, title)
		}
	}
	slices.Sort(titles)
	return titles
}

// The duties of a schedule and of a person, printed, are read by another program as they are in
// the configuration: hand-offs on Monday at nine in Berlin, which is 8:00 UTC in winter and 7:00
// in summer.
func TestSchedulesCalendar(t *testing.T) {
	config := write(t, "tocsin.yaml", small)
	team := tocsin(t, "schedules", "calendar", "--schedule", "team", "--config", config)
	require.Equal(t, exitOK, team.code, team.err)
	ben := tocsin(t, "schedules", "calendar", "--user", "ben", "--config", config)
	require.Equal(t, exitOK, ben.code, ben.err)
	for instant, want := range map[string][]string{ // primary; backup is always ben's
		"2026-03-02T07:59:59Z": nil,
		"2026-03-02T08:00:00Z": {"On call: team (backup): ben", "On call: team (primary): ana"},
		"2026-03-09T07:59:59Z": {"On call: team (backup): ben", "On call: team (primary): ana"},
		"2026-03-09T08:00:00Z": {"On call: team (primary): ben"},
		"2026-03-30T06:59:59Z": {"On call: team (primary): ben"},
		"2026-03-30T07:00:00Z": {"On call: team (backup): ben", "On call: team (primary): ana"},
	} {
		at, err := time.Parse(time.RFC3339, instant)
		require.NoError(t, err)
		require.Equal(t, want, serves(t, team.out, at), instant)
		own := serves(t, ben.out, at)
		require.Equal(t, len(want) > 0, len(own) == 1, "%s: %s", instant, own)
		for _, title := range own {
			require.True(t, strings.HasPrefix(title, "On call: team ("), title)
		}
	}
	require.NotContains(t, ben.out, "ana")

	for _, tc := range []struct {
		args []string
		code int
		says string
	}{
		{nil, exitUsage, "name one of --schedule and --user"},
		{[]string{"--schedule", "team", "--user", "ana"}, exitUsage, "name one of --schedule and --user"},
		{[]string{"--schedule", "teem"}, exitFault, `there is no schedule "teem"; there are team`},
		{[]string{"--user", "zoe"}, exitFault, `there is no user "zoe"`},
	} {
		r := tocsin(t, append([]string{"schedules", "calendar", "--config", config}, tc.args...)...)
		require.Equal(t, tc.code, r.code, r.err)
		require.Contains(t, r.err, tc.says)
		require.Empty(t, r.out)
	}
}

// The address that --link prints is one that a calendar program reads without a token.
func TestSchedulesCalendarLink(t *testing.T) {
	t.Parallel()
	g, c := gateway(t)
	for _, who := range [][]string{{"--schedule", "team"}, {"--user", "ana"}} {
		r := c.run(t, append([]string{"schedules", "calendar", "--link"}, who...)...)
		require.Equal(t, exitOK, r.code, r.err)
		url := strings.TrimSuffix(r.out, "\n")
		path, ok := strings.CutPrefix(url, g.World.URL)
		require.True(t, ok, url)
		feed := g.Do(http.MethodGet, path, nil, nil)
		require.Equal(t, http.StatusOK, feed.Status)
		for at, n := time.Now(), 0; ; at, n = at.AddDate(0, 0, 7), n+1 {
			if titles := serves(t, feed.Body, at); len(titles) > 0 {
				require.Contains(t, titles[0], "On call: team (")
				break
			}
			require.Less(t, n, 3, "each of three is on call within three weeks")
		}
		require.Equal(t, url, decode[api.CalendarLink](t, c.run(t, append([]string{"schedules", "calendar", "--link", "--json"}, who...)...)).URL)
	}
	r := c.run(t, "schedules", "calendar", "--link", "--user", "zoe")
	require.Equal(t, exitFault, r.code)
	require.Contains(t, r.err, "there is no user zoe")
}
