package redisstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/escalation/store"
	"tocsin/paging"
)

// timer is an entry of a shard's timer index.
type timer struct {
	shard int
	id    string
	at    time.Time // when it comes due in the index: as committed, or at the end of a lease
}

// share is how many of a claim one shard may give: more than its part, so that the earliest or
// most urgent are among them, but not the whole of it from each.
func (s *Store) share(limit int) int { return min(max(limit, 1), max(16, 4*limit/s.shards)) }

// ClaimTimers looks at all shards in one pipeline, then leases the earliest in a second one;
// when nothing is due the second is not needed.
func (s *Store) ClaimTimers(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]store.TimerClaim, time.Time, error) {
	calls := make([]*call, s.shards)
	for shard := range calls {
		calls[shard] = s.script("peek_timers", shard, score(now), s.share(limit))
	}
	if err := s.all(ctx, calls); err != nil {
		return nil, time.Time{}, fmt.Errorf("redisstore: cannot look for timers: %w", err)
	}
	var due []timer
	var next earliest
	for shard, c := range calls {
		timers, err := parseTimers(shard, texts(c.val))
		if err != nil {
			return nil, time.Time{}, err
		}
		for _, t := range timers {
			if t.at.After(now) {
				next.add(t.at)
			} else {
				due = append(due, t)
			}
		}
	}
	slices.SortStableFunc(due, func(a, b timer) int { return a.at.Compare(b.at) })
	take := due[:min(max(limit, 0), len(due))]
	for _, t := range due[len(take):] {
		next.add(t.at)
	}
	claims, err := s.leaseTimers(ctx, now, lease, take, &next)
	return claims, next.time, err
}

// leaseTimers takes what another process did not take in the meantime.
func (s *Store) leaseTimers(ctx context.Context, now time.Time, lease time.Duration, take []timer, next *earliest) ([]store.TimerClaim, error) {
	byShard := map[int][]any{}
	for _, t := range take {
		byShard[t.shard] = append(byShard[t.shard], t.id)
	}
	calls := make([]*call, 0, len(byShard))
	for shard, ids := range byShard {
		calls = append(calls, s.script("lease_timers", shard, append([]any{score(now), score(now.Add(lease))}, ids...)...))
	}
	if err := s.exec(ctx, calls, false); err != nil {
		return nil, fmt.Errorf("redisstore: cannot lease timers: %w", err)
	}
	place := map[string]int{}
	for i, t := range take {
		place[t.id] = i
	}
	var claims []store.TimerClaim
	for _, c := range calls {
		if c.err != nil {
			next.add(now) // what another shard gave is not thrown away; this one is asked again
			continue
		}
		list := texts(c.val)
		if rest := len(list) % 2; rest == 1 { // id and due in pairs, then three of the earliest
			first, err := parseTimers(c.shard, list[len(list)-3:])
			if err != nil {
				return nil, err
			}
			next.add(first[0].at)
			list = list[:len(list)-3]
		}
		for ; len(list) >= 2; list = list[2:] {
			due, err := undigits(list[1])
			if err != nil {
				return nil, err
			}
			claims = append(claims, store.TimerClaim{ID: paging.IncidentID(list[0]), Due: due})
		}
	}
	slices.SortFunc(claims, func(a, b store.TimerClaim) int { return place[string(a.ID)] - place[string(b.ID)] })
	return claims, nil
}

// Timers reads the index alone, in one pipeline.
func (s *Store) Timers(ctx context.Context, ids []paging.IncidentID) ([]time.Time, error) {
	calls := make([]*call, len(ids))
	for i, id := range ids {
		shard, _ := s.shardOf(id) // of no incident: nothing is found
		calls[i] = plain(shard, "zscore", base(shard)+"t", string(id))
	}
	if err := s.all(ctx, calls); err != nil {
		return nil, fmt.Errorf("redisstore: cannot look up timers: %w", err)
	}
	out := make([]time.Time, len(ids))
	for i, c := range calls {
		if c.val == nil {
			continue
		}
		at, err := unscore(text(c.val))
		if err != nil {
			return nil, err
		}
		out[i] = at
	}
	return out, nil
}

// parseTimers reads triples of id, score and due time. A score is the due time cut to
// microseconds unless a lease runs.
func parseTimers(shard int, list []string) ([]timer, error) {
	var out []timer
	for ; len(list) >= 3; list = list[3:] {
		at, err := unscore(list[1])
		if err != nil {
			return nil, err
		}
		t := timer{shard: shard, id: strings.Clone(list[0]), at: at}
		if list[2] != "" {
			due, err := undigits(list[2])
			if err != nil {
				return nil, err
			}
			if due.Truncate(time.Microsecond).Equal(at) {
				t.at = due
			}
		}
		out = append(out, t)
	}
	return out, nil
}

// earliest is the earliest of the times added, or zero.
type earliest struct{ time time.Time }

func (e *earliest) add(t time.Time) {
	if e.time.IsZero() || t.Before(e.time) {
		e.time = t
	}
}
