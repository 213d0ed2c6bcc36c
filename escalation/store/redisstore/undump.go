package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// ErrNotEmpty says that an installation is there already where a backup should be restored.
var ErrNotEmpty = errors.New("there is a store already")

// Undump makes an installation of what Dump handed out; next returns false at the end. No
// gateway may run on it meanwhile. ErrNotEmpty: there is one; with force it is deleted first.
// It returns the number of incidents.
func Undump(ctx context.Context, url string, shards int, force bool, next func() (Item, bool, error), opts ...Option) (int, error) {
	if err := vacate(ctx, url, shards, force, opts...); err != nil {
		return 0, err
	}
	s, err := Open(ctx, url, append(opts, Timeout(time.Minute))...)
	if err != nil {
		return 0, err
	}
	defer func() { _ = s.Close() }() // every write was answered
	if s.shards != shards {
		return 0, fmt.Errorf("redisstore: the installation has %d shards, the backup %d: a gateway that runs here has made it; stop it", s.shards, shards)
	}
	var calls []redis.Cmder
	for {
		item, more, err := next()
		if err != nil {
			return 0, err
		}
		if more {
			if c := item.command(ctx); c != nil {
				calls = append(calls, c)
			}
		}
		if len(calls) >= chunk || !more {
			if err := s.send(ctx, calls); err != nil {
				return 0, fmt.Errorf("redisstore: cannot restore: %w", err)
			}
			calls = calls[:0]
		}
		if !more {
			return s.reindex(ctx)
		}
	}
}

// vacate sees to it that nothing is where a backup comes.
func vacate(ctx context.Context, url string, shards int, force bool, opts ...Option) error {
	t, err := parseURL(url)
	if err != nil {
		return err
	}
	o := &t.options
	o.Protocol, o.ReadTimeout = 2, time.Minute
	for _, opt := range opts {
		opt(o)
	}
	client := redis.NewUniversalClient(o)
	defer func() { _ = client.Close() }() // every answer was read
	names, err := scanKeys(ctx, client, func(rest string) bool { return rest != "check" && rest != "wait" && rest != "w" })
	if err != nil {
		return fmt.Errorf("redisstore: cannot look for a store: %w", err)
	}
	if len(names) > 0 && !force {
		return fmt.Errorf("redisstore: %w (%d keys)", ErrNotEmpty, len(names))
	}
	for _, name := range names {
		if err := client.Unlink(ctx, name).Err(); err != nil {
			return fmt.Errorf("redisstore: cannot delete what is there: %w", err)
		}
	}
	return client.Set(ctx, shardsKey, shards, 0).Err()
}

// command writes an item; nil when it has expired.
func (it Item) command(ctx context.Context) redis.Cmder {
	switch it.Kind {
	case ItemKey:
		expires, _ := strconv.ParseInt(it.Name, 10, 64) // "0" and what is no number never expire
		if expires > 0 {
			return redis.NewStatusCmd(ctx, "restore", it.Key, expires, it.Value, "replace", "absttl")
		}
		return redis.NewStatusCmd(ctx, "restore", it.Key, 0, it.Value, "replace")
	case ItemPlain:
		return redis.NewStatusCmd(ctx, "set", it.Key, it.Value)
	case ItemPlace:
		return redis.NewIntCmd(ctx, "zadd", it.Key, it.Value, it.Name)
	case ItemStream:
		var fields map[string][]byte
		if err := store.Decode([]byte(it.Value), &fields); err != nil {
			cmd := redis.NewStatusCmd(ctx, "xadd")
			cmd.SetErr(err)
			return cmd
		}
		args := []any{"xadd", it.Key, it.Name}
		for name, v := range fields {
			args = append(args, name, v)
		}
		return redis.NewStringCmd(ctx, args...)
	default:
		return nil
	}
}

func (s *Store) send(ctx context.Context, calls []redis.Cmder) error {
	if len(calls) == 0 {
		return nil
	}
	pipe := s.client.Pipeline()
	for _, c := range calls {
		_ = pipe.Process(ctx, c) // errors come with the answers
	}
	_, err := pipe.Exec(ctx)
	return err
}

// reindex makes the indexes by identity and group of all members, and checks on the way that
// every incident has its place among the open or the resolved, and its timer.
func (s *Store) reindex(ctx context.Context) (int, error) {
	count := 0
	var before paging.IncidentID
	for {
		list, err := s.List(ctx, store.Filter{Limit: chunk, Before: before})
		if err != nil {
			return count, err
		}
		for i := range list {
			inc := &list[i]
			before = inc.ID
			if err := errors.Join(s.reindexOne(ctx, inc), s.placed(ctx, inc)); err != nil {
				return count, fmt.Errorf("redisstore: incident %s: %w", inc.ID, err)
			}
			count++
		}
		if len(list) < chunk {
			return count, nil
		}
	}
}

func (s *Store) reindexOne(ctx context.Context, inc *escalation.Incident) error {
	members, err := s.MembersOf(ctx, inc.ID, 0)
	if err != nil {
		return err
	}
	j, r := &job{change: &store.Change{Incident: inc, Token: "restored"}}, reservations{}
	for i := range members {
		j.index(s, &members[i], r)
	}
	for from := 0; from < len(j.reserve); from += chunk {
		if err := s.all(ctx, j.reserve[from:min(from+chunk, len(j.reserve))]); err != nil {
			return err
		}
	}
	return nil
}

// placed checks that the indexes agree with an incident.
func (s *Store) placed(ctx context.Context, inc *escalation.Incident) error {
	shard, _ := s.shardOf(inc.ID)
	index := "d"
	if inc.Open() {
		index = "o"
	}
	calls := []*call{plain(shard, "zscore", base(shard)+index, string(inc.ID)), plain(shard, "zscore", base(shard)+"t", string(inc.ID))}
	if err := s.all(ctx, calls); err != nil {
		return err
	}
	if calls[0].val == nil {
		return errors.New("it is in no index after the restore; the backup is damaged")
	}
	if !inc.NextDue().IsZero() && calls[1].val == nil {
		return errors.New("it has lost its timer in the restore; the backup is damaged")
	}
	return nil
}
