package redisstore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/escalation/store/redistest"
	"tocsin/escalation/store/storetest"
)

// openingOf is the opening of an incident with so many members in the group g.
func openingOf(s *Store, key string, members int) store.Change {
	c := storetest.Opening(storetest.Incident(s, key, storetest.T0))
	for n := range members {
		c.Members = append(c.Members, storetest.Member("prometheus", fmt.Sprintf("%s-%03d", key, n), "g"))
	}
	c.Due = storetest.T0.Add(time.Hour)
	return c
}

func mustCommit(t *testing.T, s *Store, c store.Change) store.Revision {
	t.Helper()
	done, err := s.Commit(t.Context(), []store.Change{c})
	require.NoError(t, err)
	return done[0].Revision
}

// requireWhole checks that all ways to an incident lead to those members and so many entries.
func requireWhole(t *testing.T, s *Store, inc *escalation.Incident, want []escalation.Member, entries int) store.Loaded {
	t.Helper()
	query := store.Query{Key: inc.Key}
	firing := 0
	for _, m := range want {
		query.Members = append(query.Members, m.MemberKey)
		if m.Firing {
			firing++
		}
	}
	got, err := s.Load(t.Context(), []store.Query{query})
	require.NoError(t, err)
	require.Len(t, got[0].Members, len(want))
	for _, m := range want {
		require.Equal(t, m, got[0].Members[m.MemberKey])
	}
	members, err := s.MembersOf(t.Context(), inc.ID, 0)
	require.NoError(t, err)
	require.ElementsMatch(t, want, members)
	found, err := s.FindGroup(t.Context(), "prometheus", "g", nil)
	require.NoError(t, err)
	require.Len(t, found, firing)
	timeline, err := s.Timeline(t.Context(), inc.ID)
	require.NoError(t, err)
	require.Len(t, timeline, entries)
	head := ""
	for i, e := range timeline {
		head = storetest.Chain(head, i+1, e.Text)
		require.Equal(t, head, e.Hash, "in order, and each once")
	}
	require.Equal(t, inc.Head, head)
	return got[0]
}

// TestOpening ensures that what an incident opens with needs no keys of its own unless it is
// much, that it stays while the incident changes, and that what is written again counts.
func TestOpening(t *testing.T) {
	server := redistest.Start(t, redistest.EverySec)
	for name, n := range map[string]int{"little": 2, "much": 200} {
		t.Run(name, func(t *testing.T) {
			server.Must("FLUSHALL")
			s, err := Open(t.Context(), server.URL())
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			c := openingOf(s, "a", n)
			rev := mustCommit(t, s, c)
			shard, _ := s.shardOf(c.Incident.ID)
			keys := []string{base(shard) + "m:" + string(c.Incident.ID), base(shard) + "h:" + string(c.Incident.ID)}
			require.Equal(t, n > 2, server.Must("EXISTS", keys[0]) == ":1")
			require.Equal(t, n > 2, server.Must("EXISTS", keys[1]) == ":1")
			requireWhole(t, s, c.Incident, c.Members, 1)

			next := *c.Incident
			u := storetest.Update(&next, rev)
			u.Entries = storetest.Entries(&next, "two", "three")
			ended := c.Members[0]
			ended.Firing, ended.EndedAt = false, storetest.T0.Add(time.Minute)
			added := storetest.Member("prometheus", "added", "g")
			u.Members = []escalation.Member{ended, added}
			u.Seen = escalation.Seen{N: 2, At: storetest.T0.Add(time.Minute)}
			rev = mustCommit(t, s, u)
			want := append([]escalation.Member{ended, added}, c.Members[1:]...)
			requireWhole(t, s, &next, want, 3)
			rev = mustCommit(t, s, storetest.Update(&next, rev))
			got := requireWhole(t, s, &next, want, 3)
			require.Equal(t, rev, got.Revision)
			require.Equal(t, 3, got.Incident.Count)

			over := storetest.Resolved(&next, storetest.T0)
			mustCommit(t, s, storetest.Update(over, rev))
			pruned, err := s.Prune(t.Context(), storetest.T0.Add(time.Hour), 10)
			require.NoError(t, err)
			require.Equal(t, 1, pruned)
			left, err := s.scan(t.Context(), func(rest string) bool { return rest != "wait" && rest != "check" })
			require.NoError(t, err)
			require.Empty(t, left, "nothing is left of it, in the indexes neither")
		})
	}
}

// TestEarlierLayout ensures that an incident which layout 1 stored is read and changed as it
// is, that the layout is raised, and that what is stored now is left alone by what knows only
// layout 1.
func TestEarlierLayout(t *testing.T) {
	server := redistest.Start(t, redistest.EverySec)
	s, err := Open(t.Context(), server.URL())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	c := openingOf(s, "a", 2)
	rev := mustCommit(t, s, c)
	shard, _ := s.shardOf(c.Incident.ID)
	key := base(shard) + "i:" + string(c.Incident.ID)
	val, err := s.run(t.Context(), plain(shard, "get", key))
	require.NoError(t, err)
	head, body, first, err := cutRow(text(val))
	require.NoError(t, err)
	require.NotEmpty(t, first)
	_, err = store.DecodeIncident([]byte(text(val)[len(head)+1:]))
	require.ErrorIs(t, err, store.ErrNewer)

	entries, err := store.EncodeEntries(c.Entries)
	require.NoError(t, err)
	calls := []*call{plain(shard, "set", layoutKey, 1), plain(shard, "set", key, head+"\n"+body),
		plain(shard, "rpush", base(shard)+"h:"+string(c.Incident.ID), entries)}
	for _, m := range c.Members {
		row, err := store.EncodeMember(m)
		require.NoError(t, err)
		calls = append(calls, plain(shard, "hset", base(shard)+"m:"+string(c.Incident.ID), memberField(m.MemberKey), row))
	}
	require.NoError(t, s.all(t.Context(), calls))
	again, err := Open(t.Context(), server.URL())
	require.NoError(t, err)
	require.NoError(t, again.Close())
	require.Equal(t, fmt.Sprint(layout), s.client.Get(t.Context(), layoutKey).Val())

	requireWhole(t, s, c.Incident, c.Members, 1)
	next := *c.Incident
	u := storetest.Update(&next, rev)
	u.Entries = storetest.Entries(&next, "two")
	mustCommit(t, s, u)
	requireWhole(t, s, &next, c.Members, 2)
}

// TestDamagedRow ensures that a row which is not what was written is an error.
func TestDamagedRow(t *testing.T) {
	head := strings.Repeat("0", atRev) + "1:t\n"
	for _, row := range []string{"", "1", head[:atRev], head + "\x1e", head + "\x1e0000000", head + "\x1e00000002x", head + "\x1e0000000yx"} {
		_, _, _, err := cutRow(row)
		require.Error(t, err, "%q", row)
	}
	_, body, open, err := cutRow(head + "\x1e00000002xyz")
	require.NoError(t, err)
	require.Equal(t, []string{"xy", "z"}, []string{body, open})
}

// TestFailedScript ensures that a change which no script can apply fails alone: those of the same
// shard are applied, and once.
func TestFailedScript(t *testing.T) {
	server := redistest.Start(t, redistest.EverySec)
	s, err := Open(t.Context(), server.URL())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	var changes []store.Change
	for n := range 3 {
		changes = append(changes, openingOf(s, storetest.KeyIn(s, 1, n), 1))
	}
	broken := changes[1].Incident
	server.Must("RPUSH", base(1)+"i:"+string(broken.ID), "no row")
	done, err := s.Commit(t.Context(), changes)
	require.NoError(t, err)
	require.ErrorContains(t, done[1].Err, "WRONGTYPE")
	for _, n := range []int{0, 2} {
		require.NoError(t, done[n].Err)
		require.Equal(t, changes[n].Token, done[n].Revision.Token)
		got, err := s.Load(t.Context(), []store.Query{{ID: changes[n].Incident.ID}})
		require.NoError(t, err)
		require.Equal(t, 1, got[0].Incident.Count)
	}
}
