package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/cmd/internal/app"
	"tocsin/escalation/store"
)

// limit is what a store can do when nothing else is to be done.
type limit struct {
	commits, touches float64 // per second
}

// chunk is how many changes are made between two timed commits, so that memory stays small.
const chunk = 4096

// patience is how many windows of commits are enough to know the limit of a slow store.
const patience = 2

// limitOf commits the changes of many alerts to a new store by four committers, in batches of
// 64, and then touches some of them. Making the changes is not timed.
func (b *bench) limitOf(ctx context.Context, k kind) (l limit, err error) {
	p, err := k.make()
	if err != nil {
		return l, err
	}
	defer p.drop()
	s, err := app.OpenStore(ctx, p.url)
	if err != nil {
		return l, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	m, err := newMaker(ctx, s.Shards())
	if err != nil {
		return l, err
	}
	defer m.close()
	var took time.Duration
	var touches []store.Touch
	made := 0
	for ; made < b.limit && took < patience*b.window; made += chunk {
		changes, err := m.make(ctx, chunk)
		if err != nil {
			return l, err
		}
		began := time.Now()
		revisions, err := commitAll(ctx, s, changes)
		took += time.Since(began)
		if err != nil {
			return l, err
		}
		touches = touchesOf(changes, revisions) // of the last chunk
	}
	l.commits = float64(made) / took.Seconds()
	l.touches, err = touchRate(ctx, s, touches, b.window)
	return l, err
}

func touchesOf(changes []store.Change, revisions []store.Revision) []store.Touch {
	touches := make([]store.Touch, len(changes))
	for i, c := range changes {
		touches[i] = store.Touch{ID: c.Incident.ID, Revision: revisions[i], N: 1, At: c.Seen.At}
	}
	return touches
}

// touchRate touches again and again, as four lanes do, in batches of 64.
func touchRate(ctx context.Context, s store.Store, touches []store.Touch, window time.Duration) (float64, error) {
	const lanes = 4
	var parts [lanes][]store.Touch
	for _, t := range touches {
		shard, _ := store.ShardOf(t.ID)
		parts[shard%lanes] = append(parts[shard%lanes], t)
	}
	began := time.Now()
	until := began.Add(window)
	var done atomic.Int64
	var errs [lanes]error
	var running sync.WaitGroup
	for lane := range parts {
		running.Go(func() {
			for ctx.Err() == nil && time.Now().Before(until) {
				for batch := range slices.Chunk(parts[lane], batchSize) {
					taken, err := s.Touch(ctx, batch)
					if err == nil && slices.Contains(taken, false) {
						err = errors.New("a touch was refused")
					}
					if err != nil {
						errs[lane] = err
						return
					}
					if done.Add(int64(len(batch))); time.Now().After(until) {
						break
					}
				}
			}
		})
	}
	running.Wait()
	return float64(done.Load()) / time.Since(began).Seconds(), errors.Join(errs[:]...)
}
