package auditor

import (
	"context"
	"errors"
	"fmt"

	"tocsin/escalation/audit"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// readHead tells where the chain in a store ends, and the number of its last batch.
func readHead(ctx context.Context, s store.Store) (audit.Head, uint64, error) {
	last, err := s.Last(ctx, audit.Series)
	if err != nil || last[0] == 0 {
		return audit.Head{}, 0, err
	}
	b, err := readBatch(ctx, s, last[0])
	return b.Head(), last[0], err
}

func readBatch(ctx context.Context, s store.Store, number uint64) (audit.Batch, error) {
	value, err := s.Value(ctx, audit.Series, number)
	if err != nil {
		return audit.Batch{}, err
	}
	b, err := audit.ParseBatch(value)
	if err != nil {
		return b, fmt.Errorf("batch %d of the audit log: %w", number, err)
	}
	return b, nil
}

// Head tells where the chain in a store ends.
func Head(ctx context.Context, s store.Store) (audit.Head, error) {
	h, _, err := readHead(ctx, s)
	return h, err
}

// Records returns up to limit records, newest first, only those before that number (0: from
// the end), each with its hash.
func Records(ctx context.Context, s store.Store, before uint64, limit int) ([]Line, error) {
	last, err := s.Last(ctx, audit.Series)
	if err != nil {
		return nil, err
	}
	out := []Line{}
	for n := last[0]; n > 0 && len(out) < limit; n-- {
		b, err := readBatch(ctx, s, n)
		if err != nil {
			return nil, err
		}
		for i := len(b.Links) - 1; i >= 0 && len(out) < limit; i-- {
			if number := b.First + uint64(i); before == 0 || number < before {
				r, err := b.Links[i].Record()
				if err != nil {
					return nil, fmt.Errorf("record %d of the audit log: %w", number, err)
				}
				out = append(out, Line{Record: r, Hash: b.Links[i].Hash})
			}
		}
	}
	return out, nil
}

// Line is a record with its hash, as people see it.
type Line struct {
	audit.Record
	Hash string `json:"hash"`
}

// viewTries bounds how often an incident is read again because it moved meanwhile.
const viewTries = 5

// View reads an incident with all that belongs to it, as it stood at one revision. false: it
// is not there.
func View(ctx context.Context, s store.Store, id paging.IncidentID) (v audit.View, there bool, err error) {
	query := []store.Query{{ID: id}}
	loaded, err := s.Load(ctx, query)
	for range viewTries {
		if err != nil || loaded[0].Incident == nil {
			return v, false, err
		}
		v = audit.View{Incident: *loaded[0].Incident, Revision: loaded[0].Revision.Counter}
		was := loaded[0].Revision
		var e1, e2, e3 error
		v.Timeline, e1 = s.Timeline(ctx, id)
		v.Members, e2 = s.MembersOf(ctx, id, 0)
		v.Attempts, e3 = s.AttemptsOf(ctx, id)
		if err = errors.Join(e1, e2, e3); err != nil {
			return v, false, err
		}
		if loaded, err = s.Load(ctx, query); err == nil && loaded[0].Revision == was {
			return v, true, nil
		}
	}
	return v, true, err
}
