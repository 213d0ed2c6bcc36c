package escalation

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/paging"
	"tocsin/schedules"
)

// learns says that a row tells a shadow who is paged.
func learns(a paging.Attempt) bool {
	return a.Kind == paging.Notice && strings.HasSuffix(a.What, "paged for")
}

// shadows: who learns is told once a run what a tier pages others for, never paged for it, and
// nothing is made of it.
func (c *checker) shadows(m moment) {
	c.t.Helper()
	is, begun := m.after.inc, 0
	if m.before != nil && m.before.inc.ID == is.ID {
		begun = m.before.inc.Steps
	}
	var want []schedules.UserID
	if p := is.Position; p != nil && p.Stage == StageTier && is.Steps > begun {
		targets := m.env.Book.Policy(is.Policy).Tiers[p.Index].Page
		c.must(m, slices.Equal(plannedUsers(m.res), reachable(m.env, targets)), "a tier pages those whom it names, and nobody else")
		want = pupils(m, targets)
	}
	var got []schedules.UserID
	for _, put := range m.res.Put {
		if a := put.Attempt; learns(a) && !known(m, a.ID) {
			got = append(got, a.User)
		}
	}
	slices.Sort(got)
	c.must(m, slices.Equal(got, want), "the shadows of a tier are told of its pages, and nobody else")
	c.shadowRows(m)
}

func known(m moment, id paging.AttemptID) bool {
	if m.before == nil {
		return false
	}
	_, ok := m.before.attempts[id]
	return ok
}

// pupils lists who is to hear of the pages of a tier that starts.
func pupils(m moment, targets []Target) (names []schedules.UserID) {
	for _, t := range targets {
		s := m.env.Book.Schedules[t.Name]
		if t.Kind != TargetSchedule || s == nil || m.after.inc.Test {
			continue
		}
		for _, name := range s.Shadows(m.env.Now, nil) {
			u := m.env.Book.Users[name]
			paged := slices.Contains(plannedUsers(m.res), name)
			if u != nil && len(u.Contacts) > 0 && !paged && !slices.Contains(names, name) && !toldInRun(m, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func toldInRun(m moment, name schedules.UserID) bool {
	if m.before == nil || m.before.inc.ID != m.after.inc.ID {
		return false
	}
	for _, a := range m.before.attempts {
		if learns(a) && a.User == name && a.Run == m.after.inc.Run {
			return true
		}
	}
	return false
}

// shadowRows: no incident counts on what a shadow was told.
func (c *checker) shadowRows(m moment) {
	c.t.Helper()
	type once struct {
		schedules.UserID
		int
	}
	told, paged := map[once]int{}, map[schedules.UserID]bool{}
	for _, a := range m.after.attempts {
		if learns(a) {
			told[once{a.User, a.Run}]++
			c.must(m, a.State != paging.Canceled, "nothing takes back what a shadow is told")
			c.must(m, !m.after.inc.Test, "a test page teaches nothing")
		}
		paged[a.User] = paged[a.User] || a.Kind == paging.Page
	}
	for _, n := range told {
		c.must(m, n == 1, "a shadow is told once a run")
	}
	for _, ref := range m.after.inc.Attempts {
		c.must(m, m.after.attempts[ref.ID].Kind == paging.Page, "an incident waits for pages only")
	}
	for _, t := range m.after.inc.Told {
		c.must(m, paged[t.User], "who was told only as a shadow does not count as paged")
	}
}

// shadowsHear adds to want who hears of an acknowledgement because they heard of pages to
// others: at once, and not again when a text to them was under way.
func (c *checker) shadowsHear(m moment, want map[Told]int) {
	is := m.after.inc
	for _, s := range is.Shadows {
		t := Told{User: s.User, Contact: s.Contact}
		switch {
		case s.User == is.Ack.By.User:
		case m.before.inc.State == Acknowledged:
			for late := range want {
				if late.User == s.User {
					delete(want, late)
				}
			}
		case !slices.ContainsFunc(is.Told, func(t Told) bool { return t.User == s.User }):
			want[t]++
		}
	}
}

// TestStoriesOfShadows ensures that who learns is told once a run of what others are paged for
// and of how it ends, and that nothing depends on them.
func TestStoriesOfShadows(t *testing.T) {
	tellAll(t, []story{
		{"told with the pages, then of the acknowledgement", `
			03:00 fire a P1 policy=school | opened, at one, pages ana, tells cleo/work ben, says told the shadow cleo by sms (work)
			03:00 sent ana                | done
			03:00 sent notice:cleo        | done, says notice to cleo (work): sent
			03:01 dana acks               | done, tells ana cleo/work ben`},
		{"once a run, whatever the tier, the round and the fallback", `
			03:00 fire a P1 policy=school | at one, pages ana, tells cleo/work ben
			03:05 timer                   | at two, pages ana ben
			03:10 timer                   | at one, round 1, pages ana
			03:15 timer                   | at two, round 1, pages ana ben
			03:20 timer                   | fallback, pages dana`},
		{"in the next run again", `
			03:00 fire a P1 policy=school | at one, pages ana, tells cleo/work ben
			03:00 sent ana                | done
			03:01 ana acks                | done, tells cleo/work ben
			03:02 ana undoes              | at one, run 2, pages ana, tells cleo/work ben
			03:03 ana escalates           | at two, run 2, pages ana ben
			03:04 ana acks                | done, tells cleo/work ben
			04:04 timer                   | acknowledger, run 3, pages ana
			04:09 timer                   | at one, run 3, pages ana, tells cleo/work ben`},
		{"not of their own acknowledgement", `
			03:00 fire a P1 policy=school | pages ana, tells cleo/work ben
			03:01 cleo acks               | done, cancels ana, tells ben`},
		{"of a close, but not of an end by itself", `
			03:00 fire a P1 policy=school | pages ana, tells cleo/work ben
			03:01 dana closes             | resolved, tells cleo/work ben
			03:02 fire a P1 start=03:02   | reopened, run 2, pages ana, tells cleo/work ben
			03:03 end a                   | resolved, cancels ana`},
		{"who is paged later hears of it once", `
			03:00 fire a P1 policy=school | pages ana, tells cleo/work ben
			03:05 timer                   | at two, pages ana ben
			03:05 sent ben                | done
			03:06 dana acks               | done, tells ben cleo/work`},
		{"and once when the page was under way", `
			03:00 fire a P1 policy=school | pages ana, tells cleo/work ben
			03:05 timer                   | at two, pages ana ben
			03:05 begin ben               |
			03:06 dana acks               | done, tells ben cleo/work
			03:06 sent ben                | done`},
		{"a shadow who heard it is nobody who was reached", `
			03:00 fire a P1 policy=school | pages ana, tells cleo/work ben
			03:00 sent notice:cleo        | done
			03:00 sent notice:ben         | done
			03:00 failed ana              | at two, pages ana ben`},
		{"a shadow who cannot be told changes nothing", `
			03:00 fire a P1 policy=school | pages ana, tells cleo/work ben
			03:00 failed notice:cleo      | done, at one
			03:00 failed notice:ben       | done, at one
			03:05 timer                   | at two, pages ana ben`},
		{"no acknowledgement takes it back", `
			03:00 fire a P1 policy=school | pages ana, tells cleo/work ben
			03:00 dana acks               | done, cancels ana, tells cleo/work ben
			03:00 retry notice:ben 03:01  | done, acknowledged, tells ben+1m`},
		{"not of a test page", `
			03:00 fire a P1 policy=school source=test | at one, pages ana`},
		{"of what was held when it pages, and was given to them", `
			03:00 fire a P1 hold=yes        | held
			03:01 ana reassigns schedule:school user:dana | at direct, pages ana dana, tells cleo/work ben`},
		{"of nothing, when they are paged themselves", `
			03:00 fire a P1                 | pages ana
			03:01 ana reassigns schedule:school team:everyone | at direct, pages ana ben dana cleo cleo+2m cleo/work+4m, cancels ana`},
	})
}

// TestShadowNotice ensures what a shadow reads, and that a polite "ok" of theirs can be told
// from an answer to a page, until they are paged themselves.
func TestShadowNotice(t *testing.T) {
	w := &world{book: bookOf(), now: clock("03:02")}
	fire := w.fire(w.alert("Checkout errors 7%", "P0", map[string]string{"policy": "school"}))
	text := func(res Result) string {
		i := slices.IndexFunc(res.Put, func(p AttemptPut) bool { return learns(p.Attempt) })
		return paging.NoticeText(res.Put[i].Attempt, "12")
	}
	require.Equal(t, "ana is paged for 12 Checkout errors 7% at 03:02. You shadow: nothing to do.", text(w.do(nil, fire)))
	only := func(want ...schedules.UserID) {
		t.Helper()
		var got []schedules.UserID
		for _, name := range []schedules.UserID{"ana", "ben", "cleo", "dana", "eve"} {
			if w.last().inc.OnlyLearns(name) {
				got = append(got, name)
			}
		}
		require.Equal(t, want, got)
	}
	only("ben", "cleo")
	w.now = clock("03:07")
	w.do(w.last(), TimerDue{})
	only("cleo")
	w.now = clock("03:08")
	res := w.do(w.last(), act([]string{"ana", "reassigns", "schedule:school", "user:dana"}, ""))
	require.Equal(t, "ana and 1 more are paged for 12 Checkout errors 7% at 03:08. You shadow: nothing to do.", text(res))
	only("ben", "cleo")
}
