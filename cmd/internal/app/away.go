package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tocsin/configs"
	"tocsin/configs/history"
	"tocsin/escalation/store"
	"tocsin/escalation/store/redisstore"
)

// A process with a spool can start while its store is away. It works by the last book that it
// kept in the spool, or by its files when they have changed since or there is no such book, until
// the store answers.

// kept is what of the store a process needs to start without it. As a history.Series it has
// only the last revision and overlay.
type kept struct {
	Shards int
	Series map[string]keptValue

	nothing
}

type keptValue struct {
	Number uint64
	Value  []byte
}

// nothing is what a process cannot ask for that starts without the store.
type nothing struct{}

func (nothing) Append(context.Context, string, uint64, string, []byte) error { return errNoStore }
func (nothing) Intakes(context.Context, time.Time, int) ([]store.Intake, error) {
	return nil, errNoStore
}

var errNoStore = errors.New("the store could not be reached yet")

// Last implements history.Series.
func (k *kept) Last(_ context.Context, series ...string) ([]uint64, error) {
	out := make([]uint64, len(series))
	for i, s := range series {
		out[i] = k.Series[s].Number
	}
	return out, nil
}

// Value implements history.Series.
func (k *kept) Value(_ context.Context, series string, number uint64) ([]byte, error) {
	if v := k.Series[series]; v.Number == number && number > 0 {
		return v.Value, nil
	}
	return nil, store.ErrNotFound
}

func (a *App) keptPath() string { return filepath.Join(a.opts.Spool, "book.json") }

// openAway opens a store that is only away for now; err is why it could not be opened.
func (a *App) openAway(err error) (store.Store, error) {
	if a.opts.Spool == "" || !shared(a.opts.Store) || !redisstore.Unreachable(err) {
		return nil, err
	}
	k := &kept{}
	if data, err := os.ReadFile(a.keptPath()); err == nil {
		if err := json.Unmarshal(data, k); err != nil {
			a.log.Error("the book that this process kept cannot be read; it starts by its files", "file", a.keptPath(), "error", err)
			k = &kept{}
		}
	}
	a.away = k
	a.log.Error("the store cannot be reached; this process starts without it", "error", err)
	return redisstore.Later(a.opts.Store, k.Shards)
}

// settleFirst finds what is in force at the start, also without the store.
func (a *App) settleFirst(ctx context.Context, files configs.Bundle, own *configs.Config, faults error) error {
	if a.away == nil {
		return a.settle(ctx, files, own, faults)
	}
	h := *a.history
	h.Series = a.away
	active, err := h.Load(ctx)
	switch {
	case err == nil && (own == nil || !a.prefersFiles(active.Revision.Meta, files.Hash())):
		a.log.Warn("this process works by the last book that it kept", "revision", active.Revision.Label(), "overlay", active.Head.Overlay)
		return a.enforce(&active)
	case own != nil:
		a.log.Warn("this process works by its files until the store can be asked")
		return a.enforce(&history.Active{Config: own})
	default:
		return errors.Join(faults, fmt.Errorf("the store cannot be reached, and there is no book to work by: %w", err))
	}
}

// followOrArrive follows, or finds what is in force when the store is there for the first time.
// Callers hold reloading.
func (a *App) followOrArrive(ctx context.Context, again bool) error {
	if a.away == nil {
		return a.follow(ctx, again)
	}
	files, err := a.opts.Files()
	var own *configs.Config
	if err == nil {
		own, err = a.build(files)
	}
	if _, asked := a.history.Head(ctx); asked != nil {
		return asked
	}
	if err := a.settle(ctx, files, own, err); err != nil {
		return err
	}
	a.away = nil
	a.keepBook(a.active.Load())
	return nil
}

// keepBook puts what is in force into the spool, for a start without the store.
func (a *App) keepBook(active *history.Active) {
	if a.standby == nil || a.away != nil || active.Head.Config == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), followTimeout)
	defer cancel()
	if err := a.writeBook(ctx, active.Head); err != nil {
		a.log.Warn("the book could not be kept in the spool; a start without the store would work by an older one, or by the files", "error", err)
	}
}

func (a *App) writeBook(ctx context.Context, head history.Head) error {
	k := kept{Shards: a.store.Shards(), Series: map[string]keptValue{}}
	for series, number := range history.Values(head) {
		if number == 0 {
			continue
		}
		value, err := a.store.Value(ctx, series, number)
		if err != nil {
			return err
		}
		k.Series[series] = keptValue{number, value}
	}
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	fresh := a.keptPath() + ".new"
	if err := os.WriteFile(fresh, data, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, a.keptPath())
}
