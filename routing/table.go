package routing

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"
)

// Spec is everything that routing is configured with.
type Spec struct {
	Scale     Scale
	Rules     []Rule
	Root      Route
	Intervals map[string][]timeinterval.TimeInterval
}

// Table routes alerts. It never changes after [Compile] and is safe for concurrent use.
type Table struct {
	root       *node
	classifier *classifier
	intervals  Intervals
}

// Compile checks and prepares a spec. The error joins a [PathError] for every fault found.
// Whether the policies exist is for the caller to check, with [Table.Policies].
func Compile(spec Spec) (*Table, error) {
	t := &Table{intervals: maps.Clone(spec.Intervals)}
	p := &planter{intervals: t.intervals}
	p.checkScale(spec.Scale)
	p.checkIntervals()

	var errs []error
	t.classifier, errs = newClassifier(cloneScale(spec.Scale), spec.Rules)
	p.errs = append(p.errs, errs...)

	p.checkRoot(spec.Root)
	hold, reopen := time.Duration(0), DefaultReopenWithin
	t.root = p.plant("route", spec.Root, Route{Hold: &hold, ReopenWithin: &reopen})
	if len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	return t, nil
}

func cloneScale(scale Scale) Scale {
	scale.Levels = slices.Clone(scale.Levels)
	for i := range scale.Levels {
		scale.Levels[i].Words = slices.Clone(scale.Levels[i].Words)
	}
	return scale
}

func (p *planter) checkScale(scale Scale) {
	if len(scale.Levels) == 0 {
		p.fault("severities", "the scale has no step; name at least one")
	}
	if !scale.Has(scale.Default) {
		p.fault("default_severity", "%q is no step of the scale; use one of %s", scale.Default, scale.names())
	}
}

func (p *planter) checkIntervals() {
	for _, name := range slices.Sorted(maps.Keys(p.intervals)) {
		for _, part := range p.intervals[name] {
			if part.Location != nil && part.Location.Location == nil {
				p.fault(fmt.Sprintf("time_intervals[%q]", name), "the location is empty; name a time zone or leave it out")
			}
		}
	}
}

// Route decides what becomes of an alert at now. There is always at least one decision,
// and no two have the same policy and key. A dropped alert has exactly one, with neither
// policy nor key. When anything unforeseen happens the root policy gets the alert,
// unmuted, and the reasons say so.
func (t *Table) Route(a Alert, now time.Time) (decisions []Decision) {
	defer func() {
		if fault := recover(); fault != nil {
			decisions = []Decision{t.failOpen(&a, fmt.Sprint(fault))}
		}
	}()
	found := t.classifier.classify(&a)
	if found.dropped != "" {
		return []Decision{{Severity: found.severity, Reasons: found.reasons, Dropped: found.dropped}}
	}
	v := viewOf(&a, found.severity)
	var room [4]*node
	for _, n := range t.root.match(&v, room[:0]) {
		decisions = join(decisions, t.decide(n, &a, &v, found, now))
	}
	return decisions
}

func (t *Table) decide(n *node, a *Alert, v *view, found verdict, now time.Time) Decision {
	d := Decision{
		Policy:       n.route.Policy,
		Key:          keyOf(n.route.Policy, n.group, a, v),
		Severity:     found.severity,
		Route:        n.path,
		Reasons:      append(found.reasons[:len(found.reasons):len(found.reasons)], n.reason),
		Hold:         *n.route.Hold,
		ReopenWithin: *n.route.ReopenWithin,
		Suppressed:   found.suppress,
	}
	d.Muted, d.MutedUntil = t.intervals.Muted(n.route.MuteTimeIntervals, n.route.ActiveTimeIntervals, now)
	if d.Muted != "" {
		d.Reasons = append(d.Reasons, n.path+": "+d.Muted)
	}
	return d
}

// join adds a decision. One that has the policy and key of an earlier one is the same
// incident: the one that pages sooner stands, so that a muted route cannot silence
// another, and its reasons tell of the other.
func join(decisions []Decision, d Decision) []Decision {
	for i := range decisions {
		earlier := &decisions[i]
		if earlier.Policy != d.Policy || earlier.Key != d.Key {
			continue
		}
		kept, other := *earlier, d
		if sooner(d, *earlier) {
			kept, other = d, *earlier
		}
		kept.Reasons = append(slices.Clone(kept.Reasons), other.Route+" matches too, with the same policy and key")
		*earlier = kept
		return decisions
	}
	return append(decisions, d)
}

// sooner says whether a pages before b.
func sooner(a, b Decision) bool {
	if aMuted, bMuted := a.Muted != "", b.Muted != ""; aMuted != bMuted {
		return bMuted
	}
	if !a.MutedUntil.Equal(b.MutedUntil) {
		return a.MutedUntil.Before(b.MutedUntil)
	}
	return a.Hold < b.Hold
}

// failOpen is the decision when routing itself broke. It uses as little as it can.
func (t *Table) failOpen(a *Alert, fault string) Decision {
	d := Decision{
		Route:        "route",
		Reasons:      []string{"routing failed (" + fault + "): the root policy gets the alert"},
		ReopenWithin: DefaultReopenWithin,
	}
	if t != nil && t.classifier != nil {
		var reason string
		d.Severity, reason = t.classifier.fromWord(a.SeverityWord)
		d.Reasons = append([]string{reason}, d.Reasons...)
	}
	if t != nil && t.root != nil {
		d.Policy, d.ReopenWithin = t.root.route.Policy, *t.root.route.ReopenWithin
	}
	v := viewOf(a, d.Severity)
	d.Key = keyOf(d.Policy, grouping{}, a, &v)
	return d
}

// Policies lists the policies that routes lead to, each once, in the order of the tree.
func (t *Table) Policies() []string {
	var policies []string
	seen := map[string]bool{}
	t.Walk(func(_ string, r Route) {
		if !seen[r.Policy] {
			seen[r.Policy] = true
			policies = append(policies, r.Policy)
		}
	})
	return policies
}

// Walk visits every route, parents before their children, with what it inherits filled
// in and Routes empty. The lists are the table's own: do not change them.
func (t *Table) Walk(visit func(path string, r Route)) { t.root.walk(visit) }

func (n *node) walk(visit func(path string, r Route)) {
	visit(n.path, n.route)
	for _, child := range n.children {
		child.walk(visit)
	}
}
