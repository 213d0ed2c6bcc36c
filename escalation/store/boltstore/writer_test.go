package boltstore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/escalation/store/boltstore"
	"tocsin/escalation/store/storetest"
)

// TestFailingJob ensures that a call that fails or panics rolls back and does not sink those
// that share its transaction.
func TestFailingJob(t *testing.T) {
	s := open(t, t.TempDir())
	release := make(chan struct{})
	boltstore.Hold(s, release)
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			done, err := s.Commit(t.Context(), []store.Change{storetest.BenchChange(s, i)})
			if err != nil || done[0].Err != nil {
				t.Errorf("commit: %v %v", err, done)
			}
		})
		wg.Go(func() {
			if err := boltstore.Fail(s, fmt.Sprint("fail-", i), i == 1); err == nil {
				t.Error("no error of a job that failed")
			}
		})
	}
	require.Eventually(t, func() bool { return boltstore.Waiting(s) == 6 }, 5*time.Second, time.Millisecond)
	close(release)
	wg.Wait()
	incidents, err := s.List(t.Context(), store.Filter{})
	require.NoError(t, err)
	require.Len(t, incidents, 3)
	for i := range 3 {
		require.False(t, boltstore.Has(s, fmt.Sprint("fail-", i)), "a failed job is rolled back")
		entries, err := s.Timeline(t.Context(), incidents[i].ID)
		require.NoError(t, err)
		require.Len(t, entries, 2, "what was done again is there once")
	}
	require.NoError(t, boltstore.Consistent(s))
}

// TestGroupCommit ensures that callers who wait together share one transaction.
func TestGroupCommit(t *testing.T) {
	s := open(t, t.TempDir())
	release := make(chan struct{})
	boltstore.Hold(s, release)
	var wg sync.WaitGroup
	const n = 50
	for range n {
		wg.Go(func() { _ = s.Check(t.Context()) })
	}
	require.Eventually(t, func() bool { return boltstore.Waiting(s) == n }, 5*time.Second, time.Millisecond)
	before := boltstore.Commits(s)
	close(release)
	wg.Wait()
	require.Less(t, boltstore.Commits(s)-before, int64(n), "fewer page writes than calls")
}

// TestShared ensures that the first of callers who come at the same moment does not get a
// transaction of its own.
func TestShared(t *testing.T) {
	s := open(t, t.TempDir())
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	writes := func(callers int) int64 {
		before := boltstore.Commits(s)
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() { _ = s.Check(t.Context()) })
		}
		wg.Wait()
		return boltstore.Commits(s) - before
	}
	const rounds = 20
	var alone, together int64
	for range rounds {
		alone += writes(1)
		together += writes(4)
	}
	require.Less(t, together, alone*3/2, "four callers write about as much as one")
}

// TestUnstorable ensures that a change that can never be stored is refused on its own.
func TestUnstorable(t *testing.T) {
	s := open(t, t.TempDir())
	good := storetest.BenchChange(s, 1)
	noToken := storetest.BenchChange(s, 2)
	noToken.Token = ""
	longKey := storetest.Opening(storetest.Incident(s, strings.Repeat("k", 40_000), storetest.T0))
	foreign := storetest.BenchChange(s, 3)
	foreign.Attempts = storetest.Put(storetest.Attempt(good.Incident, 1, storetest.T0))
	done, err := s.Commit(t.Context(), []store.Change{{Token: "t"}, noToken, good, longKey, foreign})
	require.NoError(t, err)
	for i, d := range done {
		require.Equal(t, i == 2, d.Err == nil, "change %d: %v", i, d.Err)
	}
}

// TestLongIdentity ensures that a source may choose identities of any length and content.
func TestLongIdentity(t *testing.T) {
	s := open(t, t.TempDir())
	c := storetest.BenchChange(s, 1)
	long := strings.Repeat("x", 100_000)
	c.Members = []escalation.Member{storetest.Member("prometheus", long+"a", long), storetest.Member("prometheus", long+"b", long),
		storetest.Member("prometheus", "with\x00nul", long)}
	done, err := s.Commit(t.Context(), []store.Change{c})
	require.NoError(t, err)
	require.NoError(t, done[0].Err)
	for _, m := range c.Members {
		got, err := s.Load(t.Context(), []store.Query{{ID: c.Incident.ID, Members: []escalation.MemberKey{m.MemberKey}}})
		require.NoError(t, err)
		require.Contains(t, got[0].Members, m.MemberKey)
	}
	group, err := s.FindGroup(t.Context(), "prometheus", long, nil)
	require.NoError(t, err)
	require.Len(t, group, 3)
	for i, m := range group {
		require.Contains(t, []escalation.MemberKey{c.Members[0].MemberKey, c.Members[1].MemberKey, c.Members[2].MemberKey}, m.Member, i)
	}
}

// TestOpen ensures that a folder is made, that a second opener is told why it must wait, and
// that what is fixed at the first opening stays.
func TestOpen(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "b")
	s, err := boltstore.Open(folder, boltstore.Shards(7))
	require.NoError(t, err)
	info, err := os.Stat(filepath.Join(folder, boltstore.File))
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077, "phone numbers are nobody else's business")
	_, err = boltstore.Open(folder)
	require.ErrorIs(t, err, boltstore.ErrLocked)
	require.ErrorContains(t, err, "another tocsin process has this store open")
	require.NoError(t, s.Close())

	s, err = boltstore.Open(folder, boltstore.Shards(2))
	require.NoError(t, err)
	require.Equal(t, 7, s.Shards(), "ids carry the shard: the number never changes")
	require.NoError(t, boltstore.SetFormat(s, 9))
	require.NoError(t, s.Close())
	_, err = boltstore.Open(folder)
	require.ErrorIs(t, err, store.ErrNewer)
}

// TestClose ensures that a closed store says so, leaves no goroutine, and may be closed twice.
func TestClose(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s, err := boltstore.Open(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.Check(t.Context()), boltstore.ErrClosed)
	_, err = s.Load(t.Context(), []store.Query{{Key: "a"}})
	require.Error(t, err)
}

// TestStrongCodesAreSwept ensures that strong codes which are free again do not pile up.
func TestStrongCodesAreSwept(t *testing.T) {
	s := open(t, t.TempDir())
	for i := range 100 {
		r := storetest.CodeRequest("+12025550101", fmt.Sprint(i), storetest.T0.Add(time.Duration(i)*100*time.Hour))
		r.Strong = true
		_, err := s.ReserveCode(t.Context(), r)
		require.NoError(t, err)
	}
	codes, err := s.Codes(t.Context(), "+12025550101", storetest.T0) // seen from the past all that are kept are taken
	require.NoError(t, err)
	require.Less(t, len(codes), 10)
}
