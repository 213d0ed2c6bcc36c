package sarif

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/routing"
	"tocsin/routing/source/sourcetest"
)

// TestFindings ensures that every finding is an alert with its rule's words, that what is
// no finding is none, that copies are merged, and that a bad result costs only itself.
func TestFindings(t *testing.T) {
	b, err := sourcetest.Fixture(t, Source(), "findings.json")
	require.NoError(t, err)
	const repo = "https://git.example.org/shop"
	alert := func(status routing.Status, id, title, description, word string, labels ...string) routing.Alert {
		a := routing.Alert{
			Source: "sarif", Identity: repo + "/ShopLint/" + id, Group: repo + "/ShopLint/ci/main", Status: status,
			Title: title, Description: description, SeverityWord: word,
			Labels: map[string]string{"tool": "ShopLint", "category": "ci/main", "repository": repo},
		}
		for i := 0; i < len(labels); i += 2 {
			a.Labels[labels[i]] = labels[i+1]
		}
		return a
	}
	first := alert(routing.Firing, `S1/a={"z":1,"y":[1]},b=2`, "Query built from input", "Bad query\nhere\nin db.go:12", "critical",
		"rule", "S1", "rule_name", "sql", "level", "error", "path", "db.go")
	first.Links = []routing.Link{{Text: "S1", URL: "https://rules.example.org/S1"}}
	first.StartsAt = sourcetest.At(t, "2026-03-01T00:00:00Z")
	require.Equal(t, []routing.Alert{
		first,
		alert(routing.Resolved, "S2/long/f=y", "Function pay is too long (300 lines)", "Function pay is too long (300 lines)", "warning", "rule", "S2/long", "level", "warning"),
		alert(routing.Firing, "S2/f=again", "same, but it is here", "same, but it is here", "warning", "rule", "S2", "level", "warning"),
		alert(routing.Firing, "P1/f=z", "From a pack", "in a pack", "note", "rule", "P1", "level", "note"),
		alert(routing.Firing, "S2/f=r", "look at this", "look at this", "none", "rule", "S2", "level", "none"),
		alert(routing.Firing, "S2/f=s", "not accepted", "not accepted", "warning", "rule", "S2", "level", "warning"),
	}, b.Alerts)
	require.Equal(t, []routing.Rejection{{Index: 10, Reason: "a result that is not an object as SARIF has it"}}, b.Rejected)
	require.Empty(t, b.CompleteGroups, "a file of another folder must not end findings")
}

// TestSecuritySeverity ensures that the score is compared as a decimal, at its borders
// too, and that what is no score leaves the level.
func TestSecuritySeverity(t *testing.T) {
	for score, want := range map[string]string{
		`"10.0"`: "critical", `"9"`: "critical", `9.0`: "critical", `"8.9999999999999999999"`: "high", `"7.0"`: "high", `"6.9"`: "medium", `"4"`: "medium",
		`"3.9"`: "low", `"0.1"`: "low", `"0.0"`: "info", `0`: "info",
		`"high"`: "error", `""`: "error", `"1e999999999"`: "error", `"9.0.1"`: "error", `"-1"`: "error", `"1/0"`: "error", `"."`: "error", `null`: "error",
	} {
		body := fmt.Sprintf(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"T","rules":[{"id":"R","properties":{"security-severity":%s}}]}},"results":[{"ruleId":"R","level":"error","message":{"text":"m"}}]}]}`, score)
		b, err := sourcetest.Decode(t, Source(), body)
		require.NoError(t, err)
		require.Equal(t, want, b.Alerts[0].SeverityWord, score)
	}
}

// TestIdentity ensures that without fingerprints tool, rule, place and message tell
// findings apart, and the same finding is the same tomorrow.
func TestIdentity(t *testing.T) {
	identity := func(tool, rule, uri, message string) string {
		b, err := sourcetest.Decode(t, Source(), fmt.Sprintf(`{"runs":[{"tool":{"driver":{"name":%q}},"results":[{"ruleId":%q,"message":{"text":%q},"locations":[{"physicalLocation":{"artifactLocation":{"uri":%q}}}]}]}]}`, tool, rule, message, uri))
		require.NoError(t, err)
		return b.Alerts[0].Identity
	}
	base := identity("t", "r", "u", "m")
	require.Equal(t, base, identity("t", "r", "u", "m"))
	for _, other := range []string{identity("x", "r", "u", "m"), identity("t", "x", "u", "m"), identity("t", "r", "x", "m"), identity("t", "r", "u", "x"), identity("t", "r", "um", "")} {
		require.NotEqual(t, base, other)
	}
}

// TestClean ensures that a clean scan is taken, and ends nothing by itself.
func TestClean(t *testing.T) {
	for body, note := range map[string]string{
		`{"version":"2.1.0","runs":[]}`: "0 results, none of them an active finding",
		`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"T"}},"results":[{"kind":"pass","message":{"text":"ok"}}]}]}`: "1 results, none of them an active finding",
		`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"T"}},"results":null}]}`:                                      "0 results, none of them an active finding",
	} {
		b, err := sourcetest.Decode(t, Source(), body)
		require.NoError(t, err)
		require.Equal(t, routing.Batch{Note: note}, b)
	}
}

// TestUnusable ensures that what is no SARIF 2.1.0 is an error that says so.
func TestUnusable(t *testing.T) {
	for body, want := range map[string]string{
		`{}`: "expected a SARIF log", `{"version":"1.0.0","runs":[]}`: "expected a SARIF log", `{"runs":"x"}`: "/runs", `[]`: "expected an object",
		`{"runs":[{"results":[1]}]}`: "nothing in it could be taken", `{"runs":[`: "not valid JSON at byte 9",
	} {
		_, err := sourcetest.Decode(t, Source(), body)
		require.ErrorContains(t, err, want, body)
	}
}

// TestHostileRuleID ensures that a rule id made of a million levels costs no more than
// any other (it would be quadratic if each level was looked up).
func TestHostileRuleID(t *testing.T) {
	body := `{"runs":[{"tool":{"driver":{"name":"T"}},"results":[{"ruleId":"` + strings.Repeat("a/", 1<<20) + `","message":{"text":"m"}}]}]}`
	began := time.Now()
	b, err := sourcetest.Decode(t, Source(), body)
	require.NoError(t, err)
	require.Len(t, b.Alerts, 1)
	require.Less(t, time.Since(began), 5*time.Second)
}

// FuzzDecode ensures that no body panics or yields half an alert.
func FuzzDecode(f *testing.F) {
	body, err := os.ReadFile("testdata/findings.json")
	require.NoError(f, err)
	f.Add(body)
	f.Add([]byte(`{"version":"2.1.0","runs":[{"results":[{"ruleIndex":-1,"locations":[{}],"suppressions":null}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := Source().Decode(sourcetest.Header(), body, time.Time{})
		sourcetest.Sound(t, Source(), b, err)
	})
}
