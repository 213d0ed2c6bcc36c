package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tocsin/cmd/internal/app"
	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/routing"
)

const (
	dueRate = 500 // timers a second
	// lead is the least time between the commit of the timers and the first of them.
	lead = 2 * time.Second
)

// timers measures how late due timers are claimed, and what a gateway costs whose timers are
// not due. What comes due is the end of a hold, so that each starts a tier and plans a page.
func (b *bench) timers(ctx context.Context) error {
	most := slices.Max(b.pending)
	idle := row{what: "idle CPU with " + count(most) + " timers pending", goal: "< 0.5 % of a core"}
	for _, pending := range b.pending {
		r := row{what: fmt.Sprintf("lateness of a due timer, %s pending, %d due/s: p50 / p99 / max", count(pending), dueRate), goal: "p99 < 10 ms, max < 50 ms"}
		for _, k := range b.stores {
			t := timing{b: b, kind: k, pending: pending, idles: pending == most}
			if err := t.measure(ctx); err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			t.tell(&r, &idle)
		}
		b.report.rows = append(b.report.rows, r)
	}
	b.report.rows = append(b.report.rows, idle)
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// timing is what is measured on one store with so many timers that are not due.
type timing struct {
	b       *bench
	kind    kind
	pending int
	idles   bool // the idle gateway is measured, too

	late []time.Duration // sorted
	idle float64         // percent of a core
}

func (t *timing) tell(lateness, idle *row) {
	p50, p99, most := percentile(t.late, 0.5), percentile(t.late, 0.99), t.late[len(t.late)-1]
	lateness.set(t.kind, fmt.Sprintf("%s / %s / %s", millis(p50), millis(p99), millis(most)))
	t.b.say("%s, %d pending: timers are late by p50 %v, p99 %v, max %v", t.kind.name, t.pending, p50, p99, most)
	name := fmt.Sprintf("timers-%s-%d-pending", t.kind.short, t.pending)
	t.b.figure(name+"-p50", ms(p50), "ms", "")
	t.b.figure(name+"-p99", ms(p99), "ms", "< 10")
	t.b.figure(name+"-max", ms(most), "ms", "< 50")
	if t.idles {
		idle.set(t.kind, fmt.Sprintf("%.2f %%", t.idle))
		t.b.say("%s, %d pending: an idle gateway takes %.2f %% of a core", t.kind.name, t.pending, t.idle)
		t.b.figure(fmt.Sprintf("idle-%s-%d-timers", t.kind.short, t.pending), t.idle, "%", "< 0.5")
	}
}

func (t *timing) measure(ctx context.Context) error {
	p, err := t.kind.make()
	if err != nil {
		return err
	}
	defer p.drop()
	if err := with(ctx, p, t.fill); err != nil {
		return err
	}
	if t.idles {
		if t.idle, err = t.b.idle(ctx, t.kind, p.url); err != nil {
			return err
		}
	}
	return with(ctx, p, t.fire)
}

// with opens the store for use, and closes it: an embedded one serves one process at a time.
func with(ctx context.Context, p *place, use func(context.Context, store.Store) error) (err error) {
	s, err := app.OpenStore(ctx, p.url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return use(ctx, s)
}

// fire lets timers come due and notes how late each is.
func (t *timing) fire(ctx context.Context, s store.Store) error {
	total := int(t.b.due.Seconds() * dueRate)
	first, err := t.fillDue(ctx, s, total)
	if err != nil {
		return err
	}
	config, err := parse(heldConfig(), newSecrets())
	if err != nil {
		return err
	}
	var mu sync.Mutex
	done := make(chan struct{})
	e := engine.New(engine.Config{Store: s, Book: config.Book(), Now: time.Now, Hooks: engine.Hooks{TimerLate: func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		if t.late = append(t.late, d); len(t.late) == total {
			close(done)
		}
	}}})
	working, stop := context.WithTimeout(ctx, time.Until(first)+t.b.due+20*time.Second)
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { _ = e.Run(working) }) // always nil
	select {
	case <-done:
	case <-working.Done():
	}
	stop()
	running.Wait()
	if len(t.late) < total {
		return fmt.Errorf("of %d due timers only %d were claimed", total, len(t.late))
	}
	slices.Sort(t.late)
	return nil
}

// fillDue commits timers that come due at a steady rate from the instant that it returns.
func (t *timing) fillDue(ctx context.Context, s store.Store, total int) (first time.Time, err error) {
	m, err := newMaker(ctx, s.Shards())
	if err != nil {
		return first, err
	}
	defer m.close()
	changes, err := m.make(ctx, total)
	if err != nil {
		return first, err
	}
	// The first half tells how long the second takes: none may be due before the engine looks.
	began := time.Now()
	half := total / 2
	for i := range changes[:half] {
		changes[i] = moved(changes[i], began.Add(time.Hour))
	}
	revisions, err := commitAll(ctx, s, changes[:half])
	if err != nil {
		return first, err
	}
	lists := time.Duration(t.pending) * 20 * time.Microsecond // an engine looks through what is open when it starts
	first = time.Now().Add(lead + 4*time.Since(began) + lists)
	for i := range changes {
		changes[i] = moved(changes[i], first.Add(time.Duration(i)*time.Second/dueRate))
		if i < half {
			changes[i].Expected, changes[i].Token = revisions[i], changes[i].Token+"-due"
		}
	}
	if _, err = commitAll(ctx, s, changes); err != nil {
		return first, err
	}
	if time.Now().After(first) {
		err = fmt.Errorf("the first timer came due before all were committed; the machine is too busy to measure")
	}
	return first, err
}

// fill commits timers that stay pending. Their incidents are bare, for nothing but the
// index of timers matters here; and they go in large batches.
func (t *timing) fill(ctx context.Context, s store.Store) error {
	m, err := newMaker(ctx, s.Shards())
	if err != nil {
		return err
	}
	defer m.close()
	sample, err := m.make(ctx, 1)
	if err != nil {
		return err
	}
	for made := 0; made < t.pending; made += chunk {
		changes := make([]store.Change, min(chunk, t.pending-made))
		for i := range changes {
			changes[i] = bare(sample[0], s.Shards(), made+i, m.now)
		}
		if _, err := s.Commit(ctx, changes); err != nil {
			return err
		}
	}
	return nil
}

// bare is a change that opens an incident which waits in its first tier for more than an hour.
func bare(c store.Change, shards, n int, now time.Time) store.Change {
	key := routing.DedupKey(fmt.Sprintf("pending-%d", n))
	var random [5]byte
	binary.BigEndian.PutUint32(random[:], uint32(n))
	inc := escalation.Incident{Format: c.Incident.Format, Key: key, ID: store.NewID(now, random, store.Shard(key, shards)),
		State: c.Incident.State, Severity: c.Incident.Severity, Policy: c.Incident.Policy, OpenedAt: now}
	due := now.Add(time.Hour + time.Duration(n)*time.Millisecond)
	inc.Position = &escalation.Position{Stage: escalation.StageTier, Name: "primary", Started: now, RoundStarted: now, Deadline: due, Reached: true}
	return store.Change{Token: fmt.Sprint("pending", n), Incident: &inc, Seen: c.Seen, Due: due}
}

// moved returns the change as if its hold ended at that instant.
func moved(c store.Change, due time.Time) store.Change {
	c.Due = due
	inc, quiet := *c.Incident, *c.Incident.Quiet
	quiet.Until, inc.OpenedAt = due, due.Add(-time.Hour) // else it is judged to be held until another time
	inc.Quiet, c.Incident = &quiet, &inc
	return c
}
