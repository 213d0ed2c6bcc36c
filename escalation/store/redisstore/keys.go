package redisstore

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing"
)

// Keys that belong to the installation, not to a shard.
const (
	shardsKey = "tocsin:shards"
	layoutKey = "tocsin:layout"
)

// layout is the version of the key layout. A process leaves a newer one alone, and raises an
// older one, which it reads as well: in layout 1 no row had an opening.
const layout = 2

// base returns the prefix of a shard's keys.
func base(shard int) string { return "tocsin:{" + strconv.Itoa(shard) + "}:" }

func (s *Store) shardOfText(parts ...string) int {
	var room [256]byte
	joined := room[:0]
	for _, p := range parts {
		joined = append(append(joined, p...), 0)
	}
	return store.Shard(routing.DedupKey(joined), s.shards)
}

// groupOf returns one number for all shards whose keys one script may touch: only a Cluster has them
// on several servers.
func (s *Store) groupOf(shard int) int {
	if s.cluster {
		return shard
	}
	return 0
}

// shardOf returns the shard of an incident; false when there can be no such incident here.
func (s *Store) shardOf(id paging.IncidentID) (int, bool) {
	shard, ok := store.ShardOf(id)
	return shard, ok && shard < s.shards
}

// digest makes a short key of texts that senders choose; 128 bits of SHA-256.
func digest(parts ...string) string {
	var room [256]byte
	joined := room[:0]
	for _, p := range parts {
		joined = append(append(strconv.AppendInt(joined, int64(len(p)), 10), ':'), p...)
	}
	sum := sha256.Sum256(joined)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func memberField(k escalation.MemberKey) string { return k.Integration + "\x00" + k.Identity }

// digits is an instant in nanoseconds with leading zeros, so that texts compare like
// instants. Zero time is all zeros; what is before 1970 counts as 1970.
func digits(t time.Time) string {
	if t.IsZero() {
		return "00000000000000000000"
	}
	return fmt.Sprintf("%020d", max(t.UnixNano(), 1))
}

func undigits(s string) (time.Time, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("redisstore: %q is not an instant: %w", s, err)
	}
	if n == 0 {
		return time.Time{}, nil
	}
	return time.Unix(0, n).UTC(), nil
}

// score is an instant as it stands in sorted sets: microseconds are exact in a double.
func score(t time.Time) string { return strconv.FormatInt(max(t.UnixMicro(), 0), 10) }

func unscore(s string) (time.Time, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("redisstore: %q is not a score: %w", s, err)
	}
	return time.UnixMicro(int64(f)).UTC(), nil
}
