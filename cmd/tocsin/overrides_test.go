package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/standin"
	"tocsin/configs/history"
	"tocsin/schedules"
)

// rota is a team of three with a secondary, for a server that really runs.
const rota = apptest.Base + `
route: { policy: team }
calendar_key: { env: TOCSIN_TEST_CALENDAR_KEY }
policies: [{ name: team, tiers: [{ name: primary, page: ['schedule:team/primary'], acknowledge_within: 10m }], fallback: ['user:ana'] }]
schedules:
  - name: team
    time_zone: Europe/Berlin
    layers:
      - { name: primary, rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [ana, ben, chidi] } }
      - { name: secondary, rotation: { of: primary, offset: 1 } }
users:
  - { name: ana, contacts: [{ name: mobile, sms: '+12025550101' }] }
  - { name: ben, contacts: [{ name: mobile, sms: '+12025550102' }] }
  - { name: chidi, contacts: [{ name: mobile, sms: '+12025550103' }] }
`

// gateway runs a server in this process; the call asks it.
func gateway(t *testing.T) (*apptest.Gateway, call) {
	w := apptest.New(t, apptest.Bolt, rota)
	w.Env["TOCSIN_TEST_CALENDAR_KEY"] = "a-calendar-key-of-a-test"
	g := w.Run()
	return g, call{env: map[string]string{"TOCSIN_SERVER": g.URL, "TOCSIN_TOKEN": w.Env[standin.EnvAPIToken]}}
}

// Every command arranges on a running server what it says, and shows all that is arranged.
func TestOverrides(t *testing.T) {
	t.Parallel()
	g, c := gateway(t)
	run := func(args ...string) result {
		t.Helper()
		return c.run(t, append([]string{"overrides"}, args...)...)
	}
	shows := func(want string, args ...string) {
		t.Helper()
		require.Equal(t, result{exitOK, strings.TrimPrefix(want, "\n"), ""}, run(args...))
	}
	team := []string{"--schedule", "team"}
	span := append(team, "--from", "2031-03-01", "--to", "2031-03-02 09:30")
	with := func(command string, base []string, more ...string) []string {
		return append(append([]string{command}, base...), more...)
	}

	shows("nothing is arranged\n", "list")
	shows(`
ID  SCHEDULE      FROM              TO                WHAT                BY           WHY
o1  team/primary  2031-03-01T00:00  2031-03-02T09:30  ben instead of ana  token story  dentist
`, with("add", span, "--add", "ben", "--remove", "ana", "--layer", "primary", "--reason", "dentist")...)
	run(with("add", span, "--add", "chidi")...)
	run(with("add", span, "--remove", "ben", "--layer", "primary,secondary")...)
	run(with("swap", span, "--user", "ana", "--with", "chidi", "--other-from", "2031-02-01T08:00", "--other-to", "2031-02-02T08:00:30")...)
	run(with("cover", span, "--user", "chidi", "--reason", "wedding")...)
	const all = `
ID  SCHEDULE                FROM              TO                WHAT                  BY           WHY
o1  team/primary            2031-03-01T00:00  2031-03-02T09:30  ben instead of ana    token story  dentist
o2  team                    2031-03-01T00:00  2031-03-02T09:30  chidi as well         token story
o3  team/primary,secondary  2031-03-01T00:00  2031-03-02T09:30  without ben           token story
o4  team                    2031-02-01T08:00  2031-03-02T09:30  ana and chidi swap    token story
c5  team                    2031-03-01T00:00  2031-03-02T09:30  chidi asks for cover  token story  wedding
`
	shows(all, "list")
	require.Regexp(t, `\nc5  team .*  ana covers chidi +token story  wedding\n$`, run("take", "c5", "--user", "ana").out)
	late := run("take", "c5", "--user", "ben")
	require.Equal(t, exitFault, late.code)
	require.Regexp(t, `^tocsin: ana has taken c5 already, at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$`, late.err)
	require.Empty(t, late.out)

	for _, id := range []string{"o2", "o3", "o4", "c5"} {
		require.Equal(t, exitOK, run("remove", id).code)
	}
	gone := run("remove", "o2")
	require.Equal(t, result{exitFault, "", "tocsin: there is no override or request for cover \"o2\" here; those in files are changed there\n"}, gone)
	o := decode[history.Overlay](t, run("list", "--json"))
	require.Len(t, o.Overrides, 1)
	require.Equal(t, schedules.Override{
		ID: "o1", Type: schedules.Replace, From: schedules.Civil{Year: 2031, Month: time.March, Day: 1},
		To: schedules.Civil{Year: 2031, Month: time.March, Day: 2, Hour: 9, Minute: 30}, Remove: "ana", Add: "ben", Layers: []string{"primary"},
	}, o.Overrides[0].Override)
	shown, err := g.API.Overlay(t.Context())
	require.NoError(t, err)
	require.Equal(t, shown, o)

	for says, args := range map[string][]string{
		`there is no user "zoe"`:                      with("add", span, "--add", "zoe"),
		`there is no schedule "teem"`:                 {"cover", "--schedule", "teem", "--user", "ana", "--from", "2031-03-01", "--to", "2031-03-02"},
		`layer "third"`:                               with("add", span, "--add", "ben", "--layer", "third"),
		"it ends at 2031-03-01T00:00, not after":      {"add", "--schedule", "team", "--add", "ben", "--from", "2031-03-02", "--to", "2031-03-01"},
		"ends at 2031-03-01T00:00, not after it beg":  {"cover", "--schedule", "team", "--user", "ben", "--from", "2031-03-02", "--to", "2031-03-01"},
		"a swap names two people, one in each of a a": with("swap", span, "--user", "ana", "--with", "ana", "--other-from", "2031-04-01", "--other-to", "2031-04-02"),
	} {
		r := run(args...)
		require.Equal(t, exitFault, r.code, r.err)
		require.Contains(t, r.err, says)
	}
}

// A command line that cannot be understood is a mistake, told before anybody is asked.
func TestOverridesMistakes(t *testing.T) {
	c, asked := standIn(t, history.Overlay{})
	span := []string{"--schedule", "team", "--from", "2031-03-01", "--to", "2031-03-02"}
	for _, tc := range []struct {
		args []string
		says string
	}{
		{nil, "needs a command"},
		{[]string{"list", "team"}, "unknown command"},
		{append([]string{"add"}, span...), "say --add USER, --remove USER, or both"},
		{[]string{"add", "--add", "ben", "--from", "2031-03-01", "--to", "2031-03-02"}, "--schedule is missing"},
		{[]string{"add", "--add", "ben", "--schedule", "team", "--to", "2031-03-02"}, "--from is missing"},
		{[]string{"add", "--add", "ben", "--schedule", "team", "--from", "2031-03-02"}, "--to is missing"},
		{[]string{"add", "--add", "ben", "--schedule", "team", "--from", "tomorrow", "--to", "2031-03-02"}, `--from: "tomorrow`},
		{[]string{"add", "--add", "ben", "--schedule", "team", "--from", "2031-02-29", "--to", "2031-03-02"}, "--from: "},
		{[]string{"add", "--add", "ben", "--schedule", "team", "--from", "2031-03-01T09:00:00Z", "--to", "2031-03-02"}, "without Z or an offset"},
		{append([]string{"swap", "--user", "ana"}, span...), "--user and --with name the two who swap"},
		{append([]string{"swap", "--user", "ana", "--with", "ben"}, span...), "--other-from is missing"},
		{append([]string{"swap", "--user", "ana", "--with", "ben", "--other-from", "2031-03-05"}, span...), "--other-to is missing"},
		{append([]string{"cover"}, span...), "--user is missing: who needs cover?"},
		{[]string{"take", "c1"}, "--user is missing: who takes it?"},
		{[]string{"take", "--user", "ben"}, "accepts 1 arg"},
		{[]string{"remove"}, "accepts 1 arg"},
		{[]string{"remove", "o1", "o2"}, "accepts 1 arg"},
	} {
		r := c.run(t, append([]string{"overrides"}, tc.args...)...)
		require.Equal(t, exitUsage, r.code, "%v: %s", tc.args, r.err)
		require.Contains(t, r.err, tc.says)
		require.Empty(t, r.out)
	}
	require.Empty(t, *asked)
}

// What others wrote can neither move the cursor nor add a line; an override that is only made in
// files or over the API is shown in words, too.
func TestOverridesShowWhatOthersWrote(t *testing.T) {
	day := schedules.Civil{Year: 2031, Month: time.March, Day: 1}
	next := day
	next.Day++
	only := schedules.Override{ID: "o1", Type: schedules.Only, From: day, To: next, Shifts: []schedules.OnlyShift{{From: day, To: next, Users: []schedules.UserID{"ana", "ben"}}}}
	all := schedules.Override{ID: "o2", Type: schedules.Replace, From: day, To: next, Add: "ana"}
	c, _ := standIn(t, history.Overlay{Overrides: []history.Override{
		{Schedule: "team", Override: only, Author: "token story", Reason: "a\x1b[2J\nb"}, {Schedule: "team", Override: all, Author: "token story"},
	}})
	require.Equal(t, result{exitOK, strings.TrimPrefix(`
ID  SCHEDULE  FROM              TO                WHAT                      BY           WHY
o1  team      2031-03-01T00:00  2031-03-02T00:00  only ana, ben             token story  a [2J b
o2  team      2031-03-01T00:00  2031-03-02T00:00  ana instead of everybody  token story
`, "\n"), ""}, c.run(t, "overrides", "list"))
}
