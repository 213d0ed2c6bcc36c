package storetest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

func listTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"list/newest first, open ones, pages": (*suite).list,
	}
}

func newerTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"newer/an incident is left alone":           (*suite).newerIncident,
		"newer/an attempt does not hide the others": (*suite).newerAttempt,
	}
}

func restartTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"restart/everything is there": (*suite).restart,
	}
}

// list ensures the order, the filter and the pages of List.
func (x *suite) list() {
	var ids []paging.IncidentID // newest first
	for i := range 9 {
		inc := Incident(x.s, fmt.Sprint("key-", i), T0.Add(time.Duration(i)*time.Second))
		rev := x.must(Opening(inc))
		ids = append([]paging.IncidentID{inc.ID}, ids...)
		if i%3 == 0 {
			x.must(Update(Resolved(inc, T0.Add(time.Minute)), rev))
		}
	}
	list := func(f store.Filter) (got []paging.IncidentID) {
		incidents, err := x.s.List(x.ctx, f)
		require.NoError(x.t, err)
		for _, inc := range incidents {
			got = append(got, inc.ID)
			require.Equal(x.t, 1, inc.Count, "counters are filled in")
			require.True(x.t, !f.Open || inc.Open())
		}
		return got
	}
	require.Equal(x.t, ids, list(store.Filter{}))
	require.Equal(x.t, ids[:4], list(store.Filter{Limit: 4}))
	require.Equal(x.t, ids[4:8], list(store.Filter{Limit: 4, Before: ids[3]}))
	require.Equal(x.t, ids[8:], list(store.Filter{Limit: 4, Before: ids[7]}))
	open := []paging.IncidentID{ids[0], ids[1], ids[3], ids[4], ids[6], ids[7]}
	require.Equal(x.t, open, list(store.Filter{Open: true}))
	require.Equal(x.t, open[2:4], list(store.Filter{Open: true, Limit: 2, Before: open[1]}))
	require.Empty(x.t, list(store.Filter{Before: ids[8]}))
}

// newerIncident ensures that an incident which a newer version wrote is neither judged nor rewritten.
func (x *suite) newerIncident() {
	inc, rev := x.open("a", func(c *store.Change) { c.Incident.Format = escalation.Format + 1 })
	_, err := x.s.Load(x.ctx, []store.Query{{ID: inc.ID}})
	require.ErrorIs(x.t, err, store.ErrNewer)
	_, err = x.s.Load(x.ctx, []store.Query{{Key: inc.Key}})
	require.ErrorIs(x.t, err, store.ErrNewer)
	old := *inc
	old.Format = escalation.Format
	require.ErrorIs(x.t, x.commit(Update(&old, rev)).Err, store.ErrNewer)
	_, err = x.s.Load(x.ctx, []store.Query{{ID: inc.ID}})
	require.ErrorIs(x.t, err, store.ErrNewer)
}

// newerAttempt ensures that an attempt which a newer version wrote does not keep others from being claimed.
func (x *suite) newerAttempt() {
	inc, _ := x.plan("a", 3, func(i int, a *paging.Attempt) {
		if i == 1 {
			a.Format = escalation.Format + 1
		}
	})
	claims, _ := x.claim(T0, 10)
	require.Len(x.t, claims, 2)
	_, err := x.s.Load(x.ctx, []store.Query{{ID: inc.ID, Attempts: []paging.AttemptID{Attempt(inc, 1, T0).ID}}})
	require.ErrorIs(x.t, err, store.ErrNewer)
}

// restart ensures that a durable store has everything after it was closed and opened again.
func (x *suite) restart() {
	if x.o.restart == nil {
		return // this store is not durable
	}
	m := Member("prometheus", "disk", "g")
	inc, rev := x.open("a", func(c *store.Change) {
		c.Members = []escalation.Member{m}
		c.Attempts = Put(Attempt(c.Incident, 1, T0), Attempt(c.Incident, 2, T0))
		c.Due = T0.Add(time.Minute)
	})
	ok, err := x.s.Touch(x.ctx, []store.Touch{{ID: inc.ID, Revision: rev, N: 4, At: T0.Add(time.Second)}})
	require.NoError(x.t, err)
	require.True(x.t, ok[0])
	claims, _ := x.claim(T0, 1)
	require.NoError(x.t, x.begin(T0, claims[0]))
	x.code(CodeRequest(phone, "k1", T0))
	l, _ := x.lease(phone, T0)
	require.NoError(x.t, x.s.SetOnce(x.ctx, "once", "value", T0, time.Hour))
	require.NoError(x.t, x.s.Record(x.ctx, store.Intake{At: T0, DeliveryID: "d1"}, time.Hour))

	x.s = x.o.restart(x.t, x.s)
	got := x.load(store.Query{Key: inc.Key, Members: []escalation.MemberKey{m.MemberKey}})
	require.Equal(x.t, rev, got.Revision)
	require.Equal(x.t, 5, got.Incident.Count)
	require.Equal(x.t, m, got.Members[m.MemberKey])
	entries, err := x.s.Timeline(x.ctx, inc.ID)
	require.NoError(x.t, err)
	x.wholeChain(entries, 1)
	require.Equal(x.t, paging.Sending, x.attempt(claims[0].Attempt.ID).State)
	rest, _ := x.claim(T0, 10)
	if x.o.soleOwner {
		require.Len(x.t, rest, 2, "the other's holder is dead")
	} else {
		require.Len(x.t, rest, 1, "the lease of the other holds")
	}
	ids, next := x.timers(T0, 10)
	require.Empty(x.t, ids)
	x.same(T0.Add(time.Minute), next)
	require.Equal(x.t, "11", x.code(CodeRequest(phone, "k2", T0)))
	again, free := x.lease(phone, T0)
	require.Equal(x.t, x.o.soleOwner, free)
	if free {
		l = again
	}
	require.NoError(x.t, x.s.ReleasePhone(x.ctx, l))
	v, there, err := x.s.Once(x.ctx, "once", T0)
	require.NoError(x.t, err)
	require.True(x.t, there)
	require.Equal(x.t, "value", v)
	in, err := x.s.Intakes(x.ctx, T0, 0)
	require.NoError(x.t, err)
	require.Len(x.t, in, 1)
	require.ErrorIs(x.t, x.commit(Opening(Incident(x.s, "a", T0))).Err, store.ErrConflict)
	require.Len(x.t, x.group("prometheus", "g"), 1)
}
