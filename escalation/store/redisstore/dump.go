package redisstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"tocsin/escalation/store"
	"tocsin/paging"
)

// Item is one thing that a backup keeps of the store.
type Item struct {
	Kind  byte // one of the Item kinds
	Key   string
	Name  string // member of a sorted set; id of an entry of a stream; when a key expires, in ms
	Value string // serialized by Redis; a plain value; a score; fields of an entry as JSON
}

// The kinds of items.
const (
	ItemKey    = 'k' // Value as DUMP gives it
	ItemPlain  = 's' // a plain text
	ItemPlace  = 'z' // a place in a sorted set
	ItemStream = 'x' // an entry of a stream
)

// Dump hands out everything that belongs to the installation, while gateways go on working:
// first the series (so that the audit log never knows more than what follows), then every
// incident, each whole at one moment with its places in the indexes, then what belongs to
// phones, proofs and the intake log. Whatever was stored before it began is in it. The indexes
// by identity and group are not: Undump makes them anew. It returns the number of incidents.
func (s *Store) Dump(ctx context.Context, put func(Item) error) (int, error) {
	d := &dump{s: s, put: put}
	if err := d.series(ctx); err != nil {
		return 0, fmt.Errorf("redisstore: cannot read the series: %w", err)
	}
	for shard := range s.shards {
		if err := d.incidents(ctx, shard); err != nil {
			return d.count, fmt.Errorf("redisstore: cannot read the incidents of shard %d: %w", shard, err)
		}
	}
	if err := d.others(ctx); err != nil {
		return d.count, fmt.Errorf("redisstore: cannot read what belongs to phones: %w", err)
	}
	if err := d.intake(ctx); err != nil {
		return d.count, fmt.Errorf("redisstore: cannot read the intake log: %w", err)
	}
	return d.count, nil
}

type dump struct {
	s     *Store
	put   func(Item) error
	count int
}

// keys dumps keys of one shard as they stand at one moment.
func (d *dump) keys(ctx context.Context, shard int, keys ...string) error {
	args := make([]any, len(keys))
	for i, k := range keys {
		args[i] = k
	}
	val, err := d.s.run(ctx, d.s.script("dump_keys", shard, args...))
	if err != nil {
		return err
	}
	list, _ := val.([]any)
	for i, k := range keys {
		if 2*i+1 >= len(list) || text(list[2*i]) == "" {
			continue
		}
		expires, _ := list[2*i+1].(int64)
		if err := d.put(Item{ItemKey, base(shard) + k, strconv.FormatInt(max(expires, 0), 10), text(list[2*i])}); err != nil {
			return err
		}
	}
	return nil
}

// series dumps how far the series are, then their values: later ones than that are no harm.
func (d *dump) series(ctx context.Context) error {
	val, err := d.s.run(ctx, plain(seriesShard, "hgetall", base(seriesShard)+"s"))
	if err != nil {
		return err
	}
	if err := d.keys(ctx, seriesShard, "s"); err != nil {
		return err
	}
	for list := texts(val); len(list) >= 2; list = list[2:] {
		rev, err := parseRevision(list[1])
		if err != nil {
			return err
		}
		first := uint64(1)
		if rev.Counter > store.SeriesKept && !store.Kept(list[0]) {
			first = rev.Counter - store.SeriesKept + 1
		}
		for n := first; n <= rev.Counter; n++ {
			if err := d.keys(ctx, seriesShard, "s:"+list[0]+":"+strconv.FormatUint(n, 10)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *dump) incidents(ctx context.Context, shard int) error {
	for _, index := range []string{"o", "d"} {
		from := "-"
		for {
			val, err := d.s.run(ctx, plain(shard, "zrangebylex", base(shard)+index, from, "+", "limit", 0, chunk))
			if err != nil {
				return err
			}
			ids := texts(val)
			for _, id := range ids {
				if err := d.incident(ctx, shard, id); err != nil {
					return err
				}
			}
			if len(ids) < chunk {
				break
			}
			from = "(" + ids[len(ids)-1]
		}
	}
	return nil
}

func (d *dump) incident(ctx context.Context, shard int, id string) error {
	loaded, err := d.s.Load(ctx, []store.Query{{ID: paging.IncidentID(id)}})
	if err != nil || loaded[0].Incident == nil {
		return err
	}
	key := string(loaded[0].Incident.Key)
	val, err := d.s.run(ctx, d.s.script("dump_incident", shard, id, key))
	if err != nil {
		return err
	}
	list := texts(val)
	if len(list) < 9 { // pruned in the meantime
		return nil
	}
	var items []Item
	for i, kind := range []string{"i:", "m:", "a:", "h:"} {
		if list[i] != "" {
			items = append(items, Item{ItemKey, base(shard) + kind + id, "0", list[i]})
		}
	}
	if list[4] != "" {
		items = append(items, Item{ItemPlain, base(shard) + "k:" + key, "", id})
	}
	for i, index := range []string{"t", "o", "d", "e"} {
		if list[5+i] != "" {
			items = append(items, Item{ItemPlace, base(shard) + index, id, list[5+i]})
		}
	}
	for rest := list[9:]; len(rest) >= 2; rest = rest[2:] {
		items = append(items, Item{ItemPlace, base(shard) + "p", rest[0], rest[1]})
	}
	for _, it := range items {
		if err := d.put(it); err != nil {
			return err
		}
	}
	d.count++
	return nil
}

// others dumps keys of kinds that are no incident's. The codes of a phone are read at one moment.
func (d *dump) others(ctx context.Context) error {
	names, err := d.s.scan(ctx, func(rest string) bool {
		kind, _, _ := strings.Cut(rest, ":")
		return !slices.Contains([]string{"i", "k", "m", "a", "h", "x", "g", "t", "p", "o", "d", "e", "s", "w", "intake", "check", "wait", "ck", "cn", "ct"}, kind)
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		shard, rest, ok := apart(name)
		if !ok || shard >= d.s.shards {
			continue
		}
		keys := []string{rest}
		if phone, ok := strings.CutPrefix(rest, "c:"); ok {
			keys = append(keys, "ck:"+phone, "cn:"+phone, "ct:"+phone)
		}
		if err := d.keys(ctx, shard, keys...); err != nil {
			return err
		}
	}
	return nil
}

// apart splits a key into its shard and what follows the prefix.
func apart(name string) (shard int, rest string, ok bool) {
	after, ok := strings.CutPrefix(name, "tocsin:{")
	number, rest, ok2 := strings.Cut(after, "}:")
	shard, err := strconv.Atoi(number)
	return shard, rest, ok && ok2 && err == nil && shard >= 0
}

// scan lists the keys of the installation whose part behind the prefix is wanted, in order.
func (s *Store) scan(ctx context.Context, want func(rest string) bool) ([]string, error) {
	return scanKeys(ctx, s.client, want)
}

func scanKeys(ctx context.Context, client redis.UniversalClient, want func(rest string) bool) ([]string, error) {
	var mu sync.Mutex
	var out []string
	one := func(ctx context.Context, c redis.Cmdable) error {
		pages := c.Scan(ctx, 0, "tocsin:{*", 1000).Iterator()
		for pages.Next(ctx) {
			if _, rest, ok := apart(pages.Val()); ok && want(rest) {
				mu.Lock()
				out = append(out, pages.Val())
				mu.Unlock()
			}
		}
		return pages.Err()
	}
	var err error
	if cluster, ok := client.(*redis.ClusterClient); ok {
		err = cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return one(ctx, c) })
	} else {
		err = one(ctx, client)
	}
	slices.Sort(out)
	return slices.Compact(out), err
}

// intake dumps the intake log entry by entry: as one value it may be too large.
func (d *dump) intake(ctx context.Context) error {
	const page = 100
	key, from := base(0)+"intake", "-"
	for {
		entries, err := d.s.client.XRangeN(ctx, key, from, "+", page).Result()
		if err != nil {
			return err
		}
		for _, e := range entries {
			fields := map[string][]byte{}
			for name, v := range e.Values {
				fields[name] = []byte(text(v))
			}
			b, err := store.Encode(fields)
			if err != nil {
				return err
			}
			if err := d.put(Item{ItemStream, key, e.ID, string(b)}); err != nil {
				return err
			}
		}
		if len(entries) < page {
			return nil
		}
		from = "(" + entries[len(entries)-1].ID
	}
}
