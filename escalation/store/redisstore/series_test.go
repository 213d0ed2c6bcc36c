package redisstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/store"
	"tocsin/escalation/store/redisstore"
	"tocsin/escalation/store/redistest"
	"tocsin/escalation/store/storetest"
)

func lastOf(t *testing.T, s store.Store, name string) uint64 {
	t.Helper()
	last, err := s.Last(t.Context(), name)
	require.NoError(t, err)
	return last[0]
}

// TestAppendLostAnswer ensures that a value whose answer was lost is there once and told as
// done, and that it is trouble, never a conflict, when the second answer is lost as well.
func TestAppendLostAnswer(t *testing.T) {
	server := redistest.Start(t, redistest.EverySec)
	p := startProxy(t, server.Addr())
	s := open(t, p.url(), redisstore.Timeout(5*time.Second))
	ctx, token := t.Context(), storetest.Token()
	require.NoError(t, s.Append(ctx, "config", 0, storetest.Token(), []byte("one"))) // so that Redis knows the script

	p.lose.Store(1)
	require.NoError(t, s.Append(ctx, "config", 1, token, []byte("two")))
	require.EqualValues(t, 1, p.lost.Load(), "the answer was lost indeed")
	require.EqualValues(t, 2, lastOf(t, s, "config"), "applied once")

	p.lose.Store(1000)
	third := storetest.Token()
	err := s.Append(ctx, "config", 2, third, []byte("three"))
	require.Error(t, err)
	require.NotErrorIs(t, err, store.ErrConflict)
	_, err = s.Last(ctx, "config")
	require.Error(t, err)
	_, err = s.Value(ctx, "config", 1)
	require.Error(t, err)
	require.NotErrorIs(t, err, store.ErrNotFound, "no answer is not the answer that there is none")
	p.lose.Store(0)
	require.ErrorIs(t, s.Append(ctx, "config", 2, storetest.Token(), []byte("other")), store.ErrConflict)
	require.NoError(t, s.Append(ctx, "config", 3, storetest.Token(), []byte("four")))
	require.NoError(t, s.Append(ctx, "config", 2, third, []byte("three")), "settled by its token")
	require.EqualValues(t, 4, lastOf(t, s, "config"))
	for n, want := range []string{"one", "two", "three", "four"} {
		v, err := s.Value(ctx, "config", uint64(n+1))
		require.NoError(t, err)
		require.Equal(t, want, string(v))
	}
}

// TestAppendWait ensures that with ?wait=1 an Append fails until a replica has the value, and
// that appending again with its token settles it then, not before.
func TestAppendWait(t *testing.T) {
	server := redistest.Start(t, redistest.EverySec, "--repl-diskless-sync-delay", "0")
	s := open(t, server.URL()+"?wait=1")
	token := storetest.Token()
	for range 2 {
		err := s.Append(t.Context(), "config", 0, token, []byte("one"))
		require.ErrorContains(t, err, "only 0 of 1 replicas")
	}
	host, port, _ := net.SplitHostPort(server.Addr())
	redistest.Start(t, redistest.EverySec, "--replicaof", fmt.Sprint(host, " ", port))
	require.Eventually(t, func() bool {
		return s.Append(context.Background(), "config", 0, token, []byte("one")) == nil
	}, eventually, tick)
	require.EqualValues(t, 1, lastOf(t, s, "config"))
}

// TestNewerSeries ensures that a value of a newer version is neither read nor followed, that
// followers learn of it all the same, and that other series go on.
func TestNewerSeries(t *testing.T) {
	server := redistest.Start(t, redistest.EverySec)
	s := open(t, server.URL())
	ctx, token := t.Context(), storetest.Token()
	require.NoError(t, s.Append(ctx, "config", 0, storetest.Token(), []byte("one")))
	require.NoError(t, s.Append(ctx, "config", 1, token, []byte("two")))
	server.Must("SETRANGE", "tocsin:{0}:s:config:2", "0", fmt.Sprintf("%03d", store.SeriesFormat+1))
	_, err := s.Value(ctx, "config", 2)
	require.ErrorIs(t, err, store.ErrNewer)
	require.ErrorContains(t, err, "value 2 of series config has format 2")
	require.ErrorIs(t, s.Append(ctx, "config", 2, storetest.Token(), nil), store.ErrNewer)
	require.ErrorIs(t, s.Append(ctx, "config", 1, storetest.Token(), nil), store.ErrNewer)
	require.NoError(t, s.Append(ctx, "config", 1, token, nil), "this process wrote it, before the other was upgraded")
	require.EqualValues(t, 2, lastOf(t, s, "config"))
	require.NoError(t, s.Append(ctx, "overlay", 0, token, nil))

	for _, row := range []string{"", "0", "abc" + token + "\n", "001" + token} {
		server.Must("SET", "tocsin:{0}:s:config:2", row)
		_, err = s.Value(ctx, "config", 2)
		require.ErrorContains(t, err, "damaged", "%q", row)
		require.NotErrorIs(t, err, store.ErrNotFound)
	}
	server.Must("HSET", "tocsin:{0}:s", "config", "x")
	_, err = s.Last(ctx, "config")
	require.ErrorContains(t, err, "series config")
}

// TestForgottenSeries ensures that what is forgotten leaves Redis, also when an older version
// kept more, and that a forgotten script is sent again with the largest value.
func TestForgottenSeries(t *testing.T) {
	server := redistest.Start(t, redistest.EverySec)
	s := open(t, server.URL())
	for n := range uint64(store.SeriesKept + 5) {
		require.NoError(t, s.Append(t.Context(), "config", n, storetest.Token(), nil))
	}
	require.Equal(t, ":0", server.Must("EXISTS", "tocsin:{0}:s:config:5"))
	require.Equal(t, ":1", server.Must("EXISTS", "tocsin:{0}:s:config:6"))
	for _, n := range []string{"5", "4", "3"} {
		server.Must("SET", "tocsin:{0}:s:config:"+n, "001t\n")
	}
	server.Must("SCRIPT", "FLUSH")
	require.NoError(t, s.Append(t.Context(), "config", store.SeriesKept+5, storetest.Token(), make([]byte, store.MaxSeriesValue)))
	require.Equal(t, ":0", server.Must("EXISTS", "tocsin:{0}:s:config:3", "tocsin:{0}:s:config:4", "tocsin:{0}:s:config:5", "tocsin:{0}:s:config:6"))
	v, err := s.Value(t.Context(), "config", store.SeriesKept+6)
	require.NoError(t, err)
	require.Len(t, v, store.MaxSeriesValue)
}

// TestKillSeries ensures that a series is whole after kill -9 of Redis at any moment: its
// numbers are dense, each value is complete and there once, and each that was acknowledged is
// there. A value on its way is settled by its token once Redis is back. With everysec Redis
// keeps up to two seconds to itself while the disk is slow, and kill -9 loses them.
func TestKillSeries(t *testing.T) {
	server := redistest.Start(t, redistest.Always)
	s := open(t, server.URL())
	for range 4 {
		killWhileAppending(t, server, s)
		for number, text := range storetest.CheckSeries(t, s, "config") {
			require.Equal(t, fmt.Sprint(number), text)
		}
	}
}

// killWhileAppending appends until Redis is killed, and once more after it is back.
func killWhileAppending(t *testing.T, server *redistest.Server, s store.Store) {
	t.Helper()
	var acked atomic.Uint64
	first := lastOf(t, s, "config")
	acked.Store(first)
	next := func(token string) error {
		n := acked.Load() + 1
		size := rand.IntN(1<<20) >> rand.IntN(20)
		err := s.Append(context.Background(), "config", n-1, token, storetest.SeriesValue(fmt.Sprint(n), size))
		if err == nil {
			acked.Store(n)
		}
		return err
	}
	pending := make(chan string)
	go func() {
		for {
			if token := storetest.Token(); next(token) != nil {
				pending <- token
				return
			}
		}
	}()
	enough := first + 5 + rand.Uint64N(100)
	require.Eventually(t, func() bool { return acked.Load() >= enough }, eventually, time.Millisecond)
	server.Kill()
	token := <-pending
	server.Restart()
	last := lastOf(t, s, "config")
	require.GreaterOrEqual(t, last, acked.Load(), "an acknowledged value is lost")
	require.LessOrEqual(t, last, acked.Load()+1)
	require.NoError(t, next(token), "settled by its token, or appended now")
	require.Equal(t, acked.Load(), lastOf(t, s, "config"))
}
