package replay

import (
	"strings"

	"tocsin/configs"
	"tocsin/escalation"
	"tocsin/escalation/store"
)

// Moves is where recent alerts would go, without playing what would come of them.
type Moves struct {
	Alerts   int    `json:"alerts"`   // that fired, each once
	Policies []Move `json:"policies"` // that would go to another policy
	Levels   []Move `json:"levels"`   // that would have another severity
}

// Routes compares where the alerts of a log go.
func Routes(before, after *configs.Config, intakes []store.Intake) *Moves {
	c := NewComparison(before, after, escalation.ReplayOptions{})
	for i := range intakes {
		c.compare(c.decode(&intakes[i]))
	}
	return &Moves{Alerts: len(c.alerts), Policies: c.policies.sorted(), Levels: c.levels.sorted()}
}

// Text tells it to people; nothing when there is nothing to tell.
func (m Moves) Text() string {
	var b strings.Builder
	for _, part := range []struct {
		moves []Move
		what  string
	}{{m.Policies, "would go to another policy"}, {m.Levels, "would have another severity"}} {
		if len(part.moves) > 0 {
			Report{Alerts: m.Alerts}.moves(&b, part.moves, part.what)
		}
	}
	return b.String()
}
