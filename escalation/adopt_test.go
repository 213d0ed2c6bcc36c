package escalation

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/paging"
)

// adoptionOf is what a process says of an incident that it kept by itself.
func adoptionOf(r *record) Adopt {
	return Adopt{
		ID: "adopt:" + string(r.inc.ID) + ":" + r.inc.Head, From: "the other gateway", Incident: deep(r.inc),
		Members: slices.Collect(maps.Values(r.members)), Attempts: r.rows(func(paging.Attempt) bool { return true }), Entries: slices.Clone(r.entries),
	}
}

// TestAdoptProperties ensures that whatever two sides went through on their own, bringing them
// together leaves one incident in good order that has forgotten nothing: no member, nobody who
// was told, no acknowledgement of what it is now; and that doing it twice is doing it once.
func TestAdoptProperties(t *testing.T) {
	books := bookShelf()
	rapid.Check(t, func(rt *rapid.T) {
		shared := live(rt, books[:1], "", rapid.IntRange(0, 25).Draw(rt, "events of the store"))
		alone := live(rt, books[:1], "alone", rapid.IntRange(1, 25).Draw(rt, "events of the other side"))
		if alone.now.After(shared.now) {
			shared.now = alone.now
		}
		c := newChecker(rt)
		c.latest = shared.now.Add(25 * time.Hour) // both clocks may have been ahead
		shared.check = func(m moment) { adopted(rt, c, m) }
		for _, r := range alone.records {
			cmd := adoptionOf(r)
			shared.do(shared.last(), cmd)
			require.Equal(rt, Known, shared.do(shared.last(), cmd).Outcome.Kind)
		}
		open := 0
		for _, r := range shared.records {
			if r.inc.Open() {
				open++
			}
			require.Zero(rt, VerifyTimeline(r.entries, r.inc.Head), "the timeline does not verify")
		}
		require.LessOrEqual(rt, open, 1, "two incidents of one key are open")
	})
}

// live plays one side.
func live(rt *rapid.T, books []*Book, name string, events int) *player {
	p := &player{T: rt, books: books, world: &world{book: books[0], now: clock("02:58")}}
	if name != "" {
		p.serial = 1000 // ids of its own
	}
	for range events {
		even(p, "event of "+name, []func(*player){(*player).command, (*player).command, (*player).next, (*player).phone, (*player).phone, (*player).wait})(p)
	}
	for _, r := range p.records { // memos and test pages are nobody's to adopt
		if r.inc.Memo || r.inc.Test {
			rt.SkipNow()
		}
	}
	return p
}

// adopted checks one adoption.
func adopted(rt *rapid.T, c *checker, m moment) {
	rt.Helper()
	rt.Logf("adopts: %s", class(m.res.Incident))
	cmd, _ := m.cmd.(Adopt)
	f, after := cmd.Incident, m.after.inc
	c.pure(m)
	c.state(m, after)
	c.pending(m, after)
	c.counts(m)
	c.timeline(m)
	c.written(m)
	for _, member := range cmd.Members {
		_, ok := m.after.members[member.MemberKey]
		require.True(rt, ok, "member %v is lost", member.MemberKey)
	}
	for _, told := range f.Told {
		require.Contains(rt, after.Told, told, "it is forgotten who was told")
	}
	if m.before == nil || m.before.inc.ID != after.ID {
		return
	}
	was := m.before.inc
	c.rows(m)
	c.clocks(m)
	for key := range m.before.members {
		require.Contains(rt, m.after.members, key)
	}
	require.Equal(rt, len(m.before.entries), slices.IndexFunc(append(m.after.entries, Entry{Seq: was.Seq + 1}), func(e Entry) bool { return e.Seq == was.Seq+1 }))
	scale := m.env.Book.Scale
	if !after.Open() || m.res.Outcome.Kind == Known {
		return
	}
	mine := was.State == Acknowledged && was.Ack != nil && !scale.MoreUrgent(f.Severity, was.Severity)
	theirs := f.State == Acknowledged && !scale.MoreUrgent(was.Severity, f.Severity)
	if was.Open() && (mine || theirs) {
		require.Equal(rt, Acknowledged, after.State, "an acknowledgement is lost: was %s, theirs %s", class(was), class(f))
	}
	if was.State == Acknowledged && f.State == Acknowledged && mine && theirs {
		first := was.Ack.At
		if f.Ack.At.Before(first) {
			first = f.Ack.At
		}
		require.True(rt, after.Ack.At.Equal(first), "the earlier acknowledgement counts")
	}
	if after.State == Acknowledged {
		require.Empty(rt, plannedUsers(m.res), "somebody is paged for what was acknowledged")
	}
	foreign := 0
	for _, e := range m.res.Entries {
		if e.Foreign != nil {
			foreign++
		}
	}
	require.Len(rt, cmd.Entries, foreign, "the foreign timeline is there")
}

// sides are two worlds in which the same alert fired.
func sides(t *testing.T, word string) (shared, alone *world) {
	t.Helper()
	both := [2]*world{}
	for i := range both {
		both[i] = &world{book: bookOf(), now: clock("03:00"), serial: i * 1000}
		both[i].do(nil, both[i].fire(both[i].alert("a", word, map[string]string{"start": "02:55"})))
		require.Len(t, both[i].records, 1)
	}
	return both[0], both[1]
}

// send has an attempt taken by the provider.
func send(w *world, user string) {
	for _, a := range w.last().rows(func(a paging.Attempt) bool { return string(a.User) == user && a.State == paging.Planned }) {
		w.begin(w.last(), a.ID)
		w.do(w.last(), Reported{Report: paging.Report{Attempt: a.ID, Token: w.last().attempts[a.ID].Token, Result: paging.ResultSent, At: w.now}})
	}
}

// TestAdopt ensures what comes of two sides of one trouble in the cases that people will meet.
func TestAdopt(t *testing.T) {
	ana := Actor{User: "ana", Name: "ana", Via: "sms"}
	ben := Actor{User: "ben", Name: "ben", Via: "api"}
	end := End{Member: MemberKey{"prom", "a"}}
	cases := map[string]struct {
		shared, alone func(w *world)
		want          func(t *testing.T, w *world, res Result)
	}{
		"nobody has acted, ana was paged by the other side: she is not paged again": {
			alone: func(w *world) { send(w, "ana") },
			want: func(t *testing.T, w *world, res Result) {
				assert.Equal(t, Triggered, w.last().inc.State)
				assert.Empty(t, w.last().rows(func(a paging.Attempt) bool { return a.State == paging.Planned }), "no page is left")
				assert.Equal(t, clock("03:05"), w.last().inc.Position.Deadline, "and the next tier comes in time")
			},
		},
		"the other side is a tier further: it goes on from there": {
			alone: func(w *world) {
				send(w, "ana")
				w.now = clock("03:05")
				w.do(w.last(), TimerDue{})
				send(w, "ben")
			},
			want: func(t *testing.T, w *world, res Result) {
				assert.Equal(t, "secondary", w.last().inc.Position.Name)
				assert.Equal(t, clock("03:10"), w.last().inc.Position.Deadline)
				assert.Empty(t, plannedUsers(res), "both were paged already")
				w.now = clock("03:10")
				w.do(w.last(), TimerDue{})
				assert.Equal(t, "escalation", w.last().inc.Position.Name, "nobody is skipped and nobody comes twice")
			},
		},
		"acknowledged at the other side: whoever was paged here hears of it": {
			shared: func(w *world) { send(w, "ana"); w.now = clock("03:05"); w.do(w.last(), TimerDue{}); send(w, "ben") },
			alone:  func(w *world) { send(w, "ana"); w.do(w.last(), Acknowledge{ID: "x", By: ana}) },
			want: func(t *testing.T, w *world, res Result) {
				inc := w.last().inc
				assert.Equal(t, Acknowledged, inc.State)
				assert.Equal(t, clock("03:00"), inc.Ack.At)
				var told []string
				for _, put := range res.Put {
					told = append(told, string(put.Attempt.User)+" "+put.Attempt.What)
				}
				assert.Equal(t, []string{"ben acked"}, told)
			},
		},
		"acknowledged at both: the earlier counts": {
			shared: func(w *world) { w.now = clock("03:02"); w.do(w.last(), Acknowledge{ID: "x", By: ben}) },
			alone:  func(w *world) { w.now = clock("03:01"); w.do(w.last(), Acknowledge{ID: "y", By: ana}) },
			want: func(t *testing.T, w *world, _ Result) {
				assert.Equal(t, "ana", w.last().inc.Ack.By.Name)
				assert.Contains(t, w.last().entries[len(w.last().entries)-1].Text, "ana was first to acknowledge; ben did, too")
			},
		},
		"ended at the other side, later than it fired here: over": {
			alone: func(w *world) { w.now = clock("03:04"); w.do(w.last(), end) },
			want:  func(t *testing.T, w *world, _ Result) { assert.Equal(t, Resolved, w.last().inc.State) },
		},
		"ended here, later than it fired at the other side: over, and nothing opens": {
			shared: func(w *world) { w.now = clock("03:04"); w.do(w.last(), end) },
			want: func(t *testing.T, w *world, res Result) {
				assert.Equal(t, Resolved, w.last().inc.State)
				assert.Empty(t, plannedUsers(res))
			},
		},
		"a person resolved it here: it stays closed": {
			shared: func(w *world) { w.now = clock("03:03"); w.do(w.last(), Resolve{ID: "x", By: ben, Force: true}) },
			want: func(t *testing.T, w *world, res Result) {
				assert.Equal(t, Resolved, w.last().inc.State)
				assert.Equal(t, "ben", w.last().inc.Ending.By.Name)
			},
		},
		"a person resolved it at the other side, and it fires here: taken by that person": {
			alone: func(w *world) { w.now = clock("03:03"); w.do(w.last(), Resolve{ID: "x", By: ana, Force: true}) },
			want: func(t *testing.T, w *world, _ Result) {
				assert.Equal(t, Acknowledged, w.last().inc.State)
				assert.Equal(t, "ana", w.last().inc.Ack.By.Name)
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			shared, alone := sides(t, "P1")
			for _, side := range []struct {
				w  *world
				do func(*world)
			}{{shared, c.shared}, {alone, c.alone}} {
				if side.do != nil {
					side.do(side.w)
				}
			}
			shared.now = clock("03:06")
			res := shared.do(shared.last(), adoptionOf(alone.last()))
			c.want(t, shared, res)
			for _, r := range shared.records {
				require.Zero(t, VerifyTimeline(r.entries, r.inc.Head), fmt.Sprint(r.entries))
			}
		})
	}
}

// TestAdoptAlone ensures that an incident that the store does not know goes on as it stands,
// under its own id, with its own timeline, and that its next tier comes when it was due.
func TestAdoptAlone(t *testing.T) {
	_, alone := sides(t, "P0")
	send(alone, "ana")
	shared := &world{book: bookOf(), now: clock("03:02")}
	res := shared.do(nil, adoptionOf(alone.last()))
	require.Equal(t, Opened, res.Outcome.Kind)
	r := shared.last()
	require.Equal(t, alone.last().inc.ID, r.inc.ID)
	require.Equal(t, alone.last().entries, r.entries[:len(alone.last().entries)])
	require.Equal(t, slices.Collect(maps.Keys(alone.last().attempts)), slices.Collect(maps.Keys(r.attempts)))
	require.Zero(t, VerifyTimeline(r.entries, r.inc.Head))
	require.Equal(t, clock("03:05"), r.inc.Position.Deadline)
}

// TestAdoptAgain ensures that an incident which was brought in, and then went on on both sides
// because the merge broke off, has one timeline that verifies also when it is over here, with all
// that the other side told.
func TestAdoptAgain(t *testing.T) {
	_, alone := sides(t, "P0")
	shared := &world{book: bookOf(), now: clock("03:02")}
	shared.do(nil, adoptionOf(alone.last()))
	r := shared.last()
	shared.do(r, Resolve{ID: "r", By: Actor{User: "ben", Name: "ben", Via: "sms"}, Force: true})
	require.Equal(t, Resolved, r.inc.State)
	alone.now = clock("03:02")
	send(alone, "ana")
	again := adoptionOf(alone.last())
	require.Equal(t, Done, shared.do(r, again).Outcome.Kind)
	require.Len(t, shared.records, 1)
	require.Equal(t, Resolved, r.inc.State)
	require.Zero(t, VerifyTimeline(r.entries, r.inc.Head))
	require.True(t, r.inc.told("ana"))
	foreign := 0
	for _, e := range r.entries {
		if e.Kind == EntryForeign {
			foreign++
		}
	}
	require.Equal(t, len(again.Entries), foreign)
	require.Equal(t, Known, shared.do(r, again).Outcome.Kind)
}
