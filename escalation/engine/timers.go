package engine

import (
	"context"
	"math"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
)

// timerBatch is how many due timers are claimed at once.
const timerBatch = 512

// timerLoop claims what is due and sleeps until the next due time. It never polls by the
// second: the claim tells when the next timer is due, a commit that sets an earlier one wakes
// it, and the cap on the sleep only covers what other processes wrote.
func (e *Engine) timerLoop(ctx context.Context) {
	sleep := time.NewTimer(0)
	defer sleep.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-sleep.C:
			select {
			case <-e.wake: // the claim that follows sees what it tells of
			default:
			}
		case <-e.wake:
		}
		sleep.Reset(e.runTimers(ctx))
	}
}

// runTimers works off everything due and returns how long to sleep.
func (e *Engine) runTimers(ctx context.Context) time.Duration {
	for ctx.Err() == nil {
		if e.clock.Doubtful() {
			e.MeasureClock(ctx)
		}
		e.nextAt.Store(math.MaxInt64) // what is committed from here on may be missing from the claim's answer: let it wake the loop
		now := e.clock.Now()
		claims, next, err := e.claimTimers(ctx, now)
		if err != nil {
			if ctx.Err() == nil {
				e.log.Error("cannot claim due timers; trying again", "error", err)
			}
			break
		}
		e.fireTimers(ctx, claims, now)
		if hook := e.cfg.Hooks.Claimed; hook != nil {
			hook()
		}
		if len(claims) < timerBatch {
			return e.sleepUntil(next)
		}
	}
	return e.cfg.MaxSleep
}

// claimTimers gives up on a store that never answers: the loop must not hang with it.
func (e *Engine) claimTimers(ctx context.Context, now time.Time) ([]store.TimerClaim, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	return e.store.ClaimTimers(ctx, now, e.cfg.TimerLease, timerBatch)
}

func (e *Engine) sleepUntil(next time.Time) time.Duration {
	until := e.clock.Now().Add(e.cfg.MaxSleep)
	if !next.IsZero() && next.Before(until) {
		until = next
	}
	e.nextAt.Store(until.UnixNano())
	return max(until.Sub(e.clock.Now()), 0)
}

// wakeFor wakes the timer loop when at is earlier than what it sleeps for.
func (e *Engine) wakeFor(at time.Time) {
	if at.IsZero() || at.UnixNano() >= e.nextAt.Load() {
		return
	}
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

func (e *Engine) fireTimers(ctx context.Context, claims []store.TimerClaim, now time.Time) {
	items := make([]*item, len(claims))
	for i, c := range claims {
		items[i] = &item{id: c.ID, cmd: escalation.TimerDue{}}
		if hook := e.cfg.Hooks.TimerLate; hook != nil {
			hook(now.Sub(c.Due))
		}
	}
	results, err := e.submit(ctx, items, false)
	if err != nil {
		return // the lease ends and the timers come due again
	}
	for i, r := range results {
		if r.err != nil {
			e.log.Error("a due timer could not be worked off; it comes due again", "incident", claims[i].ID, "error", r.err)
		}
	}
}

// rejudgeRetry follows trouble with judging quiet incidents.
const rejudgeRetry = 5 * time.Second

// rejudgeLoop has quiet incidents judged by the book that the engine begins with, and by every
// new one: what an earlier book kept quiet must not stay so for want of anybody who asks again.
func (e *Engine) rejudgeLoop(ctx context.Context) {
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.rejudge:
		case <-again.C:
		}
		again.Stop()
		if err := e.rejudgeQuiet(ctx); err != nil && ctx.Err() == nil {
			e.log.Error("quiet incidents could not be judged by the configuration; trying again", "error", err)
			again.Reset(rejudgeRetry)
		}
	}
}

func (e *Engine) rejudgeQuiet(ctx context.Context) error {
	filter := store.Filter{Open: true, Limit: 500}
	for {
		incidents, err := e.listOpen(ctx, filter)
		if err != nil || len(incidents) == 0 {
			return err
		}
		var items []*item
		for _, inc := range incidents {
			filter.Before = inc.ID
			if inc.Quiet != nil {
				items = append(items, &item{id: inc.ID, cmd: escalation.Rejudge{}})
			}
		}
		if _, err := e.submitAll(ctx, items, false); err != nil {
			return err
		}
	}
}

func (e *Engine) listOpen(ctx context.Context, f store.Filter) ([]escalation.Incident, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	return e.store.List(ctx, f)
}
