package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// volley is one way to send alerts.
type volley struct {
	alerts int // a body
	conns  int
}

func volleys() []volley { return []volley{{1, 64}, {10, 32}, {64, 16}} }

// rate is what one measurement of ingest gave.
type rate struct {
	perSecond     float64 // alerts
	share         float64 // of the store's limit
	p50, p99      time.Duration
	gateway, base float64 // CPU per alert in µs: the gateway's, Redis's
}

// ingest measures how many alerts are taken in through HTTP, and what part that is of what
// the store can do.
func (b *bench) ingest(ctx context.Context) error {
	b.report.ingest = map[string][]rate{}
	b.report.volleys = volleys()
	for _, k := range b.stores {
		rows := make([][]rate, 2*len(volleys()))
		var commits, touches []float64
		for round := range b.rounds {
			l, err := b.limitOf(ctx, k)
			if err != nil {
				return fmt.Errorf("%s, limit: %w", k.name, err)
			}
			b.say("%s, round %d of %d: limit %.0f commits/s, %.0f touches/s", k.name, round+1, b.rounds, l.commits, l.touches)
			commits, touches = append(commits, l.commits), append(touches, l.touches)
			for i, v := range volleys() {
				distinct, repeats, err := b.ingestOnce(ctx, k, v)
				if err != nil {
					return fmt.Errorf("%s, %d a body: %w", k.name, v.alerts, err)
				}
				distinct.share, repeats.share = distinct.perSecond/l.commits, repeats.perSecond/l.touches
				b.say("  %2d a body: %.0f distinct/s (%.0f %%), %.0f repeats/s (%.0f %%)", v.alerts,
					distinct.perSecond, 100*distinct.share, repeats.perSecond, 100*repeats.share)
				rows[2*i], rows[2*i+1] = append(rows[2*i], distinct), append(rows[2*i+1], repeats)
			}
		}
		for i, rounds := range rows {
			r := middle(rounds)
			b.report.ingest[k.name] = append(b.report.ingest[k.name], r)
			b.ingestFigures(k, volleys()[i/2], i%2 == 0, r)
		}
		b.report.limits = append(b.report.limits, fmt.Sprintf("%s %s commits/s and %s touches/s",
			k.name, thousands(median(commits)), thousands(median(touches))))
	}
	return nil
}

// ingestFigures notes a rate with its goals.
func (b *bench) ingestFigures(k kind, v volley, distinct bool, r rate) {
	kindOf, share, perSecond, p99 := "repeats", "", "", ""
	if distinct {
		kindOf = "distinct"
	}
	switch {
	case v.alerts == 64:
		share = ">= 70"
	case v.alerts == 1 && distinct && k.short == "redis":
		perSecond, p99 = ">= 20000", "< 8"
	}
	name := fmt.Sprintf("ingest-%s-%s-%d-a-body", k.short, kindOf, v.alerts)
	b.figure(name, r.perSecond, "alerts/s", perSecond)
	b.figure(name+"-of-the-limit", 100*r.share, "%", share)
	b.figure(name+"-p99", ms(r.p99), "ms", p99)
	b.figure(name+"-cpu", r.gateway+r.base, "us/alert", "")
}

// middle takes the median of each figure.
func middle(rounds []rate) rate {
	of := func(get func(rate) float64) float64 {
		values := make([]float64, len(rounds))
		for i, r := range rounds {
			values[i] = get(r)
		}
		return median(values)
	}
	return rate{
		perSecond: of(func(r rate) float64 { return r.perSecond }),
		share:     of(func(r rate) float64 { return r.share }),
		p50:       time.Duration(of(func(r rate) float64 { return float64(r.p50) })),
		p99:       time.Duration(of(func(r rate) float64 { return float64(r.p99) })),
		gateway:   of(func(r rate) float64 { return r.gateway }),
		base:      of(func(r rate) float64 { return r.base }),
	}
}

// ingestOnce sends new alerts to a gateway with an empty store, and then the same ones again.
func (b *bench) ingestOnce(ctx context.Context, k kind, v volley) (distinct, repeats rate, err error) {
	p, err := k.make()
	if err != nil {
		return distinct, repeats, err
	}
	defer p.drop()
	g, err := b.start(ctx, nil, p.url, heldConfig(), newSecrets(), fmt.Sprintf("ingest-%s-%d", k.short, v.alerts))
	if err != nil {
		return distinct, repeats, err
	}
	defer func() { err = errors.Join(err, g.stop()) }()
	shots := make([]*shot, v.conns)
	for i := range shots {
		shots[i] = newShot(g, v.alerts, "")
	}
	var used atomic.Int64
	distinct, err = b.volley(ctx, g, p, v, "opened", func(conn, _ int) *shot {
		shots[conn].number(int(used.Add(int64(v.alerts))))
		return shots[conn]
	})
	if err != nil {
		return distinct, repeats, err
	}
	const kept = 4 // bodies that a connection repeats
	sent := int(used.Load()) / v.alerts
	repeats, err = b.volley(ctx, g, p, v, "repeated", func(conn, n int) *shot {
		shots[conn].number(v.alerts * (1 + (conn*kept+n%kept)%sent))
		return shots[conn]
	})
	return distinct, repeats, err
}

// volley sends for a while, and checks that every alert had the outcome that was meant.
func (b *bench) volley(ctx context.Context, g *gateway, p *place, v volley, outcome string, next func(conn, n int) *shot) (rate, error) {
	var gatewayFrom, gatewayTo, baseFrom, baseTo float64
	l, err := fire(ctx, g, v.conns, b.window, next,
		func() { gatewayFrom, _ = g.cpu(); baseFrom = p.cpu(ctx) },
		func() { gatewayTo, _ = g.cpu(); baseTo = p.cpu(ctx) })
	if err != nil {
		return rate{}, err
	}
	n, err := g.outcome(ctx, outcome)
	if err == nil && n != l.requests*v.alerts {
		err = fmt.Errorf("of %d alerts sent the gateway says of %d that they were %s", l.requests*v.alerts, n, outcome)
	}
	alerts := float64(l.counted * v.alerts)
	return rate{
		perSecond: alerts / l.window.Seconds(), p50: percentile(l.times, 0.5), p99: percentile(l.times, 0.99),
		gateway: (gatewayTo - gatewayFrom) / alerts * 1e6, base: (baseTo - baseFrom) / alerts * 1e6,
	}, err
}
