package watch

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/cmd/internal/again"
	"tocsin/configs"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
)

// Pace is how often what is looked at. What is zero gets its default.
type Pace struct {
	Look  time.Duration // at oneself and the others; 10 s
	Audit time.Duration // at all open incidents, as far as they are few; 30 s
}

func (p Pace) withDefaults() Pace {
	if p.Look <= 0 {
		p.Look = 10 * time.Second
	}
	if p.Audit <= 0 {
		p.Audit = 30 * time.Second
	}
	return p
}

// Config is what a [Watcher] works with. Pace and Metrics may be zero, all else is required.
type Config struct {
	Engine   *engine.Engine
	Store    store.Store
	Registry *Registry
	Signs    *Signs
	Config   func() *configs.Config
	Answer   func(ctx context.Context) error                    // asks the process's own listener
	Ping     func(ctx context.Context, c *configs.Config) error // calls the outside address
	Metrics  prometheus.Registerer
	Logger   *slog.Logger
	Pace     Pace
}

// Watcher watches one process, its peers and the work of the store.
type Watcher struct {
	Config
	pace    Pace
	log     *slog.Logger
	metrics *metrics
	started time.Time

	report  atomic.Pointer[Report]
	raised  map[string]bool // alarms that this process repeats; only the look's own
	looks   map[string]int  // how many looks in a row have seen a trouble
	told    map[Part]bool   // parts whose standing was logged
	pinged  time.Time
	audit   *auditor
	beats   *beats
	canary  canary
	present presence
}

// New returns a watcher that does nothing before Run.
func New(c Config) *Watcher {
	w := &Watcher{
		Config: c, pace: c.Pace.withDefaults(), log: c.Logger, started: c.Engine.Now(),
		raised: map[string]bool{}, told: map[Part]bool{}, beats: newBeats(),
	}
	w.metrics = newMetrics(c.Metrics)
	w.audit = &auditor{w: w}
	w.report.Store(&Report{})
	return w
}

// Run watches until ctx ends. Nothing here holds up anything else: each loop has its own
// goroutine, and every call its bound.
func (w *Watcher) Run(ctx context.Context) {
	var loops sync.WaitGroup
	for _, chore := range []func(context.Context) time.Duration{w.look, w.audit.pass, w.listen, w.flyCanary} {
		loops.Go(func() { again.After(ctx, w.pace.Look, chore) })
	}
	loops.Wait()
}

// probeTimeout bounds every probe: well below [Bound], so that one that hangs shows as such.
const probeTimeout = 5 * time.Second

// look takes the signs, judges them, tells what stands, and calls the outside address when
// nothing does. It says how long to wait.
func (w *Watcher) look(ctx context.Context) time.Duration {
	w.probe(ctx)
	now := w.Engine.Now()
	r := &Report{At: now, Vitals: w.Signs.Vitals(), Canary: w.canary.state(), Overdue: w.audit.overdue()}
	r.Standing = r.Vitals.Standing(now)
	w.tellParts(r)
	for _, p := range w.Registry.Peers() {
		r.Peers = append(r.Peers, seen(p, now))
	}
	w.alarms(ctx, r)
	w.heartbeat(ctx, r)
	w.report.Store(r)
	w.metrics.show(r)
	return w.pace.Look
}

// probe asks every part that does not move by itself.
func (w *Watcher) probe(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var probes sync.WaitGroup
	probes.Go(func() {
		if err := w.Answer(ctx); err != nil {
			w.log.Warn("this process's own listener does not answer it", "error", err)
			return
		}
		w.Signs.Answered()
	})
	probes.Go(func() {
		err := w.Engine.Probe(ctx)
		if err == nil {
			err = w.Store.SetOnce(ctx, "watch:"+w.Registry.Self().ID, "", w.Engine.Now(), time.Hour)
		}
		if err == nil {
			err = w.present.confirm(ctx, w.Store, w.Engine.Now())
		}
		if err != nil {
			w.log.Warn("a lane stands, or the store cannot be written", "error", err)
			return
		}
		w.Signs.Written()
	})
	probes.Wait()
}

// tellParts logs what stands, once, and when it moves again.
func (w *Watcher) tellParts(r *Report) {
	standing := map[Part]bool{}
	for _, p := range r.Standing {
		standing[p] = true
		if !w.told[p] {
			w.log.Error("a part of this process stands: the outside heartbeat stops", "part", string(p), "moved", r.Vitals.Moved(p))
		}
	}
	for p := range w.told {
		if !standing[p] {
			w.log.Info("a part of this process moves again", "part", string(p))
		}
	}
	w.told = standing
}

// heartbeat calls the outside address when it is time and everything moves.
func (w *Watcher) heartbeat(ctx context.Context, r *Report) {
	c := w.Config.Config()
	last := w.report.Load().Heartbeat
	r.Heartbeat = last
	if !c.Heartbeat.On() {
		r.Heartbeat = Heartbeat{}
		return
	}
	if r.Heartbeat.Stopped = r.why(); r.Heartbeat.Stopped != "" {
		w.metrics.heartbeats.WithLabelValues("stopped").Inc()
		return
	}
	if r.At.Sub(w.pinged) < c.Heartbeat.Every-w.pace.Look/2 {
		return
	}
	w.pinged = r.At
	if err := w.Ping(ctx, c); err != nil {
		r.Heartbeat.Trouble = err.Error()
		w.metrics.heartbeats.WithLabelValues("failed").Inc()
		w.log.Warn("the outside heartbeat could not be sent; tried again", "error", err)
		return
	}
	r.Heartbeat.Sent, r.Heartbeat.Trouble = r.At, ""
	w.metrics.heartbeats.WithLabelValues("sent").Inc()
}

// Report is how this process and the others stand, as last looked at.
func (w *Watcher) Report() Report { return *w.report.Load() }
