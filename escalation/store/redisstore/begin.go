package redisstore

import (
	"context"
	"fmt"
	"time"

	"tocsin/escalation/store"
	"tocsin/paging"
)

// Begin notes what is about to be handed over, by one script each.
func (s *Store) Begin(ctx context.Context, now time.Time, lease time.Duration, starts []paging.Start) ([]error, error) {
	out := make([]error, len(starts))
	calls := make([]*call, 0, len(starts))
	places := make([]int, 0, len(starts))
	for i := range starts {
		a := &starts[i].Claim.Attempt
		shard, ok := s.shardOf(a.ID.Incident())
		if !ok {
			out[i] = fmt.Errorf("%w: attempt %q", store.ErrNotFound, a.ID)
			continue
		}
		over, err := store.Encode(overBegin{StartedAt: now, Code: starts[i].Code, Text: starts[i].Text,
			Bundle: starts[i].Bundle, Tries: a.Tries + 1})
		if err != nil {
			return nil, err
		}
		calls = append(calls, s.script("begin", shard, string(a.ID.Incident()), string(a.ID), starts[i].Claim.Token, over, score(now.Add(lease))))
		places = append(places, i)
	}
	if err := s.exec(ctx, calls, false); err != nil {
		return nil, fmt.Errorf("redisstore: cannot begin attempts: %w", err)
	}
	for i, c := range calls {
		out[places[i]] = begun(c, starts[places[i]].Claim.Attempt.ID)
	}
	return out, nil
}

func begun(c *call, id paging.AttemptID) error {
	if c.err != nil {
		return fmt.Errorf("redisstore: cannot begin attempt %s: %w", id, c.err)
	}
	switch answer := text(c.val); answer {
	case "ok":
		return nil
	case "fenced":
		return store.ErrFenced
	case "missing":
		return fmt.Errorf("%w: attempt %s", store.ErrNotFound, id)
	default:
		return fmt.Errorf("redisstore: begin.lua answered %q", answer)
	}
}

// Defer gives claims back; those that are no longer held are left alone.
func (s *Store) Defer(ctx context.Context, claims []paging.Claim, until time.Time) error {
	calls := make([]*call, 0, len(claims))
	for _, c := range claims {
		id := c.Attempt.ID
		if shard, ok := s.shardOf(id.Incident()); ok {
			calls = append(calls, s.script("defer", shard, string(id.Incident()), string(id), c.Token, score(until)))
		}
	}
	if err := s.all(ctx, calls); err != nil {
		return fmt.Errorf("redisstore: cannot give claims back: %w", err)
	}
	return nil
}
