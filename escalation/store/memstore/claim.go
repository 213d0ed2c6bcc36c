package memstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"tocsin/escalation/store"
	"tocsin/paging"
)

// ClaimTimers implements store.Store.
func (s *Store) ClaimTimers(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]store.TimerClaim, time.Time, error) {
	if err := s.enter(ctx); err != nil {
		return nil, time.Time{}, err
	}
	defer s.mu.Unlock()
	var claims []store.TimerClaim
	for {
		first, ok := s.timers.next(s.timerDue)
		if !ok || first.at.After(now) || len(claims) >= limit {
			return claims, first.at, nil
		}
		s.timers.drop()
		claims = append(claims, store.TimerClaim{ID: first.id, Due: first.at})
		s.incidents[first.id].due = now.Add(lease)
		s.timers.add(now.Add(lease), first.id)
	}
}

func (s *Store) timerDue(id paging.IncidentID) time.Time {
	if r := s.incidents[id]; r != nil {
		return r.due
	}
	return time.Time{}
}

// Timers implements store.Store.
func (s *Store) Timers(ctx context.Context, ids []paging.IncidentID) ([]time.Time, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	out := make([]time.Time, len(ids))
	for i, id := range ids {
		if r := s.incidents[id]; r != nil {
			out[i] = r.due
		}
	}
	return out, nil
}

// ClaimAttempts implements store.Store.
func (s *Store) ClaimAttempts(ctx context.Context, now time.Time, leases paging.Leases, limit int) ([]paging.Claim, time.Time, error) {
	if err := s.enter(ctx); err != nil {
		return nil, time.Time{}, err
	}
	defer s.mu.Unlock()
	var claims []paging.Claim
	var next time.Time
	for _, rank := range slices.Sorted(maps.Keys(s.attempts)) {
		a := s.attempts[rank]
		first, ok := a.next(func(id paging.AttemptID) time.Time { return s.attemptDue(rank, id) })
		for ok && !first.at.After(now) && len(claims) < limit {
			a.drop()
			r := s.attempt(first.id)
			s.schedule(r, now.Add(leases.Of(r.attempt.State)))
			if known(r.attempt.Format) == nil {
				r.attempt.Token = s.token()
				claims = append(claims, paging.Claim{Attempt: r.attempt, Token: r.attempt.Token})
			}
			first, ok = a.next(func(id paging.AttemptID) time.Time { return s.attemptDue(rank, id) })
		}
		if ok && (next.IsZero() || first.at.Before(next)) {
			next = first.at
		}
	}
	return claims, next, nil
}

func (s *Store) attempt(id paging.AttemptID) *row {
	if r := s.incidents[id.Incident()]; r != nil {
		return r.attempts[id]
	}
	return nil
}

func (s *Store) attemptDue(rank int, id paging.AttemptID) time.Time {
	if a := s.attempt(id); a != nil && a.attempt.Rank == rank {
		return a.due
	}
	return time.Time{}
}

// held returns the row of a claim that is still held.
func (s *Store) held(c paging.Claim) *row {
	a := s.attempt(c.Attempt.ID)
	if a == nil || c.Token == "" || a.attempt.Token != c.Token || !a.attempt.State.Live() {
		return nil
	}
	return a
}

// Begin implements store.Store.
func (s *Store) Begin(ctx context.Context, now time.Time, lease time.Duration, starts []paging.Start) ([]error, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	out := make([]error, len(starts))
	for i, start := range starts {
		r := s.held(start.Claim)
		if r == nil {
			out[i] = store.ErrFenced
			continue
		}
		a := &r.attempt
		a.State, a.StartedAt, a.Tries = paging.Sending, now, a.Tries+1
		a.Code, a.Text, a.Bundle = start.Code, start.Text, start.Bundle
		s.schedule(r, now.Add(lease))
	}
	return out, nil
}

// Defer implements store.Store.
func (s *Store) Defer(ctx context.Context, claims []paging.Claim, until time.Time) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	for _, c := range claims {
		if r := s.held(c); r != nil {
			r.attempt.Token = ""
			s.schedule(r, until)
		}
	}
	return nil
}
