package engine

import (
	"context"
	"errors"

	"tocsin/escalation"
	"tocsin/escalation/store"
)

// Adopt brings in an incident that a process kept by itself while the store was away. The
// outcome is Opened when it goes on as it stands, Done when it became part of another of its key
// (Outcome.Incident says which), Known when it was adopted before.
func (e *Engine) Adopt(ctx context.Context, a escalation.Adopt) (escalation.Outcome, error) {
	var firing []escalation.MemberKey
	it := &item{key: a.Incident.Key, cmd: a}
	for _, m := range a.Members {
		it.members = append(it.members, m.MemberKey)
		if m.Firing {
			firing = append(firing, m.MemberKey)
		}
	}
	ended, err := e.recall(ctx, firing)
	if err != nil {
		return escalation.Outcome{}, err
	}
	a.Ended = ended
	it.cmd = a
	back, err := e.passedOver(ctx, a)
	if err != nil {
		return escalation.Outcome{}, err
	}
	if back {
		it.id, it.key = a.Incident.ID, ""
	}
	outcomes, err := e.submitAll(ctx, []*item{it}, false)
	if err != nil {
		return escalation.Outcome{}, err
	}
	return outcomes[0], e.endMissed(ctx, firing, ended)
}

// passedOver says whether that very incident was brought in before, is over, and another one of
// its key came after it: then its key no longer leads to it.
func (e *Engine) passedOver(ctx context.Context, a escalation.Adopt) (bool, error) {
	found, err := e.store.Load(ctx, []store.Query{{ID: a.Incident.ID}, {Key: a.Incident.Key}})
	if err != nil {
		return false, errors.Join(ErrUnavailable, err)
	}
	same, last := found[0].Incident, found[1].Incident
	return same != nil && last != nil && last.ID != same.ID && !last.Open(), nil
}
