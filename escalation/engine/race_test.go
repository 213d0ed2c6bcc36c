package engine_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/escalation/store/boltstore"
	"tocsin/escalation/store/memstore"
	"tocsin/escalation/store/redisstore"
	"tocsin/escalation/store/redistest"
	"tocsin/paging"
	"tocsin/routing"
)

const (
	racers = 8  // senders at each of two engines
	each   = 12 // alerts of one sender
)

// Two engines that take alerts of one dedup key at the same time open one incident, and no
// alert is lost: whoever loses a race judges again. With a store that serves only one process
// they run in one; on Redis each has a store of its own, as two processes have.
func TestEnginesRaceForOneIncident(t *testing.T) {
	for name, open := range twins() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := open(t)
			race(t, a, start(t, a, time.Now), start(t, b, time.Now))
		})
	}
}

// twins opens what two processes share, by the kind of store.
func twins() map[string]func(t *testing.T) (a, b store.Store) {
	return map[string]func(t *testing.T) (a, b store.Store){
		"memory": func(*testing.T) (store.Store, store.Store) {
			s := memstore.New(memstore.Options{})
			return s, s
		},
		"embedded": func(t *testing.T) (store.Store, store.Store) {
			s, err := boltstore.Open(t.TempDir())
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, s.Close()) })
			return s, s
		},
		"redis": func(t *testing.T) (store.Store, store.Store) {
			url := redistest.Start(t, redistest.EverySec).URL()
			return openRedis(t, url), openRedis(t, url)
		},
	}
}

func openRedis(t *testing.T, url string) store.Store {
	t.Helper()
	s, err := redisstore.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

func race(t *testing.T, s store.Store, engines ...*engine.Engine) {
	t.Helper()
	labels := map[string]string{"alertname": "disk"}
	var mu sync.Mutex
	var sum engine.Summary
	ids := map[paging.IncidentID]bool{}
	var senders sync.WaitGroup
	gun := make(chan struct{})
	for n, e := range engines {
		for sender := range racers {
			senders.Go(func() {
				<-gun
				for i := range each {
					got, err := e.Ingest(context.Background(), engine.Delivery{Integration: "events", Batch: routing.Batch{
						Alerts: []routing.Alert{alert(fmt.Sprintf("disk-%d-%d-%d", n, sender, i), "Disk full", "error", labels)},
					}})
					mu.Lock()
					assert.NoError(t, err)
					sum.Opened, sum.Joined, sum.Repeated = sum.Opened+got.Opened, sum.Joined+got.Joined, sum.Repeated+got.Repeated
					for _, id := range got.Incidents {
						ids[id] = true
					}
					mu.Unlock()
				}
			})
		}
	}
	close(gun)
	senders.Wait()
	total := len(engines) * racers * each
	require.Len(t, ids, 1, "one incident")
	assert.Equal(t, engine.Summary{Opened: 1, Joined: total - 1}, sum)
	for id := range ids {
		inspect(t, s, id, total)
	}
}

// inspect looks at the one incident with all its members.
func inspect(t *testing.T, s store.Store, id paging.IncidentID, total int) {
	t.Helper()
	inc := load(t, s, id)
	assert.Equal(t, total, inc.Firing)
	assert.Equal(t, total, inc.Count)
	members, err := s.MembersOf(context.Background(), id, total+1)
	require.NoError(t, err)
	assert.Len(t, members, total)
	open, err := s.List(context.Background(), store.Filter{Limit: 10})
	require.NoError(t, err)
	assert.Len(t, open, 1)
	entries, err := s.Timeline(context.Background(), id)
	require.NoError(t, err)
	assert.Zero(t, escalation.VerifyTimeline(entries, inc.Head), "nobody wrote over somebody else's line")
	attempts, err := s.AttemptsOf(context.Background(), id)
	require.NoError(t, err)
	assert.Len(t, attempts, 1, "and one page")
}
