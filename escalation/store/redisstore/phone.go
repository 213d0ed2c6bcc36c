package redisstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"time"

	"tocsin/escalation/store"
	"tocsin/paging"
)

// strongTries is how many random numbers are offered for a strong code at once.
const strongTries = 32

// ReserveCode allocates a code by one script in the shard of the phone.
func (s *Store) ReserveCode(ctx context.Context, r paging.CodeRequest) (paging.Code, error) {
	code := store.NewCode(r, "")
	body, err := store.Encode(code)
	if err != nil {
		return paging.Code{}, err
	}
	free := r.Now.Add(-paging.CodeKeep)
	args := []any{r.Phone, r.Key, score(r.Now), codeValue(code, body), digits(free), score(free)}
	for _, span := range store.FreeRanges(r) {
		args = append(args, span[0], span[1])
	}
	if r.Strong {
		for range strongTries {
			n, err := rand.Int(rand.Reader, big.NewInt(store.LastStrongCode-store.FirstStrongCode+1))
			if err != nil {
				return paging.Code{}, fmt.Errorf("redisstore: no random number for a code: %w", err)
			}
			args = append(args, store.FirstStrongCode+n.Int64())
		}
	}
	val, err := s.run(ctx, s.script("code", s.shardOfText("phone", r.Phone), args...))
	if err != nil {
		return paging.Code{}, fmt.Errorf("redisstore: cannot reserve a code: %w", err)
	}
	if code.Code = text(val); code.Code == "" {
		return paging.Code{}, store.ErrNoCode
	}
	return code, nil
}

// codeValue is how a code is stored, see code.lua.
func codeValue(c paging.Code, body []byte) string {
	return fmt.Sprintf("%s%06d%s%s", digits(c.At), len(c.Key), c.Key, body)
}

// AdoptCode brings in a code that another store gave out.
func (s *Store) AdoptCode(ctx context.Context, c paging.Code, now time.Time) (bool, error) {
	if _, err := store.CodeNumber(c); err != nil {
		return false, err
	}
	body, err := store.Encode(c)
	if err != nil {
		return false, err
	}
	free := digits(now.Add(-paging.CodeKeep))
	val, err := s.run(ctx, s.script("adopt_code", s.shardOfText("phone", c.Phone), c.Phone, c.Code, c.Key, score(c.At), codeValue(c, body), free))
	if err != nil {
		return false, fmt.Errorf("redisstore: cannot adopt a code: %w", err)
	}
	return val == int64(1), nil
}

// Codes returns the codes of a phone that are in use at now, oldest text first.
func (s *Store) Codes(ctx context.Context, phone string, now time.Time) ([]paging.Code, error) {
	shard := s.shardOfText("phone", phone)
	val, err := s.run(ctx, plain(shard, "hgetall", base(shard)+"c:"+phone))
	if err != nil {
		return nil, fmt.Errorf("redisstore: cannot read codes: %w", err)
	}
	var out []paging.Code
	for list := texts(val); len(list) >= 2; list = list[2:] {
		c, err := parseCode(list[0], list[1])
		if err != nil {
			return nil, err
		}
		if store.CodeTaken(c, now) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b paging.Code) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(len(a.Code), len(b.Code)), cmp.Compare(a.Code, b.Code))
	})
	return out, nil
}

// parseCode reads a field of a phone's codes, see code.lua.
func parseCode(number, value string) (c paging.Code, err error) {
	const head = 26
	if len(value) < head {
		return c, fmt.Errorf("redisstore: code %s has no header", number)
	}
	length, err := strconv.Atoi(value[20:head])
	if err != nil || head+length > len(value) {
		return c, fmt.Errorf("redisstore: code %s has a bad header", number)
	}
	err = store.Decode([]byte(value[head+length:]), &c)
	c.Code = number
	return c, err
}

// LeasePhone takes the right to text one phone, with its state.
func (s *Store) LeasePhone(ctx context.Context, phone string, now time.Time, lease time.Duration) (paging.PhoneLease, bool, error) {
	l := paging.PhoneLease{Phone: phone, Token: rand.Text(), Until: now.Add(lease)}
	val, err := s.run(ctx, s.script("lease_phone", s.shardOfText("phone", phone), phone, digits(now), digits(l.Until), l.Token))
	if err != nil {
		return paging.PhoneLease{}, false, fmt.Errorf("redisstore: cannot lease a phone: %w", err)
	}
	if val == nil {
		return paging.PhoneLease{}, false, nil
	}
	if state := text(val); state != "" {
		if err := store.Decode([]byte(state), &l.State); err != nil {
			return paging.PhoneLease{}, false, err
		}
	}
	return l, true, nil
}

// RenewPhone has the lease of a phone end later.
func (s *Store) RenewPhone(ctx context.Context, l paging.PhoneLease, now time.Time, lease time.Duration) error {
	if l.Token == "" {
		return store.ErrFenced
	}
	val, err := s.run(ctx, s.script("renew_phone", s.shardOfText("phone", l.Phone), l.Phone, l.Token, digits(now.Add(lease))))
	if err != nil {
		return fmt.Errorf("redisstore: cannot renew the lease of a phone: %w", err)
	}
	if val != int64(1) {
		return store.ErrFenced
	}
	return nil
}

// ReleasePhone saves the state of a phone and gives its lease back.
func (s *Store) ReleasePhone(ctx context.Context, l paging.PhoneLease) error {
	if l.Token == "" {
		return store.ErrFenced
	}
	state, err := store.Encode(l.State)
	if err != nil {
		return err
	}
	val, err := s.run(ctx, s.script("release_phone", s.shardOfText("phone", l.Phone), l.Phone, l.Token, state))
	if err != nil {
		return fmt.Errorf("redisstore: cannot release a phone: %w", err)
	}
	if val != int64(1) {
		return store.ErrFenced
	}
	return nil
}
