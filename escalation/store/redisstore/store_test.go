package redisstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/store"
	"tocsin/escalation/store/redisstore"
	"tocsin/escalation/store/redistest"
	"tocsin/escalation/store/storetest"
)

const (
	eventually = 10 * time.Second
	tick       = 10 * time.Millisecond
)

func open(tb testing.TB, url string, opts ...redisstore.Option) *redisstore.Store {
	tb.Helper()
	s, err := redisstore.Open(tb.Context(), url, opts...)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = s.Close() }) // a restart has closed it already
	return s
}

// TestStore ensures that a real Redis with appendfsync always does what every store does, and
// that kill -9 of Redis loses nothing.
func TestStore(t *testing.T) {
	server := redistest.Start(t, redistest.Always)
	restart := func(t *testing.T, s store.Store) store.Store {
		require.NoError(t, s.Close())
		server.Kill()
		server.Restart()
		return open(t, server.URL())
	}
	storetest.Run(t, func(t *testing.T) store.Store {
		server.Must("FLUSHALL")
		return open(t, server.URL())
	}, storetest.Restart(restart), storetest.ExactIndexes())
}

// BenchmarkStore measures one Redis with appendfsync everysec on this machine.
func BenchmarkStore(b *testing.B) {
	server := redistest.Start(b, redistest.EverySec)
	storetest.BenchmarkSuite(b, func(tb testing.TB) store.Store {
		server.Must("FLUSHALL")
		return open(tb, server.URL())
	})
}
