package engine

import (
	"context"
	"slices"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// load fetches the codes of the phone and the incidents behind them. After a storm those are
// many, and a reply that names a code needs only its own.
func (t *talk) load(ctx context.Context, r paging.Reply) error {
	codes, err := t.e.store.Codes(ctx, t.in.From, t.now)
	if err != nil {
		return err
	}
	t.codes = codes
	t.incs = map[paging.IncidentID]*escalation.Incident{}
	switch r.Action {
	case paging.ReplyAck, paging.ReplyResolve, paging.ReplySnooze:
		if len(r.Codes) > 0 && !slices.ContainsFunc(r.Codes, t.unknown) {
			return t.fetch(ctx, func(c paging.Code) bool { return slices.Contains(r.Codes, c.Code) })
		}
	}
	return t.fetchAll(ctx)
}

// unknown says whether a code was never texted to this phone, or is free again.
func (t *talk) unknown(code string) bool {
	return !slices.ContainsFunc(t.codes, func(c paging.Code) bool { return c.Code == code })
}

func (t *talk) fetchAll(ctx context.Context) error {
	return t.fetch(ctx, func(paging.Code) bool { return true })
}

// fetch loads the incidents of the codes that are wanted and not loaded yet.
func (t *talk) fetch(ctx context.Context, want func(paging.Code) bool) error {
	var queries []store.Query
	for _, c := range t.codes {
		if !want(c) {
			continue
		}
		for _, id := range c.Incidents {
			if _, asked := t.incs[id]; !asked {
				t.incs[id] = nil
				queries = append(queries, store.Query{ID: id})
			}
		}
	}
	if len(queries) == 0 {
		return nil
	}
	loaded, err := t.e.store.Load(ctx, queries)
	if err != nil {
		return err
	}
	for _, l := range loaded {
		if l.Incident != nil {
			t.incs[l.Incident.ID] = l.Incident
		}
	}
	return nil
}
