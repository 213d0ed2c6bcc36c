package redis_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/faults/lab"
	"tocsin/escalation/store/redistest"
)

// failover bounds the time until Sentinel or the Cluster has another master.
const failover = time.Minute

// The settings of a fail-over. Sentinel promotes the replica that was the furthest when it last
// looked, which was up to some seconds ago: only what all of them have is sure to be kept.
const (
	async      = "no ?wait"
	replicas   = "min-replicas-to-write 1, lag 1 s"
	waitSome   = "?wait=1 of 2 replicas"
	waitAll    = "?wait=2 of 2 replicas"
	waitSingle = "?wait=1 of 1 replica"
)

// sentinels are the cells of one master, two replicas and the Sentinels that watch them.
func sentinels() []cell {
	var all []cell
	for _, s := range []struct {
		setting, query string
		args           []string
	}{
		{setting: async},
		{setting: replicas, args: []string{"--min-replicas-to-write", "1", "--min-replicas-max-lag", "1"}},
		{setting: waitSome, query: "?wait=1"},
		{setting: waitAll, query: "?wait=2"},
	} {
		for _, f := range []struct {
			fault     string
			strike    func(*lab.Lab, *trio)
			sentinels int
		}{
			{"fail-over, process dies", processDies, 3},
			{"fail-over, host dies", hostDies, 3},
			{"partition of the master", partition, 1}, // one: the gateway must learn of no way around it
		} {
			all = append(all, cell{fault: f.fault, setting: s.setting, lossy: s.setting != waitAll, stage: func(t *testing.T) stage {
				c := newTrio(t, f.sentinels, s.args...)
				return stage{store: c.url() + s.query, strike: func(l *lab.Lab) { f.strike(l, c) }, again: func(*lab.Lab) { c.whole() }}
			}})
		}
	}
	return all
}

// node is a redis-server that others reach through a link.
type node struct {
	*redistest.Server
	link *lab.Link
}

// trio is a master and two replicas. Which of them is the master changes.
type trio struct {
	t         *testing.T
	nodes     []node
	sentinels []*redistest.Server
	ways      []*lab.Link // from the gateway to the Sentinels
}

const (
	group    = "tocsin"
	inside   = "inside" // the user as whom replicas and Sentinels come
	password = "a-word-of-a-test"
)

func newTrio(t *testing.T, sentinels int, args ...string) *trio {
	c := &trio{t: t}
	args = append([]string{
		"--repl-diskless-sync-delay", "0", "--repl-timeout", "5", "--replica-announce-ip", "127.0.0.1",
		"--user", inside, "on", ">" + password, "~*", "&*", "+@all", "--masteruser", inside, "--masterauth", password,
	}, args...)
	for n := range 3 {
		node := node{Server: redistest.Start(t, redistest.EverySec, args...)}
		node.link = lab.NewLink(t, node.Addr())
		_, port, _ := net.SplitHostPort(node.link.Addr())
		node.Add("--replica-announce-port", port)
		node.Login(password)
		if n > 0 {
			node.Add("--replicaof", strings.Replace(c.nodes[0].link.Addr(), ":", " ", 1))
		}
		node.Restart()
		c.nodes = append(c.nodes, node)
	}
	for range sentinels {
		s := redistest.StartSentinel(t, c.nodes[0].link.Addr(), group, sentinels/2+1, "auth-user %s "+inside, "auth-pass %s "+password,
			"down-after-milliseconds %s 2000") // a busy machine is not a dead one
		s.Must("SENTINEL", "DEBUG", "info-period", "500", "publish-period", "500") // it learns of the others sooner
		c.sentinels = append(c.sentinels, s)
		c.ways = append(c.ways, lab.NewLink(t, s.Addr()))
	}
	c.whole()
	return c
}

func (c *trio) url() string {
	var hosts []string
	for n, s := range c.sentinels {
		if len(c.sentinels) > 1 {
			hosts = append(hosts, s.Addr())
		} else {
			hosts = append(hosts, c.ways[n].Addr())
		}
	}
	return "redis+sentinel://:" + password + "@" + strings.Join(hosts, ",") + "/" + group
}

// master is who the first Sentinel says it is.
func (c *trio) master() (node, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	client := redis.NewSentinelClient(&redis.Options{Addr: c.sentinels[0].Addr()})
	defer func() { _ = client.Close() }() // a connection of its own
	addr, err := client.GetMasterAddrByName(ctx, group).Result()
	if err != nil || len(addr) != 2 {
		return node{}, false
	}
	for _, n := range c.nodes {
		if n.link.Addr() == net.JoinHostPort(addr[0], addr[1]) {
			return n, true
		}
	}
	return node{}, false
}

// whole waits until the master has both replicas and every Sentinel knows all.
func (c *trio) whole() {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		m, ok := c.master()
		return ok && info(m.Server, "replication", "connected_slaves") == "2" &&
			strings.Count(info(m.Server, "replication", ""), "state=online") == 2 && c.known()
	}, failover, 100*time.Millisecond, "the replicas do not follow the master")
}

func (c *trio) known() bool {
	for _, s := range c.sentinels {
		text := info(s, "sentinel", "")
		if !strings.Contains(text, "status=ok") || !strings.Contains(text, "slaves=2,") {
			return false
		}
	}
	return true
}

// info is one value of INFO, or with no name its text; "" when the server does not answer.
func info(s *redistest.Server, section, name string) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	client := redis.NewClient(&redis.Options{Addr: s.Addr(), Password: s.Password(), MaxRetries: -1})
	defer func() { _ = client.Close() }() // a connection of its own
	text, err := client.Info(ctx, section).Result()
	if err != nil || name == "" {
		return text
	}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && key == name {
			return value
		}
	}
	return ""
}

// elected waits until another than old is the master and takes writes.
func (c *trio) elected(old node) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		m, ok := c.master()
		return ok && m.Server != old.Server && info(m.Server, "replication", "role") == "master"
	}, failover, 50*time.Millisecond, "nobody becomes master")
}

// processDies is kill -9 of the master: what it has sent already arrives.
func processDies(l *lab.Lab, c *trio) {
	c.die(l, func(m node) { m.Kill() })
}

// hostDies takes with it what is under way on its links, which are not the fastest.
func hostDies(l *lab.Lab, c *trio) {
	for _, n := range c.nodes {
		n.link.Spoil("latency", "downstream", 1, `{"latency": 20, "jitter": 15}`)
	}
	hold(l, 3*time.Second)
	c.die(l, func(m node) {
		m.link.Cut()
		m.Kill()
	})
	for _, n := range c.nodes {
		n.link.Heal()
	}
}

// die ends the master, and starts it again once another has its place. A text may be repeated
// twice: what was noted of it before the end is lost, or after, while no replica has followed yet.
func (c *trio) die(l *lab.Lab, end func(m node)) {
	c.t.Helper()
	l.Crashed.Add(1)
	m, ok := c.master()
	require.True(c.t, ok)
	end(m)
	c.elected(m)
	m.Restart()
	m.link.Mend()
}

// partition leaves master and gateway on one side, replicas and Sentinel on the other, until
// there are two masters; then the old one has to follow.
func partition(l *lab.Lab, c *trio) {
	l.Crashed.Add(1)
	m, ok := c.master()
	require.True(c.t, ok)
	for _, way := range c.ways {
		way.Cut()
	}
	m.Must("ACL", "SETUSER", inside, "off")
	_, err := m.Do("CLIENT", "KILL", "USER", inside)
	require.NoError(c.t, err)
	c.elected(m)
	hold(l, 3*time.Second)
	m.Must("ACL", "SETUSER", inside, "on")
	_, err = m.Do("CLIENT", "KILL", "TYPE", "normal") // Sentinel logs in only when it connects
	require.NoError(c.t, err)
	for _, way := range c.ways {
		way.Mend()
	}
	require.Eventually(c.t, func() bool { return info(m.Server, "replication", "role") == "slave" }, failover, 50*time.Millisecond,
		"the old master does not follow the new one")
}
