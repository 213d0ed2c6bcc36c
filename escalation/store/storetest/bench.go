package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store"
)

// BenchmarkSuite measures what the engine does all day. ns/op is per change, touch or timer.
func BenchmarkSuite(b *testing.B, open func(testing.TB) store.Store) {
	for _, n := range []int{1, 10, 64} {
		b.Run(fmt.Sprintf("commit-%d", n), func(b *testing.B) { benchCommit(b, open(b), n, 1) })
	}
	b.Run("commit-10-by-16", func(b *testing.B) { benchCommit(b, open(b), 10, 16) })
	b.Run("touch-64", func(b *testing.B) { benchTouch(b, open(b), 64) })
	b.Run("claim-none-of-100k", func(b *testing.B) { benchClaimNone(b, open(b)) })
	b.Run("claim-100-due", func(b *testing.B) { benchClaimDue(b, open(b)) })
	b.Run("last-of-2-series", func(b *testing.B) { benchLast(b, open(b)) })
}

// BenchChange is the opening of an incident as it really is: about 1 KB of state, a member, an
// attempt, a timer and two entries.
func BenchChange(s store.Store, n int) store.Change {
	at := T0.Add(time.Duration(n) * time.Millisecond)
	inc := Incident(s, fmt.Sprintf("bench-%d", n), at)
	c := Opening(inc)
	c.Entries = append(c.Entries, Entries(inc, "paging ada by sms")...)
	c.Members = []escalation.Member{Member("prometheus", fmt.Sprint(n), `{}:{alertname="Checkout"}`)}
	c.Attempts = Put(Attempt(inc, 1, at))
	c.Due = at.Add(5 * time.Minute)
	return c
}

func benchChanges(s store.Store, from, n int) []store.Change {
	changes := make([]store.Change, n)
	for i := range changes {
		changes[i] = BenchChange(s, from+i)
	}
	return changes
}

// benchCommit commits b.N changes in batches, by so many at once.
func benchCommit(b *testing.B, s store.Store, batch, writers int) {
	batches := make(chan []store.Change, b.N/batch+1)
	for from := 0; from < b.N; from += batch {
		batches <- benchChanges(s, from, min(batch, b.N-from))
	}
	close(batches)
	b.ReportAllocs()
	b.ResetTimer()
	together(writers, func(int) {
		for changes := range batches {
			benchMust(b, s, changes)
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
}

func benchMust(b *testing.B, s store.Store, changes []store.Change) []store.Committed {
	done, err := s.Commit(b.Context(), changes)
	if err != nil {
		b.Error(err)
		return nil
	}
	for _, d := range done {
		if d.Err != nil {
			b.Error(d.Err)
		}
	}
	return done
}

func benchTouch(b *testing.B, s store.Store, batch int) {
	changes := benchChanges(s, 0, batch)
	touches := make([]store.Touch, batch)
	for i, d := range benchMust(b, s, changes) {
		touches[i] = store.Touch{ID: changes[i].Incident.ID, Revision: d.Revision, N: 1, At: T0}
	}
	b.ReportAllocs()
	for n := 0; n < b.N; n += batch {
		_, err := s.Touch(b.Context(), touches)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "touches/s")
}

func benchFill(b *testing.B, s store.Store, n int, due time.Time) {
	for from := 0; from < n; from += 1000 {
		changes := benchChanges(s, from, min(1000, n-from))
		for i := range changes {
			changes[i].Due, changes[i].Attempts = due.Add(time.Duration(from+i)*time.Millisecond), nil
		}
		benchMust(b, s, changes)
	}
}

func benchClaimNone(b *testing.B, s store.Store) {
	benchFill(b, s, 100_000, T0.Add(time.Hour))
	b.ResetTimer()
	for range b.N {
		claims, next, err := s.ClaimTimers(b.Context(), T0, Lease, 100)
		if err != nil || len(claims) != 0 || next.IsZero() {
			b.Fatal(claims, next, err)
		}
	}
}

func benchClaimDue(b *testing.B, s store.Store) {
	benchFill(b, s, 10_000, T0)
	now := T0.Add(time.Hour)
	b.ResetTimer()
	for n := 0; n < b.N; n += 100 {
		claims, _, err := s.ClaimTimers(b.Context(), now, Lease, 100)
		if err != nil || len(claims) != 100 {
			b.Fatal(len(claims), err)
		}
		now = now.Add(Lease) // what was claimed first comes due again
	}
}

// benchLast asks as every process does twice a second, beside full series of large values.
func benchLast(b *testing.B, s store.Store) {
	names := []string{"config", "overlay"}
	for n := range uint64(50) {
		for _, name := range names {
			require.NoError(b, s.Append(b.Context(), name, n, Token(), SeriesValue("bench", 100_000)))
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		last, err := s.Last(b.Context(), names...)
		if err != nil || last[0] != 50 || last[1] != 50 {
			b.Fatal(last, err)
		}
	}
}
