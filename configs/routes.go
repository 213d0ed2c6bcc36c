package configs

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/timeinterval"

	"tocsin/escalation"
	"tocsin/routing"
)

// routing reads the rules, the tree and the time intervals, and compiles the table.
func (r *reader) routing(book *escalation.Book) {
	spec := routing.Spec{Scale: r.scale, Intervals: map[string][]timeinterval.TimeInterval{}}
	for _, item := range r.items["time_intervals"] {
		if name, parts, ok := r.interval(item); ok {
			spec.Intervals[name] = parts
		}
	}
	for name := range r.names["time_intervals"] { // also those with a fault, so that it is told of once
		if _, ok := spec.Intervals[name]; !ok {
			spec.Intervals[name] = nil
		}
	}
	for _, item := range r.items["classify"] {
		spec.Rules = append(spec.Rules, r.classifyRule(item))
	}
	root, ok := r.sections["route"]
	if !ok {
		r.fail(r.first, "route is missing; add route with a policy, so that nothing is unrouted")
		return
	}
	spec.Root = r.route(root)
	if policy, ok := root.peek("policy"); root.kind() == "a mapping" && !ok {
		at := root
		if policy.y != nil {
			at = policy
		}
		r.fail(at, "the root route names no policy; name one, so that nothing is unrouted")
	}
	if spec.Root.Policy == "" {
		spec.Root.Policy = "unknown" // told of above
	}
	table, err := routing.Compile(spec)
	r.refuseRouting(err)
	book.Table, book.RootPolicy = table, spec.Root.Policy
}

// refuseRouting notes what the compiler found, at the places that its paths stand for.
func (r *reader) refuseRouting(err error) {
	if err == nil {
		return
	}
	faults := []error{err}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		faults = joined.Unwrap()
	}
	for _, fault := range faults {
		var at *routing.PathError
		if !errors.As(fault, &at) {
			r.fail(r.section("route"), "%v", fault)
			continue
		}
		n, ok := r.places[at.Path]
		if !ok {
			n = r.section("route")
		}
		r.fail(n, "%v", at.Err)
	}
}

// classifyRule reads one rule of classify.
func (r *reader) classifyRule(item node) (rule routing.Rule) {
	f, ok := r.mapping(item, "name", "matchers", "set", "raise_to", "lower_to", "suppress", "drop")
	if !ok {
		return routing.Rule{Set: r.scale.Default}
	}
	rule = routing.Rule{Name: f.text("name"), Matchers: r.matchers(f), Suppress: f.flag("suppress"), Drop: f.flag("drop")}
	if set, ok := f.get("set"); ok {
		rule.Set = r.setSeverity(set)
	}
	for key, into := range map[string]*routing.Severity{"raise_to": &rule.RaiseTo, "lower_to": &rule.LowerTo} {
		if n, ok := f.get(key); ok {
			if *into, ok = r.changeTo(n); !ok {
				*into = r.scale.Default // told of above; the rule keeps its meaning
			}
		}
	}
	return rule
}

// changeTo reads what set, raise_to and lower_to take: P1 or { severity: P1 }.
func (r *reader) changeTo(n node) (routing.Severity, bool) {
	if n.kind() != "a mapping" {
		return r.severity(n)
	}
	f, _ := r.mapping(n, "severity")
	if s, ok := f.need("severity"); ok {
		return r.severity(s)
	}
	return "", false
}

func (r *reader) setSeverity(n node) routing.Severity {
	if s, ok := r.changeTo(n); ok {
		return s
	}
	return r.scale.Default
}

// noAlert stands for a matcher that could not be read.
var noAlert = labels.Matcher{Type: labels.MatchEqual, Name: "never", Value: "matches"}

// matcherColumn finds the place in the words of a syntax error of a matcher.
var matcherColumn = regexp.MustCompile(`^(\d+):\d+: `)

// matchers reads a list in the syntax of Alertmanager
// (https://prometheus.io/docs/alerting/latest/configuration/#matcher).
func (r *reader) matchers(f fields) (all labels.Matchers) {
	for _, n := range f.list("matchers") {
		s, ok := r.text(n)
		if !ok {
			all = append(all, &noAlert)
			continue
		}
		ms, err := parse.Matchers(s)
		if err != nil {
			r.badMatcher(n, s, err)
			ms = labels.Matchers{&noAlert}
		}
		for _, m := range ms {
			if bad, instead := routing.SeverityMatcherUnsatisfiable(m, r.scale); bad {
				r.fail(n, "%s matches no step of the scale (%s); write %s", m, strings.Join(r.steps(), ", "), instead)
			}
		}
		all = append(all, ms...)
	}
	return all
}

func (r *reader) badMatcher(n node, s string, err error) {
	text := err.Error()
	if m := matcherColumn.FindStringSubmatch(text); m != nil {
		text = text[len(m[0]):]
		at := *n.y
		offset, _ := strconv.Atoi(m[1])
		if !strings.Contains(s, "\n") {
			at.Column += offset
		}
		if n.y.Style != 0 {
			at.Column++ // the quotation mark
		}
		n.y = &at
	}
	r.fail(n, "%s is no matcher: %s; write for example team=\"payments\" or severity_word=~\"critical|page\"", strconv.Quote(s), text)
}

// route reads a node of the tree and those below it.
func (r *reader) route(n node) (route routing.Route) {
	f, ok := r.mapping(n, "matchers", "policy", "group_by", "continue", "hold", "reopen_within",
		"mute_time_intervals", "active_time_intervals", "routes")
	if !ok {
		return route
	}
	route.Matchers = r.matchers(f)
	if p, ok := f.get("policy"); ok {
		if name, ok := r.refer(p, "policies"); ok {
			route.Policy = name
		}
	}
	if g, ok := f.get("group_by"); ok {
		route.GroupBy = append([]string{}, r.texts(r.list(g))...) // empty is not the same as absent
	}
	route.Continue = f.flag("continue")
	for key, into := range map[string]**time.Duration{"hold": &route.Hold, "reopen_within": &route.ReopenWithin} {
		if d, ok := f.get(key); ok {
			if v, ok := r.durationOrZero(d); ok {
				*into = &v
			}
		}
	}
	for key, into := range map[string]*[]string{"mute_time_intervals": &route.MuteTimeIntervals, "active_time_intervals": &route.ActiveTimeIntervals} {
		for _, i := range f.list(key) {
			if name, ok := r.refer(i, "time_intervals"); ok {
				*into = append(*into, name)
			}
		}
	}
	for _, child := range f.list("routes") {
		route.Routes = append(route.Routes, r.route(child))
	}
	return route
}

// reachable warns of what is defined and never used.
func (r *reader) reachable(book *escalation.Book) {
	if book.Table == nil {
		return
	}
	used := book.Table.Policies()
	for name, n := range r.names["policies"] {
		if !slices.Contains(used, name) {
			r.warn(n, "no route leads to policy %q", name)
		}
	}
}
