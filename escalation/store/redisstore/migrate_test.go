package redisstore_test

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"tocsin/escalation/store"
	"tocsin/escalation/store/redistest"
	"tocsin/escalation/store/storetest"
)

// TestSlotMigration ensures that a shard whose slot is on its way to another server of the
// Cluster, with some of its keys there and some here, is refused as a whole: a timer whose
// incident is elsewhere is not taken for an orphan, and no second incident opens beside one
// that cannot be seen. Once the slot has moved all of it is there.
func TestSlotMigration(t *testing.T) {
	from, to := redistest.Start(t, redistest.EverySec, "--cluster-enabled", "yes"), redistest.Start(t, redistest.EverySec, "--cluster-enabled", "yes")
	from.Must("CLUSTER", "ADDSLOTSRANGE", "0", "8191")
	to.Must("CLUSTER", "ADDSLOTSRANGE", "8192", "16383")
	to.Must("CLUSTER", "SET-CONFIG-EPOCH", "2")
	toHost, toPort, _ := net.SplitHostPort(to.Addr())
	from.Must("CLUSTER", "MEET", toHost, toPort)
	admin := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{from.Addr()}})
	t.Cleanup(func() { _ = admin.Close() })
	require.Eventually(t, func() bool {
		return admin.Set(t.Context(), "{1}", 1, 0).Err() == nil && admin.Set(t.Context(), "{3}", 1, 0).Err() == nil
	}, eventually, tick)

	s := open(t, "redis+cluster://"+from.Addr())
	shard, slot := -1, int64(8192)
	for slot > 8191 { // one that begins with the first server
		var err error
		shard++
		slot, err = admin.ClusterKeySlot(t.Context(), fmt.Sprintf("{%d}", shard)).Result()
		require.NoError(t, err)
	}
	inc := storetest.Incident(s, storetest.KeyIn(s, shard, 1), storetest.T0)
	opening := storetest.Opening(inc)
	opening.Due = storetest.T0
	_, err := s.Commit(t.Context(), []store.Change{opening})
	require.NoError(t, err)

	number, fromID, toID := fmt.Sprint(slot), nodeID(t, from), nodeID(t, to)
	to.Must("CLUSTER", "SETSLOT", number, "IMPORTING", fromID)
	from.Must("CLUSTER", "SETSLOT", number, "MIGRATING", toID)
	move := func(keys ...string) {
		from.Must(append([]string{"MIGRATE", toHost, toPort, "", "0", "5000", "KEYS"}, keys...)...)
	}
	base := fmt.Sprintf("tocsin:{%d}:", shard)
	move(base + "t")
	later := storetest.T0.Add(time.Hour)
	_, _, err = s.ClaimTimers(t.Context(), later, time.Minute, 10)
	require.ErrorContains(t, err, "TRYAGAIN")
	_, err = s.Load(t.Context(), []store.Query{{Key: inc.Key}})
	require.ErrorContains(t, err, "TRYAGAIN")
	done, err := s.Commit(t.Context(), []store.Change{storetest.Opening(storetest.Incident(s, string(inc.Key), later))})
	require.Error(t, err)
	require.ErrorContains(t, done[0].Err, "TRYAGAIN")

	direct := redis.NewClient(&redis.Options{Addr: from.Addr()})
	t.Cleanup(func() { _ = direct.Close() })
	keys, err := direct.ClusterGetKeysInSlot(t.Context(), int(slot), 1000).Result()
	require.NoError(t, err)
	move(keys...)
	to.Must("CLUSTER", "SETSLOT", number, "NODE", toID)
	from.Must("CLUSTER", "SETSLOT", number, "NODE", toID)
	claims, _, err := s.ClaimTimers(t.Context(), later, time.Minute, 10)
	require.NoError(t, err)
	require.Len(t, claims, 1)
	require.Equal(t, inc.ID, claims[0].ID)
}

func nodeID(t *testing.T, s *redistest.Server) string {
	c := redis.NewClient(&redis.Options{Addr: s.Addr()})
	defer func() { _ = c.Close() }()
	id, err := c.Do(t.Context(), "cluster", "myid").Text()
	require.NoError(t, err)
	return id
}
