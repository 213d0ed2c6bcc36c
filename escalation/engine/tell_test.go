package engine_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/escalation/store/memstore"
	"tocsin/paging"
	"tocsin/schedules"
)

// Two engines that are asked to tell the same at the same time tell it once, and still only once
// on the next day when the incident is over.
func TestTellsOnce(t *testing.T) {
	for name, open := range twins() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := open(t)
			engines := []*engine.Engine{start(t, a, time.Now), start(t, b, time.Now)}
			var opened atomic.Int32
			var all sync.WaitGroup
			gun := make(chan struct{})
			for i := range 2 * racers {
				all.Go(func() {
					<-gun
					o, err := engines[i%2].Tell(context.Background(), "readiness/ana/2026-11-23", "ana", "nobody on call", "a\nb")
					if assert.NoError(t, err) && o.Kind == escalation.Opened {
						opened.Add(1)
					} else {
						assert.Equal(t, escalation.Recorded, o.Kind)
					}
				})
			}
			close(gun)
			all.Wait()
			require.EqualValues(t, 1, opened.Load(), "told once")
			memos := texts(t, a)
			require.Len(t, memos, 1)
			require.Equal(t, paging.Memo, memos[0].Kind)

			o, err := engines[0].Do(t.Context(), memos[0].Incident, escalation.Resolve{By: escalation.Actor{Name: "ben"}})
			require.NoError(t, err)
			require.Equal(t, escalation.Done, o.Kind)
			o, err = engines[1].Tell(t.Context(), "readiness/ana/2026-11-23", "ana", "nobody on call", "")
			require.NoError(t, err)
			require.Equal(t, escalation.Recorded, o.Kind, "told before")
			o, err = engines[1].Tell(t.Context(), "readiness/ana/2026-11-24", "ana", "nobody on call", "")
			require.NoError(t, err)
			require.Equal(t, escalation.Opened, o.Kind, "another day")
		})
	}
}

// texts are the attempts of all incidents, the newest first.
func texts(t testing.TB, s store.Store) (all []paging.Attempt) {
	t.Helper()
	incidents, err := s.List(context.Background(), store.Filter{Limit: 100})
	require.NoError(t, err)
	for _, i := range incidents {
		attempts, err := s.AttemptsOf(context.Background(), i.ID)
		require.NoError(t, err)
		all = append(all, attempts...)
	}
	return all
}

// A readiness report goes to the owner by day, once for all processes and looks, again only on
// another day when there is news, and on Monday; and the looks come in time.
func TestReportReadiness(t *testing.T) {
	s := memstore.New(memstore.Options{})
	var clock atomic.Int64
	now := func() time.Time { return time.Unix(clock.Load(), 0).UTC() }
	set := func(text string) {
		at, err := time.Parse("2006-01-02T15:04", text)
		require.NoError(t, err)
		clock.Store(at.Unix())
	}
	set("2026-11-24T07:30") // a Tuesday
	engines := []*engine.Engine{start(t, s, now), start(t, s, now)}
	use := func(edit func(*escalation.Book)) {
		b := book(t)
		b.Policies["platform"].Owner = "ana"
		edit(b)
		for _, e := range engines {
			e.SetBook(b)
		}
	}
	look := func(want int, next string) {
		t.Helper()
		for _, e := range engines {
			at, err := e.ReportReadiness(t.Context())
			require.NoError(t, err)
			require.Equal(t, next, at.UTC().Format("2006-01-02T15:04"))
		}
		require.Len(t, texts(t, s), want)
	}
	use(func(b *escalation.Book) { b.Users["ben"].Contacts = nil })
	look(0, "2026-11-24T08:30")
	set("2026-11-24T08:30")
	look(0, "2026-11-24T09:00")
	set("2026-11-24T09:00")
	look(1, "2026-11-24T10:00")
	told := texts(t, s)[0]
	require.EqualValues(t, "ana", told.User)
	require.Equal(t, "platform, secondary reaches nobody from now on, and 1 more. See tocsin check.", told.Title)
	set("2026-11-24T10:00")
	look(1, "2026-11-24T11:00")
	set("2026-11-25T09:00")
	look(1, "2026-11-25T10:00") // no news
	use(func(b *escalation.Book) {
		b.Users["ben"].Contacts = nil
		b.Policies["platform"].Tiers[1].Page = append(b.Policies["platform"].Tiers[1].Page, escalation.Target{Kind: escalation.TargetUser, Name: "ana"})
	})
	look(2, "2026-11-25T10:00")
	set("2026-11-29T12:00")
	look(2, "2026-11-29T13:00")
	set("2026-11-30T09:00") // Monday
	look(3, "2026-11-30T10:00")
	use(func(b *escalation.Book) {})
	set("2026-12-07T09:00")
	look(3, "2026-12-07T10:00") // nothing is wrong
}

// An owner without a contact leaves an incident that says so, and nobody else is told.
func TestTellsNobodyElse(t *testing.T) {
	s := memstore.New(memstore.Options{})
	e := start(t, s, time.Now)
	o, err := e.Tell(t.Context(), "k", schedules.UserID("gone"), "nobody on call", "")
	require.NoError(t, err)
	require.Empty(t, texts(t, s))
	timeline, err := s.Timeline(t.Context(), o.Incident.ID)
	require.NoError(t, err)
	require.Contains(t, timeline[len(timeline)-1].Text, "nobody is told: user:gone")
}
