package storetest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

func raceTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"race/two creators of one key":             (*suite).raceCreators,
		"race/writers of one incident":             (*suite).raceWriters,
		"race/touches lose no count":               (*suite).raceTouches,
		"race/one claim per attempt":               (*suite).raceClaims,
		"race/no begin after an acknowledgement":   (*suite).raceAck,
		"race/codes are never given to two":        (*suite).raceCodes,
		"race/a phone is leased by one at a time":  (*suite).racePhones,
		"race/one timer, one claim while it holds": (*suite).raceTimers,
	}
}

// together runs f in n goroutines that start at the same time.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

// raceCreators ensures that of several creators of one key exactly one succeeds, many times.
func (x *suite) raceCreators() {
	for round := range 50 {
		key := fmt.Sprintf("key-%d", round)
		results := make([]error, 4)
		together(len(results), func(i int) {
			done, err := x.s.Commit(x.ctx, []store.Change{Opening(Incident(x.s, key, T0))})
			if err == nil {
				err = done[0].Err
			}
			results[i] = err
		})
		won := 0
		for _, err := range results {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(x.t, err, store.ErrConflict)
		}
		require.Equal(x.t, 1, won)
	}
	open, err := x.s.List(x.ctx, store.Filter{Open: true})
	require.NoError(x.t, err)
	require.Len(x.t, open, 50)
}

// raceWriters ensures that concurrent read-judge-write loops lose no update.
func (x *suite) raceWriters() {
	inc, _ := x.open("a")
	const writers, each = 4, 10
	together(writers, func(int) {
		for done := 0; done < each; {
			got, err := x.s.Load(x.ctx, []store.Query{{ID: inc.ID}})
			if err != nil {
				x.t.Error(err)
				return
			}
			next := *got[0].Incident
			u := Update(&next, got[0].Revision)
			u.Entries = Entries(&next, "noted")
			res, err := x.s.Commit(x.ctx, []store.Change{u})
			if err == nil {
				err = res[0].Err
			}
			switch {
			case err == nil:
				done++
			case !errors.Is(err, store.ErrConflict):
				x.t.Error(err)
				return
			}
		}
	})
	entries, err := x.s.Timeline(x.ctx, inc.ID)
	require.NoError(x.t, err)
	x.wholeChain(entries, 1+writers*each)
}

// wholeChain checks that entries are 1…n without gaps and chained as Entries made them.
func (x *suite) wholeChain(entries []escalation.Entry, n int) {
	x.t.Helper()
	require.Len(x.t, entries, n)
	prev := ""
	for i, e := range entries {
		require.Equal(x.t, i+1, e.Seq)
		require.Equal(x.t, Chain(prev, e.Seq, e.Text), e.Hash)
		prev = e.Hash
	}
}

// raceTouches ensures that concurrent touches are all counted.
func (x *suite) raceTouches() {
	inc, rev := x.open("a")
	together(8, func(i int) {
		for n := range 20 {
			ok, err := x.s.Touch(x.ctx, []store.Touch{{ID: inc.ID, Revision: rev, N: 2, At: T0.Add(time.Duration(n) * time.Second)}})
			if err != nil || !ok[0] {
				x.t.Errorf("touch %d: %v %v", i, ok, err)
			}
		}
	})
	got := x.load(store.Query{ID: inc.ID})
	require.Equal(x.t, 1+8*20*2, got.Incident.Count)
	x.same(T0.Add(19*time.Second), got.Incident.LastSeen)
	require.Equal(x.t, rev, got.Revision)
}

// raceClaims ensures that no attempt is claimed twice while its lease holds.
func (x *suite) raceClaims() {
	inc := Incident(x.s, "a", T0)
	c := Opening(inc)
	for i := range 40 {
		c.Attempts = append(c.Attempts, Put(Attempt(inc, i, T0))...)
	}
	x.must(c)
	claimed := make([][]paging.Claim, 4)
	together(len(claimed), func(i int) {
		for {
			claims, _, err := x.s.ClaimAttempts(x.ctx, T0, Leases(), 3)
			if err != nil {
				x.t.Error(err)
			}
			if len(claims) == 0 {
				return
			}
			claimed[i] = append(claimed[i], claims...)
		}
	})
	holders := map[paging.AttemptID]string{}
	for _, claims := range claimed {
		for _, claim := range claims {
			require.NotContains(x.t, holders, claim.Attempt.ID, "claimed twice")
			holders[claim.Attempt.ID] = claim.Token
		}
	}
	require.Len(x.t, holders, 40)
}

// raceAck ensures that no Begin succeeds once a commit that cancels the attempt has returned.
func (x *suite) raceAck() {
	for round := range 50 {
		inc := Incident(x.s, fmt.Sprint("key-", round), T0)
		c := Opening(inc)
		a := Attempt(inc, 1, T0)
		c.Attempts = Put(a)
		rev := x.must(c)
		claim := x.claimOne(T0)
		ack := Update(Acked(inc, T0), rev)
		ack.Cancel = []escalation.AttemptCancel{{ID: a.ID, Reason: "acknowledged"}}
		var early, late error
		together(2, func(i int) {
			if i == 0 {
				errs, err := x.s.Begin(x.ctx, T0, SendLease, []paging.Start{{Claim: claim}})
				early = errors.Join(err, errs[0])
				return
			}
			done, err := x.s.Commit(x.ctx, []store.Change{ack})
			if err != nil || done[0].Err != nil {
				x.t.Errorf("ack: %v %v", done, err)
			}
			if errs, err := x.s.Begin(x.ctx, T0, SendLease, []paging.Start{{Claim: claim}}); err == nil {
				late = errs[0]
			}
		})
		got := x.attempt(a.ID)
		if early == nil { // it began before the acknowledgement was committed
			require.Equal(x.t, paging.Sending, got.State)
			continue
		}
		require.ErrorIs(x.t, early, store.ErrFenced)
		require.ErrorIs(x.t, late, store.ErrFenced)
		require.Equal(x.t, paging.Canceled, got.State)
	}
}

// raceCodes ensures that concurrent reservations on one phone never share a code, and that the
// same key always gets the same one.
func (x *suite) raceCodes() {
	const keys = 30
	got := make([][]string, 3)
	together(len(got), func(i int) {
		got[i] = make([]string, keys)
		for n := range keys {
			k := (n*7 + i*11) % keys // each in an order of its own
			code, err := x.s.ReserveCode(x.ctx, CodeRequest("+12025550101", fmt.Sprint("key-", k), T0))
			if err != nil {
				x.t.Error(err)
			}
			got[i][k] = code.Code
		}
	})
	owner := map[string]int{}
	for k := range keys {
		require.Equal(x.t, got[0][k], got[1][k])
		require.Equal(x.t, got[0][k], got[2][k])
		require.NotContains(x.t, owner, got[0][k], "one code, two keys")
		owner[got[0][k]] = k
	}
	require.Contains(x.t, owner, "10")
	require.Contains(x.t, owner, "39", "no number is left out")
}

// racePhones ensures that a phone's lease has one holder, and that its state goes from one to
// the next without loss.
func (x *suite) racePhones() {
	const phone = "+12025550101"
	together(4, func(int) {
		for done := 0; done < 5; {
			lease, ok, err := x.s.LeasePhone(x.ctx, phone, T0, Lease)
			if err != nil {
				x.t.Error(err)
				return
			}
			if !ok {
				continue
			}
			lease.State.Misses++
			if err := x.s.ReleasePhone(x.ctx, lease); err != nil {
				x.t.Error(err)
				return
			}
			done++
		}
	})
	lease, ok, err := x.s.LeasePhone(x.ctx, phone, T0, Lease)
	require.NoError(x.t, err)
	require.True(x.t, ok)
	require.Equal(x.t, 20, lease.State.Misses)
}

// raceTimers ensures that one due timer is claimed by one of many.
func (x *suite) raceTimers() {
	x.open("a", func(c *store.Change) { c.Due = T0 })
	claims := make([]int, 4)
	together(len(claims), func(i int) {
		got, _, err := x.s.ClaimTimers(x.ctx, T0, Lease, 10)
		if err != nil {
			x.t.Error(err)
		}
		claims[i] = len(got)
	})
	require.Equal(x.t, 1, claims[0]+claims[1]+claims[2]+claims[3])
}
