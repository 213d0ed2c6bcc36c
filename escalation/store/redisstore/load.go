package redisstore

import (
	"context"
	"fmt"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// chunk is how many calls travel in one pipeline, so that no answer takes long.
const chunk = 256

// Load answers queries in order, each of them by one script.
func (s *Store) Load(ctx context.Context, queries []store.Query) ([]store.Loaded, error) {
	out := make([]store.Loaded, len(queries))
	calls := make([]*call, 0, len(queries))
	for _, q := range queries {
		calls = append(calls, s.loadCall(q))
	}
	for from := 0; from < len(calls); from += chunk {
		part := calls[from:min(from+chunk, len(calls))]
		if err := s.all(ctx, part); err != nil {
			return nil, fmt.Errorf("redisstore: cannot load incidents: %w", err)
		}
	}
	for i, q := range queries {
		var err error
		if out[i], err = loaded(q, calls[i].val); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Store) loadCall(q store.Query) *call {
	shard, ok := store.Shard(q.Key, s.shards), true
	if q.ID != "" {
		shard, ok = s.shardOf(q.ID)
	}
	if !ok { // no such id can exist; shard 0 will say so
		shard = 0
	}
	args := make([]any, 0, 3+len(q.Members)+len(q.Attempts))
	args = append(args, string(q.ID), string(q.Key), len(q.Members))
	for _, m := range q.Members {
		args = append(args, memberField(m))
	}
	for _, id := range q.Attempts {
		args = append(args, string(id))
	}
	return s.script("load", shard, args...)
}

func loaded(q store.Query, val any) (store.Loaded, error) {
	out := store.Loaded{Members: map[escalation.MemberKey]escalation.Member{}, Attempts: map[paging.AttemptID]paging.Attempt{}}
	parts, ok := val.([]any)
	if !ok || len(parts) != 3 {
		return out, fmt.Errorf("redisstore: load.lua answered %T", val)
	}
	row := text(parts[0])
	if row == "" {
		return out, nil
	}
	var err error
	if out.Incident, out.Revision, err = parseIncident(row); err != nil {
		return store.Loaded{}, err
	}
	members, err := membersNamed(row, q.Members, texts(parts[1]))
	if err != nil {
		return store.Loaded{}, err
	}
	for _, m := range members {
		out.Members[m.MemberKey] = m
	}
	for i, row := range texts(parts[2]) {
		if row == "" || i >= len(q.Attempts) {
			continue
		}
		if out.Attempts[q.Attempts[i]], err = parseAttempt(row); err != nil {
			return store.Loaded{}, err
		}
	}
	return out, nil
}
