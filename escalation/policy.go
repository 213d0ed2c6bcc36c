package escalation

import (
	"time"

	"tocsin/routing"
	"tocsin/schedules"
)

// TargetKind is what a tier may page.
type TargetKind string

// The kinds of targets.
const (
	TargetSchedule TargetKind = "schedule"
	TargetUser     TargetKind = "user"
	TargetTeam     TargetKind = "team"
)

// Target is whom a tier pages: "schedule:platform/primary", "user:dana", "team:everyone".
type Target struct {
	Kind  TargetKind `json:"kind"`
	Name  string     `json:"name"`
	Layer string     `json:"layer,omitempty"` // of a schedule; empty means all layers
}

func (t Target) String() string {
	s := string(t.Kind) + ":" + t.Name
	if t.Layer != "" {
		s += "/" + t.Layer
	}
	return s
}

// Within is a duration per severity, with one for all others.
type Within struct {
	By      map[routing.Severity]time.Duration
	Default time.Duration
}

// For returns the duration for that severity.
func (w Within) For(s routing.Severity) time.Duration {
	if d, ok := w.By[s]; ok {
		return d
	}
	return w.Default
}

// Tier is one step of a policy: whom it pages and how long they have.
type Tier struct {
	Name              string
	Page              []Target
	AcknowledgeWithin Within
}

// TargetsBySeverity is a list of targets per severity, with one for all others.
type TargetsBySeverity struct {
	By      map[routing.Severity][]Target
	Default []Target
}

// For returns the targets for that severity.
func (t TargetsBySeverity) For(s routing.Severity) []Target {
	if targets, ok := t.By[s]; ok {
		return targets
	}
	return t.Default
}

// Policy is an escalation policy: ordered tiers, how often they are gone through, and who is
// left when all of that was in vain.
type Policy struct {
	Name          string
	Owner         schedules.UserID
	Tiers         []Tier
	Repeat        int // rounds after the first
	FallbackEvery time.Duration
	Fallback      TargetsBySeverity
}

// Defaults of a policy that does not say.
const (
	DefaultAcknowledgeWithin = 15 * time.Minute
	DefaultFallbackEvery     = 15 * time.Minute
)

// acknowledgeWithin is the time that tier i leaves its people; never zero, so that rounds
// cannot spin.
func (p *Policy) acknowledgeWithin(i int, s routing.Severity) time.Duration {
	if i >= 0 && i < len(p.Tiers) {
		if d := p.Tiers[i].AcknowledgeWithin.For(s); d > 0 {
			return d
		}
	}
	return DefaultAcknowledgeWithin
}

func (p *Policy) fallbackEvery() time.Duration {
	if p.FallbackEvery > 0 {
		return p.FallbackEvery
	}
	return DefaultFallbackEvery
}
