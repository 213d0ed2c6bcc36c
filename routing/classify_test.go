package routing

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Ensures that the first matching rule decides each field, whatever rules do to the other.
func TestClassify(t *testing.T) {
	rules := []Rule{
		{Name: "own severity label is hidden", Matchers: ms(t, `severity="mine"`), Set: "P3"},
		{Name: "sentry", Matchers: ms(t, `source="sentry"`, `severity_word="error"`), Set: "P2"},
		{Name: "mute", Matchers: ms(t, `quiet="1"`), Suppress: true},
		{Name: "raise", Matchers: ms(t, `up="1"`), RaiseTo: "P1"},
		{Name: "mute too late", Matchers: ms(t, `quiet="1"`), Drop: true},
		{Name: "lower", Matchers: ms(t, `down="1"`), LowerTo: "P2"},
		{Name: "sees the step before rules", Matchers: ms(t, `severity="P1"`, `both="1"`), Set: "P3", Suppress: true},
		{Name: "never reached", Matchers: ms(t, `up="1"`), Set: "P0"},
	}
	for _, tc := range []struct {
		name, source, word string
		labels             []string
		severity           Severity
		suppressed         string
		reason             string // the last
	}{
		{"word", "x", "Critical ", nil, "P0", "", `severity word "Critical " is P0`},
		{"name of a step", "x", "p1", nil, "P1", "", `severity word "p1" is P1`},
		{"no word", "x", " ", nil, "P2", "", "no severity word: default P2"},
		{"unknown word", "x", "blah", []string{"severity", "mine"}, "P2", "", `unknown severity word "blah": default P2`},
		{"set by source and word", "sentry", "error", nil, "P2", "", `rule "sentry": P2`},
		{"word keeps its case", "sentry", "ERROR", nil, "P1", "", `severity word "ERROR" is P1`},
		{"raised", "x", "info", []string{"up", "1"}, "P1", "", `rule "raise": raised to P1`},
		{"not raised", "x", "page", []string{"up", "1", "down", "1"}, "P0", "", `rule "raise": not less urgent than P1, stays P0`},
		{"lowered", "x", "page", []string{"down", "1"}, "P2", "", `rule "lower": lowered to P2`},
		{"not lowered", "x", "info", []string{"down", "1"}, "P3", "", `rule "lower": not more urgent than P2, stays P3`},
		{"fields apart", "x", "info", []string{"quiet", "1", "up", "1"}, "P1", "mute", `rule "raise": raised to P1`},
		{"one rule, both fields", "x", "high", []string{"both", "1"}, "P3", "sees the step before rules", `rule "sees the step before rules": suppressed, pages nobody`},
		{"severity decided, quiet open", "x", "high", []string{"both", "1", "up", "1"}, "P1", "sees the step before rules", `rule "sees the step before rules": suppressed, pages nobody`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, errs := newClassifier(testScale(), rules)
			require.Empty(t, errs)
			a := Alert{Source: tc.source, SeverityWord: tc.word, Labels: pairs(tc.labels...)}
			got := c.classify(&a)
			require.Equal(t, tc.severity, got.severity)
			require.Equal(t, tc.suppressed, got.suppress)
			require.Empty(t, got.dropped)
			require.Equal(t, tc.reason, got.reasons[len(got.reasons)-1])
		})
	}
}

// Ensures that a sender cannot write a reason of any length or with lines of its own.
func TestReasonQuotesSender(t *testing.T) {
	c, _ := newClassifier(testScale(), nil)
	got := c.classify(&Alert{SeverityWord: "a\nb" + strings.Repeat("é", 5000)})
	require.Less(t, len(got.reasons[0]), 200)
	require.NotContains(t, got.reasons[0], "\n")
}

// Ensures that a severity matcher which no step meets is found, with what to write instead.
func TestSeverityMatcherUnsatisfiable(t *testing.T) {
	for _, tc := range []struct {
		matcher, suggestion string
	}{
		{`severity="critical"`, `severity="P0" (the step) or severity_word="critical" (what the source says)`},
		{`severity="p0"`, `severity="P0" (the step) or severity_word="p0" (what the source says)`},
		{`severity=""`, `severity_word="" (what the source says)`},
		{`severity=~"critical|page"`, `severity_word=~"critical|page" (what the source says)`},
		{`severity!~"P.*"`, `severity_word!~"P.*" (what the source says)`},
		{`severity="P0"`, ""},
		{`severity=~"critical|P0"`, ""},
		{`severity!="critical"`, ""},
		{`severity_word="critical"`, ""},
	} {
		t.Run(tc.matcher, func(t *testing.T) {
			bad, suggestion := SeverityMatcherUnsatisfiable(ms(t, tc.matcher)[0], testScale())
			require.Equal(t, tc.suggestion, suggestion)
			require.Equal(t, tc.suggestion != "", bad)
		})
	}
}
