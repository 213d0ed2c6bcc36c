package routing

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/stretchr/testify/require"
)

// Ensures that the tree takes alerts as Alertmanager's does: children before the node,
// the deepest match, the first sibling unless it continues.
func TestRouteTree(t *testing.T) {
	root := Route{Policy: "platform", Routes: []Route{
		{Matchers: ms(t, `team="payments"`), Policy: "payments", Routes: []Route{
			{Matchers: ms(t, `tier=~"gold|silver"`), Policy: "vip"},
			{Matchers: ms(t, `env!="prod"`)},
		}},
		{Matchers: ms(t, `audit="yes"`), Policy: "audit", Continue: true},
		{Matchers: ms(t, `severity=~"P[01]"`, `service=""`), Policy: "urgent"},
		{Matchers: ms(t, `kind=~"db.*"`), Policy: "db", Continue: true},
		{Matchers: ms(t, `kind!~"db.*|web"`), Policy: "other"},
	}}
	table := compile(t, root)
	for _, tc := range []struct {
		name   string
		labels []string
		want   []string
	}{
		{"deepest child", []string{"team", "payments", "tier", "gold", "env", "test"}, []string{"route.routes[0].routes[0]"}},
		{"missing label is not prod", []string{"team", "payments"}, []string{"route.routes[0].routes[1]"}},
		{"no child takes it", []string{"team", "payments", "env", "prod"}, []string{"route.routes[0]"}},
		{"continue and the next", []string{"audit", "yes"}, []string{"route.routes[1]", "route.routes[2]"}},
		{"continue past the first that stops", []string{"audit", "yes", "service", "s", "kind", "db1"}, []string{"route.routes[1]", "route.routes[3]"}},
		{"continue with nothing after it", []string{"service", "s", "kind", "dba"}, []string{"route.routes[3]"}},
		{"negative expression", []string{"service", "s", "kind", "job"}, []string{"route.routes[4]"}},
		{"nobody takes it", []string{"service", "s", "kind", "web"}, []string{"route"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.want, routes(table.Route(alertWith(tc.labels...), testNow)))
		})
	}
}

// Ensures that policy, group_by, hold and reopen_within come from the nearest route above
// that names them, and that time intervals do not.
func TestInheritance(t *testing.T) {
	intervals := map[string][]timeinterval.TimeInterval{"always": {{}}}
	table := compileSpec(t, Spec{Scale: testScale(), Intervals: intervals, Root: Route{
		Policy: "platform", GroupBy: []string{"alertname"}, ReopenWithin: dur(time.Hour),
		Routes: []Route{{
			Matchers: ms(t, `a="1"`), Hold: dur(time.Minute), MuteTimeIntervals: []string{"always"},
			Routes: []Route{{Matchers: ms(t, `b="1"`), Policy: "leaf", ReopenWithin: dur(0), GroupBy: []string{}}},
		}},
	}})
	var seen []Route
	table.Walk(func(path string, r Route) {
		r.Matchers = nil
		seen = append(seen, r)
	})
	require.Equal(t, []Route{
		{Policy: "platform", GroupBy: []string{"alertname"}, Hold: dur(0), ReopenWithin: dur(time.Hour)},
		{Policy: "platform", GroupBy: []string{"alertname"}, Hold: dur(time.Minute), ReopenWithin: dur(time.Hour), MuteTimeIntervals: []string{"always"}},
		{Policy: "leaf", GroupBy: []string{}, Hold: dur(time.Minute), ReopenWithin: dur(0)},
	}, seen)
	require.Equal(t, []string{"platform", "leaf"}, table.Policies())

	middle := table.Route(alertWith("a", "1"), testNow)[0]
	require.Equal(t, `muted by time interval "always"`, middle.Muted)
	require.True(t, middle.Quiet())
	leaf := table.Route(alertWith("a", "1", "b", "1"), testNow)[0]
	require.Empty(t, leaf.Muted, "a child is judged by its own lists only")
	require.Equal(t, time.Minute, leaf.Hold)

	plain := compile(t, Route{Policy: "p"}).Route(alertWith(), testNow)[0]
	require.Equal(t, DefaultReopenWithin, plain.ReopenWithin)
	require.Zero(t, plain.Hold)
}

// Ensures that a decision tells in words why it has this severity and this policy.
func TestReasons(t *testing.T) {
	table := compile(t, Route{Policy: "platform", Routes: []Route{{Matchers: ms(t, `severity="P0"`), Policy: "payments"}}},
		Rule{Name: "payments are always P0", Matchers: ms(t, `team="payments"`), Set: "P0"})
	a := alertWith("team", "payments")
	a.SeverityWord = "blah"
	d := table.Route(a, testNow)[0]
	require.Equal(t, Severity("P0"), d.Severity)
	require.Equal(t, []string{
		`unknown severity word "blah": default P2`,
		`rule "payments are always P0": P0`,
		`route.routes[0] {severity="P0"}: policy "payments"`,
	}, d.Reasons)
}

// Ensures that decisions of one alert never share memory, so that a caller may append to one.
func TestDecisionsShareNothing(t *testing.T) {
	table := compile(t, Route{Policy: "p", Routes: []Route{{Policy: "a", Continue: true}, {Policy: "b"}}})
	ds := table.Route(alertWith(), testNow)
	require.Len(t, ds, 2)
	_ = append(ds[0].Reasons, "mine")
	ds[0].Reasons[0] = "changed"
	require.Equal(t, []string{`severity word "critical" is P0`, `route.routes[1]: policy "b"`}, ds[1].Reasons)
}

// Ensures that two routes to one incident give one decision, and that the one that pages
// sooner stands: a muted or held route cannot silence another.
func TestEqualDecisionsJoin(t *testing.T) {
	intervals := map[string][]timeinterval.TimeInterval{"always": {{}}}
	muted := Route{Policy: "same", MuteTimeIntervals: []string{"always"}, Continue: true}
	held := Route{Policy: "same", Hold: dur(time.Hour), Continue: true}
	loud := Route{Policy: "same", Continue: true}
	other := Route{Policy: "other", Continue: true}
	for _, tc := range []struct {
		name     string
		children []Route
		want     []string
	}{
		{"loud after muted and held", []Route{muted, held, loud, other}, []string{"route.routes[2]", "route.routes[3]"}},
		{"held beats muted", []Route{held, muted}, []string{"route.routes[0]"}},
		{"first of equals", []Route{loud, loud}, []string{"route.routes[0]"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table := compileSpec(t, Spec{Scale: testScale(), Intervals: intervals, Root: Route{Policy: "p", Routes: tc.children}})
			ds := table.Route(alertWith("a", "1"), testNow)
			require.Equal(t, tc.want, routes(ds))
			require.Contains(t, strings.Join(ds[0].Reasons, "\n"), "matches too, with the same policy and key")
		})
	}
}

// Ensures that a dropped alert has one decision that reaches no policy, and that a
// suppressed one keeps its routes.
func TestDropAndSuppress(t *testing.T) {
	root := Route{Policy: "p", Routes: []Route{{Policy: "a", Continue: true}, {Policy: "b"}}}
	table := compile(t, root,
		Rule{Matchers: ms(t, `noise="1"`), Drop: true},
		Rule{Name: "watchdog", Matchers: ms(t, `alertname="Watchdog"`), Suppress: true})

	ds := table.Route(alertWith("noise", "1"), testNow)
	require.Equal(t, []Decision{{Severity: "P0", Dropped: "classify[0]",
		Reasons: []string{`severity word "critical" is P0`, `rule "classify[0]": dropped`}}}, ds)

	ds = table.Route(alertWith("alertname", "Watchdog"), testNow)
	require.Len(t, ds, 2)
	require.Equal(t, "watchdog", ds[1].Suppressed)
	require.Equal(t, "b", ds[1].Policy)
}

// Ensures that Compile reports every fault at once, each with its place and what to do.
func TestCompileErrors(t *testing.T) {
	badRegexp := &labels.Matcher{Type: labels.MatchRegexp, Name: "a", Value: "("}
	_, err := Compile(Spec{
		Scale: Scale{Levels: []Level{{Name: "P0"}}, Default: "P9"},
		Rules: []Rule{{Matchers: ms(t, `a="1"`)}, {Set: "P7", RaiseTo: "P0"}, {Drop: true, Suppress: true}},
		Root: Route{
			Matchers: ms(t, `a="1"`), Continue: true, MuteTimeIntervals: []string{"void"},
			Routes: []Route{{
				Matchers: labels.Matchers{badRegexp}, GroupBy: []string{"a", "a"}, Hold: dur(-1),
				Routes: []Route{{ActiveTimeIntervals: []string{"ofice"}, GroupBy: []string{"...", "a"}, Matchers: labels.Matchers{nil}}},
			}},
		},
		Intervals: map[string][]timeinterval.TimeInterval{"void": {{Location: &timeinterval.Location{}}}},
	})
	for _, want := range []string{
		`default_severity: "P9" is no step`,
		`time_intervals["void"]: the location is empty`,
		"classify[0]: the rule does nothing",
		`classify[1]: severity "P7" is no step of the scale; use one of P0`,
		"classify[1]: set only one of set, raise_to and lower_to",
		"classify[2]: set only one of suppress and drop",
		"classify[2]: the rule would silence every alert",
		"route: the root names no policy",
		"route: the root has matchers",
		"route: the root has continue",
		"route: the root has time intervals",
		"route.routes[0]: matcher a=~",
		`route.routes[0]: group_by names "a" twice`,
		"route.routes[0]: hold -1ns is negative",
		`route.routes[0].routes[0]: time interval "ofice" is not defined`,
		"route.routes[0].routes[0]: group_by has '...' beside other labels",
		"route.routes[0].routes[0]: matcher 0 is not one of",
	} {
		require.ErrorContains(t, err, want)
	}
	var path *PathError
	require.ErrorAs(t, err, &path)
	require.Equal(t, "default_severity", path.Path)
}

// Ensures that an alert is never lost to a fault of routing itself: the root policy gets
// it, loud, with a key of its own and the reason.
func TestRouteFailsOpen(t *testing.T) {
	table := compile(t, Route{Policy: "platform", Hold: dur(time.Hour), Routes: []Route{{Policy: "a"}}})
	table.root.children = nil // the index still points at a child
	a := alertWith()
	ds := table.Route(a, testNow)
	require.Len(t, ds, 1)
	require.Equal(t, "platform", ds[0].Policy)
	require.Equal(t, Severity("P0"), ds[0].Severity)
	require.False(t, ds[0].Quiet())
	require.Contains(t, ds[0].Reasons[1], "routing failed")
	a.Identity = "id-2"
	require.NotEqual(t, ds[0].Key, table.Route(a, testNow)[0].Key)

	var none *Table
	require.Len(t, none.Route(a, testNow), 1)
}

// Ensures that a table does not change when its spec does.
func TestTableKeepsItsOwnCopy(t *testing.T) {
	matchers, groupBy := ms(t, `a="1"`), []string{"a"}
	scale := testScale()
	spec := Spec{Scale: scale, Root: Route{Policy: "p", Routes: []Route{{Matchers: matchers, Policy: "q", GroupBy: groupBy}}}}
	table := compileSpec(t, spec)
	before := table.Route(alertWith("a", "1"), testNow)
	matchers[0].Value, groupBy[0] = "2", "b"
	spec.Root.Routes[0].Policy = "changed"
	scale.Levels[0].Words[0] = "changed"
	require.Equal(t, before, table.Route(alertWith("a", "1"), testNow))
}
