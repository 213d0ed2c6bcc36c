package app

import (
	"context"
	"time"

	"tocsin/cmd/internal/admission"
	"tocsin/schedules"
)

// waitingEvery is how often it is looked whether senders were told to wait.
const waitingEvery = 5 * time.Second

// waitingLoop tells the owner of the root policy of integrations that were told to wait.
func (a *App) waitingLoop(ctx context.Context) {
	tick := time.NewTicker(waitingEvery)
	defer tick.Stop()
	said := map[string]time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for integration, r := range a.admit.Untold() {
			if !said[integration].Equal(r.Since) {
				said[integration] = r.Since
				a.log.Warn("a sender is told to wait", "integration", integration, "deliveries", r.Deliveries, "by_rate_limit", r.ByRate)
			}
		}
		a.tellWaiting(ctx)
	}
}

// tellWaiting tells by day, and at most once a day of each integration; at night it waits for
// the day. What is not told yet is kept in memory only: the log and the metrics have it too.
func (a *App) tellWaiting(ctx context.Context) {
	book := a.engine.Book()
	root, ok := book.Policies[book.RootPolicy]
	if !ok || root.Owner == "" {
		return
	}
	zone, open, _ := book.ReportTime(root.Owner, a.engine.Now())
	if !open {
		return
	}
	for integration, r := range a.admit.Untold() {
		if err := a.tellOne(ctx, root.Owner, integration, r, zone); err != nil && ctx.Err() == nil {
			a.log.Warn("the owner could not be told that a sender has to wait; tried again", "integration", integration, "error", err)
		}
	}
}

func (a *App) tellOne(ctx context.Context, owner schedules.UserID, integration string, r admission.Refused, zone *time.Location) error {
	key := "waiting/" + integration + "/" + a.engine.Now().In(zone).Format(time.DateOnly)
	text := r.Text(integration, zone)
	if _, err := a.engine.Tell(ctx, key, owner, text, ""); err != nil {
		return err
	}
	a.admit.Told(integration, r)
	return nil
}
