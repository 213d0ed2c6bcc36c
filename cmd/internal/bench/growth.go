package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// growth measures what an alert costs (CPU of gateways and Redis) as one thing grows and all
// else stays: members of one incident, routes, open incidents, processes. Flat is good.
func (b *bench) growth(ctx context.Context) error {
	for _, k := range b.stores {
		for _, c := range b.curves() {
			if c.processes != nil && k.short == "embedded" {
				continue // one process owns the file
			}
			if err := b.curve(ctx, k, c); err != nil {
				return fmt.Errorf("%s, %s: %w", k.name, c.what, err)
			}
		}
	}
	return nil
}

// curve is one thing that grows.
type curve struct {
	what      string
	sizes     []int
	config    func(n int) string
	before    func(n int) int // alerts sent before, none counted
	processes func(n int) int
}

func (b *bench) curves() []curve {
	held := func(int) string { return heldConfig() }
	none := func(int) int { return 0 }
	most := b.incidents
	return []curve{
		{what: "members", sizes: []int{1, 100, min(10_000, most)}, config: func(int) string { return oneIncident() }, before: func(n int) int { return n }},
		{what: "routes", sizes: []int{10, 100, min(10_000, most)}, config: func(n int) string { return wide(n) }, before: none},
		{what: "open-incidents", sizes: []int{0, most / 10, most}, config: held, before: func(n int) int { return n }},
		{what: "processes", sizes: []int{1, 2, 3}, config: held, before: none, processes: func(n int) int { return n }},
	}
}

// oneIncident groups by cluster, so that every alert joins the same incident.
func oneIncident() string {
	return strings.Replace(heldConfig(), "group_by: [alertname, pod]", "group_by: [cluster]", 1)
}

// wide is the held configuration behind so many routes that do not match.
func wide(routes int) string {
	var s strings.Builder
	for i := range routes {
		fmt.Fprintf(&s, "    - { matchers: ['service=\"other-%d\"'], policy: user-0, hold: 1h }\n", i)
	}
	return strings.Replace(heldConfig(), "  routes:\n", "  routes:\n"+s.String(), 1)
}

func (b *bench) curve(ctx context.Context, k kind, c curve) error {
	var costs []string
	first := 0.0
	for i, n := range c.sizes {
		cost, err := b.costAt(ctx, k, c, n)
		if err != nil {
			return err
		}
		if i == 0 {
			first = cost
		}
		costs = append(costs, fmt.Sprintf("%s: %.0f µs", count(n), cost))
		b.figure("cost-"+k.short+"-"+c.what+"-"+strconv.Itoa(n), cost, "us/alert", "")
		if i == len(c.sizes)-1 {
			b.figure("cost-"+k.short+"-"+c.what+"-growth", cost/first, "times", "<= 1.5")
		}
	}
	what := "CPU per distinct alert (10 a body) as " + strings.ReplaceAll(c.what, "-", " ") + " grow"
	b.say("%s: %s: %s", k.name, what, strings.Join(costs, ", "))
	i := slices.IndexFunc(b.report.rows, func(r row) bool { return r.what == what })
	if i < 0 {
		b.report.rows = append(b.report.rows, row{what: what, goal: "flat"})
		i = len(b.report.rows) - 1
	}
	b.report.rows[i].set(k, strings.Join(costs, ", "))
	return nil
}

// costAt sends the alerts that must be there before, and then some that are counted.
func (b *bench) costAt(ctx context.Context, k kind, c curve, n int) (cost float64, err error) {
	p, err := k.make()
	if err != nil {
		return 0, err
	}
	defer p.drop()
	processes := 1
	if c.processes != nil {
		processes = c.processes(n)
	}
	s := newSecrets()
	var gateways []*gateway
	defer func() {
		for _, g := range gateways {
			err = errors.Join(err, g.stop())
		}
	}()
	for i := range processes {
		g, err := b.start(ctx, nil, p.url, c.config(n), s, fmt.Sprintf("growth-%s-%s-%d-%d", k.short, c.what, n, i))
		if err != nil {
			return 0, err
		}
		gateways = append(gateways, g)
	}
	const alerts, bodies = 10, 200
	before := c.before(n)
	if err := b.send(ctx, gateways[:1], 0, before, batchSize); err != nil {
		return 0, err
	}
	waitUntil(ctx, time.Now().Add(300*time.Millisecond)) // what a start leaves behind
	from := spent(ctx, gateways, p)
	if err := b.send(ctx, gateways, before, before+alerts*bodies, alerts); err != nil {
		return 0, err
	}
	return (spent(ctx, gateways, p) - from) * 1e6 / (alerts * bodies), nil
}

func spent(ctx context.Context, gateways []*gateway, p *place) float64 {
	sum := p.cpu(ctx)
	for _, g := range gateways {
		seconds, _ := g.cpu()
		sum += seconds
	}
	return sum
}

// send sends the alerts numbered from to until, so many a body, to the gateways in turn, over
// a connection each.
func (b *bench) send(ctx context.Context, gateways []*gateway, from, until, alerts int) error {
	wires := make([]*wire, len(gateways))
	for i, g := range gateways {
		w, err := dial(g.addr)
		if err != nil {
			return err
		}
		defer func() { _ = w.conn.Close() }() // all that was asked is answered
		wires[i] = w
	}
	for i := 0; from < until; i++ {
		g := i % len(gateways)
		shot := newShot(gateways[g], min(alerts, until-from), "")
		shot.number(from)
		from += shot.alerts
		if err := wires[g].post(shot.raw); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

func sorted(times []time.Duration) []time.Duration {
	slices.Sort(times)
	return times
}
