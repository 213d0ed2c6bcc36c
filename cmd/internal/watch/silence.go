package watch

import (
	"context"
	"errors"
	"sync"
	"time"

	"tocsin/configs"
	"tocsin/routing"
)

// Integrations with expect_every must be heard of. When one was heard last is kept in the
// store, so that any process may hear it and any other judge its silence, also after a
// restart; it is written at most ten times per expect_every, and so judged a tenth later.
//
// Silence counts only while Tocsin was there to hear: see [presence]. An integration that
// nobody watched for a while, or ever before, counts from now.

const (
	// silenceIdentity names the silence of an integration among its alerts.
	silenceIdentity = "tocsin:silence"
	// silenceRepeat is how often a silence is told again, so that it does not end by silence.
	silenceRepeat = 5 * time.Minute
	heardKept     = 400 * 24 * time.Hour
	listenTimeout = 10 * time.Second
	minListen     = time.Second
	maxListen     = 15 * time.Second
)

// beats is what this process knows of the integrations that must be heard of.
type beats struct {
	mu      sync.Mutex
	written map[string]time.Time // when a sign of life was written to the store here
	known   map[string]time.Time // heard last, as far as this process knows
	armed   map[string]time.Time // when it was last said that they are watched
	fired   map[string]time.Time // silent ones, and when that was last told
}

func newBeats() *beats {
	return &beats{written: map[string]time.Time{}, known: map[string]time.Time{}, armed: map[string]time.Time{}, fired: map[string]time.Time{}}
}

func heardKey(name string) string { return "heard:" + name }
func armedKey(name string) string { return "armed:" + name }

// Heard is a sign of life of an integration. When it returns nil that is durable, or was
// lately enough. It ends the incident of a silence.
func (w *Watcher) Heard(ctx context.Context, i configs.Integration) error {
	if i.ExpectEvery <= 0 {
		return nil
	}
	now := w.Engine.Now()
	w.beats.mu.Lock()
	defer w.beats.mu.Unlock() // signs of life of one process stand in line: they are rare, and most write nothing
	if now.Sub(w.beats.written[i.Name]) < i.ExpectEvery/10 {
		return nil
	}
	if err := w.Store.SetOnce(ctx, heardKey(i.Name), instant(now), now, heardKept); err != nil {
		return err
	}
	if err := w.speaks(ctx, i); err != nil {
		return err
	}
	w.beats.written[i.Name], w.beats.known[i.Name] = now, now
	return nil
}

// speaks ends the silence of an integration, if there is one.
func (w *Watcher) speaks(ctx context.Context, i configs.Integration) error {
	delete(w.beats.fired, i.Name)
	return w.Engine.Say(ctx, routing.Alert{Integration: i.Name, Identity: silenceIdentity, Status: routing.Resolved})
}

// listen judges all integrations that must be heard of, and says how long to wait.
func (w *Watcher) listen(ctx context.Context) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, listenTimeout)
	defer cancel()
	w.beats.mu.Lock()
	defer w.beats.mu.Unlock()
	wait := maxListen
	var errs []error
	for _, i := range w.Config.Config().Integrations {
		if i.ExpectEvery > 0 {
			errs = append(errs, w.judge(ctx, i))
			wait = min(wait, max(i.ExpectEvery/20, minListen))
		}
	}
	if err := errors.Join(errs...); err != nil {
		w.log.Warn("it could not be judged whether every integration was heard of; tried again", "error", err)
	}
	w.metrics.silent.Set(float64(len(w.beats.fired)))
	return wait
}

// judge opens an incident when an integration has been silent for too long.
func (w *Watcher) judge(ctx context.Context, i configs.Integration) error {
	b, now := w.beats, w.Engine.Now()
	if err := w.arm(ctx, i, now); err != nil {
		return err
	}
	patience := i.ExpectEvery + i.ExpectEvery/10
	if now.Sub(b.known[i.Name]) <= patience {
		return nil
	}
	heard, err := w.heard(ctx, i, now)
	if err != nil {
		return err
	}
	if b.known[i.Name] = heard; now.Sub(heard) <= patience {
		delete(b.fired, i.Name) // another process heard it
		return nil
	}
	since, there := w.present.at(now)
	if !there || now.Sub(since) <= patience || now.Sub(b.fired[i.Name]) < silenceRepeat {
		return nil
	}
	if err := w.Engine.Say(ctx, silence(i, heard)); err != nil {
		return err
	}
	b.fired[i.Name] = now
	if again, err := w.heard(ctx, i, now); err != nil || again.After(heard) { // it spoke while this was being opened
		return errors.Join(err, w.speaks(ctx, i))
	}
	return nil
}

// heard is when any process heard it last.
func (w *Watcher) heard(ctx context.Context, i configs.Integration, now time.Time) (time.Time, error) {
	value, _, err := w.Store.Once(ctx, heardKey(i.Name), now)
	return readInstant(value), err
}

// arm keeps it known that an integration is watched. One that was not counts from now.
func (w *Watcher) arm(ctx context.Context, i configs.Integration, now time.Time) error {
	b := w.beats
	if at, ok := b.armed[i.Name]; ok && now.Sub(at) < max(i.ExpectEvery/10, maxListen) {
		return nil
	}
	_, there, err := w.Store.Once(ctx, armedKey(i.Name), now)
	if err != nil {
		return err
	}
	if !there {
		if err := w.Store.SetOnce(ctx, heardKey(i.Name), instant(now), now, heardKept); err != nil {
			return err
		}
		b.known[i.Name] = now
	}
	if err := w.Store.SetOnce(ctx, armedKey(i.Name), "", now, i.ExpectEvery+time.Hour); err != nil {
		return err
	}
	b.armed[i.Name] = now
	return nil
}

// silence is the alert of an integration that has not been heard of since then. Every process
// says the same.
func silence(i configs.Integration, since time.Time) routing.Alert {
	return routing.Alert{
		Source: i.Source.Name, Integration: i.Name, Identity: silenceIdentity, Status: routing.Firing,
		Title:        i.Name + " has been silent since " + since.UTC().Format("2006-01-02 15:04 MST"),
		Description:  "Something was expected of it at least every " + i.ExpectEvery.String() + ". Either it has died, or it cannot reach Tocsin.",
		SeverityWord: string(i.ExpectSeverity), StartsAt: since,
	}
}
