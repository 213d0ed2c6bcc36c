package app

import (
	"time"

	"tocsin/escalation/engine"
)

// clock is the engine's time once there is one: what records of the audit log carry.
func (a *App) clock() time.Time {
	if a.engine == nil {
		return a.opts.Now()
	}
	return a.engine.Now()
}

// hooks observe the engine, for metrics, for the audit log and as signs of life.
func (a *App) hooks() engine.Hooks {
	h := a.metrics.hooks()
	h.Saved = a.audit.Saved
	h.Claimed = a.signs.TimersClaimed
	committed := h.Committed
	h.Committed = func(changes, touches int, took time.Duration, err error) {
		committed(changes, touches, took, err)
		a.signs.Committed(err)
	}
	return h
}

// outcome is how something went, for a record.
func outcome(err error) string {
	if err != nil {
		return "refused"
	}
	return "done"
}
