package redisstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// lookThrough is how many due attempts of a shard are looked through for the most urgent ones.
const lookThrough = 1024

// candidate is a due attempt as the index names it.
type candidate struct {
	shard  int
	member string // rank and id
	at     time.Time
}

// ClaimAttempts leases all that is due by one script while that is little, which is the way of a
// first page. Else, and in a Cluster, it looks at all shards in one pipeline, and leases the most
// urgent in a second one.
func (s *Store) ClaimAttempts(ctx context.Context, now time.Time, leases paging.Leases, limit int) ([]paging.Claim, time.Time, error) {
	if !s.cluster && limit > 0 {
		claims, next, all, err := s.leaseAll(ctx, now, leases, min(limit, perScript))
		if all || err != nil {
			return claims, next, err
		}
	}
	due, next, err := s.dueAttempts(ctx, now, limit)
	if err != nil {
		return nil, time.Time{}, err
	}
	slices.SortStableFunc(due, func(a, b candidate) int {
		if c := strings.Compare(a.member[:2], b.member[:2]); c != 0 {
			return c
		}
		return a.at.Compare(b.at)
	})
	take := due[:min(max(limit, 0), len(due))]
	for _, c := range due[len(take):] {
		next.add(c.at)
	}
	claims, err := s.leaseAttempts(ctx, now, leases, take, &next)
	return claims, next.time, err
}

func (s *Store) dueAttempts(ctx context.Context, now time.Time, limit int) ([]candidate, earliest, error) {
	var next earliest
	var due []candidate
	calls := make([]*call, s.shards)
	for shard := range calls {
		calls[shard] = s.script("peek_attempts", shard, score(now), s.share(limit), max(limit, lookThrough))
	}
	if err := s.all(ctx, calls); err != nil {
		return nil, next, fmt.Errorf("redisstore: cannot look for attempts: %w", err)
	}
	for shard, c := range calls {
		future, list, err := firstAndList(c.val)
		if err != nil {
			return nil, next, err
		}
		if !future.IsZero() {
			next.add(future)
		}
		for ; len(list) >= 2; list = list[2:] {
			at, err := unscore(list[1])
			if err != nil {
				return nil, next, err
			}
			due = append(due, candidate{shard: shard, member: list[0], at: at})
		}
	}
	return due, next, nil
}

// firstAndList reads {score or nil, list}.
func firstAndList(val any) (first time.Time, list []string, err error) {
	parts, _ := val.([]any)
	if len(parts) != 2 {
		return first, nil, fmt.Errorf("redisstore: a claim answered %T", val)
	}
	if at := text(parts[0]); at != "" {
		first, err = unscore(at)
	}
	return first, texts(parts[1]), err
}

// leaseAll leases all that is due in all shards, unless that is more than most: then nothing.
func (s *Store) leaseAll(ctx context.Context, now time.Time, leases paging.Leases, most int) (claims []paging.Claim, next time.Time, all bool, err error) {
	token := rand.Text()
	args := append(leaseArgs(now, leases, token), most)
	for shard := range s.shards {
		args = append(args, base(shard))
	}
	val, err := s.run(ctx, s.script("lease_attempts", 0, args...))
	if err != nil {
		return nil, time.Time{}, false, fmt.Errorf("redisstore: cannot claim attempts: %w", err)
	}
	if parts, _ := val.([]any); len(parts) == 0 {
		return nil, time.Time{}, false, nil
	}
	next, list, err := firstAndList(val)
	if err != nil {
		return nil, time.Time{}, false, err
	}
	err = eachLeased(list, token, func(_ string, c paging.Claim) { claims = append(claims, c) })
	slices.SortFunc(claims, func(a, b paging.Claim) int {
		return cmp.Or(cmp.Compare(a.Attempt.Rank, b.Attempt.Rank), a.Attempt.Due.Compare(b.Attempt.Due))
	})
	return claims, next, true, err
}

// leaseArgs are the first arguments of lease_attempts.lua.
func leaseArgs(now time.Time, leases paging.Leases, token string) []any {
	return []any{score(now), score(now.Add(leases.Planned)), score(now.Add(leases.Sending)), token, format(escalation.Format)}
}

// eachLeased reads pairs of index member and row. What a newer process wrote is left to it.
func eachLeased(list []string, token string, do func(member string, c paging.Claim)) error {
	for ; len(list) >= 2; list = list[2:] {
		a, err := parseAttempt(list[1])
		if errors.Is(err, store.ErrNewer) {
			continue
		}
		if err != nil {
			return err
		}
		do(list[0], paging.Claim{Attempt: a, Token: token})
	}
	return nil
}

func (s *Store) leaseAttempts(ctx context.Context, now time.Time, leases paging.Leases, take []candidate, next *earliest) ([]paging.Claim, error) {
	token := rand.Text()
	byShard, place := map[int][]any{}, map[string]int{}
	for i, c := range take {
		byShard[c.shard] = append(byShard[c.shard], c.member)
		place[c.member] = i
	}
	calls := make([]*call, 0, len(byShard))
	for shard, members := range byShard {
		calls = append(calls, s.script("lease_attempts", shard, append(append(leaseArgs(now, leases, token), ""), members...)...))
	}
	if err := s.exec(ctx, calls, false); err != nil {
		return nil, fmt.Errorf("redisstore: cannot claim attempts: %w", err)
	}
	claims := make([]paging.Claim, len(take))
	for _, c := range calls {
		if c.err != nil {
			next.add(now) // what another shard gave is not thrown away; this one is asked again
			continue
		}
		first, list, err := firstAndList(c.val)
		if err != nil {
			return nil, err
		}
		if !first.IsZero() {
			next.add(first)
		}
		if err := eachLeased(list, token, func(member string, c paging.Claim) { claims[place[member]] = c }); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(claims, func(c paging.Claim) bool { return c.Token == "" }), nil
}
