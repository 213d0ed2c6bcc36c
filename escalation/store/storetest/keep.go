package storetest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

func phoneTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"phones/lease is exclusive": (*suite).phoneLease,
		"phones/lease is renewed":   (*suite).phoneRenewed,
		"phones/release is fenced":  (*suite).phoneFenced,
		"phones/state round trip":   (*suite).phoneState,
	}
}

func keepTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"once/kept until it expires":  (*suite).once,
		"intake/from, limit, keep":    (*suite).intake,
		"prune/resolved ones go":      (*suite).prune,
		"about/clock, check, promise": (*suite).about,
	}
}

const phone = "+12025550101"

func (x *suite) lease(number string, now time.Time) (paging.PhoneLease, bool) {
	x.t.Helper()
	l, ok, err := x.s.LeasePhone(x.ctx, number, now, Lease)
	require.NoError(x.t, err)
	return l, ok
}

// phoneLease ensures that one holder has a phone until it gives it back or the lease ends.
func (x *suite) phoneLease() {
	l, ok := x.lease(phone, T0)
	require.True(x.t, ok)
	require.Equal(x.t, phone, l.Phone)
	require.NotEmpty(x.t, l.Token)
	x.same(T0.Add(Lease), l.Until)
	require.Zero(x.t, l.State)
	_, ok = x.lease(phone, T0.Add(Lease-time.Second))
	require.False(x.t, ok)
	_, ok = x.lease("+12025550102", T0)
	require.True(x.t, ok, "another phone is free")
	require.NoError(x.t, x.s.ReleasePhone(x.ctx, l))
	l, ok = x.lease(phone, T0)
	require.True(x.t, ok, "given back")
	again, ok := x.lease(phone, T0.Add(Lease))
	require.True(x.t, ok, "ran out")
	require.NotEqual(x.t, l.Token, again.Token)
}

// phoneRenewed ensures that a holder keeps a phone by renewing its lease, also just after it has
// ended, that a renewal which comes late shortens nothing and costs no state, and that who was
// taken over or gave it back is refused.
func (x *suite) phoneRenewed() {
	renew := func(l paging.PhoneLease, now time.Time) error { return x.s.RenewPhone(x.ctx, l, now, Lease) }
	l, _ := x.lease(phone, T0)
	l.State.Misses = 7
	require.NoError(x.t, x.s.ReleasePhone(x.ctx, l))
	require.ErrorIs(x.t, renew(l, T0), store.ErrFenced, "given back")

	l, _ = x.lease(phone, T0)
	require.NoError(x.t, renew(l, T0.Add(20*time.Second)))
	require.NoError(x.t, renew(l, T0.Add(10*time.Second)), "sent before, came after")
	_, ok := x.lease(phone, T0.Add(20*time.Second+Lease-time.Second))
	require.False(x.t, ok)
	late := T0.Add(20*time.Second + Lease)
	require.NoError(x.t, renew(l, late), "nobody took it")
	_, ok = x.lease(phone, late.Add(Lease-time.Second))
	require.False(x.t, ok)

	other, ok := x.lease(phone, late.Add(Lease))
	require.True(x.t, ok)
	require.Equal(x.t, 7, other.State.Misses)
	require.ErrorIs(x.t, renew(l, late.Add(Lease)), store.ErrFenced, "taken over")
	_, ok = x.lease(phone, late.Add(2*Lease))
	require.True(x.t, ok, "a refused renewal leases nothing")
	require.ErrorIs(x.t, renew(paging.PhoneLease{Phone: "+12025550109"}, T0), store.ErrFenced, "never leased")
}

// phoneFenced ensures that a holder who was taken over neither saves its state nor ends the new lease.
func (x *suite) phoneFenced() {
	old, _ := x.lease(phone, T0)
	now, ok := x.lease(phone, T0.Add(Lease))
	require.True(x.t, ok)
	old.State.Misses = 7
	require.ErrorIs(x.t, x.s.ReleasePhone(x.ctx, old), store.ErrFenced)
	_, ok = x.lease(phone, T0.Add(Lease+time.Second))
	require.False(x.t, ok, "the new lease holds")
	require.NoError(x.t, x.s.ReleasePhone(x.ctx, now))
	require.ErrorIs(x.t, x.s.ReleasePhone(x.ctx, now), store.ErrFenced, "given back already")
	l, _ := x.lease(phone, T0.Add(Lease+time.Second))
	require.Zero(x.t, l.State.Misses)
}

// phoneState ensures that what one holder saved is what the next one gets.
func (x *suite) phoneState() {
	l, _ := x.lease(phone, T0)
	want := paging.PhoneState{Sent: []time.Time{T0, T0.Add(time.Second)}, DigestAt: T0, FoldedAt: T0.Add(time.Minute),
		Told: map[paging.IncidentID]time.Time{"inc-1": T0}, Misses: 2, MissedAt: T0.Add(time.Hour)}
	l.State = want
	require.NoError(x.t, x.s.ReleasePhone(x.ctx, l))
	l, ok := x.lease(phone, T0)
	require.True(x.t, ok)
	require.Equal(x.t, want, l.State)
}

// once ensures that a proof of completion is there until it expires, and can be written over.
func (x *suite) once() {
	get := func(key string, now time.Time) (string, bool) {
		v, ok, err := x.s.Once(x.ctx, key, now)
		require.NoError(x.t, err)
		return v, ok
	}
	_, ok := get("sms:SM1", T0)
	require.False(x.t, ok)
	require.NoError(x.t, x.s.SetOnce(x.ctx, "sms:SM1", "Acked 12", T0, time.Hour))
	require.NoError(x.t, x.s.SetOnce(x.ctx, "delivery:1", "", T0, 2*time.Hour))
	v, ok := get("sms:SM1", T0.Add(time.Hour-time.Second))
	require.True(x.t, ok)
	require.Equal(x.t, "Acked 12", v)
	_, ok = get("delivery:1", T0.Add(time.Hour))
	require.True(x.t, ok, "an empty value is there, too")
	_, ok = get("sms:SM1", T0.Add(time.Hour))
	require.False(x.t, ok, "expired")
	require.NoError(x.t, x.s.SetOnce(x.ctx, "delivery:1", "again", T0.Add(time.Hour), 3*time.Hour))
	v, ok = get("delivery:1", T0.Add(4*time.Hour-time.Second))
	require.True(x.t, ok, "the later expiry holds")
	require.Equal(x.t, "again", v)
}

// intake ensures that the log is read from a time on, oldest first, and forgets what is too old.
func (x *suite) intake() {
	for i := range 5 {
		in := store.Intake{At: T0.Add(time.Duration(i) * time.Hour), Integration: "prometheus", DeliveryID: fmt.Sprint(i),
			Alerts: i, Note: "note", Body: []byte{0, 1, 0xff, byte(i)}, Truncated: i == 4}
		require.NoError(x.t, x.s.Record(x.ctx, in, 24*time.Hour))
	}
	ids := func(from time.Time, limit int) (ids []string) {
		got, err := x.s.Intakes(x.ctx, from, limit)
		require.NoError(x.t, err)
		for _, in := range got {
			ids = append(ids, in.DeliveryID)
		}
		return ids
	}
	require.Equal(x.t, []string{"0", "1", "2", "3", "4"}, ids(T0, 0))
	require.Equal(x.t, []string{"1", "2"}, ids(T0.Add(time.Hour), 2))
	require.Equal(x.t, []string{"4"}, ids(T0.Add(3*time.Hour+time.Second), 10))
	got, err := x.s.Intakes(x.ctx, T0.Add(4*time.Hour), 1)
	require.NoError(x.t, err)
	require.Equal(x.t, []store.Intake{{At: T0.Add(4 * time.Hour), Integration: "prometheus", DeliveryID: "4", Alerts: 4,
		Note: "note", Body: []byte{0, 1, 0xff, 4}, Truncated: true}}, got)

	same := store.Intake{At: T0.Add(4 * time.Hour), DeliveryID: "5"}
	require.NoError(x.t, x.s.Record(x.ctx, same, 2*time.Hour), "at the same time as another, and forgets")
	require.ElementsMatch(x.t, []string{"2", "3", "4", "5"}, ids(T0, 0))
}

// prune ensures that incidents resolved before an instant are forgotten with all that belongs
// to them, and nothing else is.
func (x *suite) prune() {
	m := Member("prometheus", "disk", "g")
	with := func(c *store.Change) {
		c.Members = []escalation.Member{m}
		c.Attempts = Put(Attempt(c.Incident, 1, T0.Add(time.Hour)))
		c.Due = T0.Add(time.Hour)
	}
	open, _ := x.open("open", with)
	var ended []*escalation.Incident
	for i := range 3 {
		inc, rev := x.open(fmt.Sprint("ended-", i), with)
		x.must(Update(Resolved(inc, T0.Add(time.Duration(i)*time.Hour)), rev))
		ended = append(ended, inc)
	}
	n, err := x.s.Prune(x.ctx, T0.Add(2*time.Hour), 1)
	require.NoError(x.t, err)
	require.Equal(x.t, 1, n, "no more than asked")
	n, err = x.s.Prune(x.ctx, T0.Add(2*time.Hour), 100)
	require.NoError(x.t, err)
	require.Equal(x.t, 1, n, "what ended at that instant stays")
	for _, inc := range ended[:2] {
		require.Nil(x.t, x.load(store.Query{ID: inc.ID}).Incident)
		require.Nil(x.t, x.load(store.Query{Key: inc.Key}).Incident)
		entries, err := x.s.Timeline(x.ctx, inc.ID)
		require.NoError(x.t, err)
		require.Empty(x.t, entries)
		attempts, err := x.s.AttemptsOf(x.ctx, inc.ID)
		require.NoError(x.t, err)
		require.Empty(x.t, attempts)
		members, err := x.s.MembersOf(x.ctx, inc.ID, 0)
		require.NoError(x.t, err)
		require.Empty(x.t, members)
	}
	for _, inc := range []*escalation.Incident{open, ended[2]} {
		require.NotNil(x.t, x.load(store.Query{Key: inc.Key}).Incident)
	}
	claims, _ := x.claim(T0.Add(2*time.Hour), 10)
	require.Len(x.t, claims, 2, "no attempt of what is gone is left in the index")
	got, err := x.s.FindIdentity(x.ctx, []escalation.MemberKey{m.MemberKey})
	require.NoError(x.t, err)
	require.Contains(x.t, got[m.MemberKey], open.ID)
	all, err := x.s.List(x.ctx, store.Filter{})
	require.NoError(x.t, err)
	require.Len(x.t, all, 2)
	again := Incident(x.s, string(ended[0].Key), T0.Add(3*time.Hour))
	x.must(Opening(again))
}

// about ensures that a store that works says so, and what it promises.
func (x *suite) about() {
	require.NoError(x.t, x.s.Check(x.ctx))
	require.NotEmpty(x.t, x.s.Promise(x.ctx))
	at, err := x.s.Clock(x.ctx, T0)
	require.NoError(x.t, err)
	require.False(x.t, at.IsZero())
	require.Positive(x.t, x.s.Shards())
}
