package routing

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
)

// DefaultReopenWithin is used when neither a route nor any route above it names one.
const DefaultReopenWithin = 10 * time.Minute

// Route is a node of the routing tree, with Alertmanager's meaning: an alert enters at the
// root; the children are tried in order and the first that matches takes it, unless it has
// Continue, after which its later siblings are tried too; a node whose children take
// nothing takes the alert itself. Matchers see what those of a [Rule] see, but here
// `severity` is the step after the rules.
type Route struct {
	Matchers labels.Matchers // all must match; empty matches everything; the root has none
	Policy   string          // inherited when empty; the root must name one
	// GroupBy are the labels that make alerts the same trouble. nil inherits, an empty list
	// goes back to the source's own grouping, [GroupByAll] alone means every label.
	GroupBy  []string
	Continue bool

	Hold         *time.Duration // nil inherits; 0 at the root
	ReopenWithin *time.Duration // nil inherits; [DefaultReopenWithin] at the root

	// As in Alertmanager these are not inherited, and the root has none: a child that takes
	// an alert is judged by its own lists only.
	MuteTimeIntervals   []string
	ActiveTimeIntervals []string

	Routes []Route
}

// node is a prepared route.
type node struct {
	path     string
	route    Route // with everything inherited filled in
	conds    conditions
	group    grouping
	children []*node
	index    *index // of children
	reason   string
}

// match appends the nodes below n that take the alert, or n itself.
func (n *node) match(v *view, taken []*node) []*node {
	if n.index == nil {
		return append(taken, n)
	}
	before := len(taken)
	var room [8][]int32
	lists := n.index.candidates(v, room[:0])
	for i := pop(lists); i >= 0; i = pop(lists) {
		child := n.children[i]
		if !child.conds.match(v) {
			continue
		}
		taken = child.match(v, taken)
		if !child.route.Continue {
			break
		}
	}
	if len(taken) == before {
		taken = append(taken, n)
	}
	return taken
}

// PathError is one fault of a [Spec]. Path says where: "route.routes[1]", "classify[0]".
type PathError struct {
	Path string
	Err  error
}

func (e *PathError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns the fault itself.
func (e *PathError) Unwrap() error { return e.Err }

// planter builds nodes from routes and gathers the faults.
type planter struct {
	intervals Intervals
	errs      []error
}

func (p *planter) fault(path, format string, args ...any) {
	p.errs = append(p.errs, &PathError{Path: path, Err: fmt.Errorf(format, args...)})
}

// plant builds the node of r and those below it. above holds what r inherits.
func (p *planter) plant(path string, r, above Route) *node {
	n := &node{path: path, route: inherit(r, above)}
	var err error
	if n.conds, err = compileMatchers(r.Matchers); err != nil {
		p.fault(path, "%w", err)
	}
	if err := checkGroupBy(r.GroupBy); err != nil {
		p.fault(path, "%w", err)
	}
	p.checkTimes(path, r)
	n.group = newGrouping(n.route.GroupBy)
	n.reason = path + ": policy " + strconv.Quote(n.route.Policy)
	if len(r.Matchers) > 0 && err == nil {
		n.reason = path + " " + r.Matchers.String() + ": policy " + strconv.Quote(n.route.Policy)
	}
	siblings := make([]conditions, len(r.Routes))
	for i, child := range r.Routes {
		planted := p.plant(path+".routes["+strconv.Itoa(i)+"]", child, n.route)
		n.children = append(n.children, planted)
		siblings[i] = planted.conds
	}
	if len(siblings) > 0 {
		n.index = newIndex(siblings)
	}
	return n
}

// inherit fills in what r leaves open. It shares no list with r.
func inherit(r, above Route) Route {
	if r.Policy == "" {
		r.Policy = above.Policy
	}
	if r.GroupBy == nil {
		r.GroupBy = above.GroupBy
	}
	if r.Hold == nil {
		r.Hold = above.Hold
	}
	if r.ReopenWithin == nil {
		r.ReopenWithin = above.ReopenWithin
	}
	hold, reopen := *r.Hold, *r.ReopenWithin
	r.Hold, r.ReopenWithin = &hold, &reopen
	r.Matchers = slices.Clone(r.Matchers)
	r.GroupBy = slices.Clone(r.GroupBy)
	r.MuteTimeIntervals = slices.Clone(r.MuteTimeIntervals)
	r.ActiveTimeIntervals = slices.Clone(r.ActiveTimeIntervals)
	r.Routes = nil // Walk reaches them
	return r
}

func (p *planter) checkTimes(path string, r Route) {
	if r.Hold != nil && *r.Hold < 0 {
		p.fault(path, "hold %s is negative; use 0 or more", *r.Hold)
	}
	if r.ReopenWithin != nil && *r.ReopenWithin < 0 {
		p.fault(path, "reopen_within %s is negative; use 0 or more", *r.ReopenWithin)
	}
	for _, name := range slices.Concat(r.MuteTimeIntervals, r.ActiveTimeIntervals) {
		if _, known := p.intervals[name]; !known {
			p.fault(path, "time interval %q is not defined; add it to time_intervals", name)
		}
	}
}

func checkGroupBy(names []string) error {
	seen := map[string]bool{}
	for _, name := range names {
		switch {
		case name == "":
			return errors.New("group_by has an empty label name")
		case name == GroupByAll && len(names) > 1:
			return errors.New("group_by has '...' beside other labels; '...' already means every label")
		case seen[name]:
			return fmt.Errorf("group_by names %q twice", name)
		}
		seen[name] = true
	}
	return nil
}

// checkRoot refuses a root that could leave an alert unrouted.
func (p *planter) checkRoot(root Route) {
	const path = "route"
	if root.Policy == "" {
		p.fault(path, "the root names no policy; name one, so that nothing is unrouted")
	}
	if len(root.Matchers) > 0 {
		p.fault(path, "the root has matchers; move them to a route below, the root takes every alert")
	}
	if root.Continue {
		p.fault(path, "the root has continue; remove it, the root has no siblings")
	}
	if len(root.MuteTimeIntervals) > 0 || len(root.ActiveTimeIntervals) > 0 {
		p.fault(path, "the root has time intervals; move them to a route below, the root is never muted")
	}
}
