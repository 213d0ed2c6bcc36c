package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/escalation/store"
	"tocsin/escalation/store/memstore"
	"tocsin/paging"
	"tocsin/routing"
)

// A receipt for a text that told of several incidents counts for each of them, although the
// provider names only one attempt: when it was never delivered, all of them hand on at once.
func TestReceiptOfABundle(t *testing.T) {
	ctx, s := context.Background(), memstore.New(memstore.Options{})
	e := start(t, s, time.Now)
	sum := ingest(t, e, alert("a", "A", "error", map[string]string{"alertname": "a"}), alert("b", "B", "error", map[string]string{"alertname": "b"}))
	require.Len(t, sum.Incidents, 2)

	claims, _, err := s.ClaimAttempts(ctx, e.Now(), paging.Leases{Planned: time.Minute, Sending: time.Minute}, 10)
	require.NoError(t, err)
	require.Len(t, claims, 2)
	code, err := s.ReserveCode(ctx, paging.CodeRequest{
		Phone: claims[0].Attempt.Address, Key: "bundle-1", User: "ana", Incidents: sum.Incidents, Now: e.Now(),
	})
	require.NoError(t, err)
	var sent []paging.Report
	for _, c := range claims {
		_, err := s.Begin(ctx, e.Now(), time.Minute, []paging.Start{{Claim: c, Code: code.Code, Text: "2 more incidents", Bundle: "bundle-1"}})
		require.NoError(t, err)
		sent = append(sent, paging.Report{Attempt: c.Attempt.ID, Token: c.Token, Result: paging.ResultSent, At: e.Now(), ProviderRank: 1})
	}
	require.NoError(t, e.Report(ctx, sent))

	require.NoError(t, e.Report(ctx, []paging.Report{{
		Attempt: claims[0].Attempt.ID, Result: paging.ResultFailed, At: e.Now(), ProviderRank: 4, Reason: "handset off",
	}}))
	for _, id := range sum.Incidents {
		assert.Equal(t, "secondary", load(t, s, id).Position.Name)
	}
}

// A receipt for an attempt that is not known is no trouble: it may be of an incident that was forgotten.
func TestReceiptOfNothing(t *testing.T) {
	e := start(t, memstore.New(memstore.Options{}), time.Now)
	id := store.NewID(time.Now(), [5]byte{1}, store.Shard(routing.DedupKey("k"), 1))
	require.NoError(t, e.Report(context.Background(), []paging.Report{{
		Attempt: paging.AttemptID(string(id) + "-abcdefghij"), Result: paging.ResultDelivered, At: e.Now(), ProviderRank: 5,
	}}))
}
