package redisstore

import (
	"context"
	"fmt"
	"time"

	"tocsin/escalation"
	"tocsin/paging"
)

// Prune forgets incidents that were resolved before that instant, with their entries in the
// indexes. What a newer version wrote stays.
func (s *Store) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	pruned := 0
	for shard := range s.shards {
		n, err := s.pruneShard(ctx, shard, before, limit-pruned)
		if pruned += n; err != nil {
			return pruned, fmt.Errorf("redisstore: cannot prune shard %d: %w", shard, err)
		}
		if pruned >= limit {
			break
		}
	}
	return pruned, nil
}

func (s *Store) pruneShard(ctx context.Context, shard int, before time.Time, limit int) (int, error) {
	pruned := 0
	for left := 0; pruned < limit; {
		val, err := s.run(ctx, plain(shard, "zrangebyscore", base(shard)+"e", "-inf", "("+score(before),
			"limit", left, min(limit-pruned, chunk)))
		if err != nil {
			return pruned, err
		}
		ids := texts(val)
		if len(ids) == 0 {
			return pruned, nil
		}
		for _, id := range ids {
			gone, err := s.forget(ctx, shard, paging.IncidentID(id))
			if err != nil {
				return pruned, err
			}
			if gone {
				pruned++
			} else {
				left++ // looked at, and passed over from now on
			}
		}
	}
	return pruned, nil
}

// forget removes one resolved incident, then its entries in the indexes: were it the other way
// round, an incident that is opened again just now could lose them.
func (s *Store) forget(ctx context.Context, shard int, id paging.IncidentID) (bool, error) {
	calls := []*call{
		plain(shard, "get", base(shard)+"i:"+string(id)),
		plain(shard, "hvals", base(shard)+"m:"+string(id)),
	}
	if err := s.all(ctx, calls); err != nil {
		return false, err
	}
	inc, rev, err := parseIncident(text(calls[0].val))
	if err != nil || inc.Open() {
		return false, nil //nolint:nilerr // what cannot be read is not ours to remove
	}
	val, err := s.run(ctx, s.script("prune", shard, string(id), string(inc.Key), formatRevision(rev)))
	if err != nil || val != int64(1) {
		return false, err
	}
	members, err := membersIn(text(calls[0].val), texts(calls[1].val))
	if err != nil {
		return true, err
	}
	return true, s.unindex(ctx, id, members)
}

func (s *Store) unindex(ctx context.Context, id paging.IncidentID, members []escalation.Member) error {
	var calls []*call
	for _, m := range members {
		shard, key := s.identityKey(m.MemberKey)
		calls = append(calls, plain(shard, "hdel", key, string(id)))
		if m.Group != "" {
			shard, prefix, name := s.groupKey(m.Integration, m.Group)
			calls = append(calls, plain(shard, "hdel", prefix+name, string(id)+"\x00"+m.Identity))
		}
	}
	return s.all(ctx, calls)
}
