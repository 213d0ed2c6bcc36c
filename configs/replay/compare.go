package replay

import (
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/configs"
	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/routing"
)

// Comparison plays one history through two configurations. Make one with [NewComparison], Add
// the intake log oldest first, in pages of any size, and ask for the Report at the end.
type Comparison struct {
	o        escalation.ReplayOptions
	old, new *side
	alerts   map[uint64]bool // digests of those that were counted
	policies moves
	levels   moves
	report   Report
}

// side is one configuration and what it led to.
type side struct {
	config   *configs.Config
	replayer *escalation.Replayer
	people   map[string]int
	tiers    map[Tier]int
	levels   map[string]int
	skipped  Skipped
}

// pageful bounds how many deliveries are decoded ahead.
const pageful = 1000

// steps bounds each side of a comparison: some minutes of work.
const steps = 20_000_000

// fallbacks is how often in a row the fallback is paged where nobody answers: as in a
// simulation, for from then on it only repeats.
const fallbacks = 2

// NewComparison starts a comparison. When nobody acknowledges (AckAfter is 0) the fallback of
// an incident is paged twice in a row, unless o says otherwise. Each is not used.
func NewComparison(before, after *configs.Config, o escalation.ReplayOptions) *Comparison {
	if o.AckAfter <= 0 && o.Fallbacks == 0 {
		o.Fallbacks = fallbacks
	}
	if o.Steps <= 0 {
		o.Steps = steps
	}
	return &Comparison{o: o, old: newSide(before, o), new: newSide(after, o), alerts: map[uint64]bool{}, policies: moves{}, levels: moves{}}
}

func newSide(c *configs.Config, o escalation.ReplayOptions) *side {
	s := &side{config: c, people: map[string]int{}, tiers: map[Tier]int{}, levels: map[string]int{}}
	o.Each = func(p escalation.ReplayedPage) {
		s.people[p.User]++
		s.tiers[Tier{p.Policy, p.SimulatedPage.Tier}]++
		s.levels[string(p.Severity)]++
	}
	s.replayer = escalation.NewReplayer(c.Book(), o)
	return s
}

// Add takes the next entries of the log.
func (c *Comparison) Add(intakes []store.Intake) {
	for page := range slices.Chunk(intakes, pageful) {
		before, after := make([]escalation.Delivery, len(page)), make([]escalation.Delivery, len(page))
		for i := range page {
			before[i], after[i] = c.decode(&page[i])
			c.compare(before[i], after[i])
		}
		c.span(page)
		var playing sync.WaitGroup
		playing.Go(func() { c.old.play(before) })
		playing.Go(func() { c.new.play(after) })
		playing.Wait()
	}
}

// decode returns the delivery as either side understands it; one without an integration was
// skipped. What both read with the same source is decoded once.
func (c *Comparison) decode(in *store.Intake) (before, after escalation.Delivery) {
	before, why := decode(c.old.config, in)
	if why != "" {
		c.old.skipped.add(why)
		before = escalation.Delivery{At: in.At}
	}
	a, okA := c.old.config.Integration(in.Integration)
	b, okB := c.new.config.Integration(in.Integration)
	if okA && okB && a.Source.Name == b.Source.Name {
		if why != "" {
			c.new.skipped.add(why)
		}
		return before, before
	}
	if after, why = decode(c.new.config, in); why != "" {
		c.new.skipped.add(why)
		after = escalation.Delivery{At: in.At}
	}
	return before, after
}

func (c *Comparison) span(page []store.Intake) {
	if c.report.Deliveries == 0 {
		c.report.From = page[0].At
	}
	c.report.Deliveries += len(page)
	c.report.To = page[len(page)-1].At
}

// play hands on deliveries; where one was skipped, time goes on all the same.
func (s *side) play(deliveries []escalation.Delivery) {
	for _, d := range deliveries {
		if d.Integration == "" {
			s.replayer.Pass(d.At)
			continue
		}
		s.replayer.Deliver(d)
	}
}

// compare notes where the alerts of a delivery go, and went. An alert counts once, however
// often it was repeated.
func (c *Comparison) compare(before, after escalation.Delivery) {
	if !c.o.Until.IsZero() && before.At.After(c.o.Until) {
		return // it is not played either
	}
	if sameBatch(before, after) {
		for _, a := range firing(before) {
			if c.first(a) {
				c.count(a, c.old.judge(a, before.At), c.new.judge(a, before.At))
			}
		}
		return
	}
	is := map[string]routing.Alert{}
	for _, a := range firing(after) {
		is[a.Identity] = a
	}
	for _, a := range firing(before) {
		b, taken := is[a.Identity]
		delete(is, a.Identity)
		switch {
		case !c.first(a):
		case taken:
			c.count(a, c.old.judge(a, before.At), c.new.judge(b, before.At))
		default:
			c.count(a, c.old.judge(a, before.At), verdict{policy: notTaken})
		}
	}
	for _, a := range firing(after) {
		if _, only := is[a.Identity]; only && c.first(a) {
			c.count(a, verdict{policy: notTaken}, c.new.judge(a, before.At))
		}
	}
}

// sameBatch says that both sides read the same, with the same source.
func sameBatch(a, b escalation.Delivery) bool {
	x, y := a.Batch.Alerts, b.Batch.Alerts
	return a.Integration == b.Integration && len(x) == len(y) && (len(x) == 0 || &x[0] == &y[0])
}

func firing(d escalation.Delivery) (alerts []routing.Alert) {
	for _, a := range d.Batch.Alerts {
		if a.Status == routing.Firing {
			a.Integration = d.Integration
			alerts = append(alerts, a)
		}
	}
	return alerts
}

// verdict is where an alert goes, in words.
type verdict struct{ policy, severity string }

// notTaken is where alerts go in a configuration that cannot decode them: they have no severity.
const notTaken = "not taken"

func (s *side) judge(a routing.Alert, at time.Time) (v verdict) {
	var policies []string
	for _, d := range s.config.Book().Table.Route(a, at) {
		name := d.Policy
		switch {
		case d.Dropped != "":
			name = "dropped"
		case d.Suppressed != "":
			name += " (suppressed)"
		}
		policies = append(policies, name)
		v.severity = string(d.Severity)
	}
	slices.Sort(policies)
	v.policy = strings.Join(slices.Compact(policies), " + ")
	return v
}

// first says whether the alert was not counted yet, and that it is now.
func (c *Comparison) first(a routing.Alert) bool {
	h := fnv.New64a()
	for _, part := range []string{a.Integration, a.Identity, a.StartsAt.UTC().Format(time.RFC3339Nano)} {
		_, _ = h.Write([]byte(part + "\x00")) // never fails
	}
	digest := h.Sum64()
	if c.alerts[digest] {
		return false
	}
	c.alerts[digest] = true
	return true
}

func (c *Comparison) count(a routing.Alert, was, is verdict) {
	c.policies.add(was.policy, is.policy, a.Title)
	if was.policy != notTaken && is.policy != notTaken {
		c.levels.add(was.severity, is.severity, a.Title)
	}
}

// examples is how many titles stand for a move.
const examples = 5

// moves counts alerts by where they went from and to.
type moves map[[2]string]*Move

func (m moves) add(from, to, title string) {
	if from == to {
		return
	}
	key := [2]string{from, to}
	if m[key] == nil {
		m[key] = &Move{From: from, To: to}
	}
	move := m[key]
	move.Alerts++
	if len(move.Examples) < examples && !slices.Contains(move.Examples, title) {
		move.Examples = append(move.Examples, title)
	}
}
