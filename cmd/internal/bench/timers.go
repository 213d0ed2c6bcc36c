package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tocsin/cmd/internal/app"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
)

const (
	dueRate = 200 // timers a second
	// lead is the time between the commit of the timers and the first of them.
	lead = time.Second
)

// timers measures how late due timers are claimed. What comes due is the end of a hold, so
// that each starts a tier and plans a page.
func (b *bench) timers(ctx context.Context) error {
	r := row{what: fmt.Sprintf("lateness of a due timer, %s pending, %d due/s: p50 / p99 / max", count(b.pending), dueRate), goal: "p99 < 10 ms, max < 50 ms"}
	for _, k := range b.stores {
		late, err := b.timersOn(ctx, k)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		p50, p99, most := percentile(late, 0.5), percentile(late, 0.99), late[len(late)-1]
		r.set(k, fmt.Sprintf("%s / %s / %s", millis(p50), millis(p99), millis(most)))
		b.say("%s: timers are late by p50 %v, p99 %v, max %v", k.name, p50, p99, most)
	}
	b.report.rows = append(b.report.rows, r)
	return nil
}

func (b *bench) timersOn(ctx context.Context, k kind) (late []time.Duration, err error) {
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
	if err := b.fillTimers(ctx, s, total); err != nil {
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
	working, stop := context.WithTimeout(ctx, b.due+lead+20*time.Second)
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
// rate, from soon on.
func (b *bench) fillTimers(ctx context.Context, s store.Store, total int) error {
	m, err := newMaker(ctx, s.Shards())
	if err != nil {
		return err
	}
	defer m.close()
	for made := 0; made < b.pending; made += chunk {
		changes, err := m.make(ctx, min(chunk, b.pending-made))
		if err != nil {
			return err
		}
		if _, err := commitAll(ctx, s, changes); err != nil {
			return err
		}
	}
	var due []store.Change
	changes, err := m.make(ctx, total)
	if err != nil {
		return err
	}
	first := time.Now().Add(lead + time.Duration(total)*30*time.Microsecond) // of committing them
	for i, c := range changes {
		due = append(due, moved(c, first.Add(time.Duration(i)*time.Second/dueRate)))
	}
	_, err = commitAll(ctx, s, due)
	return err
}

// moved returns the change as if its hold ended at that instant.
func moved(c store.Change, due time.Time) store.Change {
	c.Due = due
	quiet := *c.Incident.Quiet
	quiet.Until = due
	c.Incident.Quiet = &quiet
	return c
}
