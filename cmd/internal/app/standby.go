package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/cmd/internal/api"
	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/standby"
	"tocsin/paging"
	"tocsin/paging/delivery"
)

// shared says whether a store is one that several processes use, and that may be away.
func shared(where string) bool {
	return strings.HasPrefix(where, "redis") && strings.Contains(where, "://")
}

// openStore opens the store, with a spool for the time in which a shared one is away.
func (a *App) openStore(ctx context.Context) (err error) {
	if a.store, err = OpenStore(ctx, a.opts.Store); err != nil {
		if a.store, err = a.openAway(err); err != nil {
			return fmt.Errorf("cannot open the store %s: %w", withoutPassword(a.opts.Store), err)
		}
	}
	if a.opts.Spool == "" || !shared(a.opts.Store) {
		return nil
	}
	a.below = a.store
	a.standby, err = standby.New(ctx, standby.Config{
		Shared: a.store, Folder: a.opts.Spool, Now: a.opts.Now, Logger: a.log, Slot: a.slot, Process: a.process(), Away: a.away != nil,
		Delivery: delivery.Config{
			Channels: map[string]paging.Channel{paging.SMS: a.sms}, Observe: a.metrics.observe(), Lease: pageLease, Hold: pageLease, SendTimeout: sendTimeout,
		},
		Hooks: a.metrics.hooks(), Peers: a,
	})
	if err != nil {
		return errors.Join(err, a.store.Close())
	}
	a.store, a.peerHTTP = a.standby.Store(), peerClient()
	a.metrics.watchStandby(a.standby)
	return nil
}

// closeStore closes what openStore opened.
func (a *App) closeStore() error {
	if a.standby == nil {
		return a.store.Close()
	}
	a.peerHTTP.CloseIdleConnections()
	return errors.Join(a.standby.Close(), a.below.Close())
}

// seen has the standby know what becomes of incidents.
func (a *App) seen(h engine.Hooks) engine.Hooks {
	if a.standby == nil {
		return h
	}
	before := h.Stepped
	h.Stepped = func(r escalation.Result) {
		if before != nil {
			before(r)
		}
		a.standby.Saw(r.Incident)
	}
	return h
}

// slot is the block of reply codes of this process.
func (a *App) slot() (int, bool) {
	if a.peers == nil {
		return 0, false
	}
	return a.peers.Slot()
}

// process is what timelines call this process.
func (a *App) process() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		return "another gateway"
	}
	return "the gateway on " + host
}

// front is where what comes in goes: the engine, or the standby before it.
func (a *App) front() api.Front {
	if a.standby == nil {
		return a.engine
	}
	return a.standby
}

// peerFront takes what other processes say.
func (a *App) peerFront() *api.PeerFront {
	if a.standby == nil {
		return nil
	}
	return &api.PeerFront{Valid: a.secret.Valid, Take: a.standby.Offered}
}

// learnSecret learns what signs the talk of processes; without it nothing is said or heard.
func (a *App) learnSecret(ctx context.Context) {
	retry := time.NewTicker(time.Second)
	defer retry.Stop()
	for a.secret.Learn(ctx, a.store) != nil {
		select {
		case <-ctx.Done():
			return
		case <-retry.C:
		}
	}
}

// ready says whether alerts can be taken: while the store is away the spool takes them.
func (a *App) ready(ctx context.Context) error {
	if a.degraded() != "" {
		return nil
	}
	return a.store.Check(ctx)
}

// degraded says in words that the store is away; "" when it is not.
func (a *App) degraded() string {
	if a.standby == nil {
		return ""
	}
	switch phase, since := a.standby.Phase(); phase {
	case standby.Up:
		return ""
	case standby.Down:
		return fmt.Sprintf("the store is away since %s: alerts are kept in the spool, %d so far, and this process pages on its own what asks for it",
			since.UTC().Format("2006-01-02 15:04:05Z"), a.standby.Waiting())
	default:
		return fmt.Sprintf("the store is back: what was kept is being merged, %d lines are left", a.standby.Waiting())
	}
}

// watchStandby shows how the process stands to its store.
func (m *metrics) watchStandby(s *standby.Standby) {
	gauge := func(name, help string, value func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tocsin_" + name, Help: help}, value))
	}
	gauge("degraded", "1 while the store is away or what was kept is being merged.", func() float64 {
		if phase, _ := s.Phase(); phase == standby.Up {
			return 0
		}
		return 1
	})
	gauge("spool_aside", "Things in the spool's folder aside, which the store could not take.", func() float64 { return float64(s.Aside()) })
	gauge("spool_lines", "Deliveries, replies and receipts that wait in the spool.", func() float64 { return float64(s.Waiting()) })
}
