package app

import (
	"context"
	"time"

	"tocsin/configs"
	"tocsin/paging"
)

// Reload puts the present content of the files in force. All that can fail comes first, so
// that a bad configuration never replaces a good one.
func (a *App) Reload(_ context.Context) error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	config, err := a.opts.Load()
	if err != nil {
		a.metrics.reloads.WithLabelValues("refused").Inc()
		a.log.Error("the configuration stays as it was", "error", err)
		return err
	}
	channels, err := channelsFor(config)
	if err != nil {
		a.metrics.reloads.WithLabelValues("refused").Inc()
		a.log.Error("the configuration stays as it was", "error", err)
		return err
	}
	a.config.Store(config)
	a.sms.set(channels[paging.SMS])
	a.engine.SetBook(config.Book())
	a.metrics.reloads.WithLabelValues("done").Inc()
	a.log.Info("a new configuration is in force", "revision", config.Revision())
	a.warn(config)
	return nil
}

// warn logs the weaknesses of a configuration that is in force all the same.
func (a *App) warn(c *configs.Config) {
	for _, w := range c.Weaknesses(a.opts.Now()) {
		a.log.Warn("weakness of the configuration", "where", w.String())
	}
}

const (
	pruneEvery = 10 * time.Minute
	pruneBatch = 500
)

// pruneLoop forgets incidents that were resolved longer ago than the retention.
func (a *App) pruneLoop(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		before := a.engine.Now().Add(-a.config.Load().Retention)
		for n := pruneBatch; n == pruneBatch; {
			var err error
			if n, err = a.store.Prune(ctx, before, pruneBatch); err != nil {
				a.log.Warn("old incidents could not be forgotten; tried again later", "error", err)
				break
			}
		}
	}
}
