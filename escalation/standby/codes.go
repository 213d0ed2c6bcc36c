package standby

import (
	"context"
	"slices"
	"sync"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// ownBook is the codes of a spool whose incidents are this process's alone. Those that an earlier
// try to merge has brought in already are the store's: what people say of them is kept for it.
type ownBook struct{ spool store.Store }

// Codes are those of a phone.
func (b ownBook) Codes(ctx context.Context, phone string, now time.Time) ([]paging.Code, error) {
	codes, err := b.spool.Codes(ctx, phone, now)
	if err != nil {
		return nil, err
	}
	var queries []store.Query
	for _, c := range codes {
		for _, id := range c.Incidents {
			queries = append(queries, store.Query{ID: id})
		}
	}
	loaded, err := b.spool.Load(ctx, queries)
	if err != nil {
		return nil, err
	}
	merged := map[paging.IncidentID]bool{}
	for _, l := range loaded {
		if l.Incident != nil {
			merged[l.Incident.ID] = slices.Contains(l.Incident.Commands, mergedMark(l.Incident))
		}
	}
	return slices.DeleteFunc(codes, func(c paging.Code) bool {
		return !slices.ContainsFunc(c.Incidents, func(id paging.IncidentID) bool { return !merged[id] })
	}), nil
}

// codeIndex is the codes of the spool by phone and incident. During a merge none is given: each
// phone's are read once.
type codeIndex struct {
	mu sync.Mutex
	of map[string]map[paging.IncidentID][]paging.Code

	shared sync.Mutex // held while a code is adopted that stands for several incidents
}

func (x *codeIndex) codes(ctx context.Context, s *Standby, phone string, id paging.IncidentID) ([]paging.Code, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.of[phone] == nil {
		all, err := s.spool.store.Codes(ctx, phone, s.shared.Now())
		if err != nil {
			return nil, err
		}
		x.of[phone] = map[paging.IncidentID][]paging.Code{}
		for _, c := range all {
			for _, id := range c.Incidents {
				x.of[phone][id] = append(x.of[phone][id], c)
			}
		}
	}
	return x.of[phone][id], nil
}

// adoptCodes has the codes of an incident's texts lead to where it lives now.
func (s *Standby) adoptCodes(ctx context.Context, index *codeIndex, cmd escalation.Adopt, now paging.IncidentID) error {
	phones := map[string]bool{}
	for _, a := range cmd.Attempts {
		if a.Code != "" {
			phones[a.Address] = true
		}
	}
	for phone := range phones {
		codes, err := index.codes(ctx, s, phone, cmd.Incident.ID)
		if err != nil {
			return err
		}
		for _, c := range codes {
			if err := s.adoptCode(ctx, index, c, cmd.Incident.ID, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// adoptCode brings in one code. One that stands for several incidents is brought in with each,
// and renamed one by one.
func (s *Standby) adoptCode(ctx context.Context, index *codeIndex, c paging.Code, was, is paging.IncidentID) error {
	if len(c.Incidents) > 1 {
		index.shared.Lock() // it is read and written for each
		defer index.shared.Unlock()
		there, err := s.guard.Codes(ctx, c.Phone, s.shared.Now())
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(there, func(x paging.Code) bool { return x.Code == c.Code && x.Key == c.Key }); i >= 0 {
			c = there[i]
		}
	}
	c.Incidents = slices.Clone(c.Incidents)
	for i := range c.Incidents {
		if c.Incidents[i] == was {
			c.Incidents[i] = is
		}
	}
	ok, err := s.guard.AdoptCode(ctx, c, s.shared.Now())
	if err == nil && !ok {
		s.log.Warn("a reply code of a text that was sent while the store was away stands for something else by now", "incident", is)
	}
	return err
}
