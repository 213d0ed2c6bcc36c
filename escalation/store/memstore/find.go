package memstore

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// FindIdentity implements store.Store.
func (s *Store) FindIdentity(ctx context.Context, members []escalation.MemberKey) (map[escalation.MemberKey][]paging.IncidentID, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	out := map[escalation.MemberKey][]paging.IncidentID{}
	for _, m := range members {
		if ids := s.identity[m]; len(ids) > 0 {
			out[m] = slices.Sorted(maps.Keys(ids))
		}
	}
	return out, nil
}

// FindGroup implements store.Store.
func (s *Store) FindGroup(ctx context.Context, integration, name string, listed map[string]bool) ([]store.Membership, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var out []store.Membership
	for m := range s.groups[group{integration, name}] {
		if !listed[m.Member.Identity] && s.incidents[m.Incident].incident.Open() {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b store.Membership) int {
		return cmp.Or(strings.Compare(a.Member.Identity, b.Member.Identity), strings.Compare(string(a.Incident), string(b.Incident)))
	})
	return out, nil
}

// List implements store.Store.
func (s *Store) List(ctx context.Context, f store.Filter) ([]escalation.Incident, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	from := len(s.order)
	if f.Before != "" {
		from, _ = slices.BinarySearch(s.order, f.Before)
	}
	var out []escalation.Incident
	for _, id := range slices.Backward(s.order[:from]) {
		if f.Limit > 0 && len(out) == f.Limit {
			break
		}
		if r := s.incidents[id]; !f.Open || r.incident.Open() {
			if err := known(r.incident.Format); err != nil {
				return nil, err
			}
			out = append(out, *r.read())
		}
	}
	return out, nil
}

// Timeline implements store.Store.
func (s *Store) Timeline(ctx context.Context, id paging.IncidentID) ([]escalation.Entry, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if r := s.incidents[id]; r != nil {
		return entries(r.entries), nil
	}
	return nil, nil
}

// MembersOf implements store.Store.
func (s *Store) MembersOf(ctx context.Context, id paging.IncidentID, limit int) ([]escalation.Member, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	r := s.incidents[id]
	if r == nil {
		return nil, nil
	}
	out := slices.SortedFunc(maps.Values(r.members), func(a, b escalation.Member) int {
		return cmp.Or(strings.Compare(a.Integration, b.Integration), strings.Compare(a.Identity, b.Identity))
	})
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	return out, nil
}

// AttemptsOf implements store.Store.
func (s *Store) AttemptsOf(ctx context.Context, id paging.IncidentID) ([]paging.Attempt, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var out []paging.Attempt
	if r := s.incidents[id]; r != nil {
		for _, a := range r.attempts {
			out = append(out, a.attempt)
		}
	}
	slices.SortFunc(out, func(a, b paging.Attempt) int {
		return cmp.Or(a.Due.Compare(b.Due), strings.Compare(string(a.ID), string(b.ID)))
	})
	return out, nil
}
