package redisstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// List merges the shards' indexes, newest first. What a newer version wrote is left out: this
// process cannot show it.
func (s *Store) List(ctx context.Context, f store.Filter) ([]escalation.Incident, error) {
	ids, err := s.listIDs(ctx, f)
	if err != nil {
		return nil, err
	}
	var out []escalation.Incident
	for from := 0; from < len(ids) && (f.Limit <= 0 || len(out) < f.Limit); from += chunk {
		part := ids[from:min(from+chunk, len(ids))]
		calls := make([]*call, len(part))
		for i, id := range part {
			shard, _ := s.shardOf(paging.IncidentID(id))
			calls[i] = plain(shard, "get", base(shard)+"i:"+id)
		}
		if err := s.all(ctx, calls); err != nil {
			return nil, fmt.Errorf("redisstore: cannot list incidents: %w", err)
		}
		for _, c := range calls {
			inc, err := listed(c, f)
			if err != nil {
				return nil, err
			}
			if inc != nil && (f.Limit <= 0 || len(out) < f.Limit) {
				out = append(out, *inc)
			}
		}
	}
	return out, nil
}

func listed(c *call, f store.Filter) (*escalation.Incident, error) {
	row := text(c.val)
	if row == "" {
		return nil, nil // pruned in the meantime
	}
	inc, _, err := parseIncident(row)
	if errors.Is(err, store.ErrNewer) {
		return nil, nil
	}
	if err != nil || (f.Open && !inc.Open()) {
		return nil, err
	}
	return inc, nil
}

// listIDs returns what the indexes hold, at most f.Limit of each.
func (s *Store) listIDs(ctx context.Context, f store.Filter) ([]string, error) {
	from := "+"
	if f.Before != "" {
		from = "(" + string(f.Before)
	}
	indexes := []string{"o", "d"}
	if f.Open {
		indexes = indexes[:1]
	}
	var calls []*call
	for shard := range s.shards {
		for _, index := range indexes {
			args := []any{"zrevrangebylex", base(shard) + index, from, "-"}
			if f.Limit > 0 {
				args = append(args, "limit", 0, f.Limit)
			}
			calls = append(calls, plain(shard, args...))
		}
	}
	if err := s.all(ctx, calls); err != nil {
		return nil, fmt.Errorf("redisstore: cannot list incidents: %w", err)
	}
	var ids []string
	for _, c := range calls {
		ids = append(ids, texts(c.val)...)
	}
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(b, a) })
	return slices.Compact(ids), nil
}

// rows reads one command about one incident; an unknown incident has none.
func (s *Store) rows(ctx context.Context, id paging.IncidentID, kind string, name string, args ...any) ([]string, error) {
	shard, ok := s.shardOf(id)
	if !ok {
		return nil, nil
	}
	val, err := s.run(ctx, plain(shard, append([]any{name, base(shard) + kind + ":" + string(id)}, args...)...))
	if err != nil {
		return nil, fmt.Errorf("redisstore: cannot read incident %s: %w", id, err)
	}
	return texts(val), nil
}

// Timeline returns the entries of an incident in order.
func (s *Store) Timeline(ctx context.Context, id paging.IncidentID) ([]escalation.Entry, error) {
	row, rows, err := s.withRow(ctx, id, "h", "lrange", 0, -1)
	if err != nil {
		return nil, err
	}
	var out []escalation.Entry
	if row != "" {
		open, err := parseOpening(row)
		if err != nil {
			return nil, err
		}
		out = open.Entries
	}
	for _, row := range rows {
		entries, err := store.DecodeEntries([]byte(row))
		if err != nil {
			return nil, err
		}
		out = append(out, entries...)
	}
	return out, nil
}

// MembersOf returns the members of an incident by integration and identity.
func (s *Store) MembersOf(ctx context.Context, id paging.IncidentID, limit int) ([]escalation.Member, error) {
	row, rows, err := s.withRow(ctx, id, "m", "hvals")
	if err != nil {
		return nil, err
	}
	members, err := membersIn(row, rows)
	slices.SortFunc(members, func(a, b escalation.Member) int {
		return cmp.Or(strings.Compare(a.Integration, b.Integration), strings.Compare(a.Identity, b.Identity))
	})
	if limit > 0 && len(members) > limit {
		members = members[:limit]
	}
	return members, err
}

// AttemptsOf returns the attempts of an incident by due time, then id.
func (s *Store) AttemptsOf(ctx context.Context, id paging.IncidentID) ([]paging.Attempt, error) {
	rows, err := s.rows(ctx, id, "a", "hvals")
	if err != nil {
		return nil, err
	}
	attempts, err := decodeAll(rows, parseAttempt)
	slices.SortFunc(attempts, func(a, b paging.Attempt) int {
		return cmp.Or(a.Due.Compare(b.Due), strings.Compare(string(a.ID), string(b.ID)))
	})
	return attempts, err
}

func decodeAll[T any](rows []string, decode func(string) (T, error)) ([]T, error) {
	var out []T
	for _, row := range rows {
		v, err := decode(row)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
