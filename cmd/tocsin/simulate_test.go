package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSimulateForPeople(t *testing.T) {
	// Ensures severity and route with their reasons, every page with offset and wall clock, tier by tier.
	r := tocsin(t, "simulate", "--config", write(t, "tocsin.yaml", small), "--label", "alertname=Disk", "--severity-word", "critical")
	require.Equal(t, exitOK, r.code, r.err)
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	require.Equal(t, "P0 Disk", lines[0])
	require.Equal(t, "  fires    Tue 2026-03-03 12:00:00 UTC", lines[1])
	require.Equal(t, "  policy   team, by route", lines[2])
	require.Regexp(t, `^  key      [0-9a-f]{32}$`, lines[3])
	require.Equal(t, `  because  severity word "critical" is P0`, lines[4])
	require.Contains(t, r.out, "  promise  acknowledged within 5m\n")
	require.Regexp(t, `(?s)\+0s +2026-03-03T12:00:00Z +primary: ana, .*`+
		`\+0s +2026-03-03T12:00:00Z +page ana by sms \+12025550101 \(mobile\), to be acknowledged by \+5m\n.*`+
		`\+5m +2026-03-03T12:05:00Z +page ben by sms \+12025550102 \(mobile\), to be acknowledged by \+15m\n.*`+
		`\+15m +2026-03-03T12:15:00Z +fallback: ana, .*`+
		`\+15m +2026-03-03T12:15:00Z +page ana by sms .*`+
		`the fallback again, and so on until somebody acts\n`+
		`  paged in this order, while nobody answers: ana, ben$`, strings.TrimSpace(r.out))
}

func TestSimulateForScripts(t *testing.T) {
	// Ensures the shape of the array, offsets in seconds, and that --at and --for bound it.
	sims := decode[[]simulationJSON](t, tocsin(t, "simulate", "--config", write(t, "tocsin.yaml", small), "--json",
		"--integration", "prometheus", "--label", "alertname=Disk", "--label", "severity=warning", "--at", "2026-03-10T12:00:00Z", "--for", "10m"))
	require.Len(t, sims, 1)
	s := sims[0]
	require.Equal(t, alertJSON{Source: "alertmanager", Integration: "prometheus", Identity: s.Alert.Identity, Title: "Disk", SeverityWord: "warning"}, s.Alert)
	require.Equal(t, "P2", string(s.Decision.Severity))
	require.Equal(t, "team", s.Decision.Policy)
	require.NotEmpty(t, s.Decision.Reasons)
	require.Len(t, s.Pages, 2, "the fallback is beyond --for; primary and boss are ben in this week")
	require.Equal(t, "ben", s.Pages[0].User)
	require.Equal(t, 300.0, s.Pages[1].OffsetSeconds)
	require.Equal(t, "2026-03-10T12:15:00Z", s.Pages[1].Deadline.Format("2006-01-02T15:04:05Z07:00"))
	require.NotEmpty(t, s.Timeline)
}

func TestSimulateTellsWhyNobodyIsPaged(t *testing.T) {
	// Ensures that holds, mutes, suppressing and dropping rules are named, and pages follow a hold.
	config := write(t, "tocsin.yaml", small)
	for _, tc := range []struct {
		label, quiet string
		first        float64 // offset of the first page; -1 for none
	}{
		{"team=slow", "held for 10m", 600},
		{"team=night", "always", -1},
		{"alertname=Watchdog", `suppressed by rule "watchdog"`, -1},
		{"alertname=Noise", `dropped by rule "noise"`, -1},
	} {
		t.Run(tc.label, func(t *testing.T) {
			args := []string{"simulate", "--config", config, "--label", tc.label}
			s := decode[[]simulationJSON](t, tocsin(t, append(args, "--json")...))[0]
			require.Contains(t, s.Quiet, tc.quiet)
			text := tocsin(t, args...).out
			require.Contains(t, text, tc.quiet)
			if tc.first < 0 {
				require.Empty(t, s.Pages)
				require.Contains(t, text, "nobody is paged")
				require.Equal(t, tc.label == "team=night", strings.Contains(text, "promise"), "what is never paged promises nothing")
				return
			}
			require.Equal(t, tc.first, s.Pages[0].OffsetSeconds)
		})
	}
}

func TestSimulateJoinsAlertsOfOneIncident(t *testing.T) {
	// Ensures that two alerts with one key page once, at the higher severity, and that what has ended is left out.
	body := strings.Replace(firing, `"status":"resolved","labels":{"alertname":"Disk"}`, `"status":"firing","labels":{"alertname":"Disk","severity":"warning"}`, 1)
	body = strings.ReplaceAll(body, `,"team":"night"`, "")
	config := write(t, "tocsin.yaml", small)
	args := []string{"simulate", "--config", config, "--integration", "prometheus", "-"}
	sims := decode[[]simulationJSON](t, call{stdin: body}.run(t, append(args, "--json")...))
	require.Len(t, sims, 1)
	require.Equal(t, 2, sims[0].Alerts)
	require.Equal(t, "P0", string(sims[0].Decision.Severity))
	require.Contains(t, call{stdin: body}.run(t, args...).out, "(one incident of 2 alerts)")

	swapped := strings.NewReplacer(`"severity":"critical"`, `"severity":"warning"`, `"severity":"warning"`, `"severity":"critical"`).Replace(body)
	sims = decode[[]simulationJSON](t, call{stdin: swapped}.run(t, append(args, "--json")...))
	require.Equal(t, "P0", string(sims[0].Decision.Severity), "whichever comes first")
	require.Equal(t, 2, sims[0].Alerts)

	r := call{stdin: firing}.run(t, args...)
	require.Contains(t, r.err, "left out 1 alert of the body")
}

func TestSimulateRefusals(t *testing.T) {
	// Ensures a sentence for every question that cannot be asked.
	for _, tc := range []struct {
		args []string
		code int
		says string
	}{
		{nil, exitUsage, "name an alert"},
		{[]string{"body.json"}, exitUsage, "--integration is missing"},
		{[]string{"--integration", "prometheus", "--label", "a=b", "body.json"}, exitUsage, "either a file, or"},
		{[]string{"--label", "nope"}, exitUsage, "is no label"},
		{[]string{"--label", "a=b", "--for", "-1h"}, exitUsage, "is no duration"},
		{[]string{"--label", "a=b", "--for", "2y"}, exitUsage, "at most 366d"},
		{[]string{"--label", "a=b", "--integration", "grafana"}, exitFault, `no integration "grafana"; there are code, events`},
		{[]string{"--integration", "prometheus", "absent.json"}, exitFault, "absent.json"},
	} {
		r := tocsin(t, append([]string{"simulate"}, tc.args...)...)
		require.Equal(t, tc.code, r.code, r.err)
		require.Contains(t, r.err, tc.says)
		require.Empty(t, r.out)
	}
}
