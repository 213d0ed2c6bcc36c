package memstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// Commit implements store.Store.
func (s *Store) Commit(ctx context.Context, changes []store.Change) ([]store.Committed, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	out := make([]store.Committed, len(changes))
	for i, c := range changes {
		out[i].Revision, out[i].Err = s.commit(c)
	}
	return out, nil
}

func (s *Store) commit(c store.Change) (store.Revision, error) {
	if c.Incident == nil || c.Incident.ID == "" || c.Incident.Key == "" || c.Token == "" {
		return store.Revision{}, errors.New("memstore: a change needs an incident with id and key, and a token")
	}
	r := s.incidents[c.Incident.ID]
	if r != nil && r.revision.Token == c.Token {
		return r.revision, nil // applied before; its answer was lost
	}
	if err := s.judge(r, c); err != nil {
		return store.Revision{}, err
	}
	if r == nil {
		r = &record{members: map[escalation.MemberKey]escalation.Member{}, attempts: map[paging.AttemptID]*row{}}
		s.incidents[c.Incident.ID] = r
		at, _ := slices.BinarySearch(s.order, c.Incident.ID)
		s.order = slices.Insert(s.order, at, c.Incident.ID)
	}
	s.apply(r, c)
	return r.revision, nil
}

// judge says whether the change may be applied, before anything is written.
func (s *Store) judge(r *record, c store.Change) error {
	var present store.Revision
	if r != nil {
		if known(r.incident.Format) != nil {
			return store.ErrNewer
		}
		present = r.revision
	}
	if present != c.Expected {
		return store.ErrConflict
	}
	if c.Incident.Open() {
		other := s.incidents[s.keys[c.Incident.Key]]
		if other != nil && other != r && other.incident.Open() {
			return store.ErrConflict
		}
	}
	for _, put := range c.Attempts {
		if put.Fence == "" {
			continue
		}
		if r == nil || r.attempts[put.Attempt.ID] == nil || r.attempts[put.Attempt.ID].attempt.Token != put.Fence {
			return store.ErrFenced
		}
	}
	return nil
}

func (s *Store) apply(r *record, c store.Change) {
	opens := c.Incident.Open() && (r.incident == nil || !r.incident.Open())
	r.incident = clone(c.Incident)
	if r.incident.Format == 0 {
		r.incident.Format = escalation.Format
	}
	r.revision = store.Revision{Counter: c.Expected.Counter + 1, Token: c.Token}
	r.count += c.Seen.N
	if c.Seen.At.After(r.seen) {
		r.seen = c.Seen.At
	}
	if opens || s.keys[c.Incident.Key] == "" {
		s.keys[c.Incident.Key] = c.Incident.ID
	}
	r.due = c.Due
	s.timers.add(c.Due, c.Incident.ID)
	for _, m := range c.Members {
		s.putMember(r, m)
	}
	for _, put := range c.Attempts {
		s.putAttempt(r, put.Attempt)
	}
	for _, cancel := range c.Cancel {
		if a := r.attempts[cancel.ID]; a != nil && a.attempt.State == paging.Planned {
			a.attempt.State, a.attempt.Reason, a.due = paging.Canceled, cancel.Reason, time.Time{}
		}
	}
	r.entries = append(r.entries, entries(c.Entries)...)
}

func (s *Store) putMember(r *record, m escalation.Member) {
	id := r.incident.ID
	if old, ok := r.members[m.MemberKey]; ok {
		delete(s.groups[group{old.Integration, old.Group}], store.Membership{Member: old.MemberKey, Incident: id})
	}
	r.members[m.MemberKey] = m
	add(s.identity, m.MemberKey, id)
	if m.Firing && m.Group != "" {
		add(s.groups, group{m.Integration, m.Group}, store.Membership{Member: m.MemberKey, Incident: id})
	}
}

func add[K, V comparable](index map[K]map[V]bool, k K, v V) {
	if index[k] == nil {
		index[k] = map[V]bool{}
	}
	index[k][v] = true
}

func (s *Store) putAttempt(r *record, a paging.Attempt) {
	if a.Format == 0 {
		a.Format = escalation.Format
	}
	at := a.Due
	if old := r.attempts[a.ID]; a.State == paging.Sending && old != nil && !old.due.IsZero() {
		at = old.due // its lease goes on
	}
	if !a.State.Live() {
		at = time.Time{}
	}
	r.attempts[a.ID] = &row{attempt: a}
	s.schedule(r.attempts[a.ID], at)
}

// schedule indexes an attempt at that time; zero takes it out of the index.
func (s *Store) schedule(a *row, at time.Time) {
	a.due = at
	if s.attempts[a.attempt.Rank] == nil {
		s.attempts[a.attempt.Rank] = &agenda[paging.AttemptID]{}
	}
	s.attempts[a.attempt.Rank].add(at, a.attempt.ID)
}

// Touch implements store.Store.
func (s *Store) Touch(ctx context.Context, touches []store.Touch) ([]bool, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	out := make([]bool, len(touches))
	for i, t := range touches {
		r := s.incidents[t.ID]
		if r == nil || r.revision != t.Revision || t.N > 0 && !r.incident.Open() {
			continue
		}
		out[i] = true
		r.count += t.N
		if t.N > 0 && t.At.After(r.seen) {
			r.seen = t.At
		}
	}
	return out, nil
}

// Prune implements store.Store.
func (s *Store) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	n := 0
	s.order = slices.DeleteFunc(s.order, func(id paging.IncidentID) bool {
		i := s.incidents[id].incident
		if i.Open() || n >= limit || i.Ending == nil || !i.Ending.At.Before(before) {
			return false
		}
		s.forget(id)
		n++
		return true
	})
	return n, nil
}

func (s *Store) forget(id paging.IncidentID) {
	r := s.incidents[id]
	for k, m := range r.members {
		delete(s.identity[k], id)
		delete(s.groups[group{m.Integration, m.Group}], store.Membership{Member: k, Incident: id})
	}
	if s.keys[r.incident.Key] == id {
		delete(s.keys, r.incident.Key)
	}
	delete(s.incidents, id)
}
