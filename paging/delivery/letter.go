package delivery

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"tocsin/paging"
)

// letter is one text about one or more attempts.
type letter struct {
	claims  []*held // most urgent first
	bundle  string  // names the text when it is about several attempts
	key     string  // of the reply code; empty: no code to reserve
	code    string  // when it is fixed already
	rolling bool
	text    func(code string, now time.Time) string
}

// compose writes the letter for what is to be sent.
func (t *turn) compose(a action) letter {
	l := letter{claims: a.claims, rolling: a.kind == sendRoll}
	if len(a.claims) > 1 {
		l.bundle = bundleID(a.claims)
	}
	first := &a.claims[0].Attempt
	heads := onePerIncident(a.claims)
	switch {
	case a.kind == sendNews:
		l.text = func(string, time.Time) string { return paging.NoticesText(heads) }
	case first.Kind == paging.Memo: // there is nothing to reply
		l.text = func(string, time.Time) string { return paging.MemoText(*first) }
	case first.Kind == paging.Notice:
		l.key = string(first.Incident)
		l.text = func(code string, _ time.Time) string { return paging.NoticeText(*first, code) }
	case len(heads) > 1:
		l.key = l.bundle
		l.text = func(code string, _ time.Time) string { return paging.RollingText(len(heads), topTitles(heads), code) }
	default:
		l.key = string(first.Incident)
		l.text = func(code string, now time.Time) string { return paging.PageText(newest(a.claims), code, now) }
	}
	return l
}

// bundleID derives from the attempts, so that the same bundle has the same code.
func bundleID(claims []*held) string {
	ids := make([]string, len(claims))
	for i, h := range claims {
		ids[i] = string(h.Attempt.ID)
	}
	slices.Sort(ids)
	h := sha256.New()
	for _, id := range ids {
		h.Write([]byte(id))
		h.Write([]byte{0})
	}
	return "bundle-" + hex.EncodeToString(h.Sum(nil)[:10])
}

// onePerIncident returns the first attempt of each incident, in order.
func onePerIncident(claims []*held) []paging.Attempt {
	seen := make(map[paging.IncidentID]bool, len(claims))
	var out []paging.Attempt
	for _, h := range claims {
		if !seen[h.Attempt.Incident] {
			seen[h.Attempt.Incident] = true
			out = append(out, h.Attempt)
		}
	}
	return out
}

// newest is the attempt that was planned for the latest time: it knows who is next now.
func newest(claims []*held) paging.Attempt {
	best := claims[0].Attempt
	for _, h := range claims[1:] {
		if h.Attempt.Due.After(best.Due) {
			best = h.Attempt
		}
	}
	return best
}

// topTitles is as many titles as could ever fit one text.
func topTitles(heads []paging.Attempt) []string {
	var titles []string
	for _, a := range heads[:min(len(heads), 20)] {
		titles = append(titles, a.Title)
	}
	return titles
}

// codeRequest asks for the letter's reply code.
func (l *letter) codeRequest(now time.Time) paging.CodeRequest {
	first := &l.claims[0].Attempt
	r := paging.CodeRequest{Phone: first.Address, Key: l.key, User: first.User, Now: now}
	for _, a := range onePerIncident(l.claims) {
		r.Incidents = append(r.Incidents, a.Incident)
		r.Strong = r.Strong || a.Strong
	}
	return r
}

// until is the end of the shortest lease.
func (l *letter) until() time.Time {
	end := l.claims[0].until
	for _, h := range l.claims[1:] {
		if h.until.Before(end) {
			end = h.until
		}
	}
	return end
}

// pages says whether the letter counts for restraint.
func (l *letter) pages() bool { return l.claims[0].Attempt.Kind == paging.Page }
