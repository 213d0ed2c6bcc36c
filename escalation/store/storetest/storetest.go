// Package storetest defines what a store.Store does: a suite that every implementation runs.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Store { … a fresh, empty one … })
//	}
//
// # What it settles beyond the comments of store.Store
//
//   - A new Revision carries the token of its change and a higher counter.
//   - In one change all fences are judged against the rows as they were; then puts are written
//     in order, then cancels are applied. A Put writes the row as it is given, its Token
//     included; what is then Planned is due at its Due, what is Sending when its lease ends,
//     what is settled never.
//   - The Token of an attempt as loaded is that of its latest claim. Defer clears it, so that
//     the one who gave the claim back cannot begin any more. A Defer of a claim that is no
//     longer held does nothing.
//   - A lease that has ended is still its holder's until somebody takes it: a Begin and a RenewPhone
//     succeed, and from then on the new lease counts.
//   - "Next" of a claim is the earliest time in the index after the claim, ends of leases included.
//   - Under a limit the earliest timers and the most urgent attempts are taken, within a shard.
//   - An Append is settled by the token of the value after its number, too, whatever was
//     appended since; a number beyond the last one is a conflict like one before it.
//   - A limit of 0 means no limit (List, MembersOf, Intakes).
//   - An incident of a newer format is loaded as an error; a newer attempt does not keep others
//     from being claimed. A store writes the format that it is given.
//
// The suite never sleeps and reads no clock: all its times are counted from T0, which lies in
// the future. They are whole seconds, so that a store may keep milliseconds.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// Option adapts the suite to a store.
type Option func(*options)

type options struct {
	restart   func(*testing.T, store.Store) store.Store
	exact     bool
	soleOwner bool
}

// Restart makes the suite close and reopen a durable store: what was in it must still be there.
func Restart(f func(t *testing.T, s store.Store) store.Store) Option {
	return func(o *options) { o.restart = f }
}

// SoleOwner says that one process owns the store, so that a restart ends every lease: their
// holders are dead. Elsewhere they may live on, and leases outlast a restart.
func SoleOwner() Option { return func(o *options) { o.soleOwner = true } }

// ExactIndexes says that the store's indexes name no incident that does not hold the member.
func ExactIndexes() Option { return func(o *options) { o.exact = true } }

// Run runs the suite; open returns a fresh, empty store and closes it when the test ends.
func Run(t *testing.T, open func(t *testing.T) store.Store, opts ...Option) {
	t.Helper()
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	groups := []map[string]func(*suite){
		commitTests(), raceTests(), rowTests(), counterTests(), timerTests(), claimTests(), attemptTests(),
		codeTests(), phoneTests(), keepTests(), seriesTests(), peerTests(), listTests(), newerTests(), restartTests(),
	}
	for _, group := range groups {
		for name, test := range group {
			t.Run(name, func(t *testing.T) {
				test(&suite{t: t, s: open(t), ctx: t.Context(), o: o})
			})
		}
	}
}

// suite is one subtest with its own store.
type suite struct {
	t   *testing.T
	s   store.Store
	ctx context.Context
	o   options
}

// commit commits one change and returns what became of it.
func (x *suite) commit(c store.Change) store.Committed {
	x.t.Helper()
	done, err := x.s.Commit(x.ctx, []store.Change{c})
	require.NoError(x.t, err)
	require.Len(x.t, done, 1)
	return done[0]
}

// must commits one change that has to succeed.
func (x *suite) must(c store.Change) store.Revision {
	x.t.Helper()
	done := x.commit(c)
	require.NoError(x.t, done.Err)
	require.Equal(x.t, c.Token, done.Revision.Token, "a revision carries the token of its change")
	require.Greater(x.t, done.Revision.Counter, c.Expected.Counter, "the counter rises")
	return done.Revision
}

// open commits a new incident with that key and what edit adds to its change.
func (x *suite) open(key string, edit ...func(*store.Change)) (*escalation.Incident, store.Revision) {
	x.t.Helper()
	c := Opening(Incident(x.s, key, T0))
	for _, f := range edit {
		f(&c)
	}
	return c.Incident, x.must(c)
}

func (x *suite) load(q store.Query) store.Loaded {
	x.t.Helper()
	got, err := x.s.Load(x.ctx, []store.Query{q})
	require.NoError(x.t, err)
	require.Len(x.t, got, 1)
	return got[0]
}

func (x *suite) attempt(id paging.AttemptID) paging.Attempt {
	x.t.Helper()
	got := x.load(store.Query{ID: id.Incident(), Attempts: []paging.AttemptID{id}})
	require.Contains(x.t, got.Attempts, id)
	return got.Attempts[id]
}

// timers claims due timers; the ids are in the order in which they came.
func (x *suite) timers(now time.Time, limit int) ([]paging.IncidentID, time.Time) {
	x.t.Helper()
	claims, next, err := x.s.ClaimTimers(x.ctx, now, Lease, limit)
	require.NoError(x.t, err)
	var ids []paging.IncidentID
	for _, c := range claims {
		require.False(x.t, c.Due.After(now), "only what is due is claimed")
		ids = append(ids, c.ID)
	}
	return ids, next
}

func (x *suite) claim(now time.Time, limit int) ([]paging.Claim, time.Time) {
	x.t.Helper()
	claims, next, err := x.s.ClaimAttempts(x.ctx, now, Leases(), limit)
	require.NoError(x.t, err)
	for _, c := range claims {
		require.NotEmpty(x.t, c.Token)
		require.Equal(x.t, c.Token, c.Attempt.Token, "the row names the claim that holds it")
	}
	return claims, next
}

// claimOne claims the only due attempt.
func (x *suite) claimOne(now time.Time) paging.Claim {
	x.t.Helper()
	claims, _ := x.claim(now, 10)
	require.Len(x.t, claims, 1)
	return claims[0]
}

func (x *suite) begin(now time.Time, c paging.Claim) error {
	x.t.Helper()
	errs, err := x.s.Begin(x.ctx, now, SendLease, []paging.Start{{Claim: c, Code: "12", Text: "Checkout errors"}})
	require.NoError(x.t, err)
	require.Len(x.t, errs, 1)
	return errs[0]
}

// same compares instants, not their representation.
func (x *suite) same(want, got time.Time, msg ...any) {
	x.t.Helper()
	require.Equal(x.t, want.UTC().String(), got.UTC().String(), msg...)
}
