package delivery

import (
	"context"
	"slices"
	"time"

	"tocsin/paging"
)

// When the outcome of a send is unknown the provider is asked every findEvery (a message may
// not be listed at once) until findFor after the send began; then it is planned again, since a
// second copy is harmless and a lost page is not. Past the deadline that ends with maxUnknown
// sends: by then others are paged.
const (
	findEvery  = 4 * time.Second
	findFor    = 15 * time.Second
	maxUnknown = 3
)

// reconcile settles attempts of one text that were begun and not reported: the send's outcome
// was unknown, or its holder died.
func (t *turn) reconcile(claims []*held) {
	first := claims[0].Attempt
	l := letter{claims: claims, bundle: first.Bundle, code: first.Code, text: func(string, time.Time) string { return first.Text }}
	channel, ok := t.cfg.Channels[first.Channel]
	if !ok {
		t.sendLetter(l) // reports that
		return
	}
	ctx, cancel := context.WithTimeout(t.ctx, t.cfg.SendTimeout)
	receipt, found, err := channel.Find(ctx, t.message(l, first.Text), first.StartedAt)
	cancel()
	now := t.now()
	switch {
	case err == nil && found:
		if st := &t.lease.State; !slices.ContainsFunc(st.Sent, first.StartedAt.Equal) {
			t.noteText(l) // its holder died before it could
		}
		t.sent(l, channel.Name(), receipt) // or it has failed already, which the receipt says
	case t.stopping() || now.Before(first.StartedAt.Add(findFor)):
		t.giveBack(t.ctx, claims, nextFind(now, first.StartedAt))
	case first.Tries >= maxUnknown && !first.Deadline.IsZero() && now.After(first.Deadline):
		t.fail(l, channel.Name(), "the provider never confirmed it, and no time is left for another try")
	default:
		t.cfg.Logger.Warn("the provider does not have the text; it is to be sent again", "attempt", first.ID, "tries", first.Tries, "find_error", err)
		t.tryAgain(l, channel.Name())
	}
}

// nextFind is when the provider is asked again: the last time when findFor is over, not later.
func nextFind(now, began time.Time) time.Time {
	at, last := now.Add(findEvery), began.Add(findFor)
	if last.After(now) && last.Before(at) {
		return last
	}
	return at
}

// tryAgain asks for another send of what the provider does not have. It goes through the
// engine: somebody may have acknowledged since the text was begun, and then nobody is woken.
func (t *turn) tryAgain(l letter, provider string) {
	forgetSent(&t.lease.State, l.claims, l.claims[0].Attempt.StartedAt)
	t.planAgain(l, provider, "the outcome of the send was unknown and the provider does not have it")
}

// unsent has attempts planned again that were begun and not handed over.
func (t *turn) unsent(claims []*held) {
	t.cfg.Logger.Warn("the right to text a phone was lost before the text went out; it is planned again",
		"attempt", claims[0].Attempt.ID, "attempts", len(claims))
	t.planAgain(letter{claims: claims}, "", "the right to text this phone had run out when the text was to go out")
}

func (t *turn) planAgain(l letter, provider, reason string) {
	now := t.now()
	reports := make([]paging.Report, len(l.claims))
	for i, h := range l.claims {
		reports[i] = paging.Report{
			Attempt: h.Attempt.ID, Token: h.Token, Result: paging.ResultRetry, At: now, RetryAt: now, Provider: provider, Reason: reason,
		}
	}
	t.report(t.ctx, reports, l.until())
}

func (t *turn) fail(l letter, provider, reason string) {
	reports := make([]paging.Report, len(l.claims))
	for i, h := range l.claims {
		reports[i] = paging.Report{
			Attempt: h.Attempt.ID, Token: h.Token, Result: paging.ResultFailed, At: t.now(), Provider: provider, Reason: reason,
		}
		t.cfg.Observe.Outcome(h.Attempt, paging.ResultFailed, paging.UnknownResult)
	}
	t.report(t.ctx, reports, l.until())
}
