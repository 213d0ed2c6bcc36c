package escalation

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/paging"
)

// memo: it tells the one person whom it names, once, and has nothing else of a page.
func (c *checker) memo(m moment) {
	c.t.Helper()
	is := m.after.inc
	fire, fires := m.cmd.(Fire)
	if fires && fire.Alert.Source == MemoSource {
		c.must(m, m.before == nil || m.before.inc.ID == is.ID, "a memo that was told opens nothing again")
		c.must(m, m.before == nil || !m.res.Changed && len(m.res.Put) == 0, "a memo that was told is only recorded")
		c.must(m, m.before != nil || is.Memo, "a memo opens a memo")
	}
	if !is.Memo {
		return
	}
	c.must(m, is.Position == nil && is.Run == 0 && is.Steps == 0 && len(is.SLAs)+len(is.Told)+len(is.Attempts) == 0, "a memo has nothing of a page")
	c.must(m, is.State != Acknowledged, "nobody has a memo: it is open or over")
	c.must(m, len(m.after.attempts) <= 1, "a memo is told once")
	for _, a := range m.after.attempts {
		to := Target{Kind: TargetUser, Name: string(a.User)}
		c.must(m, a.Kind == paging.Memo && is.Policy == DirectPolicy(to), "a memo goes to the one whom it names")
	}
	_, timer := m.cmd.(TimerDue)
	c.must(m, !timer || !is.Open() || m.env.Now.Before(is.OpenedAt.Add(memoLasts)), "a memo ends by itself")
}

// TestStoriesOfMemos ensures that a memo is told once to one person, whatever people, time, a
// provider and a new book do, and that the same memo again is only recorded.
func TestStoriesOfMemos(t *testing.T) {
	tellAll(t, []story{
		{"told, and over by itself", `
			09:00 memo ana text=gaps  | opened, memos ana, memo, counts 1/0/0, severity P2, due 10:00, says told ana by sms (mobile)
			09:00 sent memo:ana       | done, memo, says memo to ana (mobile): sent
			10:00 timer               | done, resolved, says a memo asks for no answer
			10:01 timer               | recorded, resolved`},
		{"the same again", `
			09:00 memo ana            | opened, memos ana
			09:01 memo ana            | recorded, unchanged, memo
			10:00 timer               | resolved
			10:05 memo ana            | recorded, unchanged, resolved, incident 1
			+1 09:00 memo ana         | recorded, unchanged, resolved, incident 1`},
		{"by the first contact for what is not urgent, without its ladder", `
			09:00 memo cleo           | opened, memos cleo/work`},
		{"nobody else when it fails", `
			09:00 memo ana            | opened, memos ana
			09:00 failed memo:ana     | done, memo, says memo to ana (mobile): failed: because
			10:00 timer               | resolved`},
		{"tried again", `
			09:00 memo ana            | opened, memos ana
			09:00 retry memo:ana 09:01 | done, memos ana+1m
			09:01 sent memo:ana       | done`},
		{"nobody to tell", `
			09:00 memo eve            | opened, memo, says nobody is told: eve has no contact
			10:00 timer               | resolved`},
		{"a name that is gone", `
			09:00 memo ghost          | opened, memo, says nobody is told: user:ghost`},
		{"whatever people do", `
			09:00 memo ana            | opened, memos ana
			09:00 sent memo:ana       | done
			09:01 ben escalates       | recorded, memo
			09:02 ben reassigns user:dana | recorded, memo
			09:03 ana undoes          | recorded, memo
			09:04 ben acks            | done, resolved, by ben
			09:05 ana resolves        | already_resolved, by ben
			09:06 ben escalates       | recorded, resolved`},
		{"a new book", `
			09:00 memo ana            | opened, memos ana
			09:01 book unquiet        | done, memo
			09:02 book policy gone    | done, memo
			10:00 timer               | resolved`},
		{"after Tocsin was away", `
			09:00 memo ana            | opened, memos ana
			+1 09:00 timer            | done, resolved`},
	})
}

// TestMemoAttempt ensures that a memo leaves time to be sent and never breaks through, not even
// where the scale has one step only.
func TestMemoAttempt(t *testing.T) {
	book := bookOf(func(m *maker) { m.scale.Levels, m.scale.Default = m.scale.Levels[:1], "P0" })
	w := &world{book: book, now: clock("09:00")}
	f := w.memo("ana", "gaps")
	f.Alert.Description = "all of them"
	res := w.do(nil, f)
	a := res.Put[0].Attempt
	require.Contains(t, texts(res.Entries), "all of them", "details are on the timeline")
	require.False(t, a.Breakthrough)
	require.Equal(t, w.now.Add(time.Hour), a.Deadline)
	require.Equal(t, "gaps", a.Title)
}
