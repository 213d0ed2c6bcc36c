package routing

import (
	"testing"
	"time"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/stretchr/testify/require"
)

var testNow = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) // a Monday

func testScale() Scale {
	return Scale{Default: "P2", Levels: []Level{
		{Name: "P0", Words: []string{"critical", "page"}, Urgency: Urgent},
		{Name: "P1", Words: []string{"high", "error"}, Urgency: Urgent},
		{Name: "P2", Words: []string{"warning"}, Urgency: Normal},
		{Name: "P3", Words: []string{"info"}, Urgency: Low},
	}}
}

// ms parses matchers as the config does.
func ms(t testing.TB, texts ...string) labels.Matchers {
	t.Helper()
	var all labels.Matchers
	for _, text := range texts {
		m, err := parse.Matcher(text)
		require.NoError(t, err)
		all = append(all, m)
	}
	return all
}

func compile(t testing.TB, root Route, rules ...Rule) *Table {
	t.Helper()
	return compileSpec(t, Spec{Scale: testScale(), Root: root, Rules: rules})
}

func compileSpec(t testing.TB, spec Spec) *Table {
	t.Helper()
	table, err := Compile(spec)
	require.NoError(t, err)
	return table
}

func pairs(kv ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(kv); i += 2 {
		m[kv[i]] = kv[i+1]
	}
	return m
}

func alertWith(kv ...string) Alert {
	return Alert{Source: "alertmanager", Integration: "prometheus", Identity: "id-1", Status: Firing,
		Title: "Checkout errors", SeverityWord: "critical", Labels: pairs(kv...)}
}

func routes(ds []Decision) (paths []string) {
	for _, d := range ds {
		paths = append(paths, d.Route)
	}
	return paths
}

func dur(d time.Duration) *time.Duration { return &d }
