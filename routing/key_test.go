package routing

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func keyWith(policy string, groupBy []string, a Alert) DedupKey {
	v := viewOf(&a, "P0")
	return keyOf(policy, newGrouping(groupBy), &a, &v)
}

// Ensures that two alerts share a key exactly when they are the same trouble.
func TestKeySameTrouble(t *testing.T) {
	type change func(*Alert)
	label := func(name, value string) change { return func(a *Alert) { a.Labels[name] = value } }
	identity := func(s string) change { return func(a *Alert) { a.Identity = s } }
	group := func(s string) change { return func(a *Alert) { a.Group = s } }
	integration := func(s string) change { return func(a *Alert) { a.Integration = s } }
	cluster := []string{"alertname", "cluster"}
	for _, tc := range []struct {
		name    string
		groupBy []string
		a, b    []change
		same    bool
	}{
		{"group_by labels beat identity, group and integration", cluster, []change{label("cluster", "eu"), group("g")}, []change{label("cluster", "eu"), identity("2"), integration("i2")}, true},
		{"other value", cluster, []change{label("cluster", "eu")}, []change{label("cluster", "us")}, false},
		{"one carries more", cluster, []change{label("cluster", "eu")}, []change{label("cluster", "eu"), label("alertname", "A")}, false},
		{"value under another name", cluster, []change{label("cluster", "x")}, []change{label("alertname", "x")}, false},
		{"order of group_by is no matter", []string{"cluster", "alertname"}, []change{label("cluster", "x"), label("alertname", "y")}, []change{label("alertname", "y"), label("cluster", "x")}, true},
		{"empty is missing", cluster, []change{label("cluster", ""), identity("1")}, []change{label("alertname", ""), identity("2")}, false},
		{"source's group when no label is carried", cluster, []change{group("g"), identity("1")}, []change{group("g"), identity("2")}, true},
		{"group is scoped by integration", cluster, []change{group("g")}, []change{group("g"), integration("i2")}, false},
		{"no group_by: identity", nil, []change{identity("1"), label("x", "1")}, []change{identity("1"), label("x", "2")}, true},
		{"identity is scoped by integration", nil, []change{identity("1")}, []change{identity("1"), integration("i2")}, false},
		{"a group is no identity", nil, []change{group("x"), identity("")}, []change{identity("x")}, false},
		{"every label", []string{"..."}, []change{label("a", "1"), identity("1")}, []change{label("a", "1"), identity("2")}, true},
		{"every label, one more", []string{"..."}, []change{label("a", "1")}, []change{label("a", "1"), label("b", "1")}, false},
		{"every label without the severities", []string{"..."}, []change{label("a", "1"), label("severity", "x")}, []change{label("a", "1"), label("severity_word", "y")}, true},
		{"every label, but there is none", []string{"..."}, []change{identity("1"), label("severity", "x")}, []change{identity("2"), label("severity", "x")}, false},
		{"what all alerts have joins nothing", []string{"alertname", "severity", "source"}, []change{identity("1")}, []change{identity("2")}, false},
		{"but divides", []string{"alertname", "integration"}, []change{label("alertname", "A")}, []change{label("alertname", "A"), integration("i2")}, false},
		{"and joins when nothing else is named", []string{"integration"}, []change{identity("1")}, []change{identity("2")}, true},
		{"nothing at all: other title", nil, []change{identity(""), func(a *Alert) { a.Title = "x" }}, []change{identity("")}, false},
		{"nothing at all: other label", nil, []change{identity(""), label("a", "1")}, []change{identity(""), label("a", "2")}, false},
		{"nothing at all: label or link", nil, []change{identity(""), label("a", "1")}, []change{identity(""), func(a *Alert) { a.Links = []Link{{"a", "1"}} }}, false},
		{"nothing at all: exact copy that ends", nil, []change{identity("")}, []change{identity(""), func(a *Alert) { a.Status, a.EndsAt = Resolved, testNow }}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			build := func(changes []change) Alert {
				a := Alert{Source: "s", Integration: "i1", Identity: "id", Title: "T", StartsAt: testNow.Add(-time.Hour), Labels: map[string]string{}}
				for _, c := range changes {
					c(&a)
				}
				return a
			}
			a, b := keyWith("p", tc.groupBy, build(tc.a)), keyWith("p", tc.groupBy, build(tc.b))
			require.Equal(t, tc.same, a == b)
			require.Regexp(t, "^[0-9a-f]{32}$", string(a))
			require.NotEqual(t, a, keyWith("q", tc.groupBy, build(tc.a)), "the key is scoped by the policy")
		})
	}
}

// Ensures that no two label sets can be written so that they collide.
func TestKeyCannotCollideByConcatenation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringMatching(`[ab\x00\x01]{0,3}`)
		labels := rapid.MapOfN(part.Filter(func(s string) bool { return s != "" }), part, 0, 4)
		x, y := labels.Draw(t, "x"), labels.Draw(t, "y")
		carried := func(m map[string]string) map[string]string {
			out := map[string]string{}
			for k, v := range m {
				if v != "" {
					out[k] = v
				}
			}
			return out
		}
		kx := keyWith("p", []string{"..."}, Alert{Labels: x, Identity: "i"})
		ky := keyWith("p", []string{"..."}, Alert{Labels: y, Identity: "i"})
		require.Equal(t, maps.Equal(carried(x), carried(y)), kx == ky)
	})
}

// Ensures that keys stay what they are from one release to the next: stored incidents are
// found by them.
func TestKeyIsStable(t *testing.T) {
	a := Alert{Source: "s", Integration: "i", Identity: "id", Labels: pairs("alertname", "A", "cluster", "eu")}
	require.Equal(t, DedupKey("0f6308fc3f8ed2f79b57d4fa6b32c59b"), keyWith("p", []string{"cluster", "alertname"}, a))
	require.Equal(t, DedupKey("052367289ce19f821e3e89979e936bc8"), keyWith("p", nil, a))
}
