package delivery

import (
	"context"
	"time"

	"tocsin/paging"
)

// Waits that a worker or the queue makes for one phone.
const (
	leaseRetry   = 100 * time.Millisecond // somebody else texts this phone
	troubleRetry = time.Second            // the store does not answer
	// A rolling text waits under the phone's lease for claims that come due with it but are in
	// another batch, or with a process that was refused the lease: until nothing came for
	// gatherQuiet, and no longer than gatherMost. Meanwhile it claims every gatherPoll, and
	// the process that was refused leaves it the time to: it claims again after yield.
	gatherQuiet = 500 * time.Millisecond
	gatherMost  = 3 * time.Second
	gatherPoll  = 50 * time.Millisecond
	yield       = leaseRetry + 2*gatherPoll
)

// turn is one worker's time with one phone, under the phone's lease.
type turn struct {
	*Delivery
	ctx     context.Context // outlives Run's: sends in flight are finished
	quit    <-chan struct{}
	phone   *phone
	lease   paging.PhoneLease
	ends    time.Time // of the lease, by our own clock
	have    inbox
	roundUp time.Time // a text about several incidents goes out then; zero: none is being gathered
	latest  time.Time // roundUp is put off no further than this
}

// serve empties a phone's inbox, unless somebody else has the phone.
func (d *Delivery) serve(work context.Context, quit <-chan struct{}, p *phone) {
	defer d.done(work, quit, p)
	t := turn{Delivery: d, ctx: work, quit: quit, phone: p, have: d.take(p)}
	ctx, cancel := context.WithTimeout(work, d.cfg.QueueWait)
	now := d.now()
	lease, ok, err := d.cfg.Queue.LeasePhone(ctx, p.address, now, d.cfg.Lease)
	cancel()
	switch {
	case err != nil:
		d.cfg.Logger.Error("cannot lease the phone; trying again", "error", err)
		d.giveBack(work, t.all(), d.now().Add(troubleRetry))
		return
	case !ok:
		d.giveBack(work, t.all(), d.now().Add(leaseRetry))
		d.yieldTill(d.now().Add(yield))
		return
	}
	t.lease, t.ends = lease, now.Add(d.cfg.Lease)
	t.run()
	t.release()
}

// release saves what was texted and gives the phone back. While the store does not answer that
// is repeated beside the worker: a lease left behind would hold up even the most urgent page.
func (t *turn) release() {
	save := func(ctx context.Context) error { return t.cfg.Queue.ReleasePhone(ctx, t.lease) }
	err := t.once(t.ctx, save)
	if err == nil {
		return
	}
	t.cfg.Logger.Warn("cannot save what was texted to a phone; until then it is not free", "error", err)
	if !t.cfg.Fenced(err) {
		t.busy.Go(func() { _ = t.insist(t.ctx, t.ends, save) }) // what is not saved by then only loosens restraint
	}
}

// run does one thing after the other, most urgent first, and looks at what came in between.
func (t *turn) run() {
	for {
		now := t.now()
		t.have.add(t.take(t.phone))
		if t.stopping() {
			t.giveBack(t.ctx, t.all(), now)
			return
		}
		if t.ends.Sub(now) < t.enough() {
			t.putBack(t.phone, t.have) // a new turn has a new lease
			return
		}
		t.dropStale(now)
		a := next(&t.lease.State, t.have, now)
		if a.kind == sendRoll || a.kind == sendNews {
			if t.gather(now) {
				continue
			}
		}
		for _, h := range a.claims {
			delete(t.have, h.Attempt.ID)
		}
		switch a.kind {
		case idle:
			return
		case fold:
			t.giveBack(t.ctx, a.claims, a.until)
		case reconcile:
			t.reconcile(a.claims)
		default:
			t.sendLetter(t.compose(a))
		}
	}
}

// gather waits a moment for more to tell in the same text; false when the moment is over.
func (t *turn) gather(now time.Time) bool {
	if t.roundUp.IsZero() {
		t.roundUp, t.latest = now.Add(gatherQuiet), now.Add(gatherMost)
	}
	if !now.Before(t.roundUp) {
		t.roundUp = time.Time{}
		return false
	}
	t.Wake()
	timer := time.NewTimer(min(t.roundUp.Sub(now), gatherPoll))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.phone.news:
		if t.roundUp = t.now().Add(gatherQuiet); t.roundUp.After(t.latest) {
			t.roundUp = t.latest
		}
	case <-t.quit:
	}
	return true
}

// dropStale gives back claims whose lease is too short for a send. They come due at once.
func (t *turn) dropStale(now time.Time) {
	var stale []*held
	for id, h := range t.have {
		if h.until.Sub(now) < t.enough() {
			stale = append(stale, h)
			delete(t.have, id)
		}
	}
	if len(stale) > 0 {
		t.giveBack(t.ctx, stale, now)
		t.Wake()
	}
}

// enough is what a lease must have left for a send.
func (t *turn) enough() time.Duration { return t.cfg.SendTimeout + leaseMargin }

func (t *turn) stopping() bool {
	select {
	case <-t.quit:
		return true
	default:
		return false
	}
}

func (t *turn) all() []*held {
	all := make([]*held, 0, len(t.have))
	for _, h := range t.have {
		all = append(all, h)
	}
	return all
}
