package app

import (
	"context"
	"time"

	"tocsin/cmd/internal/api"
	"tocsin/configs"
)

// Reload puts the present content of the files in force, for all processes, and reads secrets
// anew in this one. All that can fail comes first, so that a bad configuration never replaces a good one. A managed installation
// only looks whether its files differ.
func (a *App) Reload(ctx context.Context) error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	err := a.reload(ctx)
	a.audit.Access("process", "reload", "", outcome(err))
	if err != nil {
		a.metrics.reloads.WithLabelValues("refused").Inc()
		a.log.Error("the configuration stays as it was", "error", err)
		return err
	}
	return nil
}

func (a *App) reload(ctx context.Context) error {
	files, err := a.opts.Files()
	if err != nil {
		return err
	}
	if _, err := a.build(files); err != nil {
		return err
	}
	if a.config.Load().Managed {
		a.prefersFiles(a.active.Load().Revision.Meta, files.Hash())
		return a.adopt(ctx)
	}
	for done := false; !done; {
		if done, err = a.bring(ctx, files); err != nil {
			return err
		}
	}
	return a.adopt(ctx)
}

// standing is how this process stands to the store.
func (a *App) standing() api.Standing {
	s := api.Standing{Head: a.active.Load().Head}
	if r := a.refused.Load(); r != nil {
		s.Wanted, s.Trouble = r.head, r.why.Error()
	}
	return s
}

// warn logs the weaknesses of a configuration that is in force all the same.
func (a *App) warn(c *configs.Config) {
	for _, w := range c.Weaknesses(a.opts.Now()) {
		a.log.Warn("weakness of the configuration", "where", w.String())
	}
}

// readinessAfter leaves a start in peace before owners are told of weaknesses ahead.
const readinessAfter = time.Minute

// tellReadiness tells owners, by day, which weaknesses lie ahead of their schedules and policies,
// and says how long to wait.
func (a *App) tellReadiness(ctx context.Context) time.Duration {
	next, err := a.engine.ReportReadiness(ctx)
	if err != nil && ctx.Err() == nil {
		a.log.Warn("not every owner could be told what lies ahead; tried again", "error", err)
	}
	return next.Sub(a.engine.Now())
}

const (
	pruneFirst = 10 * time.Minute
	pruneEvery = time.Hour // each time is a record in the audit log
	pruneBatch = 500
)

// prune forgets incidents that were resolved longer ago than the retention, and says how long to wait.
func (a *App) prune(ctx context.Context) time.Duration {
	before := a.engine.Now().Add(-a.config.Load().Retention)
	if err := a.audit.Pruning(ctx, before); err != nil { // what is gone without a record looks deleted
		a.log.Warn("old incidents are not forgotten now: the audit log cannot be written", "error", err)
		return pruneEvery
	}
	for n := pruneBatch; n == pruneBatch; {
		var err error
		if n, err = a.store.Prune(ctx, before, pruneBatch); err != nil {
			a.log.Warn("old incidents could not be forgotten; tried again later", "error", err)
			return pruneEvery
		}
	}
	return pruneEvery
}
