package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing/source/alertmanager"
)

// recorder is a store that keeps nothing but the changes that an engine commits. So the raw
// limit of a store is measured with exactly the keys and bytes that the gateway writes.
type recorder struct {
	store.Store // nil: what is not below is never called for alerts that are new
	shards      int

	mu      sync.Mutex
	changes []store.Change
}

// Shards are those of the store that the changes are for: ids carry them.
func (r *recorder) Shards() int { return r.shards }

// Load finds nothing: every alert is new.
func (r *recorder) Load(_ context.Context, queries []store.Query) ([]store.Loaded, error) {
	loaded := make([]store.Loaded, len(queries))
	for i := range loaded {
		loaded[i].Members = map[escalation.MemberKey]escalation.Member{}
		loaded[i].Attempts = map[paging.AttemptID]paging.Attempt{}
	}
	return loaded, nil
}

// Commit keeps the changes.
func (r *recorder) Commit(_ context.Context, changes []store.Change) ([]store.Committed, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes = append(r.changes, changes...)
	return make([]store.Committed, len(changes)), nil
}

// List finds no incident.
func (r *recorder) List(context.Context, store.Filter) ([]escalation.Incident, error) {
	return nil, nil
}

// ClaimTimers finds nothing due.
func (r *recorder) ClaimTimers(context.Context, time.Time, time.Duration, int) ([]store.TimerClaim, time.Time, error) {
	return nil, time.Time{}, nil
}

// FindIdentity finds nobody who holds an alert.
func (r *recorder) FindIdentity(context.Context, []escalation.MemberKey) (map[escalation.MemberKey][]paging.IncidentID, error) {
	return nil, nil
}

// FindGroup finds no member of a group.
func (r *recorder) FindGroup(context.Context, string, string, map[string]bool) ([]store.Membership, error) {
	return nil, nil
}

// Clock has no time of its own.
func (r *recorder) Clock(_ context.Context, local time.Time) (time.Time, error) { return local, nil }

// maker makes changes: a real engine with a recorder for a store.
type maker struct {
	engine *engine.Engine
	rec    *recorder
	now    time.Time // of the engine: it stands still
	made   int
	stop   context.CancelFunc
	ended  sync.WaitGroup
}

// newMaker returns a maker for a store with so many shards, and with the configuration that
// ingest is measured with.
func newMaker(ctx context.Context, shards int) (*maker, error) {
	config, err := parse(heldConfig(), newSecrets())
	if err != nil {
		return nil, err
	}
	m := &maker{rec: &recorder{shards: shards}, now: time.Now()}
	m.engine = engine.New(engine.Config{Store: m.rec, Book: config.Book(), Now: func() time.Time { return m.now }})
	ctx, m.stop = context.WithCancel(ctx)
	m.ended.Go(func() { _ = m.engine.Run(ctx) }) // always nil
	return m, nil
}

func (m *maker) close() {
	m.stop()
	m.ended.Wait()
}

// make returns the changes that open n incidents.
func (m *maker) make(ctx context.Context, n int) ([]store.Change, error) {
	shot := mark1([]byte("\r\n\r\n"+newBody(n, "", m.now)), n)
	shot.number(m.made)
	m.made += n
	batch, err := alertmanager.Source().Decode(nil, shot.body(), m.now)
	if err != nil {
		return nil, err
	}
	m.rec.changes = m.rec.changes[:0]
	if _, err := m.engine.Ingest(ctx, engine.Delivery{Integration: "prometheus", Batch: batch}); err != nil {
		return nil, err
	}
	if len(m.rec.changes) != n {
		return nil, fmt.Errorf("%d alerts made %d changes", n, len(m.rec.changes))
	}
	return slices.Clone(m.rec.changes), nil
}

// commitAll commits changes as four lanes do, in batches of up to 64, and returns their
// revisions in order. Each lane has its own shards.
func commitAll(ctx context.Context, s store.Store, changes []store.Change) ([]store.Revision, error) {
	const lanes = 4
	revisions := make([]store.Revision, len(changes))
	var indexes [lanes][]int
	for i, c := range changes {
		shard, _ := store.ShardOf(c.Incident.ID)
		indexes[shard%lanes] = append(indexes[shard%lanes], i)
	}
	var errs [lanes]error
	var running sync.WaitGroup
	for lane := range indexes {
		running.Go(func() {
			for part := range slices.Chunk(indexes[lane], batchSize) {
				if errs[lane] = commitPart(ctx, s, changes, part, revisions); errs[lane] != nil {
					return
				}
			}
		})
	}
	running.Wait()
	return revisions, errors.Join(errs[:]...)
}

// batchSize is how many changes one commit carries.
const batchSize = 64

func commitPart(ctx context.Context, s store.Store, changes []store.Change, part []int, revisions []store.Revision) error {
	batch := make([]store.Change, len(part))
	for i, n := range part {
		batch[i] = changes[n]
	}
	done, err := s.Commit(ctx, batch)
	if err != nil {
		return err
	}
	for i, n := range part {
		if done[i].Err != nil {
			return done[i].Err
		}
		revisions[n] = done[i].Revision
	}
	return nil
}
