// Package app puts the house together: it is the only place where adapters meet. New opens
// what can fail, Start listens and works, Reload brings changed files, Stop drains.
//
// The order of Stop is the order in which work flows: first nothing new is taken in (HTTP),
// then what was taken is sent or given back (delivery), then the last reports are committed
// (engine), and only then the store is closed.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"tocsin/cmd/internal/admission"
	"tocsin/cmd/internal/again"
	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/auditor"
	"tocsin/cmd/internal/watch"
	"tocsin/configs"
	"tocsin/configs/history"
	"tocsin/escalation/engine"
	"tocsin/escalation/standby"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/paging/delivery"
)

// Options say what to run.
type Options struct {
	// Files reads the configuration's files; it is called again by every Reload.
	Files func() (configs.Bundle, error)
	// Build makes a configuration of files, with the secrets of this process.
	Build func(configs.Bundle) (*configs.Config, error)
	// Look makes one that is only compared with, without secrets; nil: such are not compared.
	Look   func(configs.Bundle) (*configs.Config, error)
	Store  string       // a folder, or redis://…, redis+sentinel://…, redis+cluster://…
	Listen string       // host:port; port 0 takes a free one
	Socket net.Listener // used instead of Listen when set
	// Spool is a folder for what comes in while a shared store is away; "": it is refused then.
	Spool string
	// Advertise is the URL at which other processes reach this one; its own address unless set.
	Advertise string
	Home      func(*echo.Echo)
	Version   string
	Logger    *slog.Logger
	Now       func() time.Time // time.Now
	Pace      watch.Pace       // of what watches the process; tests are in a hurry
}

// App is one Tocsin process.
type App struct {
	opts     Options
	log      *slog.Logger
	config   atomic.Pointer[configs.Config]
	active   atomic.Pointer[history.Active] // what is in force here; its head is zero on own files
	refused  atomic.Pointer[refusal]        // what is active in the store and is not in force here; nil when nothing is
	store    store.Store
	below    store.Store      // the shared store that the standby guards
	standby  *standby.Standby // nil without a spool
	secret   standby.Secret   // of the processes on one store
	peerHTTP *http.Client
	away     *kept // the last good book, while the store was not reached yet
	history  *history.History
	audit    *auditor.Log
	engine   *engine.Engine
	delivery *delivery.Delivery
	sms      *switchboard
	metrics  *metrics
	admit    *admission.Control
	signs    *watch.Signs    // of life, of this process
	peers    *watch.Registry // this process and the others
	watcher  *watch.Watcher
	server   *http.Server
	listener net.Listener

	reloading sync.Mutex
	stop      context.CancelFunc // of the engine
	stopSend  context.CancelFunc // of delivery
	running   sync.WaitGroup     // engine
	sending   sync.WaitGroup     // delivery
	stopAudit context.CancelFunc // of the audit log, the last to write
	auditing  sync.WaitGroup
	failed    chan error
}

// New loads the configuration and opens the store. Nothing runs yet.
func New(ctx context.Context, o Options) (*App, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &App{opts: o, log: o.Logger, sms: &switchboard{}, metrics: newMetrics(), admit: admission.New(api.Capacity()), failed: make(chan error, 1)}
	files, err := o.Files()
	var own *configs.Config
	if err == nil {
		own, err = a.build(files)
	}
	faults := err
	if err := a.openStore(ctx); err != nil {
		return nil, errors.Join(faults, err)
	}
	a.audit = auditor.New(a.store, a.clock, a.log)
	a.history = &history.History{Series: a.store, Build: a.build, Look: o.Look, Token: rand.Text, Stored: a.audit.Revision}
	if err := a.settleFirst(ctx, files, own, faults); err != nil {
		return nil, errors.Join(err, a.closeStore())
	}
	a.assemble(a.config.Load())
	return a, nil
}

// build makes a configuration that can be in force in this process, providers included.
func (a *App) build(b configs.Bundle) (*configs.Config, error) {
	config, err := a.opts.Build(b)
	if err != nil {
		return nil, err
	}
	if _, err := channelsFor(config); err != nil {
		return nil, configs.Problems{{File: "providers", Message: err.Error()}}
	}
	return config, nil
}

// Times of delivery: a send ends well within its lease, so that a text under way is never
// claimed by another process. What was not begun is another one's after pageHold.
const (
	sendTimeout = 5 * time.Second
	pageLease   = 12 * time.Second
	pageHold    = 3 * time.Second
)

// hold is the lease of what was not begun. A store that one process owns frees it when it is
// opened; there a longer one saves writes.
func (a *App) hold() time.Duration {
	if shared(a.opts.Store) {
		return pageHold
	}
	return pageLease
}

func (a *App) assemble(config *configs.Config) {
	a.signs = watch.NewSigns(a.clock)
	a.engine = engine.New(engine.Config{
		Store: a.store, Book: config.Book(), Now: a.opts.Now, Logger: a.log, Hooks: a.seen(a.hooks()),
		Record: config.Record, WakePages: func() { a.delivery.Wake() }, KeepEnds: shared(a.opts.Store),
	})
	a.delivery = delivery.New(delivery.Config{
		Queue: a.store, Reporter: a.engine, Channels: map[string]paging.Channel{paging.SMS: a.sms},
		Missing: a.receiptMissing,
		Fenced:  func(err error) bool { return errors.Is(err, store.ErrFenced) },
		Clock:   a.engine.Now, Logger: a.log, Observe: a.observe(), Lease: pageLease, Hold: a.hold(), SendTimeout: sendTimeout,
	})
	a.peers = a.newRegistry()
	if a.standby != nil {
		a.standby.Use(a.engine)
	}
	a.watcher = a.newWatcher()
	a.server = &http.Server{
		Handler: api.New(api.Deps{
			Engine: a.engine, Front: a.front(), Peers: a.peerFront(), Store: a.store, Config: a.config.Load, Reload: a.Reload, Ready: a.ready, Degraded: a.degraded,
			Audit: a.audit, History: a.history, Follow: a.Follow, Standing: a.standing,
			Heard: a.watcher.Heard, Watching: a.watcher.Report,
			Metrics: a.metrics.handler(), Home: a.opts.Home, Refused: a.metrics.refused, Version: a.opts.Version, Logger: a.log,
			Admission: a.admit,
		}),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
}

// Start listens and works until Stop. It returns once requests are taken.
func (a *App) Start() error {
	a.listener = a.opts.Socket
	if a.listener == nil {
		var err error
		if a.listener, err = net.Listen("tcp", a.opts.Listen); err != nil {
			return fmt.Errorf("cannot listen on %s: %w", a.opts.Listen, err)
		}
	}
	auditCtx, stopAudit := context.WithCancel(context.Background())
	a.stopAudit = stopAudit
	a.auditing.Go(func() { a.audit.Run(auditCtx, a.opts.Version) })
	engineCtx, stop := context.WithCancel(context.Background())
	sendCtx, stopSend := context.WithCancel(context.Background())
	a.stop, a.stopSend = stop, stopSend
	a.engine.MeasureClock(engineCtx)                     // before anything is claimed
	a.running.Go(func() { _ = a.engine.Run(engineCtx) }) // always nil
	a.running.Go(func() { again.After(engineCtx, pruneFirst, a.prune) })
	a.running.Go(func() { a.followLoop(engineCtx) })
	a.running.Go(func() { again.After(engineCtx, readinessAfter, a.tellReadiness) })
	a.running.Go(func() { a.waitingLoop(engineCtx) })
	a.peers.Advertise(a.advertised())
	a.running.Go(func() { a.peers.Run(engineCtx) })
	if a.standby != nil {
		a.sending.Go(func() { a.standby.Run(sendCtx) })
		a.running.Go(func() { a.learnSecret(engineCtx) })
	}
	a.running.Go(func() { a.watcher.Run(engineCtx) })
	a.sending.Go(func() { _ = a.delivery.Run(sendCtx) }) // always nil
	go func() {
		if err := a.server.Serve(a.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			a.failed <- err
		}
	}()
	a.log.Info("tocsin runs", "listen", a.Addr(), "store", a.store.Promise(engineCtx), "revision", a.config.Load().Revision())
	a.warn(a.config.Load())
	return nil
}

// Addr is the address that requests are taken on.
func (a *App) Addr() string { return a.listener.Addr().String() }

// URL is where this process can be reached on its own machine.
func (a *App) URL() string { return "http://" + a.Addr() }

// Failed tells when serving ended by itself.
func (a *App) Failed() <-chan error { return a.failed }

// Stop drains: every request under way is answered, every text under way is reported, and
// nothing accepted is left in memory only. ctx bounds the wait for requests.
func (a *App) Stop(ctx context.Context) error {
	var errs []error
	if a.listener != nil {
		errs = append(errs, a.server.Shutdown(ctx))
		a.stopSend()
		a.sending.Wait()
		a.stop()
		a.running.Wait()
		a.stopAudit()
		a.auditing.Wait()
	}
	return errors.Join(append(errs, a.closeStore())...)
}
