package storetest

import (
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

func rowTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"rows/members are written over and loaded by name": (*suite).members,
		"rows/attempts are loaded by name":                 (*suite).attemptsByName,
		"rows/find by identity":                            (*suite).findIdentity,
		"rows/find by group":                               (*suite).findGroup,
		"rows/timeline":                                    (*suite).timeline,
	}
}

func counterTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"counters/touch":            (*suite).touch,
		"counters/touch is guarded": (*suite).touchGuard,
	}
}

// members ensures that member rows are written over one by one, and that a load names them.
func (x *suite) members() {
	a, b := Member("prometheus", "b", "g"), Member("prometheus", "a", "g")
	inc, rev := x.open("a", func(c *store.Change) { c.Members = []escalation.Member{a, b} })
	a.Firing, a.EndedAt = false, T0.Add(time.Minute)
	u := Update(inc, rev)
	u.Members = []escalation.Member{a}
	x.must(u)
	ghost := escalation.MemberKey{Integration: "prometheus", Identity: "ghost"}
	got := x.load(store.Query{Key: inc.Key, Members: []escalation.MemberKey{a.MemberKey, ghost}})
	require.Equal(x.t, map[escalation.MemberKey]escalation.Member{a.MemberKey: a}, got.Members)

	all, err := x.s.MembersOf(x.ctx, inc.ID, 0)
	require.NoError(x.t, err)
	require.Equal(x.t, []escalation.Member{b, a}, all, "by integration and identity")
	some, err := x.s.MembersOf(x.ctx, inc.ID, 1)
	require.NoError(x.t, err)
	require.Len(x.t, some, 1)
	other, _ := x.open("other")
	none, err := x.s.MembersOf(x.ctx, other.ID, 0)
	require.NoError(x.t, err)
	require.Empty(x.t, none)
}

// attemptsByName ensures that a load names attempts, and that AttemptsOf gives all by Due, then id.
func (x *suite) attemptsByName() {
	inc := Incident(x.s, "a", T0)
	first, second, third := Attempt(inc, 3, T0), Attempt(inc, 1, T0.Add(time.Minute)), Attempt(inc, 2, T0.Add(time.Minute))
	c := Opening(inc)
	c.Attempts = Put(third, first, second)
	x.must(c)
	ghost := Attempt(inc, 9, T0).ID
	got := x.load(store.Query{ID: inc.ID, Attempts: []paging.AttemptID{second.ID, ghost}})
	require.Equal(x.t, map[paging.AttemptID]paging.Attempt{second.ID: second}, got.Attempts)
	all, err := x.s.AttemptsOf(x.ctx, inc.ID)
	require.NoError(x.t, err)
	require.Equal(x.t, []paging.Attempt{first, second, third}, all)
}

// findIdentity ensures that every incident which holds a member is found by its identity.
func (x *suite) findIdentity() {
	m := Member("prometheus", "disk", "g")
	with := func(c *store.Change) { c.Members = []escalation.Member{m} }
	first, rev := x.open("a", with)
	second, _ := x.open("b", with)
	x.open("c", func(c *store.Change) { c.Members = []escalation.Member{Member("prometheus", "disk2", "g")} })
	same := escalation.MemberKey{Integration: "grafana", Identity: "disk"}
	got, err := x.s.FindIdentity(x.ctx, []escalation.MemberKey{m.MemberKey, same})
	require.NoError(x.t, err)
	require.ElementsMatch(x.t, []paging.IncidentID{first.ID, second.ID}, got[m.MemberKey])
	require.Empty(x.t, got[same], "another integration is another alert")

	m.Firing = false
	u := Update(first, rev)
	u.Members = []escalation.Member{m}
	x.must(u)
	got, err = x.s.FindIdentity(x.ctx, []escalation.MemberKey{m.MemberKey})
	require.NoError(x.t, err)
	require.Contains(x.t, got[m.MemberKey], first.ID, "an ended member is still held")
}

// findGroup ensures that the firing members of a group are found in open incidents.
func (x *suite) findGroup() {
	a, b, c := Member("prometheus", "a", "g1"), Member("prometheus", "b", "g1"), Member("prometheus", "c", "g2")
	foreign := Member("grafana", "a", "g1")
	first, rev := x.open("a", func(ch *store.Change) { ch.Members = []escalation.Member{a, c, foreign} })
	second, _ := x.open("b", func(ch *store.Change) { ch.Members = []escalation.Member{b} })
	want := []store.Membership{{Member: a.MemberKey, Incident: first.ID}, {Member: b.MemberKey, Incident: second.ID}}
	require.ElementsMatch(x.t, want, x.group("prometheus", "g1"))
	require.Empty(x.t, x.group("prometheus", "g3"))
	require.Equal(x.t, want[1:], x.group("prometheus", "g1", "a"), "but for those listed")
	require.Empty(x.t, x.group("prometheus", "g1", "a", "b"))

	ended := a
	ended.Firing, ended.EndedAt = false, T0
	u := Update(first, rev)
	u.Members = []escalation.Member{ended}
	rev = x.must(u)
	require.Contains(x.t, x.group("prometheus", "g1"), want[1])
	if x.o.exact {
		require.Len(x.t, x.group("prometheus", "g1"), 1, "an ended member is gone")
	}
	u = Update(first, rev)
	u.Members = []escalation.Member{a}
	rev = x.must(u)
	require.ElementsMatch(x.t, want, x.group("prometheus", "g1"), "it fires again")

	rev = x.must(Update(Resolved(first, T0), rev))
	if x.o.exact {
		require.Equal(x.t, want[1:], x.group("prometheus", "g1"), "a resolved incident is gone")
	}
	x.must(Update(first, rev))
	require.ElementsMatch(x.t, want, x.group("prometheus", "g1"), "it is open again")
}

func (x *suite) group(integration, group string, listed ...string) []store.Membership {
	x.t.Helper()
	skip := map[string]bool{}
	for _, identity := range listed {
		skip[identity] = true
	}
	got, err := x.s.FindGroup(x.ctx, integration, group, skip)
	require.NoError(x.t, err)
	return got
}

// timeline ensures that entries come back whole, in order, and only those of the incident.
func (x *suite) timeline() {
	inc, rev := x.open("a")
	other, _ := x.open("b")
	for range 3 {
		next := *inc
		u := Update(&next, rev)
		u.Entries = Entries(&next, "one", "two", "three", "four")
		u.Entries[0].Member = &escalation.MemberKey{Integration: "prometheus", Identity: "a"}
		rev, inc = x.must(u), &next
	}
	entries, err := x.s.Timeline(x.ctx, inc.ID)
	require.NoError(x.t, err)
	x.wholeChain(entries, 13)
	require.Equal(x.t, inc.Head, entries[12].Hash)
	require.Equal(x.t, "a", entries[1].Member.Identity)
	x.same(T0, entries[1].At)
	entries, err = x.s.Timeline(x.ctx, other.ID)
	require.NoError(x.t, err)
	require.Len(x.t, entries, 1)
}

// touch ensures that a touch moves count and last-seen only, and that Seen of a commit adds to them.
func (x *suite) touch() {
	inc, rev := x.open("a", func(c *store.Change) { c.Due = T0.Add(time.Hour) })
	other, otherRev := x.open("b")
	ok, err := x.s.Touch(x.ctx, []store.Touch{
		{ID: inc.ID, Revision: rev, N: 3, At: T0.Add(time.Minute)},
		{ID: other.ID, Revision: store.Revision{Counter: otherRev.Counter, Token: "x"}, N: 1, At: T0},
		{ID: inc.ID, Revision: rev, N: 1, At: T0.Add(time.Second)}, // late
	})
	require.NoError(x.t, err)
	require.Equal(x.t, []bool{true, false, true}, ok)
	got := x.load(store.Query{Key: inc.Key})
	require.Equal(x.t, rev, got.Revision, "a touch leaves the revision alone")
	require.Equal(x.t, 5, got.Incident.Count)
	x.same(T0.Add(time.Minute), got.Incident.LastSeen, "last-seen never goes back")
	require.Equal(x.t, 1, x.load(store.Query{ID: other.ID}).Incident.Count)

	u := Update(got.Incident, rev)
	u.Incident.Count = 99 // not the commit's to say
	u.Seen = escalation.Seen{N: 10, At: T0.Add(2 * time.Minute)}
	u.Due = T0.Add(time.Hour)
	x.must(u)
	got = x.load(store.Query{Key: inc.Key})
	require.Equal(x.t, 15, got.Incident.Count)
	x.same(T0.Add(2*time.Minute), got.Incident.LastSeen)
	late := Update(got.Incident, got.Revision)
	late.Seen = escalation.Seen{N: 1, At: T0}
	rev = x.must(late)
	got = x.load(store.Query{Key: inc.Key})
	x.same(T0.Add(2*time.Minute), got.Incident.LastSeen, "it never goes back")
	x.must(Update(got.Incident, rev))
	require.Equal(x.t, 16, x.load(store.Query{ID: inc.ID}).Incident.Count, "a change without Seen counts nothing")
}

// touchGuard ensures that a touch needs the present revision of an open incident.
func (x *suite) touchGuard() {
	inc, first := x.open("a")
	second := x.must(Update(inc, first))
	touch := func(id paging.IncidentID, rev store.Revision) bool {
		ok, err := x.s.Touch(x.ctx, []store.Touch{{ID: id, Revision: rev, N: 1, At: T0}})
		require.NoError(x.t, err)
		require.Len(x.t, ok, 1)
		return ok[0]
	}
	require.False(x.t, touch(inc.ID, first), "an old revision")
	require.False(x.t, touch(inc.ID, store.Revision{Counter: second.Counter, Token: first.Token}))
	require.False(x.t, touch(inc.ID, store.Revision{}))
	require.False(x.t, touch(Incident(x.s, "ghost", T0).ID, second))
	require.True(x.t, touch(inc.ID, second))
	third := x.must(Update(Resolved(inc, T0), second))
	require.False(x.t, touch(inc.ID, third), "a resolved incident")
	ok, err := x.s.Touch(x.ctx, []store.Touch{{ID: inc.ID, Revision: third}, {ID: inc.ID, Revision: third, At: T0.Add(time.Hour)}})
	require.NoError(x.t, err)
	require.Equal(x.t, []bool{true, true}, ok, "one that counts nothing only makes sure")
	x.same(T0, x.load(store.Query{ID: inc.ID}).Incident.LastSeen)
	require.Equal(x.t, 2, x.load(store.Query{ID: inc.ID}).Incident.Count)
}
