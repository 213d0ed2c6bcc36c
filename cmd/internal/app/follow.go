package app

import (
	"context"
	"errors"
	"time"

	"tocsin/configs"
	"tocsin/configs/history"
	"tocsin/paging"
)

const (
	// followEvery is how often a process looks whether another revision is in force. All
	// processes shall follow within a second.
	followEvery = 300 * time.Millisecond
	// followTimeout bounds one look at the store.
	followTimeout = 5 * time.Second
	// settleTries bounds how often the files are proposed again because another process was faster.
	settleTries = 10
)

// settle finds what is in force at the start: the active revision, or the files when they
// changed since a process last brought some.
func (a *App) settle(ctx context.Context, files configs.Bundle, own *configs.Config) error {
	brought := false
	for range settleTries {
		active, err := a.history.Load(ctx)
		bring := errors.Is(err, history.ErrNone) || lasting(err) && !own.Managed && !brought
		switch {
		case bring:
		case lasting(err):
			a.log.Error("the active revision cannot be built here; this process alone runs on its own files", "error", err)
			return a.enforce(own, history.Head{})
		case err != nil:
			return err
		default:
			if bring = a.prefersFiles(active, files.Hash()) && !brought; !bring {
				a.active.Store(&active)
				return a.enforce(active.Config, active.Head)
			}
		}
		if brought, err = a.bring(ctx, files); err != nil {
			return err
		}
	}
	return errors.New("the configuration changes faster than this process can follow; start it again")
}

// prefersFiles says whether the files go before the active revision: they changed since a
// process last brought some, and the installation is not managed.
func (a *App) prefersFiles(active history.Active, hash string) bool {
	switch meta := active.Revision.Meta; {
	case hash == meta.Hash:
	case active.Config.Managed:
		a.log.Warn("the files differ from the active revision, which is managed; tocsin config pull writes it to files", "active", meta.Label())
	case hash == meta.Files:
		a.log.Warn("another configuration was applied since the files were brought; a reload puts the files in force", "active", meta.Label())
	default:
		return true
	}
	return false
}

// lasting says that trying again does not help.
func lasting(err error) bool {
	var problems configs.Problems
	return errors.As(err, &problems) || errors.Is(err, history.ErrNewer)
}

// bring proposes the files. done is false when somebody else was faster: look again.
func (a *App) bring(ctx context.Context, files configs.Bundle) (done bool, err error) {
	change, err := a.history.Apply(ctx, history.Proposal{
		Bundle: &files, Origin: history.FromFiles, Author: "files", Reason: "the files of a process",
	}, a.opts.Now())
	var conflict *history.ConflictError
	if errors.As(err, &conflict) {
		return false, nil
	}
	if err == nil && !change.Unchanged {
		a.log.Info("the files are the new revision", "revision", change.Revision.Label(), "notes", change.Notes, "handovers", len(change.Handovers))
	}
	return err == nil, err
}

// enforce puts a configuration in force in this process. All that can fail comes first.
func (a *App) enforce(config *configs.Config, head history.Head) error {
	channels, err := channelsFor(config)
	if err != nil {
		return err
	}
	a.config.Store(config)
	a.head.Store(&head)
	a.sms.set(channels[paging.SMS])
	if a.engine != nil {
		a.engine.SetBook(config.Book())
	}
	for _, s := range config.Skipped() {
		a.log.Warn("an arrangement no longer fits the configuration", "what", s.String())
	}
	return nil
}

// Follow puts what is in force in the store in force here, if it is not yet.
func (a *App) Follow(ctx context.Context) error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	return a.follow(ctx)
}

func (a *App) follow(ctx context.Context) error {
	head, err := a.history.Head(ctx)
	if err != nil || head == *a.head.Load() || head == a.refused {
		return err
	}
	active, err := a.history.Load(ctx)
	if err == nil {
		err = a.enforce(active.Config, active.Head)
	} else if !lasting(err) {
		return err
	}
	if err != nil {
		a.refused = head // told once, not three times a second
		a.metrics.reloads.WithLabelValues("refused").Inc()
		return err
	}
	a.active.Store(&active)
	a.metrics.reloads.WithLabelValues("done").Inc()
	a.log.Info("a new configuration is in force", "revision", active.Revision.Label(), "author", active.Revision.Author, "overlay", active.Head.Overlay)
	a.warn(active.Config)
	return nil
}

// followLoop looks for new revisions until ctx ends.
func (a *App) followLoop(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	troubled := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		look, cancel := context.WithTimeout(ctx, followTimeout)
		err := a.Follow(look)
		cancel()
		if err != nil && !troubled && ctx.Err() == nil {
			a.log.Error("the active configuration cannot be followed; this process keeps the one that it has", "error", err)
		}
		troubled = err != nil
	}
}
