package app_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	ics "github.com/emersion/go-ical"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/standin"
	"tocsin/configs"
	"tocsin/configs/history"
	"tocsin/schedules"
	"tocsin/schedules/ical"
)

const envCalendarKey = "TOCSIN_TEST_CALENDAR_KEY"

// calendarKey is what signs the addresses of a story; it is no secret of anybody's.
const calendarKey = "a-calendar-key-of-a-test"

// watches is [rota] with feeds, two schedules, of which the second changes hands every day, and names that an
// address has to escape.
var watches = strings.Replace(strings.Replace(rota, "users:\n", `  - name: "night & day"
    time_zone: America/New_York
    layers:
      - { name: day, rotation: { every: 1 day, start: 2026-01-05T08:00, participants: [ana, chidi, [ben, dana]] } }
users:
`, 1), "route: {", "calendar_key: { env: "+envCalendarKey+" }\nroute: {", 1)

// feeds runs a gateway whose feeds are signed.
func feeds(t *testing.T, yaml string) *apptest.Gateway {
	w := apptest.New(t, apptest.Bolt, yaml)
	w.Env[envCalendarKey] = calendarKey
	return w.Run()
}

// entry is an event as a calendar program shows it.
type entry struct {
	uid, title string
	from, to   time.Time
}

// subscribe fetches a feed as a calendar program does, without a token, and reads it.
func subscribe(t *testing.T, g *apptest.Gateway, schedule, user string) (entries []entry) {
	t.Helper()
	link, err := g.API.CalendarLink(t.Context(), schedule, user)
	require.NoError(t, err)
	path, ok := strings.CutPrefix(link.URL, g.World.URL)
	require.True(t, ok, "the address begins with public_url: %s", link.URL)
	got := g.Do(http.MethodGet, path, nil, nil)
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	require.Equal(t, "text/calendar; charset=utf-8", got.Header.Get("Content-Type"))
	require.Equal(t, "private, max-age=300", got.Header.Get("Cache-Control"), "whoever is between must not keep it for others")
	calendar, err := ics.NewDecoder(strings.NewReader(got.Body)).Decode()
	require.NoError(t, err)
	for _, e := range calendar.Events() {
		from, err := e.DateTimeStart(time.UTC)
		require.NoError(t, err)
		to, err := e.DateTimeEnd(time.UTC)
		require.NoError(t, err)
		title, err := e.Props.Text(ics.PropSummary)
		require.NoError(t, err)
		uid, err := e.Props.Text(ics.PropUID)
		require.NoError(t, err)
		entries = append(entries, entry{uid, title, from, to})
	}
	return entries
}

// at is who is on call at an instant by the events whose titles begin so: the rest of the title.
func at(entries []entry, title string, instant time.Time) (people []string) {
	for _, e := range entries {
		if rest, ok := strings.CutPrefix(e.title, title); ok && !instant.Before(e.from) && instant.Before(e.to) {
			people = append(people, strings.Split(rest, ", ")...)
		}
	}
	slices.Sort(people)
	return people
}

// duties compares feeds with schedules, at odd times from a month ago to a year ahead.
func duties(t *testing.T, g *apptest.Gateway, all map[string]*schedules.Schedule) {
	t.Helper()
	byUser := map[schedules.UserID][]entry{}
	for _, u := range []schedules.UserID{"ana", "ben", "chidi", "dana"} {
		byUser[u] = subscribe(t, g, "", string(u))
	}
	for name, s := range all {
		layer := s.Layers()[0]
		events := subscribe(t, g, name, "")
		now := time.Now().Truncate(time.Second)
		for _, shift := range s.Final(now.AddDate(0, -1, 0), now.AddDate(0, 0, 360)) {
			for _, instant := range []time.Time{shift.Start, shift.Start.Add(shift.End.Sub(shift.Start) / 3), shift.End.Add(-time.Second)} {
				var want []string
				for _, u := range shift.Users {
					want = append(want, string(u))
				}
				slices.Sort(want)
				require.Equal(t, want, at(events, "On call: "+name+" ("+layer+"): ", instant), "%s at %s", name, instant)
				for u, own := range byUser {
					serves := len(at(own, "On call: "+name+" ("+layer+")", instant)) > 0
					require.Equal(t, slices.Contains(shift.Users, u), serves, "%s on %s at %s", u, name, instant)
				}
			}
		}
	}
}

// A calendar program that has only the address reads from it the duties of a schedule, and of a
// person in all schedules, exactly as pages go; an arrangement is in the feed at once.
func TestCalendarFeeds(t *testing.T) {
	t.Parallel()
	g := feeds(t, watches)
	config, err := g.Load()
	require.NoError(t, err)
	duties(t, g, config.Book().Schedules)

	around := dutyNow()
	out, err := g.API.AddOverride(t.Context(), history.Override{Schedule: "night & day", Override: schedules.Override{
		Type: schedules.Replace, Remove: "ana", Add: "dana", From: around.from, To: around.to, Layers: []string{"day"},
	}})
	require.NoError(t, err)
	with, err := config.With(configs.Extra{Overrides: map[string][]schedules.Override{"night & day": {out.Overrides[0].Override}}})
	require.NoError(t, err)
	duties(t, g, with.Book().Schedules)
}

// A duty keeps its UID when something else changes, and when the process starts again, so that
// programs change the event that they have and add none.
func TestCalendarUIDsStay(t *testing.T) {
	t.Parallel()
	g := feeds(t, watches)
	uids := func() (all [2][]string) {
		for i, entries := range [][]entry{subscribe(t, g, "team", ""), subscribe(t, g, "", "ana")} {
			for _, e := range entries {
				require.NotContains(t, all[i], e.uid, "no two events of a feed share one")
				all[i] = append(all[i], e.uid)
			}
			require.Greater(t, len(all[i]), 50)
		}
		return all
	}
	before := uids()
	changed := strings.NewReplacer("acknowledge_within: 10m", "acknowledge_within: 5m", "users:\n", "users:\n  - { name: eve, contacts: [{ name: mobile, sms: '+12025550105' }] }\n").Replace(watches)
	change, err := g.API.ApplyConfig(t.Context(), proposal(changed, 0))
	require.NoError(t, err)
	require.Equal(t, uint64(2), change.Revision.Number)
	require.Equal(t, before, uids())
	require.NoError(t, g.Stop())
	g = g.Run()
	require.Equal(t, before, uids())
}

// Whoever has no right address learns nothing, not even whether a name exists: every answer is
// the same, to the byte.
func TestCalendarFeedsTellNothing(t *testing.T) {
	t.Parallel()
	g := feeds(t, watches)
	sign := func(subject string) string { return ical.Sign([]byte(calendarKey), subject) }
	good := "/calendars/users/ana/" + sign("user:ana") + ".ics"
	require.Equal(t, http.StatusOK, g.Do(http.MethodGet, good, nil, nil).Status)
	require.Equal(t, http.StatusOK, g.Do(http.MethodGet, strings.TrimSuffix(good, ".ics"), nil, nil).Status, "some programs take the extension off")
	var answers []apptest.Answer
	for name, path := range map[string]string{
		"somebody else's token":       "/calendars/users/ben/" + sign("user:ana") + ".ics",
		"that of a schedule":          "/calendars/users/ana/" + sign("schedule:ana") + ".ics",
		"that of a user":              "/calendars/schedules/team/" + sign("user:team") + ".ics",
		"of an unknown name":          "/calendars/users/zoe/" + sign("user:zoe") + ".ics",
		"of an unknown schedule":      "/calendars/schedules/teem/" + sign("schedule:teem") + ".ics",
		"a wrong one, unknown name":   "/calendars/users/zoe/" + strings.Repeat("A", 43) + ".ics",
		"a wrong one":                 "/calendars/users/ana/" + strings.Repeat("A", 43) + ".ics",
		"cut off":                     "/calendars/users/ana/" + sign("user:ana")[:42] + ".ics",
		"nothing":                     "/calendars/users/ana/.ics",
		"signed with the empty key":   "/calendars/users/ana/" + ical.Sign([]byte{}, "user:ana") + ".ics",
		"a token of the API":          "/calendars/users/ana/" + g.Env[standin.EnvAPIToken] + ".ics",
		"a name that escapes its own": "/calendars/users/" + url.PathEscape("ana/../ben") + "/" + sign("user:ben") + ".ics",
	} {
		got := g.Do(http.MethodGet, path, nil, nil)
		require.Equal(t, http.StatusNotFound, got.Status, name)
		got.Header.Del("Date")
		answers = append(answers, got)
	}
	for _, a := range answers {
		require.Equal(t, answers[0], a)
	}
	require.NotContains(t, answers[0].Body, "token")

	for query, want := range map[string]int{
		"schedule=team": 200, "user=ana": 200, "user=zoe": 404, "schedule=ana": 404, "user=team": 404, "": 404, "schedule=team&user=ana": 400,
	} {
		require.Equal(t, want, g.Do(http.MethodGet, "/api/v1/calendar-links?"+query, nil, g.Bearer(standin.EnvAPIToken)).Status, query)
		require.Equal(t, http.StatusUnauthorized, g.Do(http.MethodGet, "/api/v1/calendar-links?"+query, nil, nil).Status, query)
	}
}

// Without a key there is no feed and no address, and whoever asks for one learns what to add;
// another key makes every old address worthless.
func TestCalendarKey(t *testing.T) {
	t.Parallel()
	g := feeds(t, rota)
	got := g.Do(http.MethodGet, "/api/v1/calendar-links?schedule=team", nil, g.Bearer(standin.EnvAPIToken))
	require.Equal(t, http.StatusUnprocessableEntity, got.Status)
	require.Equal(t, "refused", got.Kind())
	require.Contains(t, got.Body, "calendar_key: { file: secrets/calendar }")
	for _, token := range []string{"", ical.Sign([]byte(calendarKey), "schedule:team"), ical.Sign([]byte(" "), "schedule:team")} {
		require.Equal(t, http.StatusNotFound, g.Do(http.MethodGet, "/calendars/schedules/team/"+token+".ics", nil, nil).Status, token)
	}

	g.Write(watches)
	require.Equal(t, http.StatusOK, g.Post("/-/reload", nil, g.Bearer(standin.EnvAPIToken)).Status)
	subscribe(t, g, "team", "")
	link, err := g.API.CalendarLink(t.Context(), "team", "")
	require.NoError(t, err)
	old := strings.TrimPrefix(link.URL, g.World.URL)
	require.NoError(t, g.Stop())
	g.Env[envCalendarKey] = "another-key-of-the-test"
	g = g.Run()
	require.Equal(t, http.StatusNotFound, g.Do(http.MethodGet, old, nil, nil).Status)
	subscribe(t, g, "team", "")
}
