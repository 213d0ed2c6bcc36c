package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// memory measures what many open incidents cost, and how soon a gateway that finds them is
// ready.
func (b *bench) memory(ctx context.Context) error {
	n := count(b.incidents)
	rss := row{what: "gateway's memory with " + n + " open incidents (without mapped files)", goal: "< 300 MB"}
	each := row{what: "per open incident in the store (and its part of the intake log)", goal: "< 1.8 KB"}
	start := row{what: "start with " + n + " open incidents, to ready", goal: "< 500 ms"}
	for _, k := range b.stores {
		m, err := b.memoryOn(ctx, k)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		rss.set(k, fmt.Sprintf("%.0f (%.0f) MB", m.all, m.anonymous))
		start.set(k, millis(m.ready))
		b.figure("memory-"+k.short+"-process", m.all, "MB", "< 300")
		b.figure("memory-"+k.short+"-process-without-mapped-files", m.anonymous, "MB", "")
		b.figure("start-"+k.short+"-to-ready", ms(m.ready), "ms", "< 500")
		if m.each > 0 {
			b.figure("memory-redis-per-incident", m.each, "B", "< 1843")
			b.figure("memory-redis-intake-log-per-alert", m.log, "B", "")
			each.set(k, fmt.Sprintf("%.0f (%.0f) B", m.each, m.log))
			b.say("%s: an incident takes, by kind of key: %s", k.name, m.shares())
		}
		b.say("%s: %d incidents: %.0f MB (%.0f), %.0f B each, ready after %v", k.name, b.incidents, m.all, m.anonymous, m.each, m.ready)
	}
	b.report.rows = append(b.report.rows, rss, each, start)
	return nil
}

type footprint struct {
	all, anonymous float64 // MiB
	each, log      float64 // bytes per incident in Redis; of the intake log
	kinds          map[string]float64
	ready          time.Duration
}

func (b *bench) memoryOn(ctx context.Context, k kind) (f footprint, err error) {
	p, err := k.make()
	if err != nil {
		return f, err
	}
	defer p.drop()
	before := 0.0
	if p.redis != nil {
		if before, err = p.number(ctx, "memory", "used_memory"); err != nil {
			return f, err
		}
	}
	if err := b.fillIncidents(ctx, k, p, &f); err != nil {
		return f, err
	}
	if p.redis != nil {
		if err := f.weigh(ctx, p, before, float64(b.incidents)); err != nil {
			return f, err
		}
	}
	g, err := b.start(ctx, nil, p.url, heldConfig(), newSecrets(), "start-"+k.short)
	if err != nil {
		return f, err
	}
	f.ready = g.ready
	return f, g.stop()
}

// fillIncidents opens incidents through HTTP and looks at the gateway's memory then.
func (b *bench) fillIncidents(ctx context.Context, k kind, p *place, f *footprint) (err error) {
	g, err := b.start(ctx, nil, p.url, heldConfig(), newSecrets(), "fill-"+k.short)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.stop()) }()
	const conns = 4
	var sent atomic.Int64
	errs := make(chan error, conns)
	for range conns {
		go func() { errs <- fillOne(ctx, g, &sent, int64(b.incidents)) }()
	}
	for range conns {
		err = errors.Join(err, <-errs)
	}
	if err != nil {
		return err
	}
	n, err := g.outcome(ctx, "opened")
	if err == nil && n != b.incidents {
		err = fmt.Errorf("%d incidents were opened, not %d", n, b.incidents)
	}
	f.all, f.anonymous = g.resident()
	return err
}

func fillOne(ctx context.Context, g *gateway, sent *atomic.Int64, total int64) error {
	w, err := dial(g.addr)
	if err != nil {
		return err
	}
	defer func() { _ = w.conn.Close() }() // all that was asked is answered
	for ctx.Err() == nil {
		first := sent.Add(batchSize) - batchSize
		if first >= total {
			return nil
		}
		shot := newShot(g, int(min(batchSize, total-first)), "")
		shot.number(int(first))
		if err := w.post(shot.raw); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// weigh asks Redis what it holds. The intake log is told apart: it is bounded by its age, and
// does not belong to open incidents.
func (f *footprint) weigh(ctx context.Context, p *place, before, incidents float64) error {
	after, err := p.number(ctx, "memory", "used_memory")
	if err != nil {
		return err
	}
	f.kinds, err = p.weights(ctx)
	for kind := range f.kinds {
		f.kinds[kind] /= incidents
	}
	f.log = f.kinds[intakeKind]
	f.each = (after-before)/incidents - f.log
	return err
}

// intakeKind is the kind of the key that holds the intake log.
const intakeKind = "intake"

// weights sums what the values under the keys take, by the kind of the key: the word after
// its shard.
func (p *place) weights(ctx context.Context) (map[string]float64, error) {
	kinds := map[string]float64{}
	const page = 1000
	for cursor := uint64(0); ; {
		keys, next, err := p.redis.Scan(ctx, cursor, "*", page).Result()
		if err != nil {
			return nil, err
		}
		pipe := p.redis.Pipeline()
		sizes := make([]*redis.IntCmd, len(keys))
		for i, key := range keys {
			sizes[i] = pipe.MemoryUsage(ctx, key)
		}
		if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
			return nil, err
		}
		for i, key := range keys {
			_, kind, _ := strings.Cut(key, "}:")
			kind, _, _ = strings.Cut(kind, ":")
			kinds[kind] += float64(sizes[i].Val())
		}
		if cursor = next; cursor == 0 {
			return kinds, nil
		}
	}
}

// shares lists what the kinds of keys take of an incident, the largest first.
func (f *footprint) shares() string {
	kinds := slices.SortedFunc(maps.Keys(f.kinds), func(a, b string) int { return cmp.Compare(f.kinds[b], f.kinds[a]) })
	var parts []string
	for _, kind := range kinds {
		if f.kinds[kind] >= 1 {
			parts = append(parts, fmt.Sprintf("%s %.0f B", kind, f.kinds[kind]))
		}
	}
	return strings.Join(parts, ", ")
}
