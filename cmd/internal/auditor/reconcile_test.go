package auditor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/store"
	"tocsin/escalation/store/memstore"
	"tocsin/escalation/store/storetest"
	"tocsin/paging"
)

// TestListed ensures that all incidents are found page by page, and no more than asked for.
func TestListed(t *testing.T) {
	s := memstore.New(memstore.Options{})
	const n = 2*comparePage + 1
	for i := range n {
		done, err := s.Commit(t.Context(), []store.Change{storetest.BenchChange(s, i)})
		require.NoError(t, err)
		require.NoError(t, done[0].Err)
	}
	l := New(s, nil, nil)
	for most, want := range map[int]int{n + 1: n, 2 * comparePage: 2 * comparePage} {
		for _, open := range []bool{true, false} {
			ids := map[paging.IncidentID]bool{}
			all, err := l.listed(t.Context(), open, most, ids)
			require.NoError(t, err)
			require.Len(t, ids, want)
			require.Equal(t, want == n, all)
		}
	}
}
