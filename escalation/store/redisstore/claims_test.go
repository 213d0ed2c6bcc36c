package redisstore

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/store"
	"tocsin/escalation/store/redistest"
	"tocsin/escalation/store/storetest"
	"tocsin/paging"
)

// TestClaimDamaged ensures that an attempt whose row cannot be read holds up no other, that it is
// told of when nothing else is due, and that what Redis refuses is told in its own words.
func TestClaimDamaged(t *testing.T) {
	s, err := Open(t.Context(), redistest.Start(t, redistest.EverySec).URL())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	var attempts []paging.Attempt
	for shard := range 3 {
		inc := storetest.Incident(s, storetest.KeyIn(s, shard, 1), storetest.T0)
		a := storetest.Attempt(inc, 0, storetest.T0)
		c := storetest.Opening(inc)
		c.Attempts = storetest.Put(a)
		done, err := s.Commit(t.Context(), []store.Change{c})
		require.NoError(t, err)
		require.NoError(t, done[0].Err)
		attempts = append(attempts, a)
	}
	bad := &attempts[1]
	row := letterPlanned + format(0) + attemptMember(bad)[:2] + "no line break"
	require.NoError(t, s.client.HSet(t.Context(), base(1)+"a:"+string(bad.Incident), string(bad.ID), row).Err())

	claims, _, err := s.ClaimAttempts(t.Context(), storetest.T0, storetest.Leases(), 10)
	require.NoError(t, err)
	require.Len(t, claims, 2)
	require.NotContains(t, []paging.AttemptID{claims[0].Attempt.ID, claims[1].Attempt.ID}, bad.ID)
	_, _, err = s.ClaimAttempts(t.Context(), storetest.T0, storetest.Leases(), 10)
	require.ErrorContains(t, err, "cannot claim attempts")

	require.NoError(t, s.client.ConfigSet(t.Context(), "maxmemory", "1").Err())
	_, _, err = s.ClaimAttempts(t.Context(), storetest.T0.Add(storetest.Lease), storetest.Leases(), 10)
	require.True(t, Unreachable(err), "%v", err)
}
