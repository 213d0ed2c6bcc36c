package engine

import (
	"context"

	"tocsin/escalation"
)

// Adopt brings in an incident that a process kept by itself while the store was away. The
// outcome is Opened when it goes on as it stands, Done when it became part of one that was open
// already (Outcome.Incident says which), Known when it was adopted before.
func (e *Engine) Adopt(ctx context.Context, a escalation.Adopt) (escalation.Outcome, error) {
	it := &item{key: a.Incident.Key, cmd: a}
	for _, m := range a.Members {
		it.members = append(it.members, m.MemberKey)
	}
	outcomes, err := e.submitAll(ctx, []*item{it}, false)
	if err != nil {
		return escalation.Outcome{}, err
	}
	return outcomes[0], nil
}
