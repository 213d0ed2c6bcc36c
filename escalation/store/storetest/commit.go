package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing"
)

func commitTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"commit/load by id and by key":           (*suite).loads,
		"commit/nothing there":                   (*suite).loadsNothing,
		"commit/whole revision is compared":      (*suite).revisions,
		"commit/lost answer is settled by token": (*suite).lostAnswer,
		"commit/one open incident per key":       (*suite).oneOpen,
		"commit/key of a closed one is free":     (*suite).keyReused,
		"commit/reopen needs a free key":         (*suite).reopen,
		"commit/partial failure":                 (*suite).partial,
		"commit/500 changes":                     (*suite).large,
		"commit/no shared memory":                (*suite).noSharing,
		"commit/canceled context":                (*suite).canceled,
	}
}

// loads ensures that what was committed comes back whole, by id and by key.
func (x *suite) loads() {
	inc, rev := x.open("a")
	for _, q := range []store.Query{{ID: inc.ID}, {Key: inc.Key}} {
		got := x.load(q)
		require.NotNil(x.t, got.Incident)
		require.Equal(x.t, rev, got.Revision)
		want := *inc
		want.Count, want.LastSeen = 1, T0
		x.same(want.LastSeen, got.Incident.LastSeen)
		got.Incident.LastSeen = T0
		require.Equal(x.t, &want, got.Incident)
	}
}

// loadsNothing ensures that an unknown incident is an empty answer in its place, not an error.
func (x *suite) loadsNothing() {
	inc, _ := x.open("a")
	got, err := x.s.Load(x.ctx, []store.Query{{Key: "nobody"}, {ID: inc.ID}, {ID: Incident(x.s, "b", T0).ID}})
	require.NoError(x.t, err)
	require.Len(x.t, got, 3)
	require.Nil(x.t, got[0].Incident)
	require.Zero(x.t, got[0].Revision)
	require.Equal(x.t, inc.ID, got[1].Incident.ID)
	require.Nil(x.t, got[2].Incident)
	empty, err := x.s.Load(x.ctx, nil)
	require.NoError(x.t, err)
	require.Empty(x.t, empty)
}

// revisions ensures that a change is refused unless counter and token are the present ones.
func (x *suite) revisions() {
	inc, rev := x.open("a")
	for name, wrong := range map[string]store.Revision{
		"same counter, other token": {Counter: rev.Counter, Token: Token()},
		"other counter, same token": {Counter: rev.Counter + 1, Token: rev.Token},
		"create again":              {},
	} {
		done := x.commit(Update(inc, wrong))
		require.ErrorIs(x.t, done.Err, store.ErrConflict, name)
	}
	next := *inc
	next.Title = "Checkout errors 9%"
	second := x.must(Update(&next, rev))
	require.ErrorIs(x.t, x.commit(Update(inc, rev)).Err, store.ErrConflict, "the old revision is over")
	got := x.load(store.Query{ID: inc.ID})
	require.Equal(x.t, second, got.Revision)
	require.Equal(x.t, "Checkout errors 9%", got.Incident.Title)
	ghost := Incident(x.s, "ghost", T0)
	require.ErrorIs(x.t, x.commit(Update(ghost, rev)).Err, store.ErrConflict, "what is gone cannot be changed")
	require.Nil(x.t, x.load(store.Query{ID: ghost.ID}).Incident)
}

// lostAnswer ensures that committing the same change again, for its answer was lost, succeeds
// and applies it once.
func (x *suite) lostAnswer() {
	inc := Incident(x.s, "a", T0)
	c := Opening(inc)
	c.Attempts = Put(Attempt(inc, 1, T0))
	rev := x.must(c)
	require.Equal(x.t, rev, x.must(c), "a creation")

	claim := x.claimOne(T0)
	require.NoError(x.t, x.begin(T0, claim))
	sent := claim.Attempt
	sent.State, sent.Token = paging.Sent, ""
	next := *inc
	u := Update(&next, rev)
	u.Seen = escalation.Seen{N: 2, At: T0.Add(time.Second)}
	u.Entries = Entries(&next, "sent")
	u.Attempts = []escalation.AttemptPut{{Attempt: sent, Fence: claim.Token}}
	second := x.must(u)
	require.Equal(x.t, second, x.must(u), "an update whose fence is gone since")

	got := x.load(store.Query{ID: inc.ID})
	require.Equal(x.t, second, got.Revision)
	require.Equal(x.t, 3, got.Incident.Count)
	entries, err := x.s.Timeline(x.ctx, inc.ID)
	require.NoError(x.t, err)
	require.Len(x.t, entries, 2)

	x.must(Update(&next, second))
	require.ErrorIs(x.t, x.commit(u).Err, store.ErrConflict, "somebody has gone on since: judge again")
}

// oneOpen ensures that a second incident with the key of an open one is refused.
func (x *suite) oneOpen() {
	first, _ := x.open("a")
	second := Incident(x.s, "a", T0.Add(time.Second))
	require.ErrorIs(x.t, x.commit(Opening(second)).Err, store.ErrConflict)
	require.Nil(x.t, x.load(store.Query{ID: second.ID}).Incident)
	require.Equal(x.t, first.ID, x.load(store.Query{Key: "a"}).Incident.ID)
	entries, err := x.s.Timeline(x.ctx, second.ID)
	require.NoError(x.t, err)
	require.Empty(x.t, entries, "nothing of a refused change is kept")
}

// keyReused ensures that the key of a closed incident can open a new one, and that a load by
// key gives the open one, or the last while none is open.
func (x *suite) keyReused() {
	first, rev := x.open("a")
	x.must(Update(Resolved(first, T0), rev))
	require.Equal(x.t, first.ID, x.load(store.Query{Key: "a"}).Incident.ID, "the last one")
	second := Incident(x.s, "a", T0.Add(time.Hour))
	rev = x.must(Opening(second))
	require.Equal(x.t, second.ID, x.load(store.Query{Key: "a"}).Incident.ID, "the open one")
	require.Equal(x.t, first.ID, x.load(store.Query{ID: first.ID}).Incident.ID)
	x.must(Update(Resolved(second, T0.Add(2*time.Hour)), rev))
	require.Equal(x.t, second.ID, x.load(store.Query{Key: "a"}).Incident.ID, "the last of two")
}

// reopen ensures that a resolved incident opens again only while no other one has its key.
func (x *suite) reopen() {
	first, rev := x.open("a")
	rev = x.must(Update(Resolved(first, T0), rev))
	rev = x.must(Update(first, rev))
	require.ErrorIs(x.t, x.commit(Opening(Incident(x.s, "a", T0))).Err, store.ErrConflict, "open again")
	rev = x.must(Update(Resolved(first, T0), rev))
	second := Incident(x.s, "a", T0.Add(time.Minute))
	secondRev := x.must(Opening(second))
	require.ErrorIs(x.t, x.commit(Update(first, rev)).Err, store.ErrConflict, "another one has its key")
	require.False(x.t, x.load(store.Query{ID: first.ID}).Incident.Open())
	x.must(Update(Resolved(second, T0.Add(time.Minute)), secondRev))
	x.must(Update(first, rev))
	require.Equal(x.t, first.ID, x.load(store.Query{Key: "a"}).Incident.ID)
}

// partial ensures that one refused change leaves the others of its Commit alone.
func (x *suite) partial() {
	old, _ := x.open("old")
	a, b := Incident(x.s, "a", T0), Incident(x.s, "b", T0)
	bad := Update(old, store.Revision{Counter: 99, Token: Token()})
	bad.Entries = Entries(old, "must not stay")
	bad.Members = []escalation.Member{Member("prometheus", "bad", "g")}
	bad.Attempts = Put(Attempt(old, 9, T0))
	done, err := x.s.Commit(x.ctx, []store.Change{Opening(a), bad, Opening(b)})
	require.NoError(x.t, err)
	require.Len(x.t, done, 3)
	require.NoError(x.t, done[0].Err)
	require.ErrorIs(x.t, done[1].Err, store.ErrConflict)
	require.NoError(x.t, done[2].Err)
	require.NotNil(x.t, x.load(store.Query{ID: a.ID}).Incident)
	require.NotNil(x.t, x.load(store.Query{ID: b.ID}).Incident)
	entries, err := x.s.Timeline(x.ctx, old.ID)
	require.NoError(x.t, err)
	require.Len(x.t, entries, 1)
	attempts, err := x.s.AttemptsOf(x.ctx, old.ID)
	require.NoError(x.t, err)
	require.Empty(x.t, attempts)
	members, err := x.s.MembersOf(x.ctx, old.ID, 0)
	require.NoError(x.t, err)
	require.Empty(x.t, members)
}

// large ensures that one Commit and one Load may carry hundreds, answered in order.
func (x *suite) large() {
	const n = 500
	changes, queries := make([]store.Change, n), make([]store.Query, n)
	for i := range changes {
		inc := Incident(x.s, fmt.Sprintf("key-%d", i), T0)
		changes[i] = Opening(inc)
		changes[i].Members = []escalation.Member{Member("prometheus", fmt.Sprint(i), "g")}
		queries[i] = store.Query{Key: inc.Key, Members: []escalation.MemberKey{changes[i].Members[0].MemberKey}}
	}
	done, err := x.s.Commit(x.ctx, changes)
	require.NoError(x.t, err)
	require.Len(x.t, done, n)
	got, err := x.s.Load(x.ctx, queries)
	require.NoError(x.t, err)
	for i := range changes {
		require.NoError(x.t, done[i].Err)
		require.Equal(x.t, changes[i].Token, done[i].Revision.Token)
		require.Equal(x.t, changes[i].Incident.ID, got[i].Incident.ID)
		require.Len(x.t, got[i].Members, 1)
	}
}

// noSharing ensures that a caller who changes what it gave or got changes nothing stored.
func (x *suite) noSharing() {
	inc, _ := x.open("a")
	inc.Title = "changed"
	inc.Lead.Labels["service"] = "changed"
	inc.Told[0].Contact.Address = "changed"
	inc.Position.Name = "changed"
	got := x.load(store.Query{ID: inc.ID}).Incident
	require.NotEqual(x.t, "changed", got.Title)
	require.Equal(x.t, "payments", got.Lead.Labels["service"])
	require.Equal(x.t, "+12025550101", got.Told[0].Contact.Address)
	require.Equal(x.t, "primary", got.Position.Name)
	got.Lead.Labels["service"], got.Position.Name = "changed", "changed"
	again := x.load(store.Query{Key: routing.DedupKey("a")}).Incident
	require.Equal(x.t, "payments", again.Lead.Labels["service"])
	require.Equal(x.t, "primary", again.Position.Name)
}

// canceled ensures that a canceled context is an error and changes nothing.
func (x *suite) canceled() {
	inc, rev := x.open("a")
	ctx, cancel := context.WithCancel(x.ctx)
	cancel()
	_, err := x.s.Load(ctx, []store.Query{{ID: inc.ID}})
	require.Error(x.t, err)
	done, err := x.s.Commit(ctx, []store.Change{Update(Resolved(inc, T0), rev)})
	if err == nil {
		require.Len(x.t, done, 1)
		require.Error(x.t, done[0].Err)
	}
	_, err = x.s.Touch(ctx, []store.Touch{{ID: inc.ID, Revision: rev, N: 1, At: T0}})
	require.Error(x.t, err)
	_, _, err = x.s.ClaimTimers(ctx, T0, Lease, 1)
	require.Error(x.t, err)
	_, _, err = x.s.ClaimAttempts(ctx, T0, Leases(), 1)
	require.Error(x.t, err)
	_, err = x.s.ReserveCode(ctx, paging.CodeRequest{Phone: "+12025550101", Key: "k", Now: T0})
	require.Error(x.t, err)
	require.True(x.t, x.load(store.Query{ID: inc.ID}).Incident.Open())
}
