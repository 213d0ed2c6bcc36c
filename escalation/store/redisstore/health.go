package redisstore

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"
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

// Promise says what an outage would lose, from what the server tells of its settings.
func (s *Store) Promise(ctx context.Context) string {
	info, err := s.info(ctx)
	if err != nil {
		return "Redis does not tell its settings (" + err.Error() + "): what an outage loses is not known"
	}
	said := []string{s.durability(ctx, info)}
	if info["aof_last_write_status"] == "err" {
		said = append(said, "the last write of the append-only file failed: free disk space on the Redis machine")
	}
	policy := info["maxmemory_policy"]
	switch {
	case policy != "" && policy != "noeviction" && policy != "volatile-lru" && policy != "volatile-lfu" &&
		policy != "volatile-random" && policy != "volatile-ttl":
		said = append(said, "maxmemory-policy "+policy+" may evict incidents: set noeviction")
	case strings.HasPrefix(policy, "volatile"):
		said = append(said, "maxmemory-policy "+policy+" may evict the proofs that a delivery or reply was handled: set noeviction")
	}
	if info["role"] == "slave" {
		said = append(said, "this server is a replica and takes no writes: give the master's address, or use redis+sentinel://")
	}
	return strings.Join(append(said, s.replication(info)), "; ")
}

// durability says what the death of the machine loses.
func (s *Store) durability(ctx context.Context, info map[string]string) string {
	if info["aof_enabled"] != "1" {
		return "appendonly is off: everything since the last snapshot is lost when Redis dies; set appendonly yes"
	}
	fsync := ""
	// Managed services forbid CONFIG; then the setting stays unknown.
	if list, err := s.client.ConfigGet(ctx, "appendfsync").Result(); err == nil {
		fsync = list["appendfsync"]
	}
	switch fsync {
	case "always":
		return "appendfsync always: nothing accepted is lost when Redis or its machine dies and the disk survives"
	case "everysec":
		return "appendfsync everysec: up to about 2 s of accepted alerts are lost when the Redis machine dies"
	case "no":
		return "appendfsync no: up to about 30 s of accepted alerts are lost when the Redis machine dies; set everysec or always"
	default:
		return "appendonly is on; with its default, everysec, up to about 2 s of accepted alerts are lost when the Redis machine dies"
	}
}

// replication says what a fail-over loses.
func (s *Store) replication(info map[string]string) string {
	n, _ := strconv.Atoi(info["connected_slaves"]) // absent: none
	switch {
	case s.wait > 0 && n < s.wait:
		return fmt.Sprintf("commits wait for %d replicas, but %d are connected: alerts are refused until they are", s.wait, n)
	case s.wait > 0:
		return fmt.Sprintf("commits wait until %d of %d replicas have them, so that a fail-over loses them only together with all of these", s.wait, n)
	case n > 0:
		return fmt.Sprintf("a fail-over to one of the %d replicas may lose the last moments: add ?wait=1 to the store's URL", n)
	default:
		return "no replica is connected: Redis has no stand-in"
	}
}

// info reads INFO of one server.
func (s *Store) info(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	for _, section := range []string{"persistence", "memory", "replication"} {
		text, err := s.client.Info(ctx, section).Result()
		if err != nil {
			return nil, err
		}
		for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
			if name, value, ok := strings.Cut(lines.Text(), ":"); ok {
				out[name] = value
			}
		}
	}
	return out, nil
}
