package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOnCall(t *testing.T) {
	// Ensures who, since and until, in the schedule's zone for people and in UTC for scripts.
	config := write(t, "tocsin.yaml", small)
	for _, tc := range []struct {
		name, json, text string
		args             []string
	}{
		{"now, one layer", `{"users":["ana"],"layer":"primary","since":"2026-03-02T08:00:00Z","until":"2026-03-09T08:00:00Z"}`,
			"ana since Mon 2026-03-02 09:00:00 CET until Mon 2026-03-09 09:00:00 CET", []string{"--layer", "primary"}},
		{"all layers", `{"users":["ana","ben"],"layer":"","since":"2026-03-02T08:00:00Z","until":"2026-03-09T08:00:00Z"}`,
			"ana, ben since Mon 2026-03-02 09:00:00 CET until Mon 2026-03-09 09:00:00 CET", nil},
		{"after the clocks changed", `{"users":["ana"],"layer":"primary","since":"2026-03-30T07:00:00Z","until":"2026-04-06T07:00:00Z"}`,
			"ana since Mon 2026-03-30 09:00:00 CEST until Mon 2026-04-06 09:00:00 CEST", []string{"--layer", "primary", "--at", "2026-03-30T09:00"}},
		{"without an end", `{"users":["ben"],"layer":"backup","since":"2026-03-02T08:00:00Z"}`,
			"ben since Mon 2026-03-02 09:00:00 CET", []string{"--layer", "backup", "--at", "2026-03-05T00:00:00Z"}},
		{"nobody yet", `{"users":[],"layer":"primary","until":"2026-03-02T08:00:00Z"}`,
			"nobody until Mon 2026-03-02 09:00:00 CET", []string{"--layer", "primary", "--at", "2026-01-01"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			args := append([]string{"oncall", "--config", config, "--schedule", "team"}, tc.args...)
			require.Equal(t, result{exitOK, tc.text + "\n", ""}, tocsin(t, args...))
			r := tocsin(t, append(args, "--json")...)
			require.Equal(t, exitOK, r.code, r.err)
			require.JSONEq(t, tc.json, r.out)
		})
	}
}

func TestSchedulesShow(t *testing.T) {
	// Ensures that shifts are clipped to the span, cover it with gaps, and carry layer and source.
	config := write(t, "tocsin.yaml", small)
	r := tocsin(t, "schedules", "show", "team", "--config", config, "--layer", "primary", "--from", "2026-03-01", "--to", "2026-03-10T00:00:00Z", "--json")
	require.Equal(t, exitOK, r.code, r.err)
	require.JSONEq(t, `[
	 {"start":"2026-02-28T23:00:00Z","end":"2026-03-02T08:00:00Z","users":[],"layer":"primary","source":"gap"},
	 {"start":"2026-03-02T08:00:00Z","end":"2026-03-09T08:00:00Z","users":["ana"],"layer":"primary","source":"rotation"},
	 {"start":"2026-03-09T08:00:00Z","end":"2026-03-10T00:00:00Z","users":["ben"],"layer":"primary","source":"rotation"}]`, r.out)

	r = tocsin(t, "schedules", "show", "team", "--config", config)
	require.Equal(t, result{exitOK, strings.TrimPrefix(`
FROM                         TO                           LAYER    ON CALL  WHY
Tue 2026-03-03 13:00:00 CET  Mon 2026-03-09 09:00:00 CET  primary  ana      rotation
Tue 2026-03-03 13:00:00 CET  Tue 2026-03-17 13:00:00 CET  backup   ben      rotation
Mon 2026-03-09 09:00:00 CET  Mon 2026-03-16 09:00:00 CET  primary  ben      rotation
Mon 2026-03-16 09:00:00 CET  Tue 2026-03-17 13:00:00 CET  primary  ana      rotation
`, "\n"), ""}, r)
}

// A time that the clock skips means the first one after it, as everywhere in a schedule.
func TestTimesOfTheClock(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	for text, want := range map[string]string{
		"2026-03-08T02:30": "2026-03-08T07:00:00Z", "2026-11-01 01:30": "2026-11-01T05:30:00Z", "2026-03-08": "2026-03-08T05:00:00Z",
	} {
		at, err := parseInstant("at", text, zone, noon)
		require.NoError(t, err)
		require.Equal(t, want, at.UTC().Format(time.RFC3339), text)
	}
}

func TestSchedulesList(t *testing.T) {
	// Ensures that the list shows layers, zone and who is on call now.
	config := write(t, "tocsin.yaml", small)
	r := tocsin(t, "schedules", "list", "--config", config)
	require.Equal(t, result{exitOK, strings.TrimPrefix(`
SCHEDULE  LAYERS           ON CALL NOW  TIME ZONE      OWNER
team      primary, backup  ana, ben     Europe/Berlin
`, "\n"), ""}, r)
	list := decode[[]listedSchedule](t, tocsin(t, "schedules", "list", "--config", config, "--json"))
	require.Equal(t, []string{"primary", "backup"}, list[0].Layers)
}

func TestTimesThatCannotBe(t *testing.T) {
	// Ensures a clear sentence for each time and span that is not taken.
	for _, tc := range []struct {
		args []string
		says string
	}{
		{[]string{"oncall"}, "--schedule is missing"},
		{[]string{"oncall", "--schedule", "platform", "--at", "tomorrow"}, `--at "tomorrow" is no time`},
		{[]string{"oncall", "--schedule", "platform", "--at", "9999-12-31T23:59:59Z"}, "outside the years"},
		{[]string{"schedules", "show", "platform", "--from", "2026-03-01", "--to", "2026-03-01"}, "is not after"},
		{[]string{"schedules", "show", "platform", "--from", "2026-03-01", "--to", "2031-03-02"}, "longer than 5 years"},
		{[]string{"schedules", "show"}, "accepts 1 arg"},
	} {
		r := tocsin(t, tc.args...)
		require.Equal(t, exitUsage, r.code, r.err)
		require.Contains(t, r.err, tc.says)
	}
	require.Equal(t, exitOK, tocsin(t, "schedules", "show", "platform", "--from", "2026-03-01", "--to", "2031-03-01").code, "5 years are taken")
	r := tocsin(t, "oncall", "--schedule", "platform", "--layer", "third")
	require.Equal(t, exitFault, r.code)
	require.Contains(t, r.err, "its layers are primary, secondary")
}
