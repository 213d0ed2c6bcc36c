package memstore

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"tocsin/escalation/store"
	"tocsin/paging"
)

// phoneBook is what is remembered of one phone number.
type phoneBook struct {
	codes map[int]paging.Code
	keys  map[string]int // code of each key
	token string         // of the lease; empty when free
	until time.Time
	state paging.PhoneState

	// All numbers below low were taken when they were last looked at, and none of them is
	// free before fresh: so that a full phone costs no walk over all of its codes.
	low   int
	fresh time.Time
}

func (s *Store) phone(number string) *phoneBook {
	p := s.phones[number]
	if p == nil {
		p = &phoneBook{codes: map[int]paging.Code{}, keys: map[string]int{}, low: store.FirstCode}
		s.phones[number] = p
	}
	return p
}

// ReserveCode implements store.Store.
func (s *Store) ReserveCode(ctx context.Context, r paging.CodeRequest) (paging.Code, error) {
	if err := s.enter(ctx); err != nil {
		return paging.Code{}, err
	}
	defer s.mu.Unlock()
	p := s.phone(r.Phone)
	n, ok := p.keys[r.Key]
	if !ok || !p.taken(n, r.Now) {
		var err error
		if n, err = s.free(p, r); err != nil {
			return paging.Code{}, err
		}
	}
	if old, ok := p.codes[n]; ok && old.Key != r.Key {
		delete(p.keys, old.Key)
	}
	c := store.NewCode(r, strconv.Itoa(n))
	if n == p.keys[r.Key] && p.codes[n].At.After(c.At) {
		c.At = p.codes[n].At
	}
	p.codes[n], p.keys[r.Key] = c, n
	return copyCode(c), nil
}

func (p *phoneBook) taken(n int, now time.Time) bool {
	c, ok := p.codes[n]
	return ok && store.CodeTaken(c, now)
}

func (s *Store) free(p *phoneBook, r paging.CodeRequest) (int, error) {
	taken := func(n int) bool { return p.taken(n, r.Now) }
	if r.Strong {
		return store.StrongCode(s.random.IntN, taken)
	}
	if r.First > 0 {
		return store.LowestCode(store.FreeRanges(r), 0, taken)
	}
	if !r.Now.Before(p.fresh) {
		p.low, p.fresh = store.FirstCode, r.Now.Add(paging.CodeKeep)
	}
	n, err := store.LowestCode(store.FreeRanges(r), p.low, func(n int) bool {
		if !taken(n) {
			return false
		}
		if end := p.codes[n].At.Add(paging.CodeKeep); end.Before(p.fresh) {
			p.fresh = end
		}
		return true
	})
	if err == nil {
		p.low = n + 1
		if end := r.Now.Add(paging.CodeKeep); end.Before(p.fresh) {
			p.fresh = end
		}
	}
	return n, err
}

// AdoptCode implements store.Store.
func (s *Store) AdoptCode(ctx context.Context, c paging.Code, now time.Time) (bool, error) {
	n, err := store.CodeNumber(c)
	if err != nil {
		return false, err
	}
	if err := s.enter(ctx); err != nil {
		return false, err
	}
	defer s.mu.Unlock()
	p := s.phone(c.Phone)
	if old, ok := p.codes[n]; ok && old.Key != c.Key {
		if store.CodeTaken(old, now) {
			return false, nil
		}
		delete(p.keys, old.Key)
	}
	p.codes[n] = copyCode(c)
	if have, ok := p.keys[c.Key]; !ok || !p.taken(have, now) {
		p.keys[c.Key] = n
	}
	return true, nil
}

func copyCode(c paging.Code) paging.Code {
	c.Incidents = slices.Clone(c.Incidents)
	return c
}

// Codes implements store.Store.
func (s *Store) Codes(ctx context.Context, phone string, now time.Time) ([]paging.Code, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var out []paging.Code
	for _, n := range slices.Sorted(maps.Keys(s.phone(phone).codes)) {
		if c := s.phone(phone).codes[n]; store.CodeTaken(c, now) {
			out = append(out, copyCode(c))
		}
	}
	slices.SortStableFunc(out, func(a, b paging.Code) int { return a.At.Compare(b.At) })
	return out, nil
}

// LeasePhone implements store.Store.
func (s *Store) LeasePhone(ctx context.Context, phone string, now time.Time, lease time.Duration) (paging.PhoneLease, bool, error) {
	if err := s.enter(ctx); err != nil {
		return paging.PhoneLease{}, false, err
	}
	defer s.mu.Unlock()
	p := s.phone(phone)
	if p.token != "" && p.until.After(now) {
		return paging.PhoneLease{}, false, nil
	}
	p.token, p.until = s.token(), now.Add(lease)
	return paging.PhoneLease{Phone: phone, Token: p.token, Until: p.until, State: copyState(p.state)}, true, nil
}

// RenewPhone implements store.Store.
func (s *Store) RenewPhone(ctx context.Context, l paging.PhoneLease, now time.Time, lease time.Duration) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	p := s.phone(l.Phone)
	if l.Token == "" || p.token != l.Token {
		return store.ErrFenced
	}
	if until := now.Add(lease); until.After(p.until) {
		p.until = until
	}
	return nil
}

// ReleasePhone implements store.Store.
func (s *Store) ReleasePhone(ctx context.Context, l paging.PhoneLease) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	p := s.phone(l.Phone)
	if l.Token == "" || p.token != l.Token {
		return store.ErrFenced
	}
	p.token, p.state = "", copyState(l.State)
	return nil
}

func copyState(st paging.PhoneState) paging.PhoneState {
	st.Sent, st.Told = slices.Clone(st.Sent), maps.Clone(st.Told)
	return st
}

// Once implements store.Store.
func (s *Store) Once(ctx context.Context, key string, now time.Time) (string, bool, error) {
	if err := s.enter(ctx); err != nil {
		return "", false, err
	}
	defer s.mu.Unlock()
	p, ok := s.once[key]
	if !ok || !p.until.After(now) {
		return "", false, nil
	}
	return p.value, true, nil
}

// SetOnce implements store.Store. Expired proofs stay in memory: this store does not live long.
func (s *Store) SetOnce(ctx context.Context, key, value string, now time.Time, keep time.Duration) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.once[key] = proof{value, now.Add(keep)}
	return nil
}

// Record implements store.Store.
func (s *Store) Record(ctx context.Context, in store.Intake, keep time.Duration) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	in.Body = bytes.Clone(in.Body)
	at, _ := slices.BinarySearchFunc(s.intake, in.At.Add(1), byTime) // behind those of the same instant
	s.intake = slices.Insert(s.intake, at, in)
	old, _ := slices.BinarySearchFunc(s.intake, in.At.Add(-keep), byTime)
	s.intake = slices.Delete(s.intake, 0, old)
	return nil
}

func byTime(in store.Intake, at time.Time) int { return in.At.Compare(at) }

// Intakes implements store.Store.
func (s *Store) Intakes(ctx context.Context, from time.Time, limit int) ([]store.Intake, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	first, _ := slices.BinarySearchFunc(s.intake, from, byTime)
	out := slices.Clone(s.intake[first:])
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	for i := range out {
		out[i].Body = bytes.Clone(out[i].Body)
	}
	return out, nil
}
