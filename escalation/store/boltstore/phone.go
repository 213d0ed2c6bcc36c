package boltstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"slices"
	"strconv"
	"time"

	"tocsin/escalation/store"
	"tocsin/paging"
)

// hint spares a phone with many codes a walk over all of them: the numbers below low were
// taken when they were looked at, and none of them is free before fresh.
type hint struct {
	low   int
	fresh time.Time
}

func phonePrefix(phone string) []byte { return append([]byte(phone), 0) }

func codeKey(phone string, n int) []byte {
	return binary.BigEndian.AppendUint32(phonePrefix(phone), uint32(n))
}

func codeOwner(phone, key string) []byte { return append(phonePrefix(phone), digest(phone, key)...) }

// ReserveCode implements store.Store.
func (s *Store) ReserveCode(ctx context.Context, r paging.CodeRequest) (paging.Code, error) {
	var code paging.Code
	var refused error
	err := s.submit(ctx, func(t *txn) (err error) {
		code, refused, err = t.reserve(r)
		return err
	})
	if err == nil {
		err = refused
	}
	return code, err
}

func (t *txn) reserve(r paging.CodeRequest) (code paging.Code, refused, err error) {
	owner := codeOwner(r.Phone, r.Key)
	n, own := 0, false
	if b := t.get(codeKeyBucket, owner); len(b) == 4 {
		n = int(binary.BigEndian.Uint32(b))
		_, own = t.taken(r.Phone, n, r.Now)
	}
	if !own {
		if n, refused = t.free(r); refused != nil {
			return code, refused, nil
		}
	}
	code = store.NewCode(r, strconv.Itoa(n))
	key := codeKey(r.Phone, n)
	if old, there, err := t.code(key); err != nil {
		return code, nil, err
	} else if there && old.Key != r.Key {
		if err := t.delete(codeKeyBucket, codeOwner(r.Phone, old.Key)); err != nil {
			return code, nil, err
		}
	} else if own && old.At.After(code.At) {
		code.At = old.At
	}
	b, err := store.Encode(code)
	if err != nil {
		return code, err, nil
	}
	if err := t.put(codeBucket, key, append(appendTime(nil, code.At), b...)); err != nil {
		return code, nil, err
	}
	return code, nil, t.put(codeKeyBucket, owner, binary.BigEndian.AppendUint32(nil, uint32(n)))
}

func (t *txn) code(key []byte) (code paging.Code, there bool, err error) {
	b := t.get(codeBucket, key)
	if len(b) < timeBytes {
		return code, false, nil
	}
	err = store.Decode(b[timeBytes:], &code)
	return code, err == nil, err
}

// taken returns when a number is free again, and whether it is taken now.
func (t *txn) taken(phone string, n int, now time.Time) (time.Time, bool) {
	b := t.get(codeBucket, codeKey(phone, n))
	if len(b) < timeBytes {
		return time.Time{}, false
	}
	at := readTime(b)
	return at.Add(paging.CodeKeep), store.CodeTaken(paging.Code{At: at}, now)
}

func (t *txn) free(r paging.CodeRequest) (int, error) {
	if r.Strong {
		if err := t.sweepStrong(r.Phone, r.Now); err != nil {
			return 0, err
		}
		return store.StrongCode(random, func(n int) bool {
			_, taken := t.taken(r.Phone, n, r.Now)
			return taken
		})
	}
	if r.First > 0 {
		return store.LowestCode(store.FreeRanges(r), 0, func(n int) bool {
			_, taken := t.taken(r.Phone, n, r.Now)
			return taken
		})
	}
	h, ok := t.s.free[r.Phone]
	if !ok || !r.Now.Before(h.fresh) {
		h = hint{low: store.FirstCode, fresh: r.Now.Add(paging.CodeKeep)}
	}
	n, err := store.LowestCode(store.FreeRanges(r), h.low, func(n int) bool {
		end, taken := t.taken(r.Phone, n, r.Now)
		if taken && end.Before(h.fresh) {
			h.fresh = end
		}
		return taken
	})
	if err == nil {
		h.low = n + 1
		if end := r.Now.Add(paging.CodeKeep); end.Before(h.fresh) {
			h.fresh = end
		}
		t.s.free[r.Phone] = h
	}
	return n, err
}

// sweepStrong forgets a few strong codes that are free again, beginning at a random one: they
// are seldom given again, so that nothing else would ever write over them.
func (t *txn) sweepStrong(phone string, now time.Time) error {
	const few = 8
	var keys [][]byte
	c := t.bucket(codeBucket).Cursor()
	k, v := c.Seek(codeKey(phone, store.FirstStrongCode+random(store.LastStrongCode-store.FirstStrongCode)))
	for i := 0; i < few; i++ {
		if k == nil || !bytes.HasPrefix(k, phonePrefix(phone)) {
			k, v = c.Seek(codeKey(phone, store.FirstStrongCode))
			if k == nil || !bytes.HasPrefix(k, phonePrefix(phone)) {
				break
			}
		}
		if len(v) >= timeBytes && !store.CodeTaken(paging.Code{At: readTime(v)}, now) {
			keys = append(keys, bytes.Clone(k))
		}
		k, v = c.Next()
	}
	for _, key := range keys {
		if old, there, err := t.code(key); err == nil && there {
			if err := t.delete(codeKeyBucket, codeOwner(phone, old.Key)); err != nil {
				return err
			}
		}
		if err := t.delete(codeBucket, key); err != nil {
			return err
		}
	}
	return nil
}

// random returns a number below n that nobody can guess.
func random(n int) int {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return int(binary.BigEndian.Uint64(b[:]) % uint64(n))
}

// Codes implements store.Store.
func (s *Store) Codes(ctx context.Context, phone string, now time.Time) (out []paging.Code, err error) {
	err = s.view(ctx, func(t *txn) (err error) {
		out, err = rows(t, codeBucket, phonePrefix(phone), 0, func(b []byte) (c paging.Code, err error) {
			err = store.Decode(b[timeBytes:], &c)
			return c, err
		})
		return err
	})
	out = slices.DeleteFunc(out, func(c paging.Code) bool { return !store.CodeTaken(c, now) })
	slices.SortStableFunc(out, func(a, b paging.Code) int { return a.At.Compare(b.At) })
	return out, err
}

// phoneRow is what is stored of a phone: the lease and the state.
type phoneRow struct {
	Token string            `json:"token,omitempty"` // of the lease; empty when free
	Until time.Time         `json:"until,omitzero"`
	State paging.PhoneState `json:"state"`
}

func (t *txn) phone(number string) (p phoneRow, err error) {
	if b := t.get(phoneBucket, phonePrefix(number)); b != nil {
		err = store.Decode(b, &p)
	}
	return p, err
}

func (t *txn) putPhone(number string, p phoneRow) error {
	b, err := store.Encode(p)
	if err != nil {
		return err
	}
	return t.put(phoneBucket, phonePrefix(number), b)
}

// LeasePhone implements store.Store.
func (s *Store) LeasePhone(ctx context.Context, phone string, now time.Time, lease time.Duration) (paging.PhoneLease, bool, error) {
	var l paging.PhoneLease
	got := false
	err := s.submit(ctx, func(t *txn) error {
		p, err := t.phone(phone)
		got = err == nil && (p.Token == "" || !p.Until.After(now))
		if err != nil || !got {
			return err
		}
		p.Token, p.Until = rand.Text(), now.Add(lease)
		l = paging.PhoneLease{Phone: phone, Token: p.Token, Until: p.Until, State: p.State}
		return t.putPhone(phone, p)
	})
	if err != nil || !got {
		return paging.PhoneLease{}, false, err
	}
	return l, true, nil
}

// RenewPhone implements store.Store.
func (s *Store) RenewPhone(ctx context.Context, l paging.PhoneLease, now time.Time, lease time.Duration) error {
	return s.underLease(ctx, l, func(t *txn, p phoneRow) error {
		if until := now.Add(lease); until.After(p.Until) {
			p.Until = until
		}
		return t.putPhone(l.Phone, p)
	})
}

// ReleasePhone implements store.Store.
func (s *Store) ReleasePhone(ctx context.Context, l paging.PhoneLease) error {
	return s.underLease(ctx, l, func(t *txn, _ phoneRow) error { return t.putPhone(l.Phone, phoneRow{State: l.State}) })
}

// underLease changes a phone's row while the lease is the caller's.
func (s *Store) underLease(ctx context.Context, l paging.PhoneLease, change func(*txn, phoneRow) error) error {
	fenced := false
	err := s.submit(ctx, func(t *txn) error {
		p, err := t.phone(l.Phone)
		fenced = err == nil && (l.Token == "" || p.Token != l.Token)
		if err != nil || fenced {
			return err
		}
		return change(t, p)
	})
	if err == nil && fenced {
		return store.ErrFenced
	}
	return err
}
