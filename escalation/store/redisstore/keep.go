package redisstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tocsin/escalation/store"
)

// grace is how much longer than asked Redis keeps a proof: the value's own expiry decides, by
// the caller's time.
const grace = time.Hour

func (s *Store) onceKey(key string) (int, string) {
	shard := s.shardOfText("once", key)
	return shard, base(shard) + "n:" + digest(key)
}

// Once returns a proof of completion unless it has expired at now.
func (s *Store) Once(ctx context.Context, key string, now time.Time) (string, bool, error) {
	shard, name := s.onceKey(key)
	val, err := s.run(ctx, plain(shard, "get", name))
	if err != nil {
		return "", false, fmt.Errorf("redisstore: cannot read a proof: %w", err)
	}
	value := text(val)
	if len(value) < 20 || value[:20] <= digits(now) {
		return "", false, nil
	}
	return value[20:], true, nil
}

// SetOnce keeps a proof of completion.
func (s *Store) SetOnce(ctx context.Context, key, value string, now time.Time, keep time.Duration) error {
	shard, name := s.onceKey(key)
	px := max(keep, 0) + grace
	_, err := s.run(ctx, plain(shard, "set", name, digits(now.Add(keep))+value, "px", px.Milliseconds()))
	if err != nil {
		return fmt.Errorf("redisstore: cannot keep a proof: %w", err)
	}
	return nil
}

// Record appends to the intake log, which is one stream, and trims it.
func (s *Store) Record(ctx context.Context, in store.Intake, keep time.Duration) error {
	body := in.Body
	in.Body = nil // beside the JSON, which would make it a third longer
	about, err := store.Encode(in)
	if err != nil {
		return err
	}
	oldest := max(in.At.Add(-keep).UnixMilli(), 0)
	if _, err = s.run(ctx, s.script("record", 0, max(in.At.UnixMilli(), 1), oldest, about, body)); err != nil {
		return fmt.Errorf("redisstore: cannot write the intake log: %w", err)
	}
	return nil
}

// Intakes reads the intake log from that time on. An entry's id is never earlier than its
// time, so that reading may begin there.
func (s *Store) Intakes(ctx context.Context, from time.Time, limit int) ([]store.Intake, error) {
	var out []store.Intake
	start := strconv.FormatInt(max(from.UnixMilli(), 0), 10)
	for limit <= 0 || len(out) < limit {
		val, err := s.run(ctx, plain(0, "xrange", base(0)+"intake", start, "+", "count", chunk))
		if err != nil {
			return nil, fmt.Errorf("redisstore: cannot read the intake log: %w", err)
		}
		entries, _ := val.([]any)
		for _, e := range entries {
			id, in, err := parseIntake(e)
			if err != nil {
				return nil, err
			}
			start = "(" + id
			if !in.At.Before(from) {
				out = append(out, in)
			}
		}
		if len(entries) < chunk {
			break
		}
	}
	slices.SortStableFunc(out, func(a, b store.Intake) int { return a.At.Compare(b.At) })
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	return out, nil
}

// parseIntake reads [id, [d, JSON, b, body]].
func parseIntake(entry any) (id string, in store.Intake, err error) {
	parts, _ := entry.([]any)
	if len(parts) != 2 {
		return "", in, fmt.Errorf("redisstore: an entry of the intake log is %T", entry)
	}
	fields := texts(parts[1])
	if len(fields) != 4 {
		return "", in, fmt.Errorf("redisstore: entry %s of the intake log has %d fields", text(parts[0]), len(fields))
	}
	if err = store.Decode([]byte(fields[1]), &in); err != nil {
		return "", in, err
	}
	if fields[3] != "" {
		in.Body = []byte(fields[3])
	}
	return text(parts[0]), in, nil
}
