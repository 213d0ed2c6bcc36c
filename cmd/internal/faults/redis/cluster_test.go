package redis_test

import (
	"context"
	"fmt"
	"net"
	"os/exec"
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

// owners are the masters that own slots, by slot, as the cluster says now.
func (c *cluster) owners() (ids map[string]string, of func(slot int) string) {
	c.t.Helper()
	c.client.ReloadState(c.t.Context())
	slots, err := c.client.ClusterSlots(c.t.Context()).Result()
	require.NoError(c.t, err)
	ids = map[string]string{}
	for _, s := range slots {
		ids[s.Nodes[0].Addr] = s.Nodes[0].ID
	}
	return ids, func(slot int) string {
		for _, s := range slots {
			if s.Start <= slot && slot <= s.End {
				return s.Nodes[0].Addr
			}
		}
		return ""
	}
}

// move takes every shard of the store to another master, slot by slot, while alerts come in.
func move(l *lab.Lab, c *cluster) {
	ids, of := c.owners()
	var addrs []string
	for addr := range ids {
		addrs = append(addrs, addr)
	}
	for shard := range 16 {
		slot, err := c.client.ClusterKeySlot(l.T.Context(), fmt.Sprintf("tocsin:{%d}:", shard)).Result()
		require.NoError(l.T, err)
		from, to := of(int(slot)), addrs[l.Dice.Below(len(addrs))]
		if from != to {
			c.migrate(l, fmt.Sprint(slot), from, to, ids)
		}
	}
}

// migrate moves one slot as redis-cli does (https://redis.io/docs/latest/commands/cluster-setslot/),
// only slower, so that requests come in the midst of it.
func (c *cluster) migrate(l *lab.Lab, slot, from, to string, ids map[string]string) {
	c.t.Helper()
	c.byAddr[to].Must("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[from])
	c.byAddr[from].Must("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[to])
	client := redis.NewClient(&redis.Options{Addr: from, ReadTimeout: 10 * time.Second})
	defer func() { _ = client.Close() }() // a connection of its own
	host, port, err := net.SplitHostPort(to)
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
	c.byAddr[to].Must("CLUSTER", "SETSLOT", slot, "NODE", ids[to])
	c.byAddr[from].Must("CLUSTER", "SETSLOT", slot, "NODE", ids[to])
}

// killMaster is kill -9 of a master that owns shards; its replica takes its place.
func killMaster(l *lab.Lab, c *cluster) {
	_, of := c.owners()
	slot, err := c.client.ClusterKeySlot(l.T.Context(), fmt.Sprintf("tocsin:{%d}:", l.Dice.Below(16))).Result()
	require.NoError(l.T, err)
	old := of(int(slot))
	c.byAddr[old].Kill()
	require.Eventually(l.T, func() bool {
		for _, n := range c.nodes {
			if n.Addr() == old {
				continue
			}
			client := redis.NewClient(&redis.Options{Addr: n.Addr(), MaxRetries: -1})
			slots, err := client.ClusterSlots(l.T.Context()).Result()
			_ = client.Close() // a connection of its own
			if err != nil {
				return false
			}
			for _, s := range slots {
				if s.Start <= int(slot) && int(slot) <= s.End && s.Nodes[0].Addr == old {
					return false
				}
			}
		}
		return true
	}, failover, 100*time.Millisecond, "no replica takes the place of its master")
	c.byAddr[old].Restart()
}
