package standby

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store/boltstore"
	"tocsin/routing"
)

var t0 = time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)

func lineOf(identity string, status routing.Status) record {
	return record{Delivery: &engine.Delivery{Integration: "events", Body: []byte("raw"), Batch: routing.Batch{
		Alerts: []routing.Alert{{Integration: "events", Identity: identity, Status: status, Title: identity}}}}}
}

// TestLedger ensures that lines of one instant keep their order, that only the last word on an
// alert counts, and that another process goes on behind what was worked off.
func TestLedger(t *testing.T) {
	folder := t.TempDir()
	s, err := boltstore.Open(folder)
	require.NoError(t, err)
	l, err := openLedger(t.Context(), s, t0)
	require.NoError(t, err)
	for _, r := range []record{lineOf("a", routing.Firing), lineOf("b", routing.Firing), lineOf("a", routing.Resolved), {Text: &engine.Text{ID: "SM1"}}} {
		_, err := l.add(t.Context(), t0, r)
		require.NoError(t, err)
	}
	type seen struct {
		what       string
		superseded bool
	}
	read := func() (all []seen) {
		require.NoError(t, l.scan(t.Context(), func(at time.Time, r record) error {
			if r.Delivery == nil {
				all = append(all, seen{r.Text.ID, false})
				return nil
			}
			a := r.Delivery.Batch.Alerts[0]
			require.Equal(t, "raw", string(r.Delivery.Body))
			all = append(all, seen{a.Identity + " " + string(a.Status), l.superseded(at, escalation.MemberKey{Integration: "events", Identity: a.Identity})})
			return nil
		}))
		return all
	}
	require.Equal(t, []seen{{"a firing", true}, {"b firing", false}, {"a resolved", false}, {"SM1", false}}, read())
	require.NoError(t, l.settled(t.Context(), t0.Add(1), 2))
	require.NoError(t, s.Close())

	s, err = boltstore.Open(folder)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	l, err = openLedger(t.Context(), s, t0.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, l.waiting())
	require.Equal(t, []seen{{"a resolved", false}, {"SM1", false}}, read())
}

// TestLedgerHorizon ensures that a reader stops at the first line that is still being written:
// behind it the cursor would pass a line that nobody has read.
func TestLedgerHorizon(t *testing.T) {
	s, err := boltstore.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	l, err := openLedger(t.Context(), s, t0)
	require.NoError(t, err)
	_, err = l.add(t.Context(), t0, lineOf("a", routing.Firing))
	require.NoError(t, err)
	l.at = t0.Add(1)
	l.writing[l.at] = struct{}{} // somebody is about to write it
	_, err = l.add(t.Context(), t0, lineOf("c", routing.Firing))
	require.NoError(t, err)
	n := 0
	count := func(time.Time, record) error { n++; return nil }
	require.NoError(t, l.scan(t.Context(), count))
	require.Equal(t, 1, n)
	delete(l.writing, t0.Add(1))
	n = 0
	require.NoError(t, l.scan(t.Context(), count))
	require.Equal(t, 2, n)
}
