package redis_test

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/faults/lab"
	"tocsin/escalation/store/redistest"
)

// clusters are the cells of a Redis Cluster of three masters with a replica each.
func clusters() []cell {
	var all []cell
	for _, c := range []struct {
		fault, setting, query string
		lossy                 bool
		strike                func(*lab.Lab, *cluster)
	}{
		{"slot migration", async, "", false, move},
		{"slot migration", waitSingle, "?wait=1", false, move},
		{"cluster, master dies", async, "", true, killMaster},
		{"cluster, master dies", waitSingle, "?wait=1", false, killMaster},
	} {
		all = append(all, cell{fault: c.fault, setting: c.setting, lossy: c.lossy, stage: func(t *testing.T) stage {
			six := newCluster(t)
			return stage{store: six.url() + c.query, strike: func(l *lab.Lab) { c.strike(l, six) }, again: func(*lab.Lab) { six.whole() }}
		}})
	}
	return all
}

// cluster is six servers on loopback.
type cluster struct {
	t      *testing.T
	nodes  []*redistest.Server
	byAddr map[string]*redistest.Server
	client *redis.ClusterClient
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t, byAddr: map[string]*redistest.Server{}}
	var addrs []string
	for range 6 {
		// Without the delay: a master that dies before its replica's first copy is done has none.
		n := redistest.Start(t, redistest.EverySec, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0")
		c.nodes = append(c.nodes, n)
		c.byAddr[n.Addr()] = n
		addrs = append(addrs, n.Addr())
	}
	out, err := exec.Command("redis-cli", append(append([]string{"--cluster", "create"}, addrs...), "--cluster-replicas", "1", "--cluster-yes")...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	c.client = redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, MaxRedirects: 8})
	t.Cleanup(func() { _ = c.client.Close() }) // nothing is under way
	c.whole()
	return c
}

func (c *cluster) url() string {
	var hosts []string
	for _, n := range c.nodes {
		hosts = append(hosts, n.Addr())
	}
	return "redis+cluster://" + strings.Join(hosts, ",")
}

// whole waits until every node calls the cluster sound and every master has its replica.
func (c *cluster) whole() {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		for _, n := range c.nodes {
			if info(n, "persistence", "loading") != "0" || !c.sound(n) {
				return false
			}
		}
		return true
	}, failover, 100*time.Millisecond, "the cluster does not get sound")
}

func (c *cluster) sound(n *redistest.Server) bool {
	text := info(n, "replication", "")
	if !strings.Contains(text, "role:master") {
		return strings.Contains(text, "master_link_status:up")
	}
	if !strings.Contains(text, "state=online") {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	client := redis.NewClient(&redis.Options{Addr: n.Addr()})
	defer func() { _ = client.Close() }() // a connection of its own
	state, err := client.ClusterInfo(ctx).Result()
	return err == nil && strings.Contains(state, "cluster_state:ok")
}

// shard is a master and the slots that it owns.
type shard struct {
	id, addr string
	slots    []redis.SlotRange
}

// shards are the masters that own slots, as one of the nodes sees them.
func shards(c redis.Cmdable) ([]shard, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	all, err := c.ClusterShards(ctx).Result()
	var out []shard
	for _, s := range all {
		for _, n := range s.Nodes {
			if n.Role == "master" && n.Health == "online" && len(s.Slots) > 0 {
				out = append(out, shard{id: n.ID, addr: net.JoinHostPort("127.0.0.1", strconv.FormatInt(n.Port, 10)), slots: s.Slots})
			}
		}
	}
	return out, err
}

// owner is the index of the master that owns a slot; -1 when none does.
func owner(all []shard, slot int64) int {
	return slices.IndexFunc(all, func(s shard) bool {
		return slices.ContainsFunc(s.slots, func(r redis.SlotRange) bool { return r.Start <= slot && slot <= r.End })
	})
}

// slotOf is where a shard of the store lives.
func (c *cluster) slotOf(n int) int64 {
	c.t.Helper()
	slot, err := c.client.ClusterKeySlot(c.t.Context(), fmt.Sprintf("tocsin:{%d}:", n)).Result()
	require.NoError(c.t, err)
	return slot
}

// move takes every shard of the store to another master, slot by slot, while alerts come in.
func move(l *lab.Lab, c *cluster) {
	all, err := shards(c.client)
	require.NoError(l.T, err)
	for n := range 16 {
		slot := c.slotOf(n)
		from, to := owner(all, slot), l.Dice.Below(len(all))
		require.NotEqual(l.T, -1, from)
		if from != to {
			c.migrate(l, slot, all[from], all[to])
		}
	}
}

// migrate moves one slot as redis-cli does (https://redis.io/docs/latest/commands/cluster-setslot/),
// only slower, so that requests come in the midst of it.
func (c *cluster) migrate(l *lab.Lab, number int64, from, to shard) {
	c.t.Helper()
	slot := fmt.Sprint(number)
	c.byAddr[to.addr].Must("CLUSTER", "SETSLOT", slot, "IMPORTING", from.id)
	c.byAddr[from.addr].Must("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id)
	client := redis.NewClient(&redis.Options{Addr: from.addr, ReadTimeout: 10 * time.Second})
	defer func() { _ = client.Close() }() // a connection of its own
	host, port, err := net.SplitHostPort(to.addr)
	require.NoError(c.t, err)
	for {
		keys, err := client.Do(l.T.Context(), "cluster", "getkeysinslot", slot, 40).StringSlice()
		require.NoError(c.t, err)
		if len(keys) == 0 {
			break
		}
		args := []any{"migrate", host, port, "", 0, 5000, "keys"}
		for _, k := range keys {
			args = append(args, k)
		}
		require.NoError(c.t, client.Do(l.T.Context(), args...).Err(), "MIGRATE of slot %s", slot)
		hold(l, l.Dice.UpTo(20*time.Millisecond))
	}
	c.byAddr[to.addr].Must("CLUSTER", "SETSLOT", slot, "NODE", to.id)
	c.byAddr[from.addr].Must("CLUSTER", "SETSLOT", slot, "NODE", to.id)
}

// killMaster is kill -9 of a master that owns shards; its replica takes its place.
func killMaster(l *lab.Lab, c *cluster) {
	slot := c.slotOf(l.Dice.Below(16))
	all, err := shards(c.client)
	require.NoError(l.T, err)
	old := c.byAddr[all[owner(all, slot)].addr]
	old.Kill()
	require.Eventually(l.T, func() bool {
		for _, n := range c.nodes {
			if n != old && !takenOver(n, old, slot) {
				return false
			}
		}
		return true
	}, failover, 100*time.Millisecond, "no replica takes the place of its master")
	old.Restart()
}

// takenOver says whether a node sees another than old own the slot.
func takenOver(n, old *redistest.Server, slot int64) bool {
	client := redis.NewClient(&redis.Options{Addr: n.Addr(), MaxRetries: -1})
	defer func() { _ = client.Close() }() // a connection of its own
	all, err := shards(client)
	at := owner(all, slot)
	return err == nil && at >= 0 && all[at].addr != old.Addr()
}
