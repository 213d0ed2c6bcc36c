package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/escalation/store/redistest"
	"tocsin/paging"
)

// replaced is a store that does something once after the next load.
type replaced struct {
	store.Store
	mu   sync.Mutex
	then func()
}

func (r *replaced) Load(ctx context.Context, queries []store.Query) ([]store.Loaded, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	loaded, err := r.Store.Load(ctx, queries)
	if then := r.then; then != nil {
		r.then = nil
		then()
	}
	return loaded, err
}

func (r *replaced) afterLoad(then func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.then = then
}

// Nobody is told "Acked" for what the store no longer has: between the look at a text's incidents
// and its command, a master that was cut off, and alone had them, can have given way to another.
func TestReplyToWhatIsGoneIsNotConfirmed(t *testing.T) {
	const phone = "+12025550101"
	server := redistest.Start(t, redistest.EverySec)
	for name, v := range map[string]struct {
		text  func(one, two string) string
		acked bool  // before, as by a commit that was refused since no replica had it
		gone  []int // of the two incidents
		want  string
	}{
		"one code":             {text: func(one, _ string) string { return one }, gone: []int{0}, want: `^No open page 10\. Open: 11 `},
		"it was acknowledged":  {text: func(one, _ string) string { return one }, acked: true, gone: []int{0}, want: `^No open page 10\. Open: 11 `},
		"one of two codes":     {text: func(one, two string) string { return one + " " + two }, gone: []int{0}, want: `^Acked 11 `},
		"the other one of two": {text: func(one, two string) string { return one + " " + two }, gone: []int{1}, want: `^Acked 10 `},
		"both codes":           {text: func(one, two string) string { return one + " " + two }, gone: []int{0, 1}, want: `^No open page 10\. Nothing is open`},
		"all":                  {text: func(_, _ string) string { return "all" }, gone: []int{0, 1}, want: `^Nothing is open`},
	} {
		t.Run(name, func(t *testing.T) {
			server.Must("FLUSHALL")
			s := &replaced{Store: openRedis(t, server.URL())}
			e := start(t, s, time.Now)
			var ids []paging.IncidentID
			var codes []string
			for _, title := range []string{"Disk full", "Load high"} {
				id := ingest(t, e, alert(title, title, "error", map[string]string{"alertname": title})).Incidents[0]
				code, err := s.ReserveCode(t.Context(), paging.CodeRequest{
					Phone: phone, Key: string(id), User: "ana", Incidents: []paging.IncidentID{id}, Now: e.Now(),
				})
				require.NoError(t, err)
				ids, codes = append(ids, id), append(codes, code.Code)
			}
			require.Equal(t, []string{"10", "11"}, codes)
			if v.acked {
				_, err := e.Do(t.Context(), ids[0], escalation.Acknowledge{ID: "an-act", By: escalation.Actor{User: "ana", Name: "ana"}})
				require.NoError(t, err)
			}
			s.afterLoad(func() {
				for _, n := range v.gone {
					shard, _ := store.ShardOf(ids[n])
					require.Equal(t, ":1", server.Must("DEL", fmt.Sprintf("tocsin:{%d}:i:%s", shard, ids[n])))
				}
			})

			answer, err := e.Reply(t.Context(), engine.Text{ID: "SM1", From: phone, Body: v.text(codes[0], codes[1])})
			require.NoError(t, err)
			assert.Regexp(t, v.want, answer)
			loaded, err := s.Load(t.Context(), []store.Query{{ID: ids[0]}, {ID: ids[1]}})
			require.NoError(t, err)
			for n := range ids {
				assert.Equal(t, slices.Contains(v.gone, n), loaded[n].Incident == nil)
			}
		})
	}
}

// A text goes out once, also when the provider still tells of an earlier copy, of which a master
// that has been replaced kept the note: that receipt must not make planned again what was begun
// between its look at the attempt and its commit.
func TestReceiptOfAnEarlierSendTakesNothingBack(t *testing.T) {
	s := &replaced{Store: openRedis(t, redistest.Start(t, redistest.EverySec).URL())}
	e := start(t, s, time.Now)
	id := ingest(t, e, alert("a", "Disk full", "error", map[string]string{"alertname": "a"})).Incidents[0]
	leases := paging.Leases{Planned: time.Minute, Sending: time.Minute}
	claims, _, err := s.ClaimAttempts(t.Context(), e.Now(), leases, 10)
	require.NoError(t, err)
	require.Len(t, claims, 1)
	s.afterLoad(func() {
		errs, err := s.Begin(t.Context(), e.Now(), time.Minute, []paging.Start{{Claim: claims[0], Code: "10", Text: "Disk full"}})
		require.NoError(t, errors.Join(append(errs, err)...))
	})

	require.NoError(t, e.Report(t.Context(), []paging.Report{{
		Attempt: claims[0].Attempt.ID, Result: paging.ResultReceipt, At: e.Now(), Provider: "twilio", ProviderID: "SM0", ProviderStatus: "sent", ProviderRank: 3,
	}}))
	attempts, err := s.AttemptsOf(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, attempts, 1)
	assert.Equal(t, paging.Sending, attempts[0].State)
	claims, _, err = s.ClaimAttempts(t.Context(), e.Now(), leases, 10)
	require.NoError(t, err)
	assert.Empty(t, claims)
}
