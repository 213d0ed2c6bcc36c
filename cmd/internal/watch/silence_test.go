package watch

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store/memstore"
)

// hear plays a sender that speaks every so often.
func (p *process) hear(every time.Duration, times int) {
	p.t.Helper()
	i, ok := p.config.Integration("backups")
	require.True(p.t, ok)
	for range times {
		require.NoError(p.t, p.Heard(p.t.Context(), i))
		time.Sleep(every)
	}
}

// TestSilence ensures that an integration which falls silent opens one incident, whatever the
// number of processes, routed by the tree and with its severity; that it ends when the
// integration speaks again, to any of them; and that a restart forgets nothing.
func TestSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New(memstore.Options{})
		one, two := start(t, s, yaml, Pace{}), start(t, s, yaml, Pace{})
		one.hear(7*time.Minute, 10)
		require.Empty(t, incidents(t, s), "it speaks often enough, though only to one")
		last := time.Now().Add(-7 * time.Minute)

		one.stop()
		one = start(t, s, yaml, Pace{})
		time.Sleep(5 * time.Minute) // 12 min since the last sign of life
		all := incidents(t, s)
		require.Len(t, all, 1, "the restart forgot nothing, and both processes open one incident")
		require.Equal(t, "backups has been silent since "+last.UTC().Format("2006-01-02 15:04 MST"), all[0].Title)
		require.EqualValues(t, "P0", all[0].Severity)
		require.Equal(t, "backup-team", all[0].Policy)
		time.Sleep(2 * time.Hour)
		all = incidents(t, s)
		require.Len(t, all, 1)
		require.True(t, all[0].Open())

		two.hear(0, 1)
		all = incidents(t, s)
		require.Len(t, all, 1)
		require.False(t, all[0].Open(), "it speaks again")
		time.Sleep(10 * time.Minute)
		require.False(t, incidents(t, s)[0].Open())
		time.Sleep(5 * time.Minute)
		all = incidents(t, s)
		require.True(t, all[len(all)-1].Open(), "and is silent once more")
		require.Zero(t, repairs(one)+repairs(two))
		one.stop()
		two.stop()
	})
}

// TestSilenceOfNobody ensures that no incident opens because Tocsin itself was not there to
// hear: after it was away, after the store was, and before it was ever configured; and that
// what has never been heard of since then is silent, too.
func TestSilenceOfNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &awayStore{Store: memstore.New(memstore.Options{})}
		p := start(t, s, yaml, Pace{})
		p.hear(5*time.Minute, 5)
		p.stop()
		time.Sleep(9 * time.Minute) // 14 min since the last sign of life
		p = start(t, s, yaml, Pace{})
		time.Sleep(10 * time.Minute)
		require.Empty(t, incidents(t, s), "its sign of life may have come while nobody was there")
		p.hear(5*time.Minute, 2)

		time.Sleep(3 * time.Second) // not in the instant of a look
		s.away.Store(true)
		time.Sleep(9 * time.Minute)
		s.away.Store(false)
		time.Sleep(10 * time.Minute)
		require.Empty(t, incidents(t, s), "nor could it be heard while the store was away")
		p.stop()
		time.Sleep(24 * time.Hour)
		p = start(t, s, yaml, Pace{})
		time.Sleep(10 * time.Minute)
		require.Empty(t, incidents(t, s))
		time.Sleep(2 * time.Minute)
		require.Len(t, incidents(t, s), 1, "it has never been heard of since it was watched")
		p.stop()
	})
}

// TestSilenceRepeats ensures that a silence which somebody has resolved pages again while it
// lasts, and that one acknowledged does not.
func TestSilenceRepeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New(memstore.Options{})
		p := start(t, s, yaml, Pace{})
		time.Sleep(12 * time.Minute)
		all := incidents(t, s)
		require.Len(t, all, 1)
		ana := escalation.Actor{User: "ana", Name: "ana", Via: "api"}
		_, err := p.Engine.Do(t.Context(), all[0].ID, escalation.Acknowledge{ID: "a", By: ana})
		require.NoError(t, err)
		time.Sleep(time.Hour)
		all = incidents(t, s)
		require.Equal(t, escalation.Acknowledged, all[0].State)
		_, err = p.Engine.Do(t.Context(), all[0].ID, escalation.Resolve{ID: "r", By: ana, Force: true})
		require.NoError(t, err)
		time.Sleep(30 * time.Minute)
		all = incidents(t, s)
		require.True(t, all[len(all)-1].Open(), "it is silent all the same")
		p.stop()
	})
}
