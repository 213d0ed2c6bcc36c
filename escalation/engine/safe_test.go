package engine_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/escalation/store/redistest"
	"tocsin/routing"
)

// Whoever was refused because a replica stands still, and says it again, is not told that all is
// well before the replica has it: an acknowledgement and the end of an alert change nothing the
// second time, and would be gone with the master. Nor is the end of an alert that this master,
// which may have been replaced, has never heard of.
func TestWhatChangesNothingIsConfirmedOnlyWhenItIsSafe(t *testing.T) {
	master := redistest.Start(t, redistest.EverySec, "--repl-diskless-sync-delay", "0")
	host, port, err := net.SplitHostPort(master.Addr())
	require.NoError(t, err)
	replica := redistest.Start(t, redistest.EverySec, "--replicaof", fmt.Sprint(host, " ", port))
	s := openRedis(t, master.URL()+"?wait=1")
	e := start(t, s, time.Now)
	firing := engine.Delivery{Integration: "events", Batch: routing.Batch{Alerts: []routing.Alert{
		alert("a", "Disk full", "error", map[string]string{"alertname": "disk"}),
	}}}
	var sum engine.Summary
	require.Eventually(t, func() bool { // until the replica is there
		sum, err = e.Ingest(context.Background(), firing)
		return err == nil
	}, 20*time.Second, 50*time.Millisecond)
	id := sum.Incidents[0]
	ended := firing
	ended.Batch.Alerts = []routing.Alert{firing.Batch.Alerts[0]}
	ended.Batch.Alerts[0].Status = routing.Resolved

	acknowledge := func() error {
		_, err := e.Do(context.Background(), id, escalation.Acknowledge{ID: "one-act", By: escalation.Actor{User: "ana"}})
		return err
	}
	end := func() error {
		_, err := e.Ingest(context.Background(), ended)
		return err
	}
	unheard := func() error {
		other := engine.Delivery{Integration: "events", Batch: routing.Batch{Alerts: []routing.Alert{ended.Batch.Alerts[0]}}}
		other.Batch.Alerts[0].Identity = "b"
		_, err := e.Ingest(context.Background(), other)
		return err
	}
	for _, say := range []func() error{acknowledge, end, unheard} {
		replica.Pause()
		for n := range 2 {
			require.ErrorContains(t, say(), "only 0 of 1 replicas", "said %d times before", n)
		}
		replica.Resume()
		require.NoError(t, say())
	}
	got, err := s.Load(context.Background(), []store.Query{{ID: id}})
	require.NoError(t, err)
	assert.Equal(t, escalation.Resolved, got[0].Incident.State)
}
