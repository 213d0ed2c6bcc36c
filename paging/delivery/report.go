package delivery

import (
	"context"
	"time"

	"tocsin/paging"
)

// Pauses between tries of one report.
const (
	firstReportRetry = 200 * time.Millisecond
	lastReportRetry  = 5 * time.Second
)

// report tells what became of attempts, beside the worker: an engine that is slow or in trouble
// holds up no text. It is repeated while the claims hold; after that whoever claims the
// attempts next asks the provider.
func (d *Delivery) report(work context.Context, reports []paging.Report, until time.Time) {
	d.busy.Go(func() {
		for failures := 1; ; failures++ {
			err := d.tryReport(work, reports)
			if err == nil {
				return
			}
			wait := backoff(failures, firstReportRetry, lastReportRetry)
			if work.Err() != nil || d.now().Add(wait).After(until) {
				d.cfg.Logger.Error("cannot report what became of pages; the provider is asked when they are claimed again",
					"attempt", reports[0].Attempt, "pages", len(reports), "result", reports[0].Result, "error", err)
				return
			}
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-work.Done():
				timer.Stop()
			}
		}
	})
}

func (d *Delivery) tryReport(work context.Context, reports []paging.Report) error {
	ctx, cancel := context.WithTimeout(work, d.cfg.QueueWait)
	defer cancel()
	return d.cfg.Reporter.Report(ctx, reports)
}
