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

// timers measures how late due timers are claimed. What comes due is the end of a hold, so
// that each starts a tier and plans a page.
func (b *bench) timers(ctx context.Context) error {
	for _, pending := range b.pending {
		r := row{what: fmt.Sprintf("lateness of a due timer, %s pending, %d due/s: p50 / p99 / max", count(pending), dueRate), goal: "p99 < 10 ms, max < 50 ms"}
		for _, k := range b.stores {
			late, err := b.timersOn(ctx, k, pending)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			p50, p99, most := percentile(late, 0.5), percentile(late, 0.99), late[len(late)-1]
			r.set(k, fmt.Sprintf("%s / %s / %s", millis(p50), millis(p99), millis(most)))
			b.say("%s, %d pending: timers are late by p50 %v, p99 %v, max %v", k.name, pending, p50, p99, most)
			name := fmt.Sprintf("timers-%s-%d-pending", k.short, pending)
			b.figure(name+"-p50", ms(p50), "ms", "")
			b.figure(name+"-p99", ms(p99), "ms", "< 10")
			b.figure(name+"-max", ms(most), "ms", "< 50")
		}
		b.report.rows = append(b.report.rows, r)
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (b *bench) timersOn(ctx context.Context, k kind, pending int) (late []time.Duration, err error) {
	p, err := k.make()
	if err != nil {
		return nil, err
	}
	defer p.drop()
	s, err := app.OpenStore(ctx, p.url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	total := int(b.due.Seconds() * dueRate)
	first, err := b.fillTimers(ctx, s, pending, total)
	if err != nil {
		return nil, err
	}
	config, err := parse(heldConfig(), newSecrets())
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	done := make(chan struct{})
	e := engine.New(engine.Config{Store: s, Book: config.Book(), Now: time.Now, Hooks: engine.Hooks{TimerLate: func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		if late = append(late, d); len(late) == total {
			close(done)
		}
	}}})
	working, stop := context.WithTimeout(ctx, time.Until(first)+b.due+20*time.Second)
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { _ = e.Run(working) }) // always nil
	select {
	case <-done:
	case <-working.Done():
	}
	stop()
	running.Wait()
	if len(late) < total {
		return nil, fmt.Errorf("of %d due timers only %d were claimed", total, len(late))
	}
	slices.Sort(late)
	return late, nil
}

// fillTimers commits the timers that stay pending, and then those that come due at a steady
// rate from the instant that it returns.
func (b *bench) fillTimers(ctx context.Context, s store.Store, pending, total int) (first time.Time, err error) {
	m, err := newMaker(ctx, s.Shards())
	if err != nil {
		return first, err
	}
	defer m.close()
	if err := b.fillPending(ctx, s, m, pending); err != nil {
		return first, err
	}
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
	lists := time.Duration(pending) * 20 * time.Microsecond // an engine looks through what is open when it starts
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

// fillPending commits timers that stay pending. Their incidents are bare, for nothing but the
// index of timers matters here; and they go in large batches.
func (b *bench) fillPending(ctx context.Context, s store.Store, m *maker, pending int) error {
	sample, err := m.make(ctx, 1)
	if err != nil {
		return err
	}
	for made := 0; made < pending; made += chunk {
		changes := make([]store.Change, min(chunk, pending-made))
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
