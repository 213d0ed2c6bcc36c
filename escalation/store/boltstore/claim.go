package boltstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"time"

	"tocsin/escalation/store"
	"tocsin/paging"
)

// ClaimTimers implements store.Store. It writes only when something is due.
func (s *Store) ClaimTimers(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]store.TimerClaim, time.Time, error) {
	var claims []store.TimerClaim
	next, err := s.nextTimer(ctx)
	if err != nil || next == 0 || next > stamp(now) || limit <= 0 {
		return nil, instant(next), err
	}
	err = s.submit(ctx, func(t *txn) error {
		claims = nil
		for _, key := range t.until(timerBucket, stamp(now), limit) {
			id := key[timeBytes:]
			claims = append(claims, store.TimerClaim{ID: paging.IncidentID(id), Due: readTime(key)})
			if err := t.leaseTimer(id, key, stamp(now.Add(lease))); err != nil {
				return err
			}
		}
		next = t.firstTimer()
		return nil
	})
	return claims, instant(next), err
}

func (s *Store) nextTimer(ctx context.Context) (next uint64, err error) {
	err = s.view(ctx, func(t *txn) error {
		next = t.firstTimer()
		return nil
	})
	return next, err
}

// firstTimer returns the stamp of the earliest timer; 0 when there is none.
func (t *txn) firstTimer() uint64 {
	k, _ := t.bucket(timerBucket).Cursor().First()
	if k == nil {
		return 0
	}
	return binary.BigEndian.Uint64(k)
}

// leaseTimer moves the timer under key to the end of its lease, and keeps when it was due.
func (t *txn) leaseTimer(id, key []byte, until uint64) error {
	first := bytes.Clone(t.get(timerBucket, key))
	if len(first) != timeBytes { // not leased before
		first = key[:timeBytes]
	}
	return t.setTimer(id, key, until, first)
}

// setTimer moves the timer under key to due. first is when a leased one was due, nil for others.
func (t *txn) setTimer(id, key []byte, due uint64, first []byte) error {
	h, there, err := t.head(id)
	if err != nil || !there { // an index entry without its incident only goes
		return errors.Join(err, t.delete(timerBucket, key))
	}
	h.due = due
	return errors.Join(t.delete(timerBucket, key), t.put(timerBucket, timerKey(due, id), first), t.put(headBucket, id, h.encode()))
}

// Timers implements store.Store: it believes the index, not what the head says of it.
func (s *Store) Timers(ctx context.Context, ids []paging.IncidentID) (out []time.Time, err error) {
	err = s.view(ctx, func(t *txn) error {
		out = make([]time.Time, len(ids))
		index := t.bucket(timerBucket).Cursor()
		for i, id := range ids {
			h, there, err := t.head([]byte(id))
			if err != nil {
				return err
			}
			key := timerKey(h.due, []byte(id))
			if k, _ := index.Seek(key); there && h.due != 0 && bytes.Equal(k, key) {
				out[i] = instant(h.due)
			}
		}
		return nil
	})
	return out, err
}

// ClaimAttempts implements store.Store. It writes only when something is due.
func (s *Store) ClaimAttempts(ctx context.Context, now time.Time, leases paging.Leases, limit int) ([]paging.Claim, time.Time, error) {
	var claims []paging.Claim
	var next uint64
	due := 0
	err := s.view(ctx, func(t *txn) error {
		var keys [][]byte
		keys, next = t.dueAttempts(stamp(now), limit)
		due = len(keys)
		return nil
	})
	if err != nil || due == 0 {
		return nil, instant(next), err
	}
	err = s.submit(ctx, func(t *txn) error {
		claims = nil
		keys, _ := t.dueAttempts(stamp(now), limit)
		for _, key := range keys {
			c, ok, err := t.claim(key, now, leases)
			if err != nil {
				return err
			}
			if ok {
				claims = append(claims, c)
			}
		}
		_, next = t.dueAttempts(0, 0)
		return nil
	})
	return claims, instant(next), err
}

// dueAttempts returns copies of the index keys of up to limit attempts that are due, most
// urgent first, and the earliest stamp among all that are left. It looks at each rank once.
func (t *txn) dueAttempts(now uint64, limit int) (keys [][]byte, next uint64) {
	c := t.bucket(dueBucket).Cursor()
	k, _ := c.First()
	for k != nil {
		at := binary.BigEndian.Uint64(k[rankBytes:])
		if at <= now && len(keys) < limit {
			keys = append(keys, bytes.Clone(k))
			k, _ = c.Next()
			continue
		}
		if next == 0 || at < next {
			next = at
		}
		k, _ = c.Seek(binary.BigEndian.AppendUint64(bytes.Clone(k[:rankBytes]), 1<<64-1)) // on to the next rank
	}
	return keys, next
}

// claim leases the attempt under that index key. One that cannot be read is leased, too, so
// that it comes up again without keeping others from being claimed.
func (t *txn) claim(key []byte, now time.Time, leases paging.Leases) (paging.Claim, bool, error) {
	id := key[rankBytes+timeBytes:]
	old, there, err := t.row(paging.AttemptID(id))
	if err != nil || !there {
		return paging.Claim{}, false, t.delete(dueBucket, key)
	}
	a, readable := old.attempt()
	r := old
	r.due = stamp(now.Add(leases.Of(a.State)))
	if readable == nil {
		r.token = rand.Text()
		a.Token = r.token
	}
	r.json = bytes.Clone(r.json)
	return paging.Claim{Attempt: a, Token: r.token}, readable == nil, t.save(id, old, r)
}

// held returns the attempt of a claim that is still held.
func (t *txn) held(c paging.Claim) (paging.Attempt, row, bool) {
	r, there, err := t.row(c.Attempt.ID)
	if err != nil || !there || !r.live() || c.Token == "" || r.token != c.Token {
		return paging.Attempt{}, row{}, false
	}
	a, err := r.attempt()
	return a, r, err == nil
}

// Begin implements store.Store.
func (s *Store) Begin(ctx context.Context, now time.Time, lease time.Duration, starts []paging.Start) ([]error, error) {
	out := make([]error, len(starts))
	err := s.submit(ctx, func(t *txn) error {
		for i, start := range starts {
			a, old, ok := t.held(start.Claim)
			if !ok {
				out[i] = store.ErrFenced
				continue
			}
			out[i] = nil
			a.State, a.StartedAt, a.Tries = paging.Sending, now, a.Tries+1
			a.Code, a.Text, a.Bundle = start.Code, start.Text, start.Bundle
			if err := t.rewrite(a, old, stamp(now.Add(lease))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Defer implements store.Store.
func (s *Store) Defer(ctx context.Context, claims []paging.Claim, until time.Time) error {
	return s.submit(ctx, func(t *txn) error {
		for _, c := range claims {
			a, old, ok := t.held(c)
			if !ok {
				continue
			}
			a.Token = ""
			if err := t.rewrite(a, old, stamp(until)); err != nil {
				return err
			}
		}
		return nil
	})
}
