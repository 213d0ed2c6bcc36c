package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// sweep is how many expired values one write forgets at most: more than come in, so that they
// do not pile up, and few enough that no write waits for them.
const sweep = 64

// proofKey keeps keys short and never empty, whatever callers name their proofs.
func proofKey(key string) []byte { return digest("once", key) }

// Once implements store.Store.
func (s *Store) Once(ctx context.Context, key string, now time.Time) (value string, there bool, err error) {
	err = s.view(ctx, func(t *txn) error {
		b := t.get(onceBucket, proofKey(key))
		if len(b) >= timeBytes && readTime(b).After(now) {
			value, there = string(b[timeBytes:]), true
		}
		return nil
	})
	return value, there, err
}

// SetOnce implements store.Store.
func (s *Store) SetOnce(ctx context.Context, key, value string, now time.Time, keep time.Duration) error {
	k := proofKey(key)
	return s.submit(ctx, func(t *txn) error {
		if b := t.get(onceBucket, k); len(b) >= timeBytes {
			if err := t.delete(expiryBucket, timerKey(binary.BigEndian.Uint64(b), k)); err != nil {
				return err
			}
		}
		if err := t.expire(stamp(now)); err != nil {
			return err
		}
		until := stamp(now.Add(keep))
		if err := t.put(expiryBucket, timerKey(until, k), nil); err != nil {
			return err
		}
		return t.put(onceBucket, k, append(binary.BigEndian.AppendUint64(nil, until), value...))
	})
}

// expire forgets proofs that have expired.
func (t *txn) expire(now uint64) error {
	for _, key := range t.until(expiryBucket, now, sweep) {
		if err := t.delete(expiryBucket, key); err != nil {
			return err
		}
		if err := t.delete(onceBucket, key[timeBytes:]); err != nil {
			return err
		}
	}
	return nil
}

// Record implements store.Store.
func (s *Store) Record(ctx context.Context, in store.Intake, keep time.Duration) error {
	b, err := store.Encode(in)
	if err != nil {
		return err
	}
	old := stamp(in.At.Add(-keep))
	return s.submit(ctx, func(t *txn) error {
		n, err := t.bucket(intakeBucket).NextSequence()
		if err != nil {
			return err
		}
		if err := t.put(intakeBucket, binary.BigEndian.AppendUint64(appendTime(nil, in.At), n), b); err != nil {
			return err
		}
		for _, key := range t.until(intakeBucket, max(old, 1)-1, sweep) {
			if err := t.delete(intakeBucket, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// Intakes implements store.Store.
func (s *Store) Intakes(ctx context.Context, from time.Time, limit int) (out []store.Intake, err error) {
	err = s.view(ctx, func(t *txn) error {
		c := t.bucket(intakeBucket).Cursor()
		for k, v := c.Seek(appendTime(nil, from)); k != nil && (limit <= 0 || len(out) < limit); k, v = c.Next() {
			var in store.Intake
			if err := store.Decode(v, &in); err != nil {
				return err
			}
			out = append(out, in)
		}
		return nil
	})
	return out, err
}

// Prune implements store.Store.
func (s *Store) Prune(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = s.submit(ctx, func(t *txn) error {
		n = 0
		for _, key := range t.endedBefore(stamp(before), limit) {
			if err := t.forget(key); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// endedBefore returns copies of the index keys of up to limit incidents that ended before
// that instant. What a newer version wrote is left to it.
func (t *txn) endedBefore(before uint64, limit int) [][]byte {
	var keys [][]byte
	t.scan(endedBucket, nil, func(k, _ []byte) bool {
		if len(keys) >= limit || binary.BigEndian.Uint64(k) >= before {
			return false
		}
		if h, _, err := t.head(k[timeBytes:]); err != nil || h.newer() == nil {
			keys = append(keys, bytes.Clone(k))
		}
		return true
	})
	return keys
}

// forget deletes the incident under a key of the ended, with all that belongs to it.
func (t *txn) forget(ended []byte) error {
	id := ended[timeBytes:]
	inc, h, err := t.incident(id)
	if err != nil {
		return err
	}
	if inc != nil && string(t.get(keyBucket, []byte(inc.Key))) == string(id) {
		if err := t.delete(keyBucket, []byte(inc.Key)); err != nil {
			return err
		}
	}
	if err := t.forgetMembers(paging.IncidentID(id)); err != nil {
		return err
	}
	if err := t.forgetAttempts(id); err != nil {
		return err
	}
	if err := t.deleteAll(entryBucket, rowPrefix(paging.IncidentID(id))); err != nil {
		return err
	}
	if err := t.move(timerBucket, id, h.due, 0); err != nil {
		return err
	}
	for _, name := range []string{headBucket, incidentBucket} {
		if err := t.delete(name, id); err != nil {
			return err
		}
	}
	return t.delete(endedBucket, ended)
}

func (t *txn) forgetMembers(id paging.IncidentID) error {
	members, err := rows(t, memberBucket, rowPrefix(id), 0, store.DecodeMember)
	if err != nil {
		return err
	}
	for _, m := range members {
		if err := t.forgetMember(id, m); err != nil {
			return err
		}
	}
	return nil
}

func (t *txn) forgetMember(id paging.IncidentID, m escalation.Member) error {
	if m.Firing && m.Group != "" {
		if err := t.delete(groupBucket, groupKey(m.Group, m.MemberKey, id)); err != nil {
			return err
		}
	}
	if err := t.delete(identityBucket, identityKey(m.MemberKey, id)); err != nil {
		return err
	}
	return t.delete(memberBucket, memberKey(id, m.MemberKey))
}

func (t *txn) forgetAttempts(id []byte) error {
	for _, key := range t.keysOf(attemptBucket, append(bytes.Clone(id), '-'), math.MaxInt) {
		if r, there, err := t.row(paging.AttemptID(key)); err == nil && there && r.live() {
			if err := t.delete(dueBucket, dueKey(r.rank, r.due, key)); err != nil {
				return err
			}
		}
		if err := t.delete(attemptBucket, key); err != nil {
			return err
		}
	}
	return nil
}
