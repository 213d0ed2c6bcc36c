package standby

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/escalation/store/boltstore"
	"tocsin/paging"
	"tocsin/paging/delivery"
)

// spool is what this process keeps on its own: a store and the ledger in it.
type spool struct {
	store  *boltstore.Store
	ledger *ledger
	folder string
}

// openSpool opens the spool in that folder and makes it when it is not there.
func openSpool(ctx context.Context, c Config) (*spool, error) {
	folder := filepath.Join(c.Folder, "spool")
	b, err := boltstore.Open(folder, boltstore.Shards(c.Shared.Shards()))
	if err != nil {
		return nil, fmt.Errorf("standby: cannot open the spool %s; give --spool a folder on a local disk that can be written: %w", c.Folder, err)
	}
	l, err := openLedger(ctx, b, c.Now())
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	s := &spool{store: b, ledger: l, folder: folder}
	empty, err := s.empty(ctx)
	if err == nil && b.Shards() != c.Shared.Shards() {
		if empty {
			return s.wipe(ctx, c)
		}
		err = fmt.Errorf("standby: the spool %s holds alerts of another store (%d shards, not %d); start once with that store, or move the folder away",
			c.Folder, b.Shards(), c.Shared.Shards())
	}
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return s, nil
}

// empty says whether there is nothing to merge.
func (s *spool) empty(ctx context.Context) (bool, error) {
	incidents, err := s.store.List(ctx, store.Filter{Limit: 1})
	return len(incidents) == 0 && s.ledger.waiting() == 0, err
}

// wipe forgets all of it and returns a new, empty spool.
func (s *spool) wipe(ctx context.Context, c Config) (*spool, error) {
	if err := s.store.Close(); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(s.folder); err != nil {
		return nil, fmt.Errorf("standby: the spool cannot be emptied; what is in it would be merged once more: %w", err)
	}
	return openSpool(ctx, c)
}

// local pages out of the spool while the store is away.
type local struct {
	engine *engine.Engine
	halt   func() // ends it; texts under way are finished
}

// startLocal runs an engine and a delivery on the spool.
func startLocal(c Config, s *spool, shared *engine.Engine) *local {
	queue := codeQueue{Store: s.store, slot: c.Slot}
	var d *delivery.Delivery
	e := engine.New(engine.Config{
		Store: queue, Book: shared.Book(), Now: shared.Now, Logger: c.Logger, Hooks: c.Hooks, WakePages: func() { d.Wake() },
	})
	dc := c.Delivery
	dc.Queue, dc.Reporter, dc.Clock, dc.Logger = queue, e, e.Now, c.Logger
	dc.Fenced = func(err error) bool { return errors.Is(err, store.ErrFenced) }
	d = delivery.New(dc)
	sendCtx, stopSend := context.WithCancel(context.Background())
	engineCtx, stopEngine := context.WithCancel(context.Background())
	var sending, running sync.WaitGroup
	running.Go(func() { _ = e.Run(engineCtx) }) // always nil
	sending.Go(func() { _ = d.Run(sendCtx) })   // always nil
	return &local{engine: e, halt: func() {
		stopSend()
		sending.Wait()
		stopEngine()
		running.Wait()
	}}
}

// codeQueue is the spool as the local engine and delivery use it: its codes come from the block
// of this process.
type codeQueue struct {
	*boltstore.Store
	slot func() (int, bool)
}

// ReserveCode takes a code of the process's block. A process that never had a slot takes one at
// random off the top: two that are alone for the first time may then give the same code to one
// phone, which the merge leaves to the first.
func (q codeQueue) ReserveCode(ctx context.Context, r paging.CodeRequest) (paging.Code, error) {
	slot, ok := q.slot()
	if !ok {
		slot = os.Getpid()
	}
	r.First, r.Last = store.SlotCodes(slot)
	return q.Store.ReserveCode(ctx, r)
}
