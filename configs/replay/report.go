package replay

import (
	"cmp"
	"slices"
	"time"

	"tocsin/configs"
)

// Report is what a change of the configuration would have meant for a history. All lists have
// a fixed order: what changes most comes first.
type Report struct {
	From       time.Time     `json:"from,omitzero"` // of the first delivery
	To         time.Time     `json:"to,omitzero"`   // of the last one
	Deliveries int           `json:"deliveries"`    // in the log, with those that were skipped
	Alerts     int           `json:"alerts"`        // that fired, each once, however often it was repeated
	AckAfter   time.Duration `json:"ack_after"`     // how long people took, in nanoseconds; 0: nobody answered

	Before Outcome `json:"before"`
	After  Outcome `json:"after"`

	People     []PersonPages   `json:"people"`
	Tiers      []TierPages     `json:"tiers"`
	Severities []SeverityPages `json:"severities"` // most urgent first

	Policies []Move `json:"policies"` // alerts that would go to another policy
	Levels   []Move `json:"levels"`   // alerts that would have another severity
}

// Outcome is what one of the two configurations led to.
type Outcome struct {
	Revision  string  `json:"revision"`
	Pages     int     `json:"pages"`
	Incidents int     `json:"incidents"`
	Dropped   int     `json:"dropped"` // alerts, with repeats
	Skipped   Skipped `json:"skipped"`
	Note      string  `json:"note,omitempty"` // why it is not complete
}

// Change is a number of pages before and after.
type Change struct {
	Before int `json:"before"`
	After  int `json:"after"`
}

func (c Change) change() Change { return c }

// PersonPages is how often somebody is paged.
type PersonPages struct {
	User string `json:"user"`
	Change
}

// Tier names a tier of a policy.
type Tier struct {
	Policy string `json:"policy"`
	Tier   string `json:"tier"`
}

// TierPages is how many pages a tier sends.
type TierPages struct {
	Tier
	Change
}

// SeverityPages is how many pages there are at a severity.
type SeverityPages struct {
	Severity string `json:"severity"`
	Change
}

// Move is how many alerts go from one place to another, with the titles of a few.
type Move struct {
	From     string   `json:"from"`
	To       string   `json:"to"`
	Alerts   int      `json:"alerts"`
	Examples []string `json:"examples"`
}

// Report plays both sides to the end and tells the result. The comparison is of no use afterwards.
func (c *Comparison) Report() Report {
	r := c.report
	r.AckAfter, r.Alerts = c.o.AckAfter, len(c.alerts)
	r.Before, r.After = c.old.finish(), c.new.finish()
	for user, change := range changes(c.old.people, c.new.people) {
		r.People = append(r.People, PersonPages{user, change})
	}
	for tier, change := range changes(c.old.tiers, c.new.tiers) {
		r.Tiers = append(r.Tiers, TierPages{tier, change})
	}
	for severity, change := range changes(c.old.levels, c.new.levels) {
		r.Severities = append(r.Severities, SeverityPages{severity, change})
	}
	slices.SortFunc(r.People, func(a, b PersonPages) int { return cmp.Or(more(a, b), cmp.Compare(a.User, b.User)) })
	slices.SortFunc(r.Tiers, func(a, b TierPages) int {
		return cmp.Or(more(a, b), cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Tier.Tier, b.Tier.Tier))
	})
	rank := ranks(c.new.config, c.old.config)
	slices.SortFunc(r.Severities, func(a, b SeverityPages) int {
		return cmp.Or(rank[a.Severity]-rank[b.Severity], cmp.Compare(a.Severity, b.Severity))
	})
	r.Policies, r.Levels = c.policies.sorted(), c.levels.sorted()
	return r
}

func (s *side) finish() Outcome {
	res := s.replayer.Finish()
	s.skipped.sort()
	return Outcome{
		Revision: s.config.Revision(), Pages: res.Paged, Incidents: res.Opened, Dropped: res.Dropped,
		Skipped: s.skipped, Note: res.Note,
	}
}

func changes[K comparable](before, after map[K]int) map[K]Change {
	all := map[K]Change{}
	for k, n := range before {
		all[k] = Change{Before: n}
	}
	for k, n := range after {
		all[k] = Change{Before: before[k], After: n}
	}
	return all
}

// more sorts by how much changes, then by how much there is.
func more[T interface{ change() Change }](a, b T) int {
	x, y := a.change(), b.change()
	return cmp.Or(abs(y.After-y.Before)-abs(x.After-x.Before), y.After-x.After)
}

func abs(n int) int { return max(n, -n) }

// ranks orders the severities of both: those of the first config, then what only the second has.
func ranks(all ...*configs.Config) map[string]int {
	rank := map[string]int{}
	for _, c := range all {
		for _, level := range c.Severities.Levels {
			if _, known := rank[string(level.Name)]; !known {
				rank[string(level.Name)] = len(rank)
			}
		}
	}
	return rank
}

func (m moves) sorted() []Move {
	all := []Move{}
	for _, move := range m {
		all = append(all, *move)
	}
	slices.SortFunc(all, func(a, b Move) int {
		return cmp.Or(b.Alerts-a.Alerts, cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return all
}
