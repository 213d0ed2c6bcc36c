package delivery

import (
	"context"
	"time"

	"tocsin/paging"
)

// Pauses between tries of one call of the queue or the reporter.
const (
	firstInsist = 200 * time.Millisecond
	lastInsist  = 5 * time.Second
)

// report tells what became of attempts, beside the worker: an engine that is slow or in trouble
// holds up no text. It is repeated while the claims hold; after that whoever claims the
// attempts next asks the provider.
func (d *Delivery) report(work context.Context, reports []paging.Report, until time.Time) {
	d.busy.Go(func() {
		err := d.insist(work, until, func(ctx context.Context) error { return d.cfg.Reporter.Report(ctx, reports) })
		if err != nil {
			d.cfg.Logger.Error("cannot report what became of pages; the provider is asked when they are claimed again",
				"attempt", reports[0].Attempt, "pages", len(reports), "result", reports[0].Result, "error", err)
		}
	})
}

// insist repeats a call with back-off until it succeeds, a lease ends or the work is stopped.
func (d *Delivery) insist(work context.Context, until time.Time, call func(context.Context) error) error {
	for failures := 1; ; failures++ {
		err := d.once(work, call)
		if err == nil {
			return nil
		}
		wait := backoff(failures, firstInsist, lastInsist)
		if work.Err() != nil || d.now().Add(wait).After(until) {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-work.Done():
			timer.Stop()
		}
	}
}

func (d *Delivery) once(work context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(work, d.cfg.QueueWait)
	defer cancel()
	return call(ctx)
}
