package main

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/store/redisstore"
	"tocsin/escalation/store/redistest"
)

func TestCheckOfAStoreNamesWhatItsSettingsLose(t *testing.T) {
	// Ensures that each setting which loses or refuses alerts is named, with what to do, and that the exit code tells.
	server := redistest.Start(t, redistest.EverySec)
	set := func(name, value string) { server.Must("CONFIG", "SET", name, value) }
	check := func(args ...string) result {
		return tocsin(t, append([]string{"check", "--store", server.URL()}, args...)...)
	}

	r := check()
	require.Equal(t, exitOK, r.code, r.err)
	require.Contains(t, r.out, "warning: death of its machine: appendfsync everysec: up to about 2 s of accepted alerts are lost when the Redis machine dies: set appendfsync always\n")
	require.Contains(t, r.out, "ok: version: Redis 7.")
	require.Contains(t, r.out, "warning: fail-over: no replica is connected")
	require.Contains(t, r.out, "\nstore: 0 errors, 3 warnings\n")
	require.Equal(t, exitFault, check("--strict").code)
	require.Equal(t, "+0", strings.Replace(server.Must("DBSIZE"), ":", "+", 1), "it writes nothing")

	set("appendfsync", "always")
	require.Contains(t, check().out, "ok: death of Redis: appendfsync always: nothing accepted is lost")
	set("appendfsync", "no")
	require.Contains(t, check().out, "appendfsync no: up to about 30 s")
	set("appendonly", "no")
	require.Contains(t, check().out, "appendonly is off: everything since the last snapshot is lost")
	set("maxmemory", "1mb")
	require.Contains(t, check().out, "when they are full alerts are refused: raise maxmemory")
	set("maxmemory-policy", "volatile-ttl")
	require.Contains(t, check().out, "volatile-ttl may evict the proofs")
	set("maxmemory-policy", "allkeys-lru")
	r = check("--json")
	require.Equal(t, exitFault, r.code)
	require.Contains(t, r.err, "the store does not pass: 1 error")
	r.code = exitOK // the array is on standard output whatever the verdict
	findings := decode[[]redisstore.Finding](t, r)
	require.Contains(t, findings, redisstore.Finding{
		Level: redisstore.Fault, About: "memory", Text: "maxmemory-policy allkeys-lru may evict incidents", Do: "set noeviction",
	})
}

func TestCheckOfAStoreCountsReplicas(t *testing.T) {
	// Ensures that ?wait= and min-replicas-to-write are held against the replicas that are there.
	server := redistest.Start(t, redistest.Always, "--repl-diskless-sync-delay", "0", "--min-replicas-to-write", "1")
	check := func(query string) result { return tocsin(t, "check", "--store", server.URL()+query) }
	r := check("?wait=1")
	require.Equal(t, exitFault, r.code)
	require.Contains(t, r.out, "error: fail-over: commits wait for 1 replicas, but 0 are connected: alerts are refused")
	require.Contains(t, r.out, "error: fail-over: min-replicas-to-write is 1, but 0 replicas are connected")
	host, port, err := net.SplitHostPort(server.Addr())
	require.NoError(t, err)
	for range 2 {
		redistest.Start(t, redistest.EverySec, "--replicaof", host+" "+port)
	}
	require.Eventually(t, func() bool {
		return strings.Contains(check("?wait=2").out, "until 2 of 2 replicas have them, so that a fail-over loses nothing")
	},
		20*time.Second, 50*time.Millisecond)
	require.Contains(t, check("?wait=1").out, "a fail-over to another one loses the last moments: set ?wait=2")
	require.Contains(t, check("").out, "a fail-over to one of the 2 replicas may lose the last moments, and a partition all that the old master took: add ?wait=2")
	require.Contains(t, check("").out, "min-replicas-to-write 1 ends the writes of a master that is cut off after 10 s")
}

func TestCheckOfAStoreThatTellsLittle(t *testing.T) {
	// Ensures that a managed Redis, which refuses CONFIG, is judged by what INFO tells, and the rest said to be unknown;
	// that a replica, a lonely Sentinel, and a server that is not there are named.
	server := redistest.Start(t, redistest.Always)
	server.Must("ACL", "SETUSER", "managed", "on", ">a-word-of-a-test", "~*", "&*", "+@all", "-config")
	r := tocsin(t, "check", "--store", "redis://managed:a-word-of-a-test@"+server.Addr())
	require.Equal(t, exitOK, r.code, r.err)
	require.Contains(t, r.out, "CONFIG is refused: appendfsync and min-replicas-to-write cannot be known: ask whoever runs this Redis")
	require.Contains(t, r.out, "appendonly is on, but appendfsync cannot be known")
	require.NotContains(t, r.out+r.err, "a-word-of-a-test")

	host, port, err := net.SplitHostPort(server.Addr())
	require.NoError(t, err)
	replica := redistest.Start(t, redistest.EverySec, "--replicaof", host+" "+port)
	r = tocsin(t, "check", "--store", replica.URL())
	require.Equal(t, exitFault, r.code)
	require.Contains(t, r.out, "this server is a replica and takes no writes: give the master's address")

	sentinel := redistest.StartSentinel(t, server.Addr(), "main", 1)
	require.Contains(t, tocsin(t, "check", "--store", "redis+sentinel://"+sentinel.Addr()+"/main").out,
		"warning: sentinel: 1 Sentinels watch main, and 1 of them must agree that it is dead: run three of them")
	cluster := redistest.Start(t, redistest.Always, "--cluster-enabled", "yes")
	r = tocsin(t, "check", "--store", "redis+cluster://"+cluster.Addr())
	require.Equal(t, exitFault, r.code, "a cluster without slots")
	cluster.Must("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	require.Eventually(t, func() bool {
		out := tocsin(t, "check", "--store", "redis+cluster://"+cluster.Addr()).out
		return strings.Contains(out, "ok: cluster: 1 masters, sound") && strings.Contains(out, strings.TrimPrefix(cluster.Addr(), "127.0.0.1")+": version: Redis ")
	}, 20*time.Second, 50*time.Millisecond)
	r = tocsin(t, "check", "--store", "redis://127.0.0.1:1")
	require.Equal(t, exitFault, r.code)
	require.Contains(t, r.err, "Redis cannot be asked; check that it runs")
	require.Contains(t, tocsin(t, "check", "--store", "./data").out, "ok: embedded store: what is accepted is on this machine's disk")
}
