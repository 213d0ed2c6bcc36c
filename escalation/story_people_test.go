package escalation

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/paging"
)

// TestStoriesOfPeople ensures that acknowledging, snoozing, undoing, passing on, giving away
// and resolving do what people are promised (DESIGN §4.6).
func TestStoriesOfPeople(t *testing.T) {
	tellAll(t, []story{
		{"an acknowledgement stops everything", `
			03:00 fire a P1 policy=ladder | pages cleo cleo+2m cleo/work+4m
			03:00 sent cleo               | done
			03:01 cleo acks               | done, acknowledged, by cleo, expires 04:01, cancels cleo cleo
			03:05 timer                   | recorded, acknowledged`},
		{"a late acknowledgement says who was first", `
			03:00 fire a P1 | pages ana
			03:01 ana acks  | done, by ana
			03:02 ben acks  | already_acked, by ana, expires 04:01, says ana was first
			03:03 ben snoozes 5m | already_acked, by ana, expires 04:01, acknowledged
			03:04 ana acks  | done, by ana, expires 04:01`},
		{"a token is told apart from another", `
			03:00 fire a P1  | pages ana
			03:01 robot acks | done, by robot
			03:02 robot acks | done
			03:03 ana acks   | already_acked, by robot
			04:01 timer      | done, at primary, run 2, pages ana, says has run out`},
		{"when it expires its giver is paged first, then a new run starts", `
			03:00 fire a P1 | pages ana, run 1
			03:01 ben acks  | acknowledged, expires 04:01
			04:01 timer     | done, acknowledger, run 2, until 04:06, pages ben
			04:06 timer     | done, at primary, round 0, pages ana`},
		{"the acknowledger cannot be reached any more: the run starts at once", `
			03:00 fire a P1      | pages ana
			03:01 ben acks       | acknowledged
			03:02 book only dana | done
			04:01 timer          | done, at escalation, run 2, pages dana`},
		{"every attempt to reach the acknowledger failed", `
			03:00 fire a P1      | pages ana
			03:01 ben snoozes 5m | snoozed, expires 03:06
			03:06 timer          | acknowledger, pages ben
			03:06 failed ben     | at primary, pages ana`},
		{"a snooze expires when asked, and may be moved", `
			03:00 fire a P1       | pages ana
			03:01 ana snoozes 30m | done, snoozed, expires 03:31
			03:02 ana snoozes 10m | done, snoozed, expires 03:12
			03:12 timer           | acknowledger, pages ana`},
		{"an undo restarts its tier", `
			03:00 fire a P1  | pages ana
			03:05 timer      | at secondary, pages ben
			03:06 ben acks   | acknowledged
			03:07 ben undoes | done, at secondary, until 03:12, pages ben, says taken back by ben
			03:08 ben undoes | not_acked`},
		{"an undo in the fallback pages the fallback", `
			03:00 fire a P1 policy=toothless | fallback, pages dana
			03:01 dana acks                  | acknowledged
			03:02 dana undoes                | done, fallback, pages dana`},
		{"an undo while the acknowledger is paged starts a run", `
			03:00 fire a P1      | pages ana
			03:01 ben snoozes 1m | snoozed
			03:02 timer          | acknowledger, pages ben
			03:02 ben acks       | acknowledged
			03:03 ben undoes     | at primary, pages ana`},
		{"passing on from a tier", `
			03:00 fire a P1     | pages ana
			03:01 ana escalates | done, at secondary, pages ben, cancels ana, says passed on by ana over sms`},
		{"passing on what is acknowledged", `
			03:00 fire a P1     | pages ana
			03:01 ana acks      | acknowledged
			03:02 ana escalates | done, at secondary, pages ben, says withdrawn`},
		{"passing on what is held", `
			03:00 fire a P1 hold=yes | held
			03:02 ana escalates      | done, at primary, pages ana`},
		{"passing on what was acknowledged while held", `
			03:00 fire a P1 hold=yes | held
			03:01 ana acks           | acknowledged
			03:02 ana escalates      | done, at primary, pages ana`},
		{"passing on from the acknowledger", `
			03:00 fire a P1      | pages ana
			03:01 ben snoozes 1m | snoozed
			03:02 timer          | acknowledger, pages ben
			03:02 ben escalates  | at primary, pages ana, cancels ben`},
		{"passing on from the fallback pages it again", `
			03:00 fire a P1 policy=toothless | fallback, pages dana
			03:01 dana escalates             | done, fallback, pages dana, cancels dana`},
		{"what is resolved is over for everyone", `
			03:00 fire a P1              | pages ana
			03:01 ana closes             | resolved
			03:02 ben acks               | already_resolved, by ana
			03:02 ben snoozes 5m         | already_resolved
			03:02 ben resolves           | already_resolved
			03:02 ben escalates          | already_resolved
			03:02 ben undoes             | not_acked
			03:02 ben reassigns user:ana | already_resolved
			03:02 timer                  | recorded, resolved`},
		{"resolving while it still fires counts as an acknowledgement; again closes it", `
			03:00 fire a P1    | pages ana
			03:01 ana resolves | still_firing, acknowledged, by ana, cancels ana
			03:02 ben resolves | still_firing, acknowledged, by ana
			03:03 ana resolves | still_firing
			03:03 ana resolves | done, resolved, says resolved by ana`},
		{"giving it to others", `
			03:00 fire a P1              | pages ana, run 1
			03:01 ana acks               | acknowledged
			03:02 ana reassigns user:ben | done, at direct, run 2, until 03:17, pages ben, says given to user:ben by ana
			03:17 timer                  | fallback, pages dana`},
		{"giving it to nobody pages the root's fallback", `
			03:00 fire a P1                | pages ana
			03:02 ana reassigns user:ghost | done, fallback, pages dana, cancels ana`},
		{"a known command id is done", `
			03:00 fire a P1         | pages ana
			03:01 ana acks id=x     | done, acknowledged
			03:02 ana undoes id=y   | done, tier, pages ana
			03:03 ana acks id=x     | known, unchanged, tier
			03:04 ana undoes id=y   | known, unchanged`},
	})
}

// TestStoriesOfReports ensures that what delivery and providers tell is taken in any order
// and more than once, and that those who were paged hear of the end of it.
func TestStoriesOfReports(t *testing.T) {
	tellAll(t, []story{
		{"delivered before sent", `
			03:00 fire a P1               | pages ana
			03:00 begin ana               |
			03:00 receipt delivered ana 3 | done, says delivered
			03:01 sent ana                | recorded, unchanged
			03:02 receipt delivered ana 3 | recorded, unchanged`},
		{"sent after failed", `
			03:00 fire a P1            | pages ana
			03:00 begin ana            |
			03:00 receipt failed ana 4 | done, at secondary, pages ben
			03:01 sent ana             | recorded, unchanged
			03:01 receipt failed ana 4 | recorded, unchanged`},
		{"a failure after delivery counts for nothing", `
			03:00 fire a P1               | pages ana
			03:00 sent ana                | done
			03:00 receipt delivered ana 4 | done
			03:01 receipt failed ana 5    | done, at primary`},
		{"a receipt that says nothing new", `
			03:00 fire a P1             | pages ana
			03:00 sent ana              | done
			03:00 receipt receipt ana 2 | done
			03:00 receipt receipt ana 1 | recorded, unchanged`},
		{"a retry is planned again", `
			03:00 fire a P1       | pages ana
			03:00 retry ana 03:02 | done, at primary, pages ana+2m, says tried again
			03:02 sent ana        | done`},
		{"a retry after the acknowledgement is canceled", `
			03:00 fire a P1       | pages ana
			03:00 begin ana       |
			03:01 ben acks        | acknowledged
			03:01 retry ana 03:02 | done, acknowledged, says canceled`},
		{"a retry of what was passed on is canceled, so that a later acknowledgement holds", `
			03:00 fire a P1       | pages ana
			03:00 begin ana       |
			03:01 ben escalates   | at secondary, pages ben
			03:01 retry ana 03:03 | done, says canceled
			03:02 ben acks        | acknowledged, cancels ben`},
		{"a stale holder changes nothing", `
			03:00 fire a P1       | pages ana
			03:00 begin ana       |
			03:01 stale sent ana  | stale, unchanged
			03:01 stale retry ana 03:05 | stale, unchanged
			03:01 stale failed ana | stale, unchanged`},
		{"everyone already paged hears of the acknowledgement", `
			03:00 fire a P1  | pages ana
			03:00 sent ana   | done
			03:05 timer      | pages ben
			03:05 sent ben   | done
			03:06 cleo acks  | done, tells ana ben
			03:06 sent notice:ana | done
			03:07 dana acks  | already_acked`},
		{"but not who did it", `
			03:00 fire a P1 | pages ana
			03:00 sent ana  | done
			03:01 ana acks  | done`},
		{"a text that was under way hears of it, too", `
			03:00 fire a P1 | pages ana
			03:00 begin ana |
			03:01 ben acks  | acknowledged
			03:02 sent ana  | done, tells ana
			03:03 receipt delivered ana 5 | done`},
		{"a text that was under way while somebody closed it", `
			03:00 fire a P1  | pages ana
			03:00 begin ana  |
			03:01 ben closes | resolved
			03:02 sent ana   | done, tells ana`},
		{"those who were paged hear of a close", `
			03:00 fire a P1  | pages ana
			03:00 sent ana   | done
			03:01 ben closes | resolved, tells ana`},
		{"an end by itself tells nobody", `
			03:00 fire a P1  | pages ana
			03:00 sent ana   | done
			03:01 end a      | resolved`},
	})
}

// TestUnknownIncident ensures that no command but a firing does anything without an incident.
func TestUnknownIncident(t *testing.T) {
	env := Env{Book: bookOf(), Now: clock("03:00"), NewID: "inc1"}
	for _, cmd := range []Command{End{}, Unlist{}, Acknowledge{ID: "x"}, Snooze{}, Resolve{}, Escalate{}, Undo{}, Reassign{}, Reported{}, TimerDue{}, Rejudge{}} {
		res := Step(env, Snapshot{}, cmd)
		require.Equal(t, NoIncident, res.Outcome.Kind, "%T", cmd)
		require.Nil(t, res.Incident)
		require.False(t, res.Changed)
	}
}

// TestRememberedCommands ensures that an incident knows its last 64 command ids, not more.
func TestRememberedCommands(t *testing.T) {
	w := &world{book: bookOf(), now: clock("03:00")}
	w.do(nil, w.fire(w.alert("a", "P1", nil)))
	ack := func(n int) OutcomeKind {
		return w.do(w.last(), Acknowledge{ID: fmt.Sprint(n), By: Actor{User: "ana", Name: "ana"}}).Outcome.Kind
	}
	for n := range 66 {
		require.Equal(t, Done, ack(n))
	}
	require.Equal(t, Known, ack(65))
	require.Equal(t, Known, ack(2))
	require.Equal(t, Done, ack(1), "forgotten")
}

// TestBounds ensures that an incident does not grow with every acknowledgement that is taken
// back, while its own promises are kept.
func TestBounds(t *testing.T) {
	w := &world{book: bookOf(), now: clock("03:00")}
	w.do(nil, w.fire(w.alert("a", "P0", nil)))
	for range 100 {
		w.do(w.last(), act([]string{"ana", "acks"}, ""))
		w.do(w.last(), act([]string{"ana", "undoes"}, ""))
	}
	require.Len(t, w.last().inc.SLAs, keptSLAs)
	require.Len(t, w.last().inc.Attempts, 1)
	require.Equal(t, "resolve running", slaWord(w.last().inc, "resolve"))
	require.Equal(t, "acknowledge running", slaWord(w.last().inc, "acknowledge"))
}

// TestTimelineShowsTampering ensures that an edit, a drop, a swap and a cut of the timeline
// are found, with the first entry that does not fit.
func TestTimelineShowsTampering(t *testing.T) {
	w := &world{book: bookOf(), now: clock("03:00")}
	w.do(nil, w.fire(w.alert("a", "P1", nil)))
	w.do(w.last(), act([]string{"ana", "acks"}, ""))
	entries, head := w.last().entries, w.last().inc.Head
	require.Greater(t, len(entries), 4)
	require.Zero(t, VerifyTimeline(entries, head))
	for name, c := range map[string]struct {
		tamper func([]Entry) []Entry
		want   int
	}{
		"edit":     {func(e []Entry) []Entry { e[2].Text += "."; return e }, 3},
		"redate":   {func(e []Entry) []Entry { e[1].At = e[1].At.Add(time.Second); return e }, 2},
		"drop":     {func(e []Entry) []Entry { return slices.Delete(e, 1, 2) }, 2},
		"swap":     {func(e []Entry) []Entry { e[2], e[3] = e[3], e[2]; return e }, 3},
		"truncate": {func(e []Entry) []Entry { return e[:len(e)-1] }, len(entries)},
		"empty":    {func([]Entry) []Entry { return nil }, 1},
	} {
		require.Equal(t, c.want, VerifyTimeline(c.tamper(slices.Clone(entries)), head), name)
	}
	for i := range entries {
		entries[i].At = entries[i].At.In(time.FixedZone("elsewhere", 3600))
	}
	require.Zero(t, VerifyTimeline(entries, head), "the zone of a time does not matter")
}

// TestFold ensures that commands judged in one commit leave the same as one commit each.
func TestFold(t *testing.T) {
	by := Actor{User: "ben", Name: "ben", Via: "sms"}
	for name, cmds := range map[string]func(w *world) []Command{
		"ack, undo":         func(*world) []Command { return []Command{Acknowledge{By: by}, Undo{By: by}} },
		"ack, late members": func(w *world) []Command { return []Command{Acknowledge{By: by}, w.fire(w.alert("c", "P1", nil))} },
		"fired and ended": func(w *world) []Command {
			return []Command{w.fire(w.alert("c", "P0", nil)), End{Member: MemberKey{"prom", "c"}}, End{Member: MemberKey{"prom", "a"}}, End{Member: MemberKey{"prom", "b"}}}
		},
		"passed on twice": func(*world) []Command { return []Command{Escalate{By: by}, Escalate{By: by}} },
		"ack, late report": func(w *world) []Command {
			id := w.last().rows(func(paging.Attempt) bool { return true })[0].ID
			return []Command{Acknowledge{By: by}, Reported{Report: paging.Report{Attempt: id, Result: paging.ResultRetry, RetryAt: w.now}}}
		},
	} {
		one, many := openWorld(), openWorld()
		one.fold(one.last(), cmds(one)...)
		for _, cmd := range cmds(many) {
			many.do(many.last(), cmd)
		}
		a, b := one.last(), many.last()
		require.Equal(t, b.inc, a.inc, name)
		require.Equal(t, b.members, a.members, name)
		require.Equal(t, b.attempts, a.attempts, name)
		require.Zero(t, VerifyTimeline(a.entries, a.inc.Head), name)
	}
}

// TestFoldOpensAnew ensures that members of an incident that is over do not count in the next
// one, though one commit concerns both.
func TestFoldOpensAnew(t *testing.T) {
	w := openWorld()
	w.do(w.last(), Resolve{By: Actor{Name: "ops"}, Force: true})
	w.now = w.now.Add(time.Hour)
	w.fold(w.last(), w.fire(w.alert("a", "P1", nil)), w.fire(w.alert("b", "P1", nil)))
	require.Len(t, w.records, 2)
	require.Equal(t, 2, w.last().inc.Firing)
	require.Len(t, w.last().members, 2)
}

// openWorld has one incident with the members a and b.
func openWorld() *world {
	w := &world{book: bookOf(), now: clock("03:00")}
	w.do(nil, w.fire(w.alert("a", "P1", nil)))
	w.do(w.last(), w.fire(w.alert("b", "P1", nil)))
	return w
}
