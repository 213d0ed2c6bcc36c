package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const firing = `{"version":"4","groupKey":"{}:{alertname=\"Disk\"}","status":"firing","receiver":"tocsin","alerts":[
 {"status":"firing","labels":{"alertname":"Disk","severity":"critical","team":"night"},"annotations":{"summary":"Disk is full"},
  "startsAt":"2026-03-03T12:30:00+01:00","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus.example.org/graph","fingerprint":"00000000000000aa"},
 {"status":"resolved","labels":{"alertname":"Disk"},"annotations":{},
  "startsAt":"2026-03-03T11:00:00Z","endsAt":"2026-03-03T11:30:00Z","fingerprint":"00000000000000bb"}]}`

func TestNormalizePrintsExactlyTheFieldsThatScriptsKnow(t *testing.T) {
	// Ensures field names, UTC, the severity step, and that what a source does not say is absent.
	r := call{stdin: firing}.run(t, "normalize", "--source", "alertmanager", "--json", "-")
	require.Equal(t, exitOK, r.code, r.err)
	require.JSONEq(t, `[
	 {"source":"alertmanager","identity":"00000000000000aa","group":"{}:{alertname=\"Disk\"}","status":"firing","title":"Disk is full",
	  "severity_word":"critical","severity":"P0","labels":{"alertname":"Disk","severity":"critical","team":"night"},
	  "links":[{"text":"source","url":"http://prometheus.example.org/graph"}],"starts_at":"2026-03-03T11:30:00Z"},
	 {"source":"alertmanager","identity":"00000000000000bb","group":"{}:{alertname=\"Disk\"}","status":"resolved","title":"Disk",
	  "severity":"P2","labels":{"alertname":"Disk"},"starts_at":"2026-03-03T11:00:00Z","ends_at":"2026-03-03T11:30:00Z"}]`, r.out)
	require.Empty(t, r.err)
}

func TestNormalizeForPeople(t *testing.T) {
	// Ensures the table, from a file, with the scale of a configuration.
	scale := "severities:\n  - { name: RED, words: [critical], urgency: urgent }\n  - { name: GREY, urgency: low }\n"
	r := tocsin(t, "normalize", "--source", "alertmanager", "--config", write(t, "tocsin.yaml", scale+small), write(t, "body.json", firing))
	require.Equal(t, result{exitOK, strings.TrimPrefix(`
STATUS    SEVERITY  WORD      SINCE                 TITLE         IDENTITY
firing    RED       critical  2026-03-03T11:30:00Z  Disk is full  00000000000000aa
resolved  GREY      -         2026-03-03T11:00:00Z  Disk          00000000000000bb
`, "\n"), ""}, r)
}

func TestNormalizeOfWhatIsNoAlert(t *testing.T) {
	// Ensures an empty array for what is taken without an alert, and the reason beside it.
	r := call{stdin: `{"zen":"Keep it simple.","hook_id":1}`}.run(t, "normalize", "--source", "github", "--header", "X-GitHub-Event: ping", "--json", "-")
	require.Equal(t, exitOK, r.code, r.err)
	require.Equal(t, "[]\n", r.out)
	require.Contains(t, r.err, "no alert: ")
}

func TestNormalizeLeavesAcknowledgementsOut(t *testing.T) {
	// Ensures that a status beyond firing and resolved never reaches a script.
	body := `{"key":"disk-1","title":"Disk","status":"acknowledged"}`
	r := call{stdin: body}.run(t, "normalize", "--source", "generic", "--json", "-")
	require.Equal(t, exitOK, r.code, r.err)
	require.Equal(t, "[]\n", r.out)
	require.Contains(t, r.err, "acknowledges an open incident")
}

func TestNormalizeWarnsOfRejectedParts(t *testing.T) {
	// Ensures that one bad alert is told of with its place and the others are printed.
	body := strings.Replace(firing, `"alerts":[`, `"alerts":[42,`, 1)
	r := call{stdin: body}.run(t, "normalize", "--source", "alertmanager", "--json", "-")
	require.Len(t, decode[[]normalized](t, r), 2)
	require.Contains(t, r.err, "item 0 could not be taken: ")
}

func TestNormalizeRefusals(t *testing.T) {
	// Ensures 1 for a body that can never be taken and 2 for a mistake, each with its reason and no output.
	for _, tc := range []struct {
		name, stdin string
		args        []string
		code        int
		says        string
	}{
		{"not JSON", "nope", []string{"--source", "sarif", "-"}, exitFault, "sarif: unusable body"},
		{"empty", "", []string{"--source", "alertmanager", "-"}, exitFault, "unusable body"},
		{"another format", `{"a":1}`, []string{"--source", "sentry", "-"}, exitFault, "unusable body"},
		{"too large", strings.Repeat(" ", bodyLimit+1), []string{"--source", "sarif", "-"}, exitFault, "more than 32 MiB"},
		{"absent file", "", []string{"--source", "sarif", "absent.json"}, exitFault, "absent.json"},
		{"no source", "{}", []string{"-"}, exitUsage, "--source is missing"},
		{"unknown source", "{}", []string{"--source", "nagios", "-"}, exitUsage, `"nagios" is unknown; known are alertmanager`},
		{"bad header", "{}", []string{"--source", "sarif", "--header", "nope", "-"}, exitUsage, "is not a header"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := call{stdin: tc.stdin}.run(t, append([]string{"normalize", "--json"}, tc.args...)...)
			require.Equal(t, tc.code, r.code, r.err)
			require.Empty(t, r.out)
			require.Contains(t, r.err, tc.says)
		})
	}
}
