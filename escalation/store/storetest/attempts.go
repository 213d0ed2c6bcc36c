package storetest

import (
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

func claimTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"claims/due, most urgent first":      (*suite).claimOrder,
		"claims/the limit takes most urgent": (*suite).claimLimit,
		"claims/of many incidents":           (*suite).claimAcross,
		"claims/take-over":                   (*suite).claimTakeover,
		"claims/defer":                       (*suite).claimDefer,
		"claims/settled ones never":          (*suite).claimSettled,
		"claims/retry is planned again":      (*suite).claimRetry,
	}
}

func attemptTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"attempts/begin":                            (*suite).beginNotes,
		"attempts/begin leases anew":                (*suite).beginLeases,
		"attempts/begin is fenced":                  (*suite).beginFenced,
		"attempts/begin one by one":                 (*suite).beginMixed,
		"attempts/cancel":                           (*suite).cancel,
		"attempts/a fenced put sinks its change":    (*suite).fencedPut,
		"attempts/fences see the rows as they were": (*suite).fenceTwice,
		"attempts/begun ones are taken over":        (*suite).takeoverSending,
	}
}

// plan opens an incident with these attempts, made by n and edited.
func (x *suite) plan(key string, n int, edit func(i int, a *paging.Attempt)) (*escalation.Incident, store.Revision) {
	x.t.Helper()
	inc := Incident(x.s, key, T0)
	c := Opening(inc)
	for i := range n {
		a := Attempt(inc, i, T0)
		if edit != nil {
			edit(i, &a)
		}
		c.Attempts = append(c.Attempts, Put(a)...)
	}
	return inc, x.must(c)
}

// claimOrder ensures that planned attempts become claimable at Due, and come by Rank, then Due.
func (x *suite) claimOrder() {
	claims, next := x.claim(T0, 10)
	require.Empty(x.t, claims)
	require.True(x.t, next.IsZero())
	ranks, delays := []int{2, 1, 1, 0, 0}, []int{0, 2, 1, 3, 60}
	inc, _ := x.plan("a", 5, func(i int, a *paging.Attempt) {
		a.Rank, a.Due = ranks[i], T0.Add(time.Duration(delays[i])*time.Second)
	})
	claims, next = x.claim(T0.Add(-time.Second), 10)
	require.Empty(x.t, claims)
	x.same(T0, next)
	claims, next = x.claim(T0.Add(3*time.Second), 10)
	var order []paging.AttemptID
	for _, c := range claims {
		order = append(order, c.Attempt.ID)
	}
	id := func(n int) paging.AttemptID { return Attempt(inc, n, T0).ID }
	require.Equal(x.t, []paging.AttemptID{id(3), id(2), id(1), id(0)}, order)
	x.same(T0.Add(3*time.Second+Lease), next, "a lease ends before the last one is due")
	want := Attempt(inc, 3, T0.Add(3*time.Second))
	want.Rank, want.Due, want.Token = 0, T0.Add(3*time.Second), claims[0].Token
	want.ElseAt, want.Deadline = Attempt(inc, 3, T0).ElseAt, Attempt(inc, 3, T0).Deadline
	require.Equal(x.t, want, claims[0].Attempt, "a claim brings the whole attempt")
}

// claimLimit ensures that a flood of lesser attempts that are due longer does not hide an urgent one.
func (x *suite) claimLimit() {
	x.plan(KeyIn(x.s, 0, 1), 20, func(i int, a *paging.Attempt) { a.Rank = 3 })
	urgent, _ := x.plan(KeyIn(x.s, 0, 2), 1, func(i int, a *paging.Attempt) { a.Rank, a.Due = 0, T0.Add(time.Minute) })
	now := T0.Add(time.Minute)
	claims, next := x.claim(now, 2)
	require.Len(x.t, claims, 2)
	require.Equal(x.t, urgent.ID, claims[0].Attempt.Incident)
	require.False(x.t, next.After(now), "more is due at once")
	claims, _ = x.claim(now, 100)
	require.Len(x.t, claims, 19)
}

// claimAcross ensures that what is due in several shards comes by Due, and that the next one is the
// earliest of all shards, whichever that is.
func (x *suite) claimAcross() {
	var ids []paging.IncidentID
	for i, delay := range []int{90, 20, 0, 10, 100} {
		inc, _ := x.plan(KeyIn(x.s, i%x.s.Shards(), i), 1, func(_ int, a *paging.Attempt) { a.Due = T0.Add(time.Duration(delay) * time.Second) })
		ids = append(ids, inc.ID)
	}
	claims, next := x.claim(T0.Add(-time.Second), 10)
	require.Empty(x.t, claims)
	x.same(T0, next)
	claims, next = x.claim(T0.Add(20*time.Second), 10)
	var order []paging.IncidentID
	for _, c := range claims {
		order = append(order, c.Attempt.Incident)
	}
	require.Equal(x.t, []paging.IncidentID{ids[2], ids[3], ids[1]}, order)
	x.same(T0.Add(20*time.Second+Lease), next)
}

// claimTakeover ensures that a claim whose lease ran out goes to another holder with another
// token, and that the first is refused from then on.
func (x *suite) claimTakeover() {
	x.plan("a", 1, nil)
	first := x.claimOne(T0)
	none, next := x.claim(T0.Add(Lease-time.Second), 10)
	require.Empty(x.t, none)
	x.same(T0.Add(Lease), next)
	second := x.claimOne(T0.Add(Lease))
	require.NotEqual(x.t, first.Token, second.Token)
	require.ErrorIs(x.t, x.begin(T0.Add(Lease), first), store.ErrFenced)
	require.Equal(x.t, paging.Planned, x.attempt(first.Attempt.ID).State)
	require.Equal(x.t, second.Token, x.attempt(first.Attempt.ID).Token)
	require.NoError(x.t, x.begin(T0.Add(Lease), second))
}

// claimDefer ensures that a claim that is given back comes due again at that time, with the
// row as it was, and that only its holder can give it back.
func (x *suite) claimDefer() {
	x.plan("a", 1, nil)
	first := x.claimOne(T0)
	require.NoError(x.t, x.s.Defer(x.ctx, []paging.Claim{first}, T0.Add(5*time.Second)))
	require.ErrorIs(x.t, x.begin(T0, first), store.ErrFenced, "it gave the claim back")
	none, next := x.claim(T0.Add(4*time.Second), 10)
	require.Empty(x.t, none)
	x.same(T0.Add(5*time.Second), next)
	second := x.claimOne(T0.Add(5 * time.Second))
	x.same(T0, second.Attempt.Due, "the row is as it was")
	require.Equal(x.t, paging.Planned, second.Attempt.State)
	_ = x.s.Defer(x.ctx, []paging.Claim{first}, T0.Add(time.Hour)) // no longer its claim
	require.NoError(x.t, x.begin(T0.Add(5*time.Second), second))

	third := x.claimOne(T0.Add(5*time.Second + SendLease))
	require.NoError(x.t, x.s.Defer(x.ctx, []paging.Claim{third}, T0.Add(time.Hour)))
	row := x.attempt(third.Attempt.ID)
	require.Equal(x.t, paging.Sending, row.State, "a begun one stays begun")
	require.Equal(x.t, "Checkout errors", row.Text)
	require.Equal(x.t, paging.Sending, x.claimOne(T0.Add(time.Hour)).Attempt.State)
}

// claimSettled ensures that no settled attempt is claimed, before or after its lease ends.
func (x *suite) claimSettled() {
	inc, rev := x.plan("a", 3, nil)
	claims, _ := x.claim(T0, 10)
	require.Len(x.t, claims, 3)
	u := Update(inc, rev)
	for i, state := range []paging.State{paging.Sent, paging.Failed, paging.Delivered} {
		require.NoError(x.t, x.begin(T0, claims[i]))
		a := claims[i].Attempt
		a.State, a.SettledAt = state, T0
		u.Attempts = append(u.Attempts, escalation.AttemptPut{Attempt: a, Fence: claims[i].Token})
	}
	x.must(u)
	claims2, next := x.claim(T0.Add(24*time.Hour), 10)
	require.Empty(x.t, claims2)
	require.True(x.t, next.IsZero())
	require.ErrorIs(x.t, x.begin(T0, claims[0]), store.ErrFenced, "a settled attempt cannot begin")
	require.NoError(x.t, x.s.Defer(x.ctx, claims, T0))
	claims2, _ = x.claim(T0.Add(24*time.Hour), 10)
	require.Empty(x.t, claims2, "a defer does not revive it")
}

// claimRetry ensures that an attempt which is planned again becomes due at its new time.
func (x *suite) claimRetry() {
	inc, rev := x.plan("a", 1, nil)
	first := x.claimOne(T0)
	require.NoError(x.t, x.begin(T0, first))
	again := x.attempt(first.Attempt.ID)
	again.State, again.Due = paging.Planned, T0.Add(10*time.Second)
	u := Update(inc, rev)
	u.Attempts = []escalation.AttemptPut{{Attempt: again, Fence: first.Token}}
	x.must(u)
	none, next := x.claim(T0.Add(9*time.Second), 10)
	require.Empty(x.t, none)
	x.same(T0.Add(10*time.Second), next)
	second := x.claimOne(T0.Add(10 * time.Second))
	require.NotEqual(x.t, first.Token, second.Token)
	require.Equal(x.t, 1, second.Attempt.Tries)
	require.NoError(x.t, x.begin(T0.Add(10*time.Second), second))
	require.Equal(x.t, 2, x.attempt(second.Attempt.ID).Tries)
}

// beginNotes ensures that Begin writes what a crash must not lose, and leases from then on.
func (x *suite) beginNotes() {
	x.plan("a", 1, nil)
	claim := x.claimOne(T0)
	errs, err := x.s.Begin(x.ctx, T0.Add(time.Second), SendLease, []paging.Start{{Claim: claim, Code: "12", Text: "text", Bundle: "b1"}})
	require.NoError(x.t, err)
	require.Equal(x.t, []error{nil}, errs)
	want := claim.Attempt
	want.State, want.Tries, want.Code, want.Text, want.Bundle = paging.Sending, 1, "12", "text", "b1"
	got := x.attempt(claim.Attempt.ID)
	x.same(T0.Add(time.Second), got.StartedAt)
	got.StartedAt = time.Time{}
	require.Equal(x.t, want, got)
	_, next := x.claim(T0.Add(time.Second), 10)
	x.same(T0.Add(time.Second+SendLease), next)
}

// beginLeases ensures that what was begun is nobody else's for as long as Begin said, from the
// first claim and from a take-over; that a lease which has ended does not keep its holder from
// beginning while nobody took it, and that a Begin which is refused leases nothing.
func (x *suite) beginLeases() {
	x.plan("a", 1, nil)
	first := x.claimOne(T0)
	began := T0.Add(Lease + time.Second)
	require.NoError(x.t, x.begin(began, first), "nobody took it")
	none, next := x.claim(began.Add(SendLease-time.Second), 10)
	require.Empty(x.t, none)
	x.same(began.Add(SendLease), next)

	taken := began.Add(SendLease)
	second := x.claimOne(taken)
	require.ErrorIs(x.t, x.begin(taken.Add(time.Second), first), store.ErrFenced)
	none, next = x.claim(taken.Add(SendLease-time.Second), 10)
	require.Empty(x.t, none, "a look-up has as long as a send")
	x.same(taken.Add(SendLease), next)
	require.Equal(x.t, second.Token, x.attempt(second.Attempt.ID).Token)
}

// beginFenced ensures that Begin refuses whoever does not hold the claim.
func (x *suite) beginFenced() {
	inc, _ := x.plan("a", 1, nil)
	forged := paging.Claim{Attempt: Attempt(inc, 0, T0), Token: ""}
	require.ErrorIs(x.t, x.begin(T0, forged), store.ErrFenced, "nobody claimed it")
	forged.Token = Token()
	require.ErrorIs(x.t, x.begin(T0, forged), store.ErrFenced, "a token that was never given")
	ghost := paging.Claim{Attempt: Attempt(inc, 77, T0), Token: Token()}
	require.Error(x.t, x.begin(T0, ghost), "no such attempt")
	require.Equal(x.t, paging.Planned, x.attempt(forged.Attempt.ID).State)
}

// beginMixed ensures that each start is judged on its own, in order.
func (x *suite) beginMixed() {
	x.plan("a", 2, nil)
	x.plan("b", 1, nil)
	claims, _ := x.claim(T0, 10)
	require.Len(x.t, claims, 3)
	stale := claims[1]
	stale.Token = Token()
	errs, err := x.s.Begin(x.ctx, T0, SendLease, []paging.Start{{Claim: claims[0]}, {Claim: stale}, {Claim: claims[2]}})
	require.NoError(x.t, err)
	require.Len(x.t, errs, 3)
	require.NoError(x.t, errs[0])
	require.ErrorIs(x.t, errs[1], store.ErrFenced)
	require.NoError(x.t, errs[2])
	require.Equal(x.t, paging.Sending, x.attempt(claims[2].Attempt.ID).State)
}

// cancel ensures that planned attempts, claimed or not, are taken back, and begun ones left alone.
func (x *suite) cancel() {
	inc, rev := x.plan("a", 3, func(i int, a *paging.Attempt) {
		if i == 2 {
			a.Due = T0.Add(time.Minute)
		}
	})
	claims, _ := x.claim(T0, 10)
	require.Len(x.t, claims, 2)
	begun, claimed := claims[0], claims[1]
	require.NoError(x.t, x.begin(T0, begun))
	u := Update(Acked(inc, T0), rev)
	for n := range 3 {
		u.Cancel = append(u.Cancel, escalation.AttemptCancel{ID: Attempt(inc, n, T0).ID, Reason: "acknowledged"})
	}
	u.Cancel = append(u.Cancel, escalation.AttemptCancel{ID: Attempt(inc, 99, T0).ID, Reason: "never planned"})
	x.must(u)
	require.Equal(x.t, paging.Sending, x.attempt(begun.Attempt.ID).State)
	for _, id := range []paging.AttemptID{claimed.Attempt.ID, Attempt(inc, 2, T0).ID} {
		require.Equal(x.t, paging.Canceled, x.attempt(id).State)
		require.Equal(x.t, "acknowledged", x.attempt(id).Reason)
	}
	require.ErrorIs(x.t, x.begin(T0, claimed), store.ErrFenced)
	all, err := x.s.AttemptsOf(x.ctx, inc.ID)
	require.NoError(x.t, err)
	require.Len(x.t, all, 3, "a cancel makes no row")
	later, next := x.claim(T0.Add(time.Hour), 10)
	require.Len(x.t, later, 1, "only the begun one, whose holder said nothing more")
	require.Equal(x.t, begun.Attempt.ID, later[0].Attempt.ID)
	x.same(T0.Add(time.Hour+SendLease), next)
}

// fencedPut ensures that the report of a holder who was taken over is refused with all of its change.
func (x *suite) fencedPut() {
	inc, rev := x.plan("a", 1, nil)
	first := x.claimOne(T0)
	second := x.claimOne(T0.Add(Lease))
	a := first.Attempt
	a.State = paging.Failed
	next := *inc
	u := Update(&next, rev)
	u.Due = T0
	u.Seen = escalation.Seen{N: 1, At: T0}
	u.Entries = Entries(&next, "must not stay")
	u.Members = []escalation.Member{Member("prometheus", "bad", "g")}
	u.Attempts = []escalation.AttemptPut{{Attempt: Attempt(inc, 5, T0)}, {Attempt: a, Fence: first.Token}}
	require.ErrorIs(x.t, x.commit(u).Err, store.ErrFenced)

	got := x.load(store.Query{ID: inc.ID, Members: []escalation.MemberKey{u.Members[0].MemberKey}})
	require.Equal(x.t, rev, got.Revision)
	require.Equal(x.t, 1, got.Incident.Count)
	require.Empty(x.t, got.Members)
	all, err := x.s.AttemptsOf(x.ctx, inc.ID)
	require.NoError(x.t, err)
	require.Len(x.t, all, 1)
	require.Equal(x.t, paging.Planned, all[0].State)
	entries, err := x.s.Timeline(x.ctx, inc.ID)
	require.NoError(x.t, err)
	require.Len(x.t, entries, 1)
	ids, _ := x.timers(T0.Add(time.Hour), 10)
	require.Empty(x.t, ids)

	ghost := Update(&next, rev)
	ghost.Attempts = []escalation.AttemptPut{{Attempt: Attempt(inc, 5, T0), Fence: first.Token}}
	require.ErrorIs(x.t, x.commit(ghost).Err, store.ErrFenced, "a fence on what is not there")

	ok := Update(inc, rev)
	b := second.Attempt
	b.State = paging.Sent
	ok.Attempts = []escalation.AttemptPut{{Attempt: b, Fence: second.Token}}
	x.must(ok)
	require.Equal(x.t, paging.Sent, x.attempt(b.ID).State)
}

// fenceTwice ensures that two reports of one attempt, folded into one change, are both judged
// by the row as it was, and that the later one stays.
func (x *suite) fenceTwice() {
	inc, rev := x.plan("a", 1, nil)
	claim := x.claimOne(T0)
	sent, delivered := claim.Attempt, claim.Attempt
	sent.State, sent.Token = paging.Sent, ""
	delivered.State, delivered.Token = paging.Delivered, ""
	u := Update(inc, rev)
	u.Attempts = []escalation.AttemptPut{{Attempt: sent, Fence: claim.Token}, {Attempt: delivered, Fence: claim.Token}}
	x.must(u)
	require.Equal(x.t, paging.Delivered, x.attempt(claim.Attempt.ID).State)
}

// takeoverSending ensures that an attempt whose holder died after Begin is claimed as Sending,
// with what was begun, and that a put of it while begun keeps the end of its lease.
func (x *suite) takeoverSending() {
	inc, rev := x.plan("a", 1, nil)
	first := x.claimOne(T0)
	require.NoError(x.t, x.begin(T0, first))
	a := x.attempt(first.Attempt.ID)
	a.ProviderStatus, a.ProviderRank = "queued", 1 // a receipt that came before the answer
	u := Update(inc, rev)
	u.Attempts = Put(a)
	x.must(u)
	none, next := x.claim(T0, 10)
	require.Empty(x.t, none, "its holder is at work")
	x.same(T0.Add(SendLease), next)
	second := x.claimOne(T0.Add(SendLease))
	require.Equal(x.t, paging.Sending, second.Attempt.State)
	require.Equal(x.t, "Checkout errors", second.Attempt.Text)
	require.Equal(x.t, "12", second.Attempt.Code)
	require.Equal(x.t, "queued", second.Attempt.ProviderStatus)
	require.NoError(x.t, x.begin(T0.Add(SendLease), second), "who took over may send again")
	require.Equal(x.t, 2, x.attempt(a.ID).Tries)
}
