package auditor

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/audit"
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

// TestReadBack ensures that of the incidents that are asked for, and of no others, the newest
// record is known.
func TestReadBack(t *testing.T) {
	s := memstore.New(memstore.Options{})
	l := New(s, time.Now, slog.New(slog.DiscardHandler))
	for _, r := range []audit.Record{{Incident: "a", Revision: 1, Seq: 3}, {Incident: "b", Revision: 7, Seq: 8},
		{Incident: "a", Revision: 2, Seq: 5}, {Incident: "c", Revision: 1, Seq: 1}} {
		r.Kind = audit.Sealed
		l.Add(r)
		require.NoError(t, l.Flush(t.Context()))
	}
	got, err := readBack(t.Context(), s, map[paging.IncidentID]bool{"a": true, "b": true, "d": true})
	require.NoError(t, err)
	require.Equal(t, map[paging.IncidentID]newest{"a": {true, 2, 5}, "b": {true, 7, 8}}, got.incidents)
}
