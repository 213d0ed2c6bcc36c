package routing

import (
	"testing"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/stretchr/testify/require"
)

// FuzzCompile ensures that no matcher that the parser takes breaks the table, and that the
// prepared matcher says what the parsed one says.
func FuzzCompile(f *testing.F) {
	f.Add(`{a="x", severity=~"P0|P1"}`, "a", "x")
	f.Add(`a=~"x|y)|(?:z"`, "a", "z")
	f.Add(`a!~"[\x{FFFD}x]", b!=""`, "b", "\xff")
	f.Add(`a=~"(?i)K|\\Qa.b\\E"`, "a", "K")
	f.Fuzz(func(t *testing.T, text, name, value string) {
		matchers, err := parse.Matchers(text)
		if err != nil {
			return
		}
		a := Alert{Identity: "i", SeverityWord: value, Labels: map[string]string{name: value}}
		for _, m := range matchers { // the label that the matcher is about, too
			a.Labels[m.Name] = value
		}
		table, err := Compile(Spec{Scale: testScale(), Root: Route{Policy: "root", Routes: []Route{{Matchers: matchers, Policy: "child"}}}})
		if err != nil {
			return
		}
		severity, _ := testScale().FromWord(value)
		want := "root"
		if matchers.Matches(merged(a, severity)) {
			want = "child"
		}
		d := table.Route(a, testNow)
		require.Len(t, d, 1)
		require.Equal(t, want, d[0].Policy)
		require.NotContains(t, d[0].Reasons[1], "routing failed")
	})
}
