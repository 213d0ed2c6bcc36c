package delivery

import (
	"slices"
	"time"

	"tocsin/paging"
)

// The rules of restraint for one phone. A page of the most urgent severity and a notice go at
// once, a memo when nothing else waits. Other pages go at once while fewer than floodTexts went to the phone within
// floodWindow; otherwise they fold: they wait in the queue for the rolling text, which tells of
// all of them with one code. It goes out gatherFirst after the first page folded, but not
// within rollingEvery of the one before, and for incidents that a text named lately (repeats)
// not within repeatEvery.
const (
	floodTexts   = 5
	floodWindow  = 5 * time.Minute
	gatherFirst  = 15 * time.Second
	rollingEvery = 2 * time.Minute
	repeatEvery  = 10 * time.Minute
	toldKeep     = 2 * repeatEvery // how long a page of the same incident counts as a repeat
	foldGrace    = time.Minute     // a fold that is this much overdue was canceled: nobody waits any more
	maxTold      = 1000
	maxSent      = 64
)

// actionKind is what to do next for a phone.
type actionKind int

const (
	idle      actionKind = iota
	sendOne              // one text about one incident
	sendRoll             // the rolling text about all
	sendNews             // one text of several notices about the same
	reconcile            // begun by somebody who did not finish: ask the provider
	fold                 // wait in the queue until a time
)

// action is the next thing to do for a phone, with the claims that it settles, most urgent first.
type action struct {
	kind   actionKind
	claims []*held
	until  time.Time // of fold
}

// next judges what to do first with the claims of one phone. It notes in st when pages fold.
func next(st *paging.PhoneState, have inbox, now time.Time) action {
	claims := make([]*held, 0, len(have))
	for _, h := range have {
		claims = append(claims, h)
	}
	if len(claims) == 0 {
		return action{kind: idle}
	}
	slices.SortFunc(claims, func(a, b *held) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	if h := find(claims, func(h *held) bool { return h.breakthrough() && h.Attempt.State != paging.Sending }); h != nil {
		return action{kind: sendOne, claims: sameIncident(claims, h)}
	}
	if h := find(claims, func(h *held) bool { return h.Attempt.State == paging.Sending }); h != nil {
		return action{kind: reconcile, claims: sameBundle(claims, h)}
	}
	if first := claims[0]; first.Attempt.Kind == paging.Notice {
		if same := sameNews(claims, first); incidents(same) > 1 {
			return action{kind: sendNews, claims: same}
		}
		return action{kind: sendOne, claims: sameIncident(claims, first)}
	}
	pages := pick(claims, func(h *held) bool { return h.Attempt.Kind == paging.Page })
	if len(pages) == 0 {
		return action{kind: sendOne, claims: sameIncident(claims, claims[0])}
	}
	return nextPage(st, pages, now)
}

// nextPage judges pages that do not break through. While there is room each incident has a
// text of its own; but when more are waiting than there is room for, the last place is kept for
// the rolling text, and repeats do not take one.
func nextPage(st *paging.PhoneState, pages []*held, now time.Time) action {
	waiting := incidents(pages)
	room := floodTexts - sentSince(st, now.Add(-floodWindow))
	if !folding(st, now) && room > 0 {
		if waiting <= room {
			return action{kind: sendOne, claims: sameIncident(pages, pages[0])}
		}
		if h := find(pages, func(h *held) bool { return !told(st, h, now.Add(-toldKeep)) }); h != nil && room > 1 {
			return action{kind: sendOne, claims: sameIncident(pages, h)}
		}
	}
	if !folding(st, now) {
		st.FoldedAt = now
	}
	var fresh []*held
	for _, h := range pages {
		if !told(st, h, now.Add(-repeatEvery)) {
			fresh = append(fresh, h)
		}
	}
	if len(fresh) > 0 {
		if at := rollingAt(st, rollingEvery); at.After(now) {
			return action{kind: fold, claims: fresh, until: at}
		}
	} else if at := repeatsAt(st, pages); at.After(now) {
		return action{kind: fold, claims: pages, until: at}
	}
	return action{kind: sendRoll, claims: pages}
}

// rollingAt is when the next rolling text may go out, every being the pause after the last.
func rollingAt(st *paging.PhoneState, every time.Duration) time.Time {
	at := st.FoldedAt.Add(gatherFirst)
	if next := st.DigestAt.Add(every); !st.DigestAt.IsZero() && next.After(at) {
		return next
	}
	return at
}

// repeatsAt is when the next rolling text may go out that names only repeats. A rolling text
// about others does not put them off: they are news again repeatEvery after they were named.
func repeatsAt(st *paging.PhoneState, repeats []*held) time.Time {
	news := st.Told[repeats[0].Attempt.Incident]
	for _, h := range repeats[1:] {
		if at := st.Told[h.Attempt.Incident]; at.Before(news) {
			news = at
		}
	}
	early, late := rollingAt(st, rollingEvery), rollingAt(st, repeatEvery)
	if news = news.Add(repeatEvery); early.Before(news) {
		early = news
	}
	if early.Before(late) {
		return early
	}
	return late
}

// folding says whether pages wait for the rolling text.
func folding(st *paging.PhoneState, now time.Time) bool {
	return !st.FoldedAt.IsZero() && !now.After(rollingAt(st, repeatEvery).Add(foldGrace))
}

func sentSince(st *paging.PhoneState, since time.Time) int {
	n := 0
	for _, at := range st.Sent {
		if at.After(since) {
			n++
		}
	}
	return n
}

func told(st *paging.PhoneState, h *held, since time.Time) bool {
	return st.Told[h.Attempt.Incident].After(since)
}

// noteSent remembers a text of pages that was begun at that time, and forgets what no rule
// looks at any more.
func noteSent(st *paging.PhoneState, claims []*held, rolling bool, at time.Time) {
	st.Sent = append(st.Sent, at)
	slices.SortFunc(st.Sent, time.Time.Compare)
	st.Sent = slices.DeleteFunc(st.Sent, func(t time.Time) bool { return !t.After(at.Add(-floodWindow)) })
	st.Sent = st.Sent[max(0, len(st.Sent)-maxSent):]
	if rolling {
		st.DigestAt, st.FoldedAt = at, time.Time{}
	}
	if st.Told == nil {
		st.Told = map[paging.IncidentID]time.Time{}
	}
	for _, h := range claims {
		if at.After(st.Told[h.Attempt.Incident]) {
			st.Told[h.Attempt.Incident] = at
		}
	}
	for id, t := range st.Told {
		if !t.After(at.Add(-toldKeep)) {
			delete(st.Told, id)
		}
	}
	for id := range st.Told { // forgetting one only makes a repeat count as news
		if len(st.Told) <= maxTold {
			break
		}
		delete(st.Told, id)
	}
}

// forgetSent takes a text back that never reached the provider. What it told of is news again;
// after a rolling text it need not wait for the next.
func forgetSent(st *paging.PhoneState, claims []*held, at time.Time) {
	st.Sent = slices.DeleteFunc(st.Sent, at.Equal)
	for _, h := range claims {
		if st.Told[h.Attempt.Incident].Equal(at) {
			delete(st.Told, h.Attempt.Incident)
		}
	}
	if st.DigestAt.Equal(at) {
		st.DigestAt, st.FoldedAt = time.Time{}, at
	}
}

// sameIncident returns what was not begun and says the same of one incident. A backlog may
// hold several attempts of it: one text is enough for all.
func sameIncident(claims []*held, h *held) []*held {
	return pick(claims, func(o *held) bool {
		a, b := &o.Attempt, &h.Attempt
		return a.Incident == b.Incident && a.Kind == b.Kind && a.What == b.What && a.By == b.By && a.State != paging.Sending
	})
}

// sameBundle returns what was begun in one text.
func sameBundle(claims []*held, h *held) []*held {
	if h.Attempt.Bundle == "" {
		return []*held{h}
	}
	return pick(claims, func(o *held) bool {
		return o.Attempt.State == paging.Sending && o.Attempt.Bundle == h.Attempt.Bundle && o.Attempt.Code == h.Attempt.Code
	})
}

// sameNews returns the notices about the same thing done by the same person.
func sameNews(claims []*held, h *held) []*held {
	return pick(claims, func(o *held) bool {
		a, b := &o.Attempt, &h.Attempt
		return a.Kind == paging.Notice && a.State != paging.Sending && a.What == b.What && a.By == b.By
	})
}

func find(claims []*held, want func(*held) bool) *held {
	if i := slices.IndexFunc(claims, want); i >= 0 {
		return claims[i]
	}
	return nil
}

func pick(claims []*held, want func(*held) bool) []*held {
	var out []*held
	for _, h := range claims {
		if want(h) {
			out = append(out, h)
		}
	}
	return out
}

func incidents(claims []*held) int {
	seen := map[paging.IncidentID]bool{}
	for _, h := range claims {
		seen[h.Attempt.Incident] = true
	}
	return len(seen)
}
