package boltstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/store"
	"tocsin/escalation/store/boltstore"
	"tocsin/escalation/store/storetest"
	"tocsin/paging"
)

// claimAll claims what is due at that time and returns the ids with their claims.
func claimAll(t *testing.T, s store.Store, now time.Time) ([]store.TimerClaim, map[paging.AttemptID]paging.Claim) {
	t.Helper()
	timers, _, err := s.ClaimTimers(t.Context(), now, time.Hour, 10)
	require.NoError(t, err)
	claims, _, err := s.ClaimAttempts(t.Context(), now, paging.Leases{Planned: time.Hour, Sending: time.Hour}, 10)
	require.NoError(t, err)
	byID := map[paging.AttemptID]paging.Claim{}
	for _, c := range claims {
		byID[c.Attempt.ID] = c
	}
	return timers, byID
}

// TestOpenEndsLeases ensures that what a dead process had claimed is due again as soon as the
// store is open, and that nothing else changes: what was given back until later stays there.
func TestOpenEndsLeases(t *testing.T) {
	folder, now := t.TempDir(), storetest.T0.Add(time.Minute)
	s, err := boltstore.Open(folder)
	require.NoError(t, err)
	inc := storetest.Incident(s, "key", storetest.T0)
	change := storetest.Opening(inc)
	change.Due = storetest.T0.Add(time.Second)
	begun, planned, later := storetest.Attempt(inc, 1, storetest.T0), storetest.Attempt(inc, 2, storetest.T0), storetest.Attempt(inc, 3, storetest.T0)
	change.Attempts = storetest.Put(begun, planned, later)
	done, err := s.Commit(t.Context(), []store.Change{change})
	require.NoError(t, err)
	require.NoError(t, done[0].Err)

	timers, claims := claimAll(t, s, now)
	require.Len(t, timers, 1)
	require.Len(t, claims, 3)
	errs, err := s.Begin(t.Context(), now, time.Hour, []paging.Start{{Claim: claims[begun.ID], Code: "10", Text: "text"}})
	require.NoError(t, err)
	require.NoError(t, errs[0])
	require.NoError(t, s.Defer(t.Context(), []paging.Claim{claims[later.ID]}, now.Add(time.Minute)))
	lease, ok, err := s.LeasePhone(t.Context(), "+12025550101", now, time.Hour)
	require.NoError(t, err)
	require.True(t, ok)
	lease.State.Misses = 2
	require.NoError(t, s.ReleasePhone(t.Context(), lease))
	lease, _, err = s.LeasePhone(t.Context(), "+12025550101", now, time.Hour)
	require.NoError(t, err)
	timers, again := claimAll(t, s, now.Add(time.Second))
	require.Empty(t, timers, "leases hold while the process lives")
	require.Empty(t, again)
	require.NoError(t, s.Close())

	s2 := open(t, folder)
	timers, again = claimAll(t, s2, now.Add(time.Second))
	require.Equal(t, []store.TimerClaim{{ID: inc.ID, Due: change.Due}}, timers)
	require.Len(t, again, 2)
	require.Equal(t, paging.Planned, again[planned.ID].Attempt.State)
	require.Equal(t, paging.Sending, again[begun.ID].Attempt.State, "its outcome is still unknown")
	require.Equal(t, "text", again[begun.ID].Attempt.Text)
	errs, err = s2.Begin(t.Context(), now, time.Hour, []paging.Start{{Claim: claims[planned.ID]}})
	require.NoError(t, err)
	require.ErrorIs(t, errs[0], store.ErrFenced, "a token from before")
	require.ErrorIs(t, s2.ReleasePhone(t.Context(), lease), store.ErrFenced)
	lease, ok, err = s2.LeasePhone(t.Context(), "+12025550101", now.Add(time.Second), time.Hour)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, 2, lease.State.Misses)
	_, again = claimAll(t, s2, now.Add(time.Minute))
	require.Contains(t, again, later.ID, "given back until then")
	require.NoError(t, boltstore.Consistent(s2))
}

// TestOpenEndsRenewedLease ensures that a timer whose lease was taken over goes back to when it
// was due at first, and that one in the future stays there.
func TestOpenEndsRenewedLease(t *testing.T) {
	folder, now := t.TempDir(), storetest.T0.Add(time.Minute)
	s, err := boltstore.Open(folder)
	require.NoError(t, err)
	due := map[string]time.Time{"now": storetest.T0, "later": now.Add(3 * time.Hour)}
	ids := map[string]paging.IncidentID{}
	for key, at := range due {
		inc := storetest.Incident(s, key, storetest.T0)
		change := storetest.Opening(inc)
		change.Due, ids[key] = at, inc.ID
		_, err := s.Commit(t.Context(), []store.Change{change})
		require.NoError(t, err)
	}
	for _, at := range []time.Time{now, now.Add(time.Hour)} {
		timers, _, err := s.ClaimTimers(t.Context(), at, time.Hour, 10)
		require.NoError(t, err)
		require.Len(t, timers, 1)
	}
	require.NoError(t, s.Close())

	timers, next, err := open(t, folder).ClaimTimers(t.Context(), now, 4*time.Hour, 10)
	require.NoError(t, err)
	require.Equal(t, []store.TimerClaim{{ID: ids["now"], Due: due["now"]}}, timers)
	require.Equal(t, due["later"], next)
}
