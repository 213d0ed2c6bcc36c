package app

import (
	"context"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// receiptMissing says whether the provider still owes the last word on an attempt for which
// somebody waits.
func (a *App) receiptMissing(ctx context.Context, id paging.AttemptID) (bool, error) {
	loaded, err := a.store.Load(ctx, []store.Query{{ID: id.Incident(), Attempts: []paging.AttemptID{id}}})
	if err != nil {
		return false, err
	}
	in := loaded[0].Incident
	return in != nil && in.State == escalation.Triggered && loaded[0].Attempts[id].State == paging.Sent, nil
}
