package watch

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/escalation/store/memstore"
	"tocsin/paging"
)

// TestHeartbeat ensures that the outside address is called at its pace while everything moves,
// that each part which stands stops the calls and is named, and that they go on afterwards.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &awayStore{Store: memstore.New(memstore.Options{})}
		p := start(t, s, unexpected, Pace{})
		time.Sleep(10*time.Minute + 30*time.Second)
		require.InDelta(t, 10, p.pings.Load(), 1)
		for part, broken := range map[Part]func(bool){Ingest: p.deaf.Store, Commit: s.away.Store} {
			time.Sleep(3 * time.Second) // not in the instant of a look
			broken(true)
			time.Sleep(2 * time.Minute)
			before := p.pings.Load()
			time.Sleep(5 * time.Minute)
			require.Equal(t, before, p.pings.Load(), part)
			require.Equal(t, []Part{part}, p.Report().Standing)
			require.Contains(t, p.Report().Heartbeat.Stopped, string(part)+" stands since")
			require.EqualValues(t, 1, p.metric("tocsin_part_standing"))
			broken(false)
			time.Sleep(2 * time.Minute)
			require.Greater(t, p.pings.Load(), before, part)
			require.Empty(t, p.Report().Heartbeat.Stopped)
		}
		all := incidents(t, s)
		require.Len(t, all, 1, "what nobody can write is no alarm here; a listener that answers nobody is")
		require.Contains(t, all[0].Title, "ingest stands")
		require.False(t, all[0].Open(), "it ended by itself")
		p.stop()
	})
}

// TestNothingIsDelivered ensures that a provider which takes nothing stops the heartbeat, and
// that one bad number does not.
func TestNothingIsDelivered(t *testing.T) {
	t.Parallel()
	var s Signs
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s.now = func() time.Time { return now }
	s.PagesClaimed()
	for range 10 {
		s.Sent(paging.ResultFailed, paging.BadContact)
	}
	require.NotContains(t, s.Vitals().Standing(now.Add(Bound)), Delivery)
	for range 3 {
		s.Sent(paging.ResultRetry, paging.Temporary)
		now = now.Add(20 * time.Second)
		s.PagesClaimed()
	}
	require.Equal(t, now.Add(-time.Minute), s.Vitals().Delivery)
	require.Contains(t, s.Vitals().Standing(now), Delivery)
	s.Sent(paging.ResultSent, "")
	require.NotContains(t, s.Vitals().Standing(now), Delivery)
}

// TestPeersAlarm ensures that a process whose timer loop stands is told by the others in one
// incident, that it ends when the loop moves again, and that one which is only gone is none.
func TestPeersAlarm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New(memstore.Options{})
		text := unexpected + "watch: { policy: backup-team, severity: P1 }\n"
		one, two := start(t, s, text, Pace{}), start(t, s, text, Pace{})
		sick := NewRegistry(Options{Board: s, Now: time.Now, Vitals: func() Vitals {
			v := two.signs.Vitals()
			v.Timer = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
			return v
		}})
		sick.Advertise("http://sick.example.org")
		time.Sleep(5 * time.Minute)
		require.Empty(t, incidents(t, s))
		for range 60 {
			require.NoError(t, sick.Announce(t.Context()))
			time.Sleep(5 * time.Second)
		}
		all := incidents(t, s)
		require.Len(t, all, 1, "two processes see it, and open one incident")
		require.Equal(t, "Tocsin process http://sick.example.org: timer stands", all[0].Title)
		require.Equal(t, "backup-team", all[0].Policy)
		require.EqualValues(t, "P1", all[0].Severity)
		require.True(t, all[0].Open())
		require.Contains(t, []int{len(one.Report().Peers)}, 2)
		sick.opts.Vitals = two.signs.Vitals
		for range 6 {
			require.NoError(t, sick.Announce(t.Context()))
			time.Sleep(5 * time.Second)
		}
		all = incidents(t, s)
		require.Len(t, all, 1)
		require.False(t, all[0].Open(), "it moves again")
		time.Sleep(time.Hour)
		require.Len(t, incidents(t, s), 1, "a process that is gone is none: the others do its work")
		one.stop()
		two.stop()
	})
}

// TestCanary ensures that a canary flies once per period whatever the number of processes, ends
// by itself, and that one which does not arrive is an alarm and stops the heartbeat.
func TestCanary(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New(memstore.Options{})
		text := unexpected + "canary: { every: 10m, to: user:ben }\n"
		one, two := start(t, s, text, Pace{}), start(t, s, text, Pace{})
		time.Sleep(59 * time.Minute)
		all := incidents(t, s)
		require.Len(t, all, 6)
		for _, i := range all {
			require.True(t, i.Test)
			require.False(t, i.Open(), i.Title)
		}
		require.EqualValues(t, 6, one.metric("tocsin_canaries_total")+two.metric("tocsin_canaries_total"))
		require.False(t, one.Report().Canary.Arrived.IsZero())
		before := one.pings.Load()
		require.Greater(t, before, int64(50))

		one.down.Store(true)
		two.down.Store(true)
		time.Sleep(30 * time.Minute)
		for _, p := range []*process{one, two} {
			require.NotEmpty(t, p.Report().Canary.Missed)
			require.Less(t, p.pings.Load(), before+15)
		}
		alarms := 0
		for _, i := range incidents(t, s) {
			if i.Title == "Tocsin's canary is missing" {
				alarms++
				require.True(t, i.Open())
			}
		}
		require.Equal(t, 1, alarms)
		one.down.Store(false)
		two.down.Store(false)
		time.Sleep(20 * time.Minute)
		require.Empty(t, one.Report().Canary.Missed)
		for _, i := range incidents(t, s) {
			require.False(t, i.Open(), i.Title)
		}
		one.stop()
		two.stop()
	})
}

// forgetful is a store that forgets to index timers when it is told to.
type forgetful struct {
	*memstore.Store
	forget func(*store.Change)
}

func (s *forgetful) restore(change store.Change) store.Change {
	s.forget(&change)
	return change
}

// TestStands ensures that the audit finds an incident to which nothing is going to happen,
// whatever is wrong with it, has it paged, and says so on its timeline.
func TestStands(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(*store.Change){
		"no timer":     func(c *store.Change) { c.Due = time.Time{} },
		"a late timer": func(c *store.Change) { c.Due = c.Due.Add(48 * time.Hour) },
		"no next step": func(c *store.Change) { c.Incident.Position = nil; c.Due = c.Incident.NextDue() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &forgetful{memstore.New(memstore.Options{}), damage}
				p := start(t, s.Store, unexpected, Pace{})
				outcome, err := p.Engine.Alarm(t.Context(), "test", "Disk full", "", "", "P1")
				require.NoError(t, err)
				time.Sleep(time.Minute)
				require.Zero(t, repairs(p), "nothing is wrong")
				loaded, err := s.Load(t.Context(), []store.Query{{ID: outcome.Incident.ID}})
				require.NoError(t, err)
				done, err := s.Commit(t.Context(), []store.Change{s.restore(store.Change{
					Expected: loaded[0].Revision, Token: "damage", Incident: loaded[0].Incident, Due: loaded[0].Incident.NextDue(),
				})})
				require.NoError(t, err)
				require.NoError(t, done[0].Err)
				time.Sleep(time.Minute)
				require.EqualValues(t, 1, repairs(p), "found within a minute, and repaired once")
				entries, err := s.Timeline(t.Context(), outcome.Incident.ID)
				require.NoError(t, err)
				require.Condition(t, func() bool {
					for _, e := range entries {
						if e.Kind == escalation.EntryNote && strings.HasPrefix(e.Text, "repaired: ") {
							return true
						}
					}
					return false
				})
				time.Sleep(4 * time.Minute)
				all := incidents(t, s)
				require.GreaterOrEqual(t, all[0].Steps, 2, "the next step came")
				require.EqualValues(t, 1, repairs(p))
				p.stop()
			})
		})
	}
}
