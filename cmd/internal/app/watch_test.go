package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/standin"
	"tocsin/cmd/internal/watch"
	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/escalation/store/boltstore"
	"tocsin/paging"
)

// hurried is a pace for stories in real time.
var hurried = watch.Pace{Look: 100 * time.Millisecond, Audit: 200 * time.Millisecond}

var watched = apptest.TwoTiers("3s", "1h")

func (s *beatServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.path.Store(r.URL.Path)
	s.n.Add(1)
	w.WriteHeader(int(s.status.Load()))
}

type beatServer struct {
	n      atomic.Int64
	status atomic.Int64
	path   atomic.Value
}

// TestOutsideHeartbeat ensures that the address is called while everything moves, that a
// refusal shows in the status, and that neither log nor status ever shows the address.
func TestOutsideHeartbeat(t *testing.T) {
	t.Parallel()
	beats := &beatServer{}
	beats.status.Store(http.StatusOK)
	outside := httptest.NewServer(beats)
	t.Cleanup(outside.Close)
	w := apptest.New(t, apptest.Bolt, watched+"heartbeat: { url: { env: TOCSIN_TEST_BEAT }, every: 10s }\n")
	w.Pace = hurried
	w.Env["TOCSIN_TEST_BEAT"] = outside.URL + "/ping/0b1c2d3e4f"
	g := w.Run()
	require.Eventually(t, func() bool { return beats.n.Load() == 1 }, apptest.Patience, 20*time.Millisecond)
	require.Equal(t, "/ping/0b1c2d3e4f", beats.path.Load())
	status := func() (s api.Status) {
		answer := g.Do(http.MethodGet, "/api/v1/status", nil, w.Bearer(standin.EnvAPIToken))
		require.NoError(t, json.Unmarshal([]byte(answer.Body), &s), answer.Body)
		return s
	}
	require.Eventually(t, func() bool { return !status().Watch.Heartbeat.Sent.IsZero() }, apptest.Patience, 20*time.Millisecond)
	require.Empty(t, status().Watch.Standing)
	beats.status.Store(http.StatusBadGateway)
	require.Eventually(t, func() bool { return strings.Contains(status().Watch.Heartbeat.Trouble, "502") }, 2*apptest.Patience, 50*time.Millisecond)
	require.NotContains(t, g.Do(http.MethodGet, "/api/v1/status", nil, w.Bearer(standin.EnvAPIToken)).Body, "0b1c2d3e4f")
	require.Contains(t, g.Do(http.MethodGet, "/metrics", nil, nil).Body, `tocsin_heartbeats_total{result="failed"}`)
}

// TestSignsOfLife ensures that an integration with expect_every takes anything as a sign of
// life, opens no incident for a watchdog, and goes on taking alerts.
func TestSignsOfLife(t *testing.T) {
	t.Parallel()
	text := strings.Replace(watched, "{ name: events, source: generic,", "{ name: events, source: generic, expect_every: 1h,", 1)
	text = strings.Replace(text, "{ name: prometheus, source: alertmanager,", "{ name: prometheus, source: alertmanager, expect_every: 1h,", 1)
	w := apptest.New(t, apptest.Bolt, text)
	w.Pace = hurried
	g := w.Run()
	require.Equal(t, http.StatusUnauthorized, g.Post("/webhooks/events", nil, nil).Status)
	for _, body := range []string{"", "done", `{"state": "fine"}`} {
		answer := g.Post("/webhooks/events", []byte(body), w.Bearer(standin.EnvEvents))
		require.Equal(t, http.StatusOK, answer.Status, answer.Body)
		require.Contains(t, answer.Body, "sign of life")
	}
	body := g.JSON(map[string]any{"version": "4", "groupKey": "{}:{}", "status": "firing", "receiver": "tocsin", "alerts": []any{
		map[string]any{"status": "firing", "labels": map[string]string{"alertname": "Watchdog", "severity": "none"}, "fingerprint": "a1", "startsAt": "2026-01-05T09:00:00Z"},
	}})
	answer := g.Post("/webhooks/prometheus", body, w.Bearer(standin.EnvPrometheus))
	require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	require.Contains(t, answer.Body, "watchdog")
	require.Equal(t, http.StatusBadRequest, g.Post("/webhooks/basic", []byte("done"), map[string]string{"Authorization": basic(w)}).Status)
	g.Opens(apptest.Event{Key: "a", Title: "Disk full", Severity: "critical"})
	require.NoError(t, g.Stop())
	all, err := w.OpenStore().List(t.Context(), store.Filter{})
	require.NoError(t, err)
	require.Len(t, all, 1)
}

func basic(w *apptest.World) string {
	r, _ := http.NewRequest(http.MethodGet, "http://127.0.0.1/", nil)
	r.SetBasicAuth("monitor", w.Env[apptest.EnvBasic])
	return r.Header.Get("Authorization")
}

// TestLostTimer ensures that an incident whose timer vanished from a real store underneath is
// found and paged on, with a line on its timeline and in the metrics; and that nothing is
// repaired without a fault.
func TestLostTimer(t *testing.T) {
	t.Parallel()
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		w, g, id := settled(t, apptest.Redis)
		options, err := redis.ParseURL(w.Redis.URL())
		require.NoError(t, err)
		client := redis.NewClient(options)
		t.Cleanup(func() { _ = client.Close() })
		shard, ok := store.ShardOf(id)
		require.True(t, ok)
		removed, err := client.ZRem(t.Context(), "tocsin:{"+strconv.Itoa(shard)+"}:t", string(id)).Result()
		require.NoError(t, err)
		require.EqualValues(t, 1, removed)
		pagedOn(t, g, id)
	})
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		w, g, id := settled(t, apptest.Bolt)
		require.NoError(t, g.Stop())
		loseTimers(t, w.Store)
		pagedOn(t, w.Run(), id)
	})
}

// settled is an incident whose first page was reported for good: each report indexes the timer anew.
func settled(t *testing.T, kind apptest.Kind) (*apptest.World, *apptest.Gateway, paging.IncidentID) {
	t.Helper()
	w := apptest.New(t, kind, watched)
	w.Pace = hurried
	g := w.Run()
	id := g.Opens(apptest.Event{Key: "a", Title: "Disk full", Severity: "critical"})
	g.Becomes(id, "paged and reported", func(d api.IncidentDetail) bool {
		return len(d.Attempts) == 1 && d.Attempts[0].State == paging.Delivered
	})
	return w, g, id
}

func pagedOn(t *testing.T, g *apptest.Gateway, id paging.IncidentID) {
	t.Helper()
	g.Page(benPhone, "Disk full")
	detail, err := g.API.Incident(t.Context(), string(id))
	require.NoError(t, err)
	found := false
	for _, e := range detail.Timeline {
		found = found || e.Kind == escalation.EntryNote && strings.HasPrefix(e.Text, "repaired: its timer was missing")
	}
	require.True(t, found, detail.Timeline)
	require.Contains(t, g.Do(http.MethodGet, "/metrics", nil, nil).Body, "tocsin_repairs_total 1\n")
}

// loseTimers empties the index of timers of an embedded store that nobody has open.
func loseTimers(t *testing.T, folder string) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(folder, boltstore.File), 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bolt.Tx) error {
		if err := tx.DeleteBucket([]byte("timers")); err != nil {
			return err
		}
		_, err := tx.CreateBucket([]byte("timers"))
		return err
	}))
	require.NoError(t, db.Close())
}
