package routing

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
