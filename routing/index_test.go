package routing

import (
	"fmt"
	"testing"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// scan is the tree as it is documented, without any index: Alertmanager's own matchers on
// a merged label set.
func scan(path string, r Route, set model.LabelSet) []string {
	var taken []string
	for i, child := range r.Routes {
		if !child.Matchers.Matches(set) {
			continue
		}
		taken = append(taken, scan(fmt.Sprintf("%s.routes[%d]", path, i), child, set)...)
		if !child.Continue {
			break
		}
	}
	if taken == nil {
		return []string{path}
	}
	return taken
}

func merged(a Alert, severity Severity) model.LabelSet {
	set := model.LabelSet{}
	for name, value := range a.Labels {
		set[model.LabelName(name)] = model.LabelValue(value)
	}
	set["severity"], set["severity_word"] = model.LabelValue(severity), model.LabelValue(a.SeverityWord)
	set["source"], set["integration"] = model.LabelValue(a.Source), model.LabelValue(a.Integration)
	return set
}

var (
	drawName  = rapid.SampledFrom([]string{"a", "b", "c", "d", "severity", "severity_word", "source"})
	drawValue = rapid.SampledFrom([]string{"", "x", "y", "z", "xy", "P0", "P2", "info"})
	drawRegex = rapid.SampledFrom([]string{"", "x", "x|y", "x|", "x.*", "P[0-2]", "(?i)X|y", "(x|y)z?", "[^x]", "x|y)|(?:z", "x+", "(?:)", ".*", "P0|P1|info", `\x{FFFD}`})
)

func drawMatchers(t *rapid.T) labels.Matchers {
	var all labels.Matchers
	for range rapid.IntRange(0, 3).Draw(t, "matchers") {
		op := labels.MatchType(rapid.IntRange(0, 3).Draw(t, "op"))
		value := drawValue.Draw(t, "value")
		if op >= labels.MatchRegexp {
			value = drawRegex.Draw(t, "expression")
		}
		m, err := labels.NewMatcher(op, drawName.Draw(t, "name"), value)
		require.NoError(t, err)
		all = append(all, m)
	}
	return all
}

func drawRoute(t *rapid.T, depth int) Route {
	r := Route{Matchers: drawMatchers(t), Continue: rapid.Bool().Draw(t, "continue"), Policy: fmt.Sprint("p", rapid.IntRange(0, 1<<30).Draw(t, "policy"))}
	if depth > 0 {
		for range rapid.IntRange(0, 5).Draw(t, "children") {
			r.Routes = append(r.Routes, drawRoute(t, depth-1))
		}
	}
	return r
}

// Ensures that the indexed tree takes every alert exactly as a plain scan with
// Alertmanager's matchers does, and classify rules likewise.
func TestIndexEqualsScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := drawRoute(t, 3)
		root.Matchers, root.Continue = nil, false
		rules := []Rule{}
		for range rapid.IntRange(0, 4).Draw(t, "rules") {
			rules = append(rules, Rule{Matchers: drawMatchers(t), Set: Severity(rapid.SampledFrom([]string{"P0", "P1", "P2"}).Draw(t, "set"))})
		}
		table, err := Compile(Spec{Scale: testScale(), Root: root, Rules: rules})
		require.NoError(t, err)
		for range 8 {
			a := Alert{Identity: "i", Labels: rapid.MapOfN(drawName, drawValue, 0, 6).Draw(t, "labels"),
				Source: drawValue.Draw(t, "source"), SeverityWord: drawValue.Draw(t, "word")}
			severity, _ := testScale().FromWord(a.SeverityWord)
			before := merged(a, severity)
			for _, rule := range rules {
				if rule.Matchers.Matches(before) {
					severity = rule.Set
					break
				}
			}
			v := viewOf(&a, severity)
			var taken []string
			for _, n := range table.root.match(&v, nil) {
				taken = append(taken, n.path)
			}
			require.Equal(t, scan("route", root, merged(a, severity)), taken)
			ds := table.Route(a, testNow)
			require.NotEmpty(t, ds)
			require.Equal(t, severity, ds[0].Severity)
		}
	})
}

// Ensures that siblings filed under more labels than an alert has are found as well, by the
// labels that every alert has too, and that those hide labels of the same name.
func TestIndexWithManyLabels(t *testing.T) {
	root := Route{Policy: "p", Routes: []Route{
		{Matchers: ms(t, `severity="P0"`), Continue: true},
		{Matchers: ms(t, `severity_word="critical"`), Continue: true},
		{Matchers: ms(t, `source="alertmanager"`), Continue: true},
		{Matchers: ms(t, `integration="prometheus"`), Continue: true},
		{Matchers: ms(t, `source="mine"`), Continue: true},
		{Matchers: ms(t, `source=~"alertmanager|mine"`), Continue: true},
	}}
	for i := range 20 {
		root.Routes = append(root.Routes, Route{Matchers: ms(t, fmt.Sprintf(`own%d="x"`, i)), Continue: true})
	}
	table := compile(t, root)
	for _, a := range []Alert{alertWith(), alertWith("own7", "x", "own3", "y"), alertWith("source", "mine")} {
		v := viewOf(&a, "P0")
		var taken []string
		for _, n := range table.root.match(&v, nil) {
			taken = append(taken, n.path)
		}
		require.Equal(t, scan("route", root, merged(a, "P0")), taken)
	}
}

// Ensures that an expression is only replaced by words when it means exactly these.
func TestWordsOf(t *testing.T) {
	for expression, want := range map[string][]string{
		"a|b|c":               {"a", "b", "c"},
		"Watchdog|Info":       {"Info", "Watchdog"},
		"P2|P3":               {"P2", "P3"},
		"(a|b)(c|d)?":         {"a", "ac", "ad", "b", "bc", "bd"},
		"a|":                  {"", "a"},
		"":                    {""},
		`a\.b|é`:              {"a.b", "é"},
		"a.b":                 nil,
		"(?i)a":               nil,
		"a*":                  nil,
		"a)|(?:b":             nil,
		"(?m)a$\n|b":          nil,
		`\x{FFFD}`:            nil,
		"[^a]":                nil,
		"[a-z][a-z]":          nil,
		"(":                   nil,
		`\bab`:                nil,
		"a{2}|b{1,2}":         nil,
		"(?:aa|ab)c|(?:aa|d)": {"aa", "aac", "abc", "d"},
	} {
		t.Run(expression, func(t *testing.T) {
			got := wordsOf(expression)
			require.Equal(t, want, got)
			for _, word := range got {
				require.Regexp(t, "^(?:"+expression+")$", word)
			}
		})
	}
}
