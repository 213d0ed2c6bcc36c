package routing

import "time"

// Degraded is what becomes of the alerts of a severity while the shared store is away.
type Degraded string

// The kinds of Degraded. Without a word the most urgent severity is paged and all others kept.
const (
	DegradedPage Degraded = "page" // at once, by the process that took it
	DegradedKeep Degraded = "keep" // until the store is back
)

// PagesAlone says whether alerts of that severity are paged while the shared store is away.
func (s Scale) PagesAlone(name Severity) bool {
	switch l := s.Level(name); l.Degraded {
	case DegradedPage:
		return true
	case DegradedKeep:
		return false
	default:
		return s.Rank(name) == 0
	}
}

// SeverityOf is the severity that an alert has at now; false when a rule drops it.
func (t *Table) SeverityOf(a Alert, now time.Time) (Severity, bool) {
	d := t.Route(a, now)[0]
	return d.Severity, d.Dropped == ""
}
