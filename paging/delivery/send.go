package delivery

import (
	"context"
	"errors"
	"time"

	"tocsin/paging"
)

// sendLetter reserves the code, begins the attempts and hands the text over.
func (t *turn) sendLetter(l letter) {
	first := &l.claims[0].Attempt
	channel, ok := t.cfg.Channels[first.Channel]
	if !ok {
		t.settle(l, "", &paging.SendError{Class: paging.NotConfigured, Message: "no provider for contacts of the kind " + first.Channel + " is configured"})
		return
	}
	now := t.now()
	code := l.code
	if code == "" && l.key != "" {
		var err error
		if code, err = t.reserve(l.codeRequest(now)); err != nil {
			t.cfg.Logger.Error("cannot reserve a reply code; the page waits", "attempt", first.ID, "error", err)
			t.giveBack(t.ctx, l.claims, now.Add(troubleRetry))
			return
		}
	}
	text := l.text(code, now)
	l.claims = t.begin(l, code, text)
	if len(l.claims) == 0 {
		return
	}
	receipt, err := t.handOver(channel, l, text)
	if l.pages() && paging.AsSendError(err).Class == paging.BadContent && err != nil {
		plain := paging.PlainText(l.claims[0].Attempt, code)
		if l.claims = t.begin(l, code, plain); len(l.claims) == 0 {
			return
		}
		receipt, err = t.handOver(channel, l, plain)
	}
	if err != nil {
		t.settle(l, channel.Name(), paging.AsSendError(err))
		return
	}
	t.noteText(l)
	t.sent(l, channel.Name(), receipt)
}

func (t *turn) reserve(r paging.CodeRequest) (string, error) {
	ctx, cancel := context.WithTimeout(t.ctx, t.cfg.QueueWait)
	defer cancel()
	c, err := t.cfg.Queue.ReserveCode(ctx, r)
	return c.Code, err
}

// begin notes that the text is about to go out and returns the claims for which that is still
// wanted. After trouble none is: it may or may not be noted, and who claims it next finds out.
// Nor is any when the phone was lost meanwhile: then they are planned again.
func (t *turn) begin(l letter, code, text string) []*held {
	now := t.now()
	starts := make([]paging.Start, len(l.claims))
	for i, h := range l.claims {
		starts[i] = paging.Start{Claim: h.Claim, Code: code, Text: text, Bundle: l.bundle}
	}
	ctx, cancel := context.WithTimeout(t.ctx, t.cfg.QueueWait)
	defer cancel()
	errs, err := t.cfg.Queue.Begin(ctx, now, t.cfg.Lease, starts)
	var begun, troubled []*held
	for i, h := range l.claims {
		why := err
		if err == nil {
			why = errs[i]
		}
		switch {
		case why == nil:
			a := &h.Attempt
			if a.Tries++; a.Tries == 1 && a.Kind == paging.Page {
				t.cfg.Observe.Lateness(*a, now.Sub(a.Due), l.rolling)
			}
			a.State, a.StartedAt, a.Code, a.Text, a.Bundle = paging.Sending, now, code, text, l.bundle
			h.until = now.Add(t.cfg.Lease)
			begun = append(begun, h)
		case t.cfg.Fenced(why): // canceled, or in other hands
		default:
			troubled = append(troubled, h)
			err = errors.Join(err, why)
		}
	}
	if len(begun) > 0 && !t.holds() {
		t.unsent(begun)
		begun = nil
	}
	if len(troubled) > 0 {
		t.cfg.Logger.Error("cannot begin pages; they wait", "pages", len(troubled), "error", err)
		t.giveBack(t.ctx, troubled, now.Add(troubleRetry))
	}
	return begun
}

// handOver calls the provider, for no longer than the claims are ours.
func (t *turn) handOver(channel paging.Channel, l letter, text string) (paging.Receipt, error) {
	wait := min(t.cfg.SendTimeout, l.until().Sub(t.now())-leaseMargin/2)
	ctx, cancel := context.WithTimeout(t.ctx, wait)
	defer cancel()
	return channel.Send(ctx, t.message(l, text))
}

func (t *turn) message(l letter, text string) paging.Message {
	first := &l.claims[0].Attempt
	return paging.Message{Attempt: first.ID, To: first.Address, Body: text, ValidFor: t.cfg.ValidFor}
}

// sent reports that the provider has the text, or had it: what it gave up meanwhile has failed.
func (t *turn) sent(l letter, provider string, r paging.Receipt) {
	now := t.now()
	reports := make([]paging.Report, len(l.claims))
	for i, h := range l.claims {
		segments := r.Segments
		if segments == 0 {
			segments = paging.Segments(h.Attempt.Text)
		}
		reports[i] = paging.Report{
			Attempt: h.Attempt.ID, Token: h.Token, Result: paging.ResultSent, At: now, Provider: provider,
			ProviderID: r.ProviderID, ProviderStatus: r.Status, ProviderRank: r.Rank, Segments: segments,
		}
		if r.Failure != "" {
			reports[i].Result, reports[i].Reason = paging.ResultFailed, r.Failure
		}
		t.cfg.Observe.Outcome(h.Attempt, reports[i].Result, "")
	}
	if r.Failure == "" && !r.Delivered {
		t.await(&l.claims[0].Attempt, r.ProviderID)
	}
	t.report(t.ctx, reports, l.until())
}

func (t *turn) noteText(l letter) {
	if l.pages() {
		noteSent(&t.lease.State, l.claims, l.rolling, l.claims[0].Attempt.StartedAt)
	}
}

// settle deals with a send that failed. One whose outcome is unknown comes back to be looked
// for; everything else is reported.
func (t *turn) settle(l letter, provider string, se *paging.SendError) {
	now := t.now()
	first := &l.claims[0].Attempt
	t.cfg.Logger.Warn("a text was not sent", "attempt", first.ID, "attempts", len(l.claims), "provider", provider,
		"class", se.Class, "code", se.Code, "status", se.Status, "error", se.Message)
	if se.Class == paging.UnknownResult {
		t.noteText(l) // it may have been sent
		for _, h := range l.claims {
			t.cfg.Observe.Outcome(h.Attempt, paging.ResultRetry, se.Class)
		}
		t.giveBack(t.ctx, l.claims, now.Add(findEvery))
		return
	}
	reports := make([]paging.Report, len(l.claims))
	for i, h := range l.claims {
		r := judge(h.Attempt, se, now)
		r.Token, r.Provider = h.Token, provider
		reports[i] = r
		t.cfg.Observe.Outcome(h.Attempt, r.Result, se.Class)
		if l.rolling && r.Result == paging.ResultRetry {
			t.lease.State.FoldedAt = r.RetryAt.Add(-gatherFirst) // they stay folded, and go out then
		}
	}
	t.report(t.ctx, reports, l.until())
}

// Back-off of temporary failures.
const (
	firstRetry = 2 * time.Second
	lastRetry  = time.Minute
)

// judge says what a failed send means for an attempt that was begun a.Tries times. A retry
// that would come after the deadline is none: the page failed, and the next step need not wait.
func judge(a paging.Attempt, se *paging.SendError, now time.Time) paging.Report {
	r := paging.Report{Attempt: a.ID, Result: paging.ResultFailed, At: now, Reason: se.Error()}
	if se.Class != paging.Temporary {
		return r
	}
	at := now.Add(max(backoff(a.Tries, firstRetry, lastRetry), se.RetryAfter))
	if !a.Deadline.IsZero() && at.After(a.Deadline) {
		r.Reason += "; no time is left for another try"
		return r
	}
	r.Result, r.RetryAt = paging.ResultRetry, at
	return r
}
