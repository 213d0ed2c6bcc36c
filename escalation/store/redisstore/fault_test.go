package redisstore_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/escalation/store/redisstore"
	"tocsin/escalation/store/redistest"
	"tocsin/escalation/store/storetest"
)

// proxy forwards to a server, and can lose answers: it reads one after the request was done,
// and cuts the connection instead of passing it on.
type proxy struct {
	listener net.Listener
	to       string
	lose     atomic.Int32 // answers still to be lost
	lost     atomic.Int32
	conns    sync.WaitGroup
}

func startProxy(t *testing.T, to string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: l, to: to}
	p.conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.conns.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.conns.Wait()
	})
	return p
}

func (p *proxy) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	p.conns.Go(func() {
		_, _ = io.Copy(server, client) // ends with either side
		_ = server.Close()
	})
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		if p.lose.Add(-1) >= 0 {
			p.lost.Add(1)
			return
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) url() string { return "redis://" + p.listener.Addr().String() }

func loadOne(t *testing.T, s store.Store, q store.Query) store.Loaded {
	got, err := s.Load(t.Context(), []store.Query{q})
	require.NoError(t, err)
	return got[0]
}

// TestLostAnswer ensures that a commit whose answer was lost is applied once and told as done,
// and that it is trouble, never a conflict, when the second answer is lost as well.
func TestLostAnswer(t *testing.T) {
	server := redistest.Start(t, redistest.EverySec)
	p := startProxy(t, server.Addr())
	s := open(t, p.url(), redisstore.Timeout(5*time.Second))
	var changes []store.Change
	for n := range 3 {
		changes = append(changes, storetest.BenchChange(s, n))
	}
	_, err := s.Commit(t.Context(), changes[2:]) // so that Redis knows the script
	require.NoError(t, err)

	p.lose.Store(1)
	done, err := s.Commit(t.Context(), changes[:2])
	require.NoError(t, err)
	require.EqualValues(t, 1, p.lost.Load(), "the answer was lost indeed")
	for i, d := range done {
		require.NoError(t, d.Err)
		require.Equal(t, store.Revision{Counter: 1, Token: changes[i].Token}, d.Revision)
		got := loadOne(t, s, store.Query{ID: changes[i].Incident.ID})
		require.Equal(t, 1, got.Incident.Count, "applied once")
		entries, err := s.Timeline(t.Context(), changes[i].Incident.ID)
		require.NoError(t, err)
		require.Len(t, entries, 2)
	}

	update := storetest.Update(changes[0].Incident, done[0].Revision)
	update.Seen = escalation.Seen{N: 1, At: storetest.T0}
	p.lose.Store(1000)
	done, err = s.Commit(t.Context(), []store.Change{update})
	require.Error(t, err)
	require.NotErrorIs(t, err, store.ErrConflict)
	require.Error(t, done[0].Err)
	p.lose.Store(0)
	done, err = s.Commit(t.Context(), []store.Change{update})
	require.NoError(t, err)
	require.NoError(t, done[0].Err, "settled by its token")
	require.Equal(t, 2, loadOne(t, s, store.Query{ID: update.Incident.ID}).Incident.Count)
}

// TestTouchOnce ensures that repeats whose answer was lost are not counted twice.
func TestTouchOnce(t *testing.T) {
	server := redistest.Start(t, redistest.EverySec)
	p := startProxy(t, server.Addr())
	s := open(t, p.url())
	c := storetest.BenchChange(s, 1)
	done, err := s.Commit(t.Context(), []store.Change{c})
	require.NoError(t, err)
	touch := []store.Touch{{ID: c.Incident.ID, Revision: done[0].Revision, N: 1, At: storetest.T0}}
	_, err = s.Touch(t.Context(), touch) // so that Redis knows the script
	require.NoError(t, err)
	p.lose.Store(1)
	_, err = s.Touch(t.Context(), touch)
	require.Error(t, err)
	require.Equal(t, 3, loadOne(t, s, store.Query{ID: c.Incident.ID}).Incident.Count)
}

// TestScriptFlush ensures that scripts which Redis forgot are sent again, in pipelines too.
func TestScriptFlush(t *testing.T) {
	server := redistest.Start(t, redistest.EverySec)
	s := open(t, server.URL())
	for round := range 2 {
		server.Must("SCRIPT", "FLUSH")
		changes := make([]store.Change, 20)
		for i := range changes {
			changes[i] = storetest.BenchChange(s, 100*round+i)
		}
		done, err := s.Commit(t.Context(), changes)
		require.NoError(t, err)
		for _, d := range done {
			require.NoError(t, d.Err)
		}
		server.Must("SCRIPT", "FLUSH")
		claims, _, err := s.ClaimAttempts(t.Context(), storetest.T0.Add(time.Minute), storetest.Leases(), 100)
		require.NoError(t, err)
		require.Len(t, claims, 20)
	}
}

// TestServerDown ensures that a dead Redis is trouble at once, that a commit is refused as a
// whole, and that all goes on once Redis is back, with nothing lost.
func TestServerDown(t *testing.T) {
	server := redistest.Start(t, redistest.Always)
	s := open(t, server.URL())
	first, second := storetest.BenchChange(s, 1), storetest.BenchChange(s, 2)
	_, err := s.Commit(t.Context(), []store.Change{first})
	require.NoError(t, err)
	server.Kill()
	_, err = s.Commit(t.Context(), []store.Change{second})
	require.Error(t, err)
	require.Error(t, s.Check(t.Context()))
	require.NotEmpty(t, s.Promise(t.Context()))
	server.Restart()
	require.NoError(t, s.Check(t.Context()))
	done, err := s.Commit(t.Context(), []store.Change{second})
	require.NoError(t, err)
	require.NoError(t, done[0].Err)
	require.NotNil(t, loadOne(t, s, store.Query{ID: first.Incident.ID}).Incident)
}

// TestWait ensures that with ?wait=1 a commit fails until a replica has it, and that committing
// it again settles it then, not before.
func TestWait(t *testing.T) {
	server := redistest.Start(t, redistest.EverySec, "--repl-diskless-sync-delay", "0")
	s := open(t, server.URL()+"?wait=1")
	c := storetest.BenchChange(s, 1)
	for range 2 {
		_, err := s.Commit(t.Context(), []store.Change{c})
		require.ErrorContains(t, err, "only 0 of 1 replicas")
	}
	require.Contains(t, s.Promise(t.Context()), "alerts are refused")
	host, port, _ := net.SplitHostPort(server.Addr())
	replica := redistest.Start(t, redistest.EverySec, "--replicaof", fmt.Sprint(host, " ", port))
	require.Eventually(t, func() bool {
		done, err := s.Commit(context.Background(), []store.Change{c})
		return err == nil && done[0].Err == nil
	}, eventually, tick)
	require.Equal(t, 1, loadOne(t, s, store.Query{ID: c.Incident.ID}).Incident.Count)
	require.Contains(t, s.Promise(t.Context()), "commits wait until 1 of 1 replicas")

	replica.Pause()
	late := storetest.Opening(storetest.Incident(s, "late", storetest.T0))
	for range 2 { // the second store's connection has written nothing yet
		_, err := open(t, server.URL()+"?wait=1").Commit(t.Context(), []store.Change{late})
		require.ErrorContains(t, err, "only 0 of 1 replicas")
	}
	replica.Resume()
	done, err := s.Commit(t.Context(), []store.Change{late})
	require.NoError(t, err)
	require.NoError(t, done[0].Err)
}

// TestWhatWaits ensures that with ?wait=1 a repeat of what no replica has is refused, as the
// incident itself was: the sender has been told to come back, and comes. A master without its
// replicas, which may be one that has been replaced, does not say either that an alert is unknown.
func TestWhatWaits(t *testing.T) {
	server := redistest.Start(t, redistest.EverySec)
	s := open(t, server.URL()+"?wait=1")
	c := storetest.BenchChange(s, 1)
	_, err := s.Commit(t.Context(), []store.Change{c})
	require.ErrorContains(t, err, "only 0 of 1 replicas")
	got := loadOne(t, s, store.Query{ID: c.Incident.ID})
	require.NotNil(t, got.Incident, "the master has it all the same")
	for n := range 2 { // none: whoever repeats what changes nothing wants to know that it is safe
		_, err = s.Touch(t.Context(), []store.Touch{{ID: c.Incident.ID, Revision: got.Revision, N: n, At: storetest.T0}})
		require.ErrorContains(t, err, "only 0 of 1 replicas", "%d alerts", n)
	}
	_, err = s.FindIdentity(t.Context(), []escalation.MemberKey{{Integration: "events", Identity: "unheard of"}})
	require.ErrorContains(t, err, "only 0 of 1 replicas")
}

// TestSentinel ensures that the store goes on with the new master after a fail-over, and that
// with ?wait=1 nothing that was accepted is lost by it.
func TestSentinel(t *testing.T) {
	master := redistest.Start(t, redistest.EverySec, "--repl-diskless-sync-delay", "0")
	host, port, _ := net.SplitHostPort(master.Addr())
	replica := redistest.Start(t, redistest.EverySec, "--replicaof", fmt.Sprint(host, " ", port))
	sentinel := redistest.StartSentinel(t, master.Addr(), "tocsin", 1)
	s := open(t, "redis+sentinel://"+sentinel.Addr()+"/tocsin?db=0&wait=1")
	c := storetest.BenchChange(s, 1)
	commit := func(c store.Change) bool {
		done, err := s.Commit(context.Background(), []store.Change{c})
		return err == nil && done[0].Err == nil
	}
	require.Eventually(t, func() bool { return commit(c) }, eventually, tick)
	require.Eventually(t, func() bool { // Sentinel learns of the replica from the master, every 10 s
		n, err := sentinel.Do("SENTINEL", "REPLICAS", "tocsin")
		return err == nil && n == "*1"
	}, 30*time.Second, tick)
	master.Kill()
	require.Eventually(t, func() bool {
		got, err := s.Load(context.Background(), []store.Query{{ID: c.Incident.ID}})
		line, _ := replica.Do("SET", "probe", "1")
		return err == nil && got[0].Incident != nil && line == "+OK"
	}, 30*time.Second, tick)
}

// TestPromise ensures that the settings which lose alerts are named, with what to do.
func TestPromise(t *testing.T) {
	server := redistest.Start(t, redistest.EverySec)
	s := open(t, server.URL())
	set := func(name, value string) { server.Must("CONFIG", "SET", name, value) }
	require.Contains(t, s.Promise(t.Context()), "appendfsync everysec: up to about 2 s of accepted alerts")
	require.NotContains(t, s.Promise(t.Context()), "evict")
	set("appendfsync", "always")
	set("maxmemory-policy", "allkeys-lru")
	require.Contains(t, s.Promise(t.Context()), "appendfsync always: nothing")
	require.Contains(t, s.Promise(t.Context()), "allkeys-lru may evict incidents: set noeviction")
	set("maxmemory-policy", "volatile-ttl")
	require.Contains(t, s.Promise(t.Context()), "volatile-ttl may evict the proofs")
	set("appendonly", "no")
	require.Contains(t, s.Promise(t.Context()), "appendonly is off")
}

// TestShards ensures that the number of shards is that of the installation for good, and that
// a newer layout is left alone.
func TestShards(t *testing.T) {
	server := redistest.Start(t, redistest.EverySec)
	require.Equal(t, 4, open(t, server.URL()+"?shards=4").Shards())
	require.Equal(t, 4, open(t, server.URL()+"?shards=8").Shards())
	require.Equal(t, 16, open(t, strings.Replace(server.URL(), "/0", "/1", 1)).Shards(), "another database")
	server.Must("SET", "tocsin:layout", "3")
	_, err := redisstore.Open(t.Context(), server.URL())
	require.ErrorIs(t, err, store.ErrNewer)
}

// TestFlapping ensures that an identity which went through many incidents still names every
// open one, but not all of the past.
func TestFlapping(t *testing.T) {
	s := open(t, redistest.Start(t, redistest.EverySec).URL())
	m := storetest.Member("prometheus", "disk", "g")
	opened := func(n int) store.Change {
		c := storetest.Opening(storetest.Incident(s, fmt.Sprint("key-", n), storetest.T0.Add(time.Duration(n)*time.Second)))
		c.Members = []escalation.Member{m}
		return c
	}
	old := opened(0)
	_, err := s.Commit(t.Context(), []store.Change{old})
	require.NoError(t, err)
	for n := 1; n <= 60; n++ {
		c := opened(n)
		done, err := s.Commit(t.Context(), []store.Change{c})
		require.NoError(t, err)
		_, err = s.Commit(t.Context(), []store.Change{storetest.Update(storetest.Resolved(c.Incident, storetest.T0), done[0].Revision)})
		require.NoError(t, err)
	}
	found, err := s.FindIdentity(t.Context(), []escalation.MemberKey{m.MemberKey})
	require.NoError(t, err)
	require.Contains(t, found[m.MemberKey], old.Incident.ID)
	require.Len(t, found[m.MemberKey], 17)
}
