package api

import (
	"context"
	"errors"
	"slices"

	"tocsin/configs"
	"tocsin/escalation/engine"
	"tocsin/routing"
)

// An integration with expect_every must be heard of. What it posts may be anything: what its
// source can read are alerts, as everywhere, and all else is a mere sign of life.

// watchdogs are alerts that always fire, to show that the way is open. kube-prometheus has
// one of the first name (https://runbooks.prometheus-operator.dev/runbooks/general/watchdog),
// and had one of the second.
var watchdogs = [...]string{"Watchdog", "DeadMansSwitch"}

func isWatchdog(a routing.Alert) bool { return slices.Contains(watchdogs[:], a.Labels["alertname"]) }

// beats says whether a delivery is a sign of life. Only ends are none: an Alertmanager tells
// of the end of a watchdog when it no longer hears of Prometheus.
func beats(b routing.Batch, unread error) bool {
	fires := func(a routing.Alert) bool { return a.Status != routing.Resolved }
	return unread != nil || len(b.Alerts) == 0 || slices.ContainsFunc(b.Alerts, fires)
}

// signOfLife is the batch without what only shows that the sender lives.
func signOfLife(b routing.Batch, unread error) routing.Batch {
	if unread != nil {
		return routing.Batch{Note: "no alert can be read in it: taken as a sign of life"}
	}
	kept := slices.DeleteFunc(slices.Clone(b.Alerts), isWatchdog)
	if len(kept) < len(b.Alerts) && b.Note == "" {
		b.Note = "a watchdog: taken as a sign of life"
	}
	b.Alerts = kept
	return b
}

// heard notes the sign of life. Where that fails the sender is to send it again, unless the
// store is away: silence does not count then.
func (s *Server) heard(ctx context.Context, i *configs.Integration) error {
	if err := s.Heard(ctx, *i); err != nil && s.Degraded() == "" {
		return errors.Join(engine.ErrUnavailable, err)
	}
	return nil
}
