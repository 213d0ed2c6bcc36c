package escalation

import "time"

// SLAKind is which promise an SLA measures.
type SLAKind string

// The kinds of SLA.
const (
	SLAAcknowledge SLAKind = "acknowledge" // of one tier
	SLARespond     SLAKind = "respond"     // first acknowledgement of the incident
	SLAResolve     SLAKind = "resolve"
)

// SLA is one response-time promise: it warns at 75 % and is met or breached once.
type SLA struct {
	Kind     SLAKind   `json:"kind"`
	Tier     string    `json:"tier,omitempty"`
	Step     int       `json:"step,omitempty"` // which start of a tier, for SLAAcknowledge
	Start    time.Time `json:"start"`
	Deadline time.Time `json:"deadline"`
	WarnedAt time.Time `json:"warned_at,omitzero"`
	MetAt    time.Time `json:"met_at,omitzero"`
	Breached time.Time `json:"breached_at,omitzero"`
	Ended    time.Time `json:"ended_at,omitzero"` // it stopped to matter (handed on, resolved, withdrawn) before either
}

// Done says whether the clock has stopped.
func (s *SLA) Done() bool {
	return !s.MetAt.IsZero() || !s.Breached.IsZero() || !s.Ended.IsZero()
}

// WarnAt is when three quarters of the time are gone.
func (s *SLA) WarnAt() time.Time {
	return s.Start.Add(s.Deadline.Sub(s.Start) * 3 / 4)
}

// next is when this clock has something to do; zero when it has stopped.
func (s *SLA) next() time.Time {
	switch {
	case s.Done():
		return time.Time{}
	case s.WarnedAt.IsZero():
		return s.WarnAt()
	default:
		return s.Deadline
	}
}
