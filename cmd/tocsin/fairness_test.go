package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// daily is a rotation of one day each, handed over at nine: from Monday the 2nd of March on ana,
// ben, ana, chidi, and again. Friday the 6th is a holiday. dana only relieves.
const daily = `
route: { policy: team }
integrations: [{ name: prometheus, source: alertmanager, insecure: true }]
policies: [{ name: team, tiers: [{ name: primary, page: ['schedule:team'], acknowledge_within: 5m }], fallback: ['user:dana'] }]
schedules:
  - name: team
    time_zone: Europe/Berlin
    layers: [{ name: primary, away: { use: [vacation] }, rotation: { every: 1 day, start: 2026-03-02T09:00, participants: [ana, ben, ana, chidi] } }]
    away: [{ users: [ana, ben, chidi], from: 2026-03-06, to: 2026-03-06, kind: holidays }]
users:
  - { name: ana, contacts: [{ name: mobile, sms: '+12025550101' }] }
  - { name: ben, contacts: [{ name: mobile, sms: '+12025550102' }] }
  - { name: chidi, time_zone: America/New_York, contacts: [{ name: mobile, sms: '+12025550103' }] }
  - { name: dana, contacts: [{ name: mobile, sms: '+12025550104' }] }
`

// week is from Monday to Sunday, six shifts.
func week(t *testing.T, yaml string, more ...string) []string {
	t.Helper()
	return append([]string{
		"schedules", "fairness", "team", "--config", write(t, "tocsin.yaml", yaml), "--from", "2026-03-02T09:00", "--to", "2026-03-08T09:00",
	}, more...)
}

// Six shifts counted by hand. ana: Monday, Wednesday, Friday, of which 0 to 9 on Saturday and 9
// to 24 on the holiday. ben: Tuesday and Saturday. chidi: Thursday, the last 9 hours of it on
// the holiday; her night is that of New York, 4 to 13 in Berlin, of which she serves 9 to 13 at
// the begin and 4 to 9 at the end. ana and ben name no time zone: the schedule's counts.
func TestFairness(t *testing.T) {
	r := tocsin(t, week(t, daily)...)
	require.Equal(t, result{exitOK, strings.TrimPrefix(`
PERSON  HOURS  NIGHT  WEEKEND  HOLIDAY  SHIFTS  LONGEST  SHORT RESTS  SHARE
ana     72.0   27.0   9.0      15.0     3       1d       0            150 %
ben     48.0   18.0   24.0     0.0      2       1d       0            100 %
chidi   24.0   9.0    0.0      9.0      1       1d       0            50 %
`, "\n"), ""}, r)

	list := decode[fair](t, tocsin(t, week(t, daily, "--json")...))
	require.Equal(t, load{User: "ana", Hours: 72, Night: 27, Weekend: 9, Holiday: 15, Shifts: 3, Longest: 24, ShortestRest: 24, Share: 1.5}, list.Loads[0])
	require.Empty(t, list.Suggestions)

	abroad := strings.Replace(daily, "{ name: ana,", "{ name: ana, time_zone: UTC,", 1)
	list = decode[fair](t, tocsin(t, week(t, abroad, "--json")...))
	require.InDelta(t, 8, list.Loads[0].Weekend, 0, "who names a zone is counted in it: her Saturday begins an hour later")
}

// Who shall take Thursday: chidi has it and is not asked; ben rests for two days on either side;
// ana comes last, because she would go without rest. Who has time off is not asked.
func TestWhoShouldTakeAnOpenShift(t *testing.T) {
	thursday := []string{"--open-from", "2026-03-05T09:00", "--open-to", "2026-03-06T00:00"}
	r := tocsin(t, week(t, daily, thursday...)...)
	require.Equal(t, exitOK, r.code, r.err)
	_, suggestions, _ := strings.Cut(r.out, " 50 %\n")
	require.Equal(t, "1. ben: 48 h on call so far, 100 % of the mean\n"+
		"2. ana: 72 h on call so far, 150 % of the mean; but only 0 h of rest beside another shift\n", suggestions)
	list := decode[fair](t, tocsin(t, week(t, daily, append(thursday, "--json")...)...))
	require.Equal(t, []taker{{"ben", "48 h on call so far, 100 % of the mean"}}, list.Suggestions[:1])

	off := strings.Replace(daily, "{ name: ben,", "{ name: ben, away: [{ from: 2026-03-05, to: 2026-03-05, kind: vacation }],", 1)
	list = decode[fair](t, tocsin(t, week(t, off, append(thursday, "--json")...)...))
	for _, x := range list.Suggestions {
		require.NotEqual(t, "ben", string(x.User))
	}
	require.NotEmpty(t, list.Suggestions)

	alone := strings.Replace(daily, "[ana, ben, ana, chidi]", "[chidi]", 1)
	alone = strings.Replace(alone, "[ana, ben, chidi]", "[chidi]", 1)
	require.Contains(t, tocsin(t, week(t, alone, thursday...)...).out, "nobody is free then")
}

// Mistakes in times are told as such.
func TestFairnessMistakes(t *testing.T) {
	for _, tc := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--to", "2026-03-01"}, exitUsage, "the span must end after it begins"},
		{[]string{"--to", "2033-03-01"}, exitUsage, "within 5 years"},
		{[]string{"--from", "monday"}, exitUsage, `--from "monday" is no time`},
		{[]string{"--open-from", "2026-03-05T09:00"}, exitUsage, "go together"},
		{[]string{"--open-to", "2026-03-05T09:00"}, exitUsage, "go together"},
		{[]string{"--open-from", "2026-03-05T09:00", "--open-to", "2026-03-05T09:00"}, exitUsage, "the end after the begin"},
	} {
		r := tocsin(t, week(t, daily, tc.args...)...)
		require.Equal(t, tc.code, r.code, r.err)
		require.Contains(t, r.err, tc.says)
		require.Empty(t, r.out)
	}
	r := tocsin(t, "schedules", "fairness", "teem", "--config", write(t, "tocsin.yaml", daily))
	require.Equal(t, exitFault, r.code)
	require.Contains(t, r.err, `there is no schedule "teem"; there are team`)
}
