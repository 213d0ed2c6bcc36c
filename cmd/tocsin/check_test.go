package main

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/configs"
)

const provider = `
public_url: https://pager.example.org
providers:
  - { name: twilio, type: twilio, account_sid: { env: SID }, auth_tokens: [{ env: TOKEN }], from: ['+12025550100'] }
`

func TestCheckOfTheBuiltInExample(t *testing.T) {
	// Ensures that the example passes, strictly, without a flag or a variable.
	r := tocsin(t, "check", "--strict")
	require.Equal(t, result{exitOK, "built-in example demo.yaml: 0 errors, 0 warnings\n", ""}, r)
	require.Equal(t, "[]\n", tocsin(t, "check", "--json").out)
}

func TestCheckShowsErrorsWithTheirLinesThenWarnings(t *testing.T) {
	// Ensures that every error has file:line, that warnings follow them, and that the exit code is 1.
	path := write(t, "tocsin.yaml", strings.NewReplacer(
		"fallback: ['user:ana']", "fallback: ['user:anna']",
		"alertmanager, insecure", "alertmanagr, insecure",
	).Replace(small))
	r := tocsin(t, "check", "--config", path)
	require.Equal(t, exitFault, r.code)
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	require.Regexp(t, `tocsin\.yaml:14:\d+: .*alertmanagr.*did you mean "alertmanager"`, r.out)
	require.Regexp(t, `tocsin\.yaml:21:\d+: .*anna`, r.out)
	require.Contains(t, r.out, "there is no provider")
	require.Contains(t, lines[len(lines)-2], ": warning: ", "warnings come last")
	require.NotContains(t, lines[0], ": warning: ")
	require.Regexp(t, `^`+path+`: 3 errors, \d warnings?$`, lines[len(lines)-1])
	require.Contains(t, r.err, "does not pass: 3 errors")

	r = tocsin(t, "check", "--config", path, "--json")
	require.Equal(t, exitFault, r.code)
	r.code = exitOK // the array is on standard output whatever the verdict
	problems := decode[[]configs.Problem](t, r)
	require.Equal(t, path, problems[0].File)
	require.Positive(t, problems[0].Line)
}

func TestCheckStrictFailsOnWarnings(t *testing.T) {
	// Ensures that warnings fail only with --strict, and that the environment names the configuration, too.
	c := call{env: map[string]string{"SID": "AC00000000000000000000000000000001", "TOKEN": "a token of a test", "TOCSIN_CONFIG": write(t, "tocsin.yaml", small+provider)}}
	r := c.run(t, "check")
	require.Equal(t, exitOK, r.code, r.out)
	require.Contains(t, r.out, "insecure", "an open integration is a weakness")
	require.Empty(t, r.err)
	r = c.run(t, "check", "--strict")
	require.Equal(t, exitFault, r.code)
	require.Contains(t, r.err, "does not pass with --strict: 0 errors, ")
}

func TestCheckKnowsTheClock(t *testing.T) {
	// Ensures that a gap after now is told of: weaknesses are judged at the command's clock.
	later := strings.ReplaceAll(small, "start: 2026-03-02T09:00, participants: [ana, ben]", "start: 2026-03-05T09:00, participants: [ana, ben]")
	c := call{env: map[string]string{"SID": "AC00000000000000000000000000000001", "TOKEN": "a token of a test"}}
	r := c.run(t, "check", "--config", write(t, "tocsin.yaml", later+provider))
	require.Equal(t, exitOK, r.code, r.err)
	require.Contains(t, r.out, "tocsin.yaml:18:33: warning: policies[0].tiers[0].page[0]: team/primary has nobody on call now, until Thu 5 Mar 09:00 (Europe/Berlin)")
}

func TestCheckAndSimulateRefuseWhatWatchesNothing(t *testing.T) {
	// Ensures that a faulty value of what watches, limits and guards is named with its line, its
	// key and what to write instead, by check and, in one sentence, by simulate.
	for _, tc := range []struct{ old, new, where, says string }{
		{"\nroute:", "\nheartbeat: { every: 1m }\nroute:", "heartbeat", "url is missing"},
		{"\nroute:", "\nheartbeat: { url: { env: BEAT }, every: 1s }\nroute:", "heartbeat.every", "must be at least 10s"},
		{"\nroute:", "\nwatch: { policy: taem }\nroute:", "watch.policy", `policy "taem" is not defined; did you mean "team"?`},
		{"\nroute:", "\nwatch: { severity: P9 }\nroute:", "watch.severity", `severity "P9" is no step of the scale; known are P0, P1, P2, P3`},
		{"\nroute:", "\ncanary: { every: 10m }\nroute:", "canary", "nobody is texted: write to: user:NAME, or policy: NAME"},
		{"\nroute:", "\ncanary: { every: 10m, to: 'user:anna' }\nroute:", "canary.to", `user "anna" is not defined; did you mean "ana"?`},
		{"\nroute:", "\ncanary: { every: 5s, to: 'user:ana' }\nroute:", "canary.every", "must be at least 1m"},
		{"insecure: true", "insecure: true, expect_every: 5s", "integrations[0].expect_every", "must be at least 10s"},
		{"insecure: true", "insecure: true, expect_every: often", "integrations[0].expect_every", `"often" is not a duration; write for example 30s, 5m`},
		{"insecure: true", "insecure: true, rate_limit: { alerts_per_second: 0 }", "integrations[0].rate_limit.alerts_per_second", "would let no alert in; write a number from 1"},
		{"insecure: true", "insecure: true, rate_limit: { burst: many }", "integrations[0].rate_limit.burst", `"many" must be a whole number from 0 to`},
		{"\nroute:", "\negress: { allow: [inner.example.org] }\nroute:", "egress.allow[0]", `"inner.example.org" is no block of addresses; write for example 10.1.0.0/16, or one address`},
		{"\nroute:", "\negress: { plain_htpp: true }\nroute:", "egress", `unknown key "plain_htpp"; did you mean "plain_http"?`},
		{"\nroute:", "\nseverities: [{ name: P0, urgency: urgent, degraded: pgae }]\ndefault_severity: P0\nroute:", "severities[0].degraded", `degraded "pgae" is unknown; page: at once by the process that took it, keep: when the store is back; did you mean "page"?`},
	} {
		text := strings.Replace(small+provider, tc.old, tc.new, 1)
		path := write(t, "tocsin.yaml", text)
		line := 1 + strings.Count(text[:strings.Index(text, strings.TrimSpace(tc.new))], "\n")
		c := call{env: map[string]string{"SID": "AC00000000000000000000000000000001", "TOKEN": "a token of a test", "BEAT": "https://beats.example.org/ping"}}
		r := c.run(t, "check", "--config", path)
		require.Equal(t, exitFault, r.code, "%s\n%s", tc.new, r.out)
		require.Contains(t, r.err, "does not pass: 1 error", r.out)
		said, _, _ := strings.Cut(r.out, "\n")
		require.Regexp(t, `^`+path+`:`+strconv.Itoa(line)+`:\d+: `, said, tc.new)
		require.Contains(t, said, ": "+tc.where+": ")
		require.Contains(t, said, tc.says)

		r = c.run(t, "simulate", "--config", path, "--label", "alertname=Disk")
		require.Equal(t, exitFault, r.code, tc.new)
		require.Contains(t, r.err, said)
		require.Empty(t, r.out)
	}
}
