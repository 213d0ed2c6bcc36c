package redisstore

import (
	"context"
	"fmt"
	"time"
)

// Clock is the time of the Redis server.
func (s *Store) Clock(ctx context.Context, _ time.Time) (time.Time, error) {
	at, err := s.client.Time(ctx).Result()
	if err != nil {
		return time.Time{}, fmt.Errorf("redisstore: cannot read the clock of Redis: %w", err)
	}
	return at, nil
}

// Check writes something tiny: a server that answers PING may still refuse every write (disk
// full, no memory, a replica). In a cluster each shard is written, for each may be elsewhere.
func (s *Store) Check(ctx context.Context) error {
	if l := s.later.Load(); l != nil {
		if err := s.arrive(ctx, l); err != nil {
			return err
		}
	}
	calls := []*call{plain(0, "set", base(0)+"check", 1, "px", 60_000)}
	if s.cluster {
		for shard := 1; shard < s.shards; shard++ {
			calls = append(calls, plain(shard, "set", base(shard)+"check", 1, "px", 60_000))
		}
	} else if err := s.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("redisstore: Redis does not answer: %w", err)
	}
	if err := s.all(ctx, calls); err != nil {
		return fmt.Errorf("redisstore: Redis takes no writes: %w", err)
	}
	return nil
}
