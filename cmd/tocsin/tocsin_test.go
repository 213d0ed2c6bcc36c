package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// noon is the clock of all tests: a Tuesday in the first week of the rotation below.
var noon = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)

// call is one command line with its surroundings.
type call struct {
	stdin string
	env   map[string]string
}

// result is what a command line left behind.
type result struct {
	code     int
	out, err string
}

func (c call) run(t *testing.T, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), surroundings{
		stdin: strings.NewReader(c.stdin), stdout: &out, stderr: &errs,
		lookup: func(name string) (string, bool) { v, ok := c.env[name]; return v, ok },
		now:    func() time.Time { return noon },
	}, args)
	return result{code, out.String(), errs.String()}
}

func tocsin(t *testing.T, args ...string) result {
	t.Helper()
	return call{}.run(t, args...)
}

// decode reads the JSON of a command that must have succeeded.
func decode[T any](t *testing.T, r result) (v T) {
	t.Helper()
	require.Equal(t, exitOK, r.code, r.err)
	d := json.NewDecoder(strings.NewReader(r.out))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&v), r.out)
	return v
}

// write puts a file into a folder of the test and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// small is a configuration with everything that the commands show. It needs no secret.
const small = `
route:
  policy: team
  group_by: [alertname]
  routes:
    - { matchers: ['team="night"'], policy: team, mute_time_intervals: [always] }
    - { matchers: ['team="slow"'], policy: team, hold: 10m }
classify:
  - { name: noise, matchers: ['alertname="Noise"'], drop: true }
  - { name: watchdog, matchers: ['alertname="Watchdog"'], suppress: true }
time_intervals:
  - { name: always, time_intervals: [{ weekdays: ['sunday:saturday'] }] }
integrations:
  - { name: prometheus, source: alertmanager, insecure: true }
policies:
  - name: team
    tiers:
      - { name: primary, page: ['schedule:team/primary'], acknowledge_within: 5m }
      - { name: boss, page: ['user:ben'], acknowledge_within: 10m }
    repeat: 0
    fallback: ['user:ana']
schedules:
  - name: team
    time_zone: Europe/Berlin
    layers:
      - { name: primary, rotation: { every: 1 week, start: 2026-03-02T09:00, participants: [ana, ben] } }
      - { name: backup, rotation: { every: 1 week, start: 2026-03-02T09:00, participants: [ben] } }
users:
  - { name: ana, contacts: [{ name: mobile, sms: '+12025550101' }] }
  - { name: ben, contacts: [{ name: mobile, sms: '+12025550102' }] }
`

func TestExitCodesTellMistakesFromFaults(t *testing.T) {
	// Ensures 0, 1 and 2 for done, failed and not understood, with the reason on standard error only.
	absent := filepath.Join(t.TempDir(), "absent.yaml")
	for _, tc := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"help", []string{"--help"}, exitOK, ""},
		{"nothing shows help", nil, exitOK, ""},
		{"unknown command", []string{"chekc"}, exitUsage, `unknown command "chekc"`},
		{"unknown command in a group", []string{"incidents", "ackk"}, exitUsage, `unknown command "ackk" for "tocsin incidents"`},
		{"a group alone", []string{"schedules"}, exitUsage, "needs a command"},
		{"unknown flag", []string{"check", "--nope"}, exitUsage, "unknown flag: --nope"},
		{"too many arguments", []string{"check", "extra"}, exitUsage, "extra"},
		{"too few arguments", []string{"normalize", "--source", "sarif"}, exitUsage, "accepts 1 arg"},
		{"absent configuration", []string{"oncall", "--schedule", "x", "--config", absent}, exitFault, absent + ": does not exist"},
		{"absent schedule", []string{"oncall", "--schedule", "x"}, exitFault, `there is no schedule "x"; there are platform`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := tocsin(t, tc.args...)
			require.Equal(t, tc.code, r.code, r.err)
			require.Contains(t, r.err, tc.says)
			if tc.code != exitOK {
				require.Empty(t, r.out)
				require.True(t, strings.HasPrefix(r.err, "tocsin: "), r.err)
				require.Equal(t, tc.code == exitUsage, strings.Contains(r.err, "--help"), "only a mistake points to the help")
			}
		})
	}
}

func TestVersion(t *testing.T) {
	// Ensures that the version is readable for people and scripts.
	require.Regexp(t, `^tocsin \S+.*\(go1\.\d+`, tocsin(t, "version").out)
	require.NotEmpty(t, decode[build](t, tocsin(t, "version", "--json")).Version)
}

func TestPrintableKeepsTerminalsSafe(t *testing.T) {
	// Ensures that a sender's text can neither move the cursor nor reverse what is read.
	require.Equal(t, "a [2Jb c\nd", printable("a\x1b[2Jb\u202ec\nd"))
	require.Equal(t, "a b", oneLine("a\nb"))
}

func TestSpan(t *testing.T) {
	// Ensures short durations without empty parts.
	for d, want := range map[time.Duration]string{
		0: "0s", 90 * time.Minute: "1h30m", 48 * time.Hour: "2d", 30 * time.Second: "30s",
		25*time.Hour + time.Second: "1d1h1s", -5 * time.Minute: "-5m",
	} {
		require.Equal(t, want, span(d))
	}
}
