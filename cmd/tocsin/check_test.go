package main

import (
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
