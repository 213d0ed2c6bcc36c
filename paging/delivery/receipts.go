package delivery

import (
	"context"
	"slices"
	"time"

	"tocsin/paging"
)

// Receipts get lost. A text that the provider took and whose last receipt is missing after
// firstLook is asked for, and again after another 40 and another 80 seconds: a text that
// was never delivered must not cost its tier the rest of its time. Carriers that give no
// receipts leave it at "sent" for ever, so there is an end to asking.
//
// What is awaited is kept in memory only, and no more than maxAwaited of it: the deadline of the
// tier stands behind it, so what is forgotten with a process costs time and no page.
const (
	firstLook  = 20 * time.Second
	maxLooks   = 3
	maxAwaited = 4096
)

// awaited is a text that the provider took.
type awaited struct {
	attempt    paging.AttemptID // one of those that the text is about
	tracker    paging.Tracker
	provider   string // its name
	providerID string
	at         time.Time // of the next look
	looks      int       // so far
}

// await remembers a text that was handed over. A channel that cannot be asked is not followed.
func (d *Delivery) await(a *paging.Attempt, providerID string) {
	channel := d.cfg.Channels[a.Channel]
	tracker, ok := channel.(paging.Tracker)
	if !ok || providerID == "" || d.cfg.Missing == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.awaited) < maxAwaited {
		d.awaited = append(d.awaited, awaited{attempt: a.ID, tracker: tracker, provider: channel.Name(), providerID: providerID, at: d.now().Add(firstLook)})
	}
}

// followReceipts asks for what is missing, one text at a time, until ctx ends.
func (d *Delivery) followReceipts(ctx context.Context) {
	if d.cfg.Missing == nil {
		return
	}
	tick := time.NewTicker(firstLook / 20)
	defer tick.Stop()
	for {
		for _, w := range d.dueLooks() {
			if ctx.Err() != nil {
				return
			}
			d.look(ctx, w)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// dueLooks takes out what is to be asked for now.
func (d *Delivery) dueLooks() []awaited {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	var due []awaited
	d.awaited = slices.DeleteFunc(d.awaited, func(w awaited) bool {
		if w.at.After(now) {
			return false
		}
		due = append(due, w)
		return true
	})
	return due
}

// look asks for one text, reports what is news, and comes back to it unless that was the last word.
func (d *Delivery) look(ctx context.Context, w awaited) {
	missing, err := d.missing(ctx, w.attempt)
	if err == nil && !missing {
		return
	}
	var r paging.Receipt
	if err == nil {
		r, err = d.track(ctx, w)
	}
	if err != nil {
		d.cfg.Logger.Warn("a text without a receipt could not be asked for", "attempt", w.attempt, "error", err)
	}
	if err == nil && d.tell(ctx, w, r) {
		return
	}
	if w.looks++; w.looks < maxLooks {
		w.at = d.now().Add(firstLook << w.looks)
		d.mu.Lock()
		d.awaited = append(d.awaited, w)
		d.mu.Unlock()
	}
}

func (d *Delivery) missing(ctx context.Context, id paging.AttemptID) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.QueueWait)
	defer cancel()
	return d.cfg.Missing(ctx, id)
}

func (d *Delivery) track(ctx context.Context, w awaited) (paging.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.SendTimeout)
	defer cancel()
	return w.tracker.Track(ctx, w.providerID)
}

// tell reports a last word as the receipt that never came; false when there is none yet, or it
// could not be told.
func (d *Delivery) tell(ctx context.Context, w awaited, r paging.Receipt) bool {
	report := paging.Report{
		Attempt: w.attempt, At: d.now(), Provider: w.provider,
		ProviderID: w.providerID, ProviderStatus: r.Status, ProviderRank: r.Rank,
	}
	switch {
	case r.Failure != "":
		report.Result, report.Reason = paging.ResultFailed, r.Failure+" (its receipt never came)"
	case r.Delivered:
		report.Result = paging.ResultDelivered
	default:
		return false
	}
	err := d.once(ctx, func(ctx context.Context) error { return d.cfg.Reporter.Report(ctx, []paging.Report{report}) })
	if err != nil {
		d.cfg.Logger.Warn("what became of a text could not be reported", "attempt", w.attempt, "error", err)
	}
	return err == nil
}
