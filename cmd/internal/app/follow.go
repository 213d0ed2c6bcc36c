package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"tocsin/configs"
	"tocsin/configs/history"
)

const (
	// followEvery is how often a process looks whether another revision is in force. All
	// processes shall follow within a second.
	followEvery = 500 * time.Millisecond
	// followTimeout bounds one look at the store.
	followTimeout = 5 * time.Second
	// recheckEvery is how often what is in force is read again although its number is the same:
	// what cannot be built here may be mended, and a Redis that failed over may have lost a
	// revision and given its number to another.
	recheckEvery = 10 * time.Second
	// settleTries bounds how often the files are proposed again because another process was faster.
	settleTries = 10
)

// now is the store's time, as far as it can be known before the engine runs.
func (a *App) now(ctx context.Context) time.Time {
	local := a.opts.Now()
	if a.engine != nil {
		return a.engine.Now()
	}
	if t, err := a.store.Clock(ctx, local); err == nil {
		return t
	}
	return local
}

// settle finds what is in force at the start: the active revision, or the files when they
// changed since a process last brought some. own is nil when the files have faults: then there
// must be a revision to run on. A revision that cannot be built here is no reason not to page:
// this process then runs alone on its files.
func (a *App) settle(ctx context.Context, files configs.Bundle, own *configs.Config, faults error) error {
	brought := false
	for range settleTries {
		active, err := a.history.Load(ctx)
		var broken *history.BrokenError
		var bring bool
		switch {
		case errors.Is(err, history.ErrNone):
			bring = own != nil
		case err == nil, errors.As(err, &broken) && active.Revision.Hash != "": // one that cannot be read may be newer
			bring = own != nil && !brought && a.prefersFiles(active.Revision.Meta, files.Hash())
		}
		switch {
		case bring:
			if brought, err = a.bring(ctx, files); err != nil {
				return err
			}
		case err == nil:
			if own == nil {
				a.log.Error("the files have faults; this process runs on the active revision", "active", active.Revision.Label(), "error", faults)
			}
			return a.enforce(&active)
		case broken != nil && own != nil:
			a.refuse(active.Head, err)
			a.log.Error("the active revision cannot be in force here; this process alone runs on its own files", "error", err)
			return a.enforce(&history.Active{Config: own})
		case errors.Is(err, history.ErrNone):
			return faults
		default:
			return errors.Join(faults, err)
		}
	}
	return errors.New("the configuration changes faster than this process can follow; start it again")
}

// prefersFiles says whether the files go before the active revision: they changed since a
// process last brought some, and the installation is not managed.
func (a *App) prefersFiles(active history.Meta, hash string) bool {
	switch {
	case hash == active.Hash:
	case active.Managed:
		a.log.Warn("the files differ from the active revision, which is managed; tocsin config pull writes it to files", "active", active.Label())
	case slices.Contains(active.Seen, hash):
		a.log.Warn("another configuration was applied since the files were brought; a reload puts the files in force", "active", active.Label())
	default:
		return true
	}
	return false
}

// bring proposes the files. done is false when somebody else was faster: look again.
func (a *App) bring(ctx context.Context, files configs.Bundle) (done bool, err error) {
	change, err := a.history.Apply(ctx, history.Proposal{
		Bundle: &files, Origin: history.FromFiles, Author: "files", Reason: "the files of a process",
	}, a.now(ctx))
	var conflict *history.ConflictError
	if errors.As(err, &conflict) {
		return false, nil
	}
	if err == nil && !change.Unchanged {
		a.log.Info("the files are the new revision", "revision", change.Revision.Label(), "notes", change.Notes, "handovers", len(change.Handovers))
	}
	return err == nil, err
}

// enforce puts what is active in force in this process.
func (a *App) enforce(active *history.Active) error {
	if err := a.sms.change(active.Config); err != nil { // Build has tried it already
		return err
	}
	a.config.Store(active.Config)
	a.active.Store(active)
	a.keepBook(active)
	if a.engine != nil {
		a.engine.SetBook(active.Config.Book())
	}
	if active.Left != nil {
		a.log.Error("overrides, swaps and covers cannot be read and are left out", "error", active.Left)
	}
	for _, s := range active.Config.Skipped() {
		a.log.Warn("an arrangement no longer fits the configuration", "what", s.String())
	}
	return nil
}

// refusal is what is active in the store and cannot be in force here.
type refusal struct {
	head history.Head
	why  error
}

// refuse notes it, and tells of it when it is news.
func (a *App) refuse(head history.Head, why error) {
	was := a.refused.Swap(&refusal{head, why})
	if was == nil || was.head != head || was.why.Error() != why.Error() {
		a.metrics.reloads.WithLabelValues("refused").Inc()
		a.log.Error("the active configuration cannot be in force here; this process keeps what it has", "error", why)
	}
}

// Follow puts what is in force in the store in force here, if it is not yet.
func (a *App) Follow(ctx context.Context) error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	return a.follow(ctx, false)
}

// follow looks whether something else is active; with again also behind a number that was
// followed or refused already.
func (a *App) follow(ctx context.Context, again bool) error {
	head, err := a.history.Head(ctx)
	if err != nil {
		return err
	}
	refused := a.refused.Load()
	if !again && (head == a.active.Load().Head || refused != nil && refused.head == head) {
		return nil
	}
	if refused == nil && head == a.active.Load().Head { // only the content can be another
		if stored, err := a.history.Read(ctx); err == nil && sameAs(a.active.Load(), &stored) {
			return nil
		}
	}
	return a.adopt(ctx)
}

// adopt builds what is active anew, with the secrets as they are now, and puts it in force.
func (a *App) adopt(ctx context.Context) error {
	active, err := a.history.Load(ctx)
	var broken *history.BrokenError
	switch {
	case errors.As(err, &broken):
		a.refuse(active.Head, err)
		return err
	case errors.Is(err, history.ErrNone) && a.active.Load().Head == (history.Head{}):
		return nil // own files, and nothing else was ever applied
	case err != nil:
		return err
	}
	if err := a.enforce(&active); err != nil {
		a.refuse(active.Head, err)
		return err
	}
	a.refused.Store(nil)
	a.metrics.reloads.WithLabelValues("done").Inc()
	a.log.Info("a configuration is in force", "revision", active.Revision.Label(), "author", active.Revision.Author, "overlay", active.Head.Overlay)
	a.warn(active.Config)
	return nil
}

// sameAs says whether two are the same, whatever their numbers say.
func sameAs(x, y *history.Active) bool {
	return x.Head == y.Head && x.Revision.Hash == y.Revision.Hash && x.Revision.At.Equal(y.Revision.At) &&
		x.Overlay.At.Equal(y.Overlay.At) && x.Overlay.Author == y.Overlay.Author && (x.Left == nil) == (y.Left == nil)
}

// followLoop looks for new revisions until ctx ends.
func (a *App) followLoop(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	troubled := false
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		a.reloading.Lock()
		look, cancel := context.WithTimeout(ctx, followTimeout)
		err := a.followOrArrive(look, n%int(recheckEvery/followEvery) == 0)
		cancel()
		a.reloading.Unlock()
		var broken *history.BrokenError
		unknown := err != nil && !errors.As(err, &broken)
		if unknown && !troubled && ctx.Err() == nil {
			a.log.Warn("the active configuration cannot be asked for; this process keeps the one that it has", "error", err)
		}
		troubled = unknown
	}
}
