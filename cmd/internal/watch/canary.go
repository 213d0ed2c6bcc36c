package watch

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"tocsin/configs"
	"tocsin/paging"
)

const (
	canaryLook  = 10 * time.Second
	canaryPoll  = 500 * time.Millisecond
	canaryGrace = 30 * time.Second
	canaryKey   = "watch:canary" // when one arrived last
)

// CanaryState is how the canaries of the installation do, whichever process lets them fly.
type CanaryState struct {
	Arrived time.Time `json:"arrived,omitzero"` // the last one that a provider took
	Missed  string    `json:"missed,omitempty"` // since when none has arrived that should have
}

type canary struct {
	mu    sync.Mutex
	is    CanaryState
	since time.Time // canaries have been expected since
}

func (c *canary) state() CanaryState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.is
}

// judge notes when the last one arrived.
func (c *canary) judge(set configs.Canary, arrived, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		c.since = now
	}
	c.is = CanaryState{Arrived: arrived}
	from := c.since
	if arrived.After(from) {
		from = arrived
	}
	if now.Sub(from) > set.Every+set.Within+canaryGrace {
		c.is.Missed = "no canary has arrived since " + from.UTC().Format(time.RFC3339)
	}
}

func (c *canary) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.is, c.since = CanaryState{}, time.Time{}
}

// flyCanary lets one fly when it is time and nobody else has, and judges the last one. It says
// how long to wait.
func (w *Watcher) flyCanary(ctx context.Context) time.Duration {
	set := w.Config.Config().Canary
	if !set.On() {
		w.canary.forget()
		return canaryLook
	}
	now := w.Engine.Now()
	value, _, err := w.Store.Once(ctx, canaryKey, now)
	if err == nil {
		w.canary.judge(set, readInstant(value), now)
		err = w.flyOnce(ctx, set, "canary:"+strconv.FormatInt(now.Truncate(set.Every).Unix(), 10))
	}
	if err != nil && ctx.Err() == nil {
		w.canary.judge(set, w.canary.state().Arrived, now)
		w.log.Warn("a canary did not arrive; the next one is awaited", "error", err)
	}
	return min(canaryLook, set.Every/10)
}

// flyOnce lets the canary of that name fly, unless some process did. Two that do so in the same
// instant open one incident.
func (w *Watcher) flyOnce(ctx context.Context, set configs.Canary, name string) error {
	now := w.Engine.Now()
	_, flown, err := w.Store.Once(ctx, name, now)
	if err != nil || flown {
		return err
	}
	if err := w.Store.SetOnce(ctx, name, "", now, 2*set.Every); err != nil {
		return err
	}
	flight, cancel := context.WithTimeout(ctx, set.Within)
	defer cancel()
	outcome, err := w.Engine.Fly(flight, name, "Canary: a test of Tocsin, nothing to do", set.Policy)
	if err == nil {
		err = w.arrives(flight, outcome.Incident.ID)
		err = errors.Join(err, w.Engine.AlarmOver(context.WithoutCancel(ctx), name))
	}
	if err == nil {
		err = w.Store.SetOnce(ctx, canaryKey, instant(w.Engine.Now()), w.Engine.Now(), heardKept)
	}
	result := "arrived"
	if err != nil {
		result = "missed"
	}
	w.metrics.canaries.WithLabelValues(result).Inc()
	return err
}

// arrives waits until a provider has taken a page of that incident.
func (w *Watcher) arrives(ctx context.Context, id paging.IncidentID) error {
	tick := time.NewTicker(canaryPoll)
	defer tick.Stop()
	for {
		attempts, err := w.Store.AttemptsOf(ctx, id)
		if err != nil {
			return err
		}
		for _, a := range attempts {
			if a.State == paging.Sent || a.State == paging.Delivered {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no provider has taken the page of incident %s in time: %w", id, ctx.Err())
		case <-tick.C:
		}
	}
}
