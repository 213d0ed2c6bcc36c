package delivery

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/paging"
)

var noon = time.Date(2026, 1, 14, 12, 0, 0, 0, time.UTC)

func pageOf(incident int, n int, due time.Time) *held {
	id := paging.IncidentID(fmt.Sprintf("i%d", incident))
	return &held{Claim: paging.Claim{Attempt: paging.Attempt{
		ID: paging.AttemptID(fmt.Sprintf("%s-%d", id, n)), Incident: id, Kind: paging.Page, Rank: 2, Due: due, State: paging.Planned,
	}}}
}

// TestFoldTimes fixes when the rolling text goes out.
func TestFoldTimes(t *testing.T) {
	full := func(st paging.PhoneState) paging.PhoneState {
		for i := range floodTexts {
			st.Sent = append(st.Sent, noon.Add(-time.Duration(i)*time.Second))
		}
		return st
	}
	lately := map[paging.IncidentID]time.Time{"i1": noon.Add(-3 * time.Minute)}
	for _, c := range []struct {
		name  string
		state paging.PhoneState
		kind  actionKind
		after time.Duration
	}{
		{"room", paging.PhoneState{}, sendOne, 0},
		{"first fold", full(paging.PhoneState{}), fold, 15 * time.Second},
		{"already folding", paging.PhoneState{FoldedAt: noon.Add(-5 * time.Second)}, fold, 10 * time.Second},
		{"its time has come", paging.PhoneState{FoldedAt: noon.Add(-15 * time.Second)}, sendRoll, 0},
		{"soon after the last", full(paging.PhoneState{DigestAt: noon.Add(-time.Minute)}), fold, time.Minute},
		{"repeat", full(paging.PhoneState{DigestAt: noon.Add(-3 * time.Minute), Told: lately}), fold, 7 * time.Minute},
		{"repeat, no rolling text so far", full(paging.PhoneState{Told: lately}), fold, 15 * time.Second},
		{"repeat with room", paging.PhoneState{DigestAt: noon.Add(-3 * time.Minute), Told: lately}, sendOne, 0},
		{"those who waited were canceled", paging.PhoneState{FoldedAt: noon.Add(-2 * time.Minute)}, sendOne, 0},
	} {
		h := pageOf(1, 1, noon)
		a := next(&c.state, inbox{h.Attempt.ID: h}, noon)
		assert.Equal(t, c.kind, a.kind, c.name)
		if c.kind == fold {
			assert.Equal(t, c.after, a.until.Sub(noon), c.name)
			assert.False(t, c.state.FoldedAt.IsZero(), c.name)
		}
	}
}

// TestMemosStandAside ensures that a memo never folds, never makes a page wait, and does not
// take part in a text about others.
func TestMemosStandAside(t *testing.T) {
	memo, other := pageOf(2, 1, noon.Add(-time.Hour)), pageOf(3, 1, noon.Add(-time.Hour))
	for _, h := range []*held{memo, other} {
		h.Attempt.Kind, h.Attempt.Rank, h.Attempt.Breakthrough = paging.Memo, 0, true
	}
	page := pageOf(1, 1, noon)
	st := paging.PhoneState{}
	a := next(&st, inbox{"m": memo, "o": other, "p": page}, noon)
	require.Equal(t, []*held{page}, a.claims, "the page goes first")
	a = next(&st, inbox{"m": memo, "o": other}, noon)
	require.Equal(t, action{kind: sendOne, claims: []*held{memo}}, a, "each memo is a text of its own")
	for i := range floodTexts {
		st.Sent = append(st.Sent, noon.Add(-time.Duration(i)*time.Second))
	}
	a = next(&st, inbox{"m": memo, "p": page}, noon)
	require.Equal(t, fold, a.kind)
	require.Equal(t, []*held{page}, a.claims, "only the page waits for the rolling text")
	require.Equal(t, sendOne, next(&st, inbox{"m": memo}, noon).kind, "it goes although pages fold")
}

// TestRestraint ensures, for any sequence of pages to one phone, that each is told of within
// 12 minutes of when it is due (or when a text last named its incident), that one of the most
// urgent severity never waits, that texts stay rare, and that what is remembered stays small.
func TestRestraint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st, queue := paging.PhoneState{}, drawPages(t)
		var texts []time.Time
		for len(queue) > 0 {
			now, due := earliest(queue)
			for len(due) > 0 {
				a := next(&st, due, now)
				require.NotEmpty(t, a.claims)
				for _, h := range a.claims {
					delete(due, h.Attempt.ID)
				}
				if a.kind == fold {
					require.True(t, a.until.After(now), "a page folds without end")
					for _, h := range a.claims {
						require.False(t, h.Attempt.Breakthrough)
						queue[h] = a.until
					}
					continue
				}
				for _, h := range a.claims {
					since := h.Attempt.Due
					if at := st.Told[h.Attempt.Incident]; at.After(since) {
						since = at
					}
					require.LessOrEqual(t, now.Sub(since), repeatEvery+rollingEvery+gatherFirst)
					require.False(t, h.Attempt.Breakthrough && now.After(h.Attempt.Due))
				}
				if !a.claims[0].Attempt.Breakthrough {
					texts = append(texts, now)
				}
				noteSent(&st, a.claims, a.kind == sendRoll, now)
			}
		}
		for i := range texts {
			j, _ := slices.BinarySearchFunc(texts, texts[i].Add(10*time.Minute), time.Time.Compare)
			require.LessOrEqual(t, j-i, 15, "too many texts in 10 minutes")
		}
		require.LessOrEqual(t, len(st.Told), maxTold)
		require.LessOrEqual(t, len(st.Sent), maxSent)
	})
}

// drawPages returns pages with the times at which they are due.
func drawPages(t *rapid.T) map[*held]time.Time {
	queue := map[*held]time.Time{}
	at := noon
	for n := range rapid.IntRange(1, 120).Draw(t, "pages") {
		at = at.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 7, 40, 130, 700}).Draw(t, "gap")) * time.Second)
		h := pageOf(rapid.IntRange(0, 40).Draw(t, "incident"), n, at)
		if h.Attempt.Breakthrough = rapid.IntRange(0, 19).Draw(t, "urgent") == 0; h.Attempt.Breakthrough {
			h.Attempt.Rank = 0
		}
		queue[h] = at
	}
	return queue
}

// earliest takes what is due first out of the queue.
func earliest(queue map[*held]time.Time) (time.Time, inbox) {
	var first time.Time
	for _, at := range queue {
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	due := inbox{}
	for h, at := range queue {
		if at.Equal(first) {
			due[h.Attempt.ID] = h
			delete(queue, h)
		}
	}
	return first, due
}

// TestMemoryIsBounded ensures that a phone that is texted without end remembers little.
func TestMemoryIsBounded(t *testing.T) {
	st := paging.PhoneState{}
	for i := range 5000 {
		noteSent(&st, []*held{pageOf(i, 1, noon)}, false, noon.Add(time.Duration(i)*time.Millisecond))
	}
	assert.Len(t, st.Told, maxTold)
	assert.Len(t, st.Sent, maxSent)
}
