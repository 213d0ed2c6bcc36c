package watch

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/registry"
	"tocsin/configs"
	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/escalation/store/memstore"
	"tocsin/paging"
	"tocsin/paging/delivery"
)

const yaml = `
public_url: https://pager.example.org
severities:
  - { name: P0, words: [critical], urgency: urgent }
  - { name: P1, words: [high], urgency: urgent }
default_severity: P1
heartbeat: { url: { env: BEAT }, every: 1m }
integrations:
  - { name: backups, source: generic, insecure: true, expect_every: 10m, expect_severity: P0 }
  - { name: others, source: generic, insecure: true }
route:
  policy: main
  routes:
    - { matchers: ['integration="backups"'], policy: backup-team }
policies:
  - { name: main, tiers: [{ name: primary, page: ['user:ana'], acknowledge_within: 5m }], fallback: ['user:ana'] }
  - { name: backup-team, tiers: [{ name: primary, page: ['user:ben'], acknowledge_within: 5m }], fallback: ['user:ana'] }
users:
  - { name: ana, contacts: [{ name: mobile, sms: '+12025550101' }] }
  - { name: ben, contacts: [{ name: mobile, sms: '+12025550102' }] }
providers:
  - { name: twilio, type: twilio, account_sid: { env: SID }, auth_tokens: [{ env: TOKEN }], from: ['+12025550100'] }
`

// unexpected is the same with nobody who must be heard of.
var unexpected = strings.ReplaceAll(yaml, "expect_every: 10m, expect_severity: P0", "resolve_after: 1h")

func config(t *testing.T, text string) *configs.Config {
	t.Helper()
	env := map[string]string{"BEAT": "http://127.0.0.1:9/0b1c", "SID": "AC00000000000000000000000000000000", "TOKEN": "a-token-of-a-test"}
	c, err := configs.Bundle{Files: []configs.File{{Name: "c.yaml", Data: []byte(text)}}}.Config(configs.Options{
		Registry: registry.Config(), Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	})
	require.NoError(t, err)
	return c
}

// process is one Tocsin process on a store, with a provider that takes every page, or none.
type process struct {
	*Watcher
	t      *testing.T
	signs  *Signs
	config *configs.Config
	gather *prometheus.Registry
	pings  atomic.Int64
	deaf   atomic.Bool // its listener answers nobody
	down   atomic.Bool // its provider takes nothing
	stop   func()
}

func start(t *testing.T, s store.Store, text string, pace Pace) *process {
	t.Helper()
	p := &process{t: t, config: config(t, text), gather: prometheus.NewRegistry()}
	p.signs = NewSigns(time.Now)
	e := engine.New(engine.Config{Store: s, Book: p.config.Book(), Now: time.Now, Logger: slog.New(slog.DiscardHandler), Hooks: engine.Hooks{
		Claimed: p.signs.TimersClaimed, Committed: func(_, _ int, _ time.Duration, err error) { p.signs.Committed(err) },
	}})
	d := delivery.New(delivery.Config{Queue: s, Reporter: e, Channels: map[string]paging.Channel{paging.SMS: p}, Clock: e.Now,
		Fenced:  func(err error) bool { return errors.Is(err, store.ErrFenced) },
		Observe: delivery.Observe{Claimed: p.signs.PagesClaimed, Outcome: func(_ paging.Attempt, r paging.Result, c paging.Class) { p.signs.Sent(r, c) }}})
	r := NewRegistry(Options{Board: s, Now: e.Now, Vitals: p.signs.Vitals})
	r.Advertise("http://" + r.Self().ID + ".example.org")
	p.Watcher = New(Config{
		Engine: e, Store: s, Registry: r, Signs: p.signs, Config: func() *configs.Config { return p.config }, Logger: slog.New(slog.DiscardHandler), Pace: pace, Metrics: p.gather,
		Answer: func(context.Context) error {
			if p.deaf.Load() {
				return errors.New("connection refused")
			}
			return nil
		},
		Ping: func(context.Context, *configs.Config) error { p.pings.Add(1); return nil },
	})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = e.Run(ctx) })
	running.Go(func() { _ = d.Run(ctx) })
	running.Go(func() { r.Run(ctx) })
	running.Go(func() { p.Run(ctx) })
	p.stop = func() { stop(); running.Wait() }
	t.Cleanup(p.stop)
	return p
}

// Name, Send and Find make the process a provider.
func (p *process) Name() string { return "test" }

func (p *process) Send(context.Context, paging.Message) (paging.Receipt, error) {
	if p.down.Load() {
		return paging.Receipt{}, &paging.SendError{Class: paging.Temporary, Message: "out of order"}
	}
	return paging.Receipt{ProviderID: "SM1"}, nil
}

func (p *process) Find(context.Context, paging.Message, time.Time) (paging.Receipt, bool, error) {
	return paging.Receipt{}, false, nil
}

// incidents are all of the store, oldest first.
func incidents(t *testing.T, s store.Store) []escalation.Incident {
	t.Helper()
	list, err := s.List(t.Context(), store.Filter{})
	require.NoError(t, err)
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// metric is the sum of a counter or gauge over its labels.
func (p *process) metric(name string) (sum float64) {
	p.t.Helper()
	families, err := p.gather.Gather()
	require.NoError(p.t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func repairs(p *process) float64 { return p.metric("tocsin_repairs_total") }

// awayStore is a store that cannot be reached for a while.
type awayStore struct {
	*memstore.Store
	away atomic.Bool
}

func (s *awayStore) Once(ctx context.Context, key string, now time.Time) (string, bool, error) {
	if s.away.Load() {
		return "", false, errAway
	}
	return s.Store.Once(ctx, key, now)
}

func (s *awayStore) SetOnce(ctx context.Context, key, value string, now time.Time, keep time.Duration) error {
	if s.away.Load() {
		return errAway
	}
	return s.Store.SetOnce(ctx, key, value, now, keep)
}

func (s *awayStore) Commit(ctx context.Context, changes []store.Change) ([]store.Committed, error) {
	if s.away.Load() {
		return nil, errAway
	}
	return s.Store.Commit(ctx, changes)
}
