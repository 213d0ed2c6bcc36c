package engine

import (
	"context"
	"slices"

	"tocsin/escalation/store"
	"tocsin/paging"
)

// withBundles adds to a receipt the attempts that went out in the same text. The provider
// names only one of them, but what became of the text became of all: a rolling text that was
// never delivered must hand on every incident that it told of.
func (e *Engine) withBundles(ctx context.Context, reports []paging.Report) []paging.Report {
	all := slices.Clip(reports) // the caller's slice is not written to
	for _, r := range reports {
		final := r.Result == paging.ResultFailed || r.Result == paging.ResultDelivered
		if r.Token != "" || !final {
			continue
		}
		others, err := e.sameText(ctx, r.Attempt)
		if err != nil {
			e.log.Warn("the other attempts of a text could not be found; their receipts are missing", "attempt", r.Attempt, "error", err)
			continue
		}
		for _, id := range others {
			r.Attempt = id
			all = append(all, r)
		}
	}
	return all
}

// sameText finds the attempts that share a text with this one: in its own incident, and in
// those that the bundle's reply code stands for.
func (e *Engine) sameText(ctx context.Context, id paging.AttemptID) ([]paging.AttemptID, error) {
	loaded, err := e.store.Load(ctx, []store.Query{{ID: id.Incident(), Attempts: []paging.AttemptID{id}}})
	if err != nil {
		return nil, err
	}
	a := loaded[0].Attempts[id]
	if a.Bundle == "" {
		return nil, nil
	}
	codes, err := e.store.Codes(ctx, a.Address, e.Now())
	if err != nil {
		return nil, err
	}
	incidents := []paging.IncidentID{a.Incident}
	for _, c := range codes {
		if c.Key == a.Bundle {
			incidents = c.Incidents
		}
	}
	var same []paging.AttemptID
	for _, incident := range incidents {
		attempts, err := e.store.AttemptsOf(ctx, incident)
		if err != nil {
			return nil, err
		}
		for _, other := range attempts {
			if other.Bundle == a.Bundle && other.ID != id {
				same = append(same, other.ID)
			}
		}
	}
	return same, nil
}
