package boltstore_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/store"
	"tocsin/escalation/store/boltstore"
	"tocsin/escalation/store/storetest"
)

func open(t testing.TB, folder string) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(folder)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// TestStore ensures that boltstore does what every store does, and has all of it after a restart.
func TestStore(t *testing.T) {
	folders := map[store.Store]string{}
	storetest.Run(t, func(t *testing.T) store.Store {
		folder := filepath.Join(t.TempDir(), "state")
		s := open(t, folder)
		folders[s] = folder
		return s
	}, storetest.ExactIndexes(), storetest.SoleOwner(), storetest.Restart(func(t *testing.T, s store.Store) store.Store {
		require.NoError(t, s.Close())
		return open(t, folders[s])
	}))
}

func BenchmarkStore(b *testing.B) {
	storetest.BenchmarkSuite(b, func(tb testing.TB) store.Store { return open(tb, tb.TempDir()) })
}
