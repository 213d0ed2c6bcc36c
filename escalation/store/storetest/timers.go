package storetest

import (
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/store"
	"tocsin/paging"
)

func timerTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"timers/only what is due, in order":   (*suite).timersDue,
		"timers/the limit takes the earliest": (*suite).timersLimit,
		"timers/a lease ends":                 (*suite).timersLease,
		"timers/a commit moves or removes":    (*suite).timersMove,
		"timers/where they stand":             (*suite).timersStand,
	}
}

func (x *suite) due(key string, at time.Time) paging.IncidentID {
	inc, _ := x.open(key, func(c *store.Change) { c.Due = at })
	return inc.ID
}

// timersDue ensures that a claim takes what is due at that instant, earliest first, and tells
// when the next will be.
func (x *suite) timersDue() {
	ids, next := x.timers(T0, 10)
	require.Empty(x.t, ids)
	require.True(x.t, next.IsZero(), "nothing is scheduled")
	c := x.due("c", T0.Add(5*time.Second))
	a := x.due("a", T0.Add(time.Second))
	b := x.due("b", T0.Add(2*time.Second))
	x.open("never")
	ids, next = x.timers(T0, 10)
	require.Empty(x.t, ids)
	x.same(T0.Add(time.Second), next)

	claims, next, err := x.s.ClaimTimers(x.ctx, T0.Add(2*time.Second), Lease, 10)
	require.NoError(x.t, err)
	require.Len(x.t, claims, 2)
	require.Equal(x.t, a, claims[0].ID)
	require.Equal(x.t, b, claims[1].ID, "due at exactly now")
	x.same(T0.Add(time.Second), claims[0].Due)
	x.same(T0.Add(5*time.Second), next)
	ids, next = x.timers(T0.Add(10*time.Second), 10)
	require.Equal(x.t, []paging.IncidentID{c}, ids)
	x.same(T0.Add(2*time.Second+Lease), next, "the end of the earliest lease")
}

// timersLimit ensures that a claim takes no more than asked, the earliest of a shard first.
func (x *suite) timersLimit() {
	var want []paging.IncidentID
	for n := range 5 {
		want = append(want, x.due(KeyIn(x.s, 0, n), T0.Add(time.Duration(n)*time.Second)))
	}
	now := T0.Add(time.Minute)
	ids, next := x.timers(now, 2)
	require.Equal(x.t, want[:2], ids)
	require.False(x.t, next.After(now), "more is due at once")
	ids, _ = x.timers(now, 2)
	require.Equal(x.t, want[2:4], ids)
	ids, _ = x.timers(now, 2)
	require.Equal(x.t, want[4:], ids)
}

// timersLease ensures that a claimed timer is hidden until its lease ends, and then due again.
func (x *suite) timersLease() {
	id := x.due("a", T0)
	ids, next := x.timers(T0, 10)
	require.Equal(x.t, []paging.IncidentID{id}, ids)
	x.same(T0.Add(Lease), next)
	ids, _ = x.timers(T0.Add(Lease-time.Second), 10)
	require.Empty(x.t, ids)
	ids, _ = x.timers(T0.Add(Lease), 10)
	require.Equal(x.t, []paging.IncidentID{id}, ids)
}

// timersMove ensures that a commit sets the timer anew, claimed or not, and that a zero Due removes it.
func (x *suite) timersMove() {
	inc, rev := x.open("a", func(c *store.Change) { c.Due = T0 })
	ids, _ := x.timers(T0, 10)
	require.Len(x.t, ids, 1)
	u := Update(inc, rev)
	u.Due = T0.Add(time.Second) // earlier than the end of the lease
	rev = x.must(u)
	_, next := x.timers(T0, 10)
	x.same(T0.Add(time.Second), next)
	ids, _ = x.timers(T0.Add(time.Second), 10)
	require.Len(x.t, ids, 1)
	u = Update(inc, rev)
	u.Due = T0.Add(time.Hour)
	rev = x.must(u)
	ids, next = x.timers(T0.Add(time.Minute), 10)
	require.Empty(x.t, ids, "moved out")
	x.same(T0.Add(time.Hour), next)

	refused := Update(inc, store.Revision{Counter: 9, Token: Token()})
	refused.Due = T0
	require.ErrorIs(x.t, x.commit(refused).Err, store.ErrConflict)
	ids, _ = x.timers(T0.Add(time.Minute), 10)
	require.Empty(x.t, ids, "a refused change moves nothing")

	x.must(Update(inc, rev))
	ids, next = x.timers(T0.Add(48*time.Hour), 10)
	require.Empty(x.t, ids)
	require.True(x.t, next.IsZero(), "removed")
}

// timersStand ensures that the index tells where an incident stands in it: where it was
// committed, at the end of a lease, or nowhere.
func (x *suite) timersStand() {
	stand := func(ids ...paging.IncidentID) []time.Time {
		got, err := x.s.Timers(x.ctx, ids)
		require.NoError(x.t, err)
		require.Len(x.t, got, len(ids))
		return got
	}
	a, b := x.due("a", T0.Add(time.Second)), x.due("b", T0.Add(time.Minute))
	never, _ := x.open("never")
	at := stand(b, never.ID, "no-such-incident", a)
	x.same(T0.Add(time.Minute), at[0])
	require.Zero(x.t, at[1])
	require.Zero(x.t, at[2])
	x.same(T0.Add(time.Second), at[3])
	ids, _ := x.timers(T0.Add(2*time.Second), 10)
	require.Equal(x.t, []paging.IncidentID{a}, ids)
	x.same(T0.Add(2*time.Second+Lease), stand(a)[0], "the end of its lease")
	require.Empty(x.t, stand())
}
