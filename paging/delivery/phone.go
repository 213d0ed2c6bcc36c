package delivery

import (
	"context"
	"sync/atomic"
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
	gatherMost  = 2 * time.Second // shorter than a claim's lease
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
	ends    atomic.Pointer[time.Time] // of the lease, by our own clock
	lost    atomic.Bool               // somebody else has the phone
	over    time.Time                 // the turn ends then at the latest: its state is saved, and others are served
	have    inbox
	roundUp time.Time // a text about several incidents goes out then; zero: none is being gathered
	latest  time.Time // roundUp is put off no further than this
}

// serve empties a phone's inbox, unless somebody else has the phone.
func (d *Delivery) serve(work context.Context, quit <-chan struct{}, p *phone) {
	defer d.done(work, quit, p)
	t := &turn{Delivery: d, ctx: work, quit: quit, phone: p, have: d.take(p)}
	now, hold := d.now(), d.hold()
	if t.dropStale(now); len(t.have) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(work, d.cfg.QueueWait)
	lease, ok, err := d.cfg.Queue.LeasePhone(ctx, p.address, now, hold)
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
	t.lease, t.over = lease, now.Add(d.cfg.Lease-t.enough())
	t.leasedTill(now.Add(hold))
	leave := t.stay()
	t.run()
	leave()
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
		t.busy.Go(func() { _ = t.insist(t.ctx, t.now().Add(t.cfg.Lease), save) }) // what is not saved by then only loosens restraint
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
		if t.lost.Load() || !now.Before(t.over) {
			t.putBack(t.phone, t.have) // for a new turn
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

// dropStale lets go of claims that are too old. They are due, or come due at once.
func (t *turn) dropStale(now time.Time) {
	var begun []*held
	before := len(t.have)
	for id, h := range t.have {
		if !h.stale(now, t.enough()) {
			continue
		}
		delete(t.have, id)
		if now.Before(h.until) {
			begun = append(begun, h)
		}
	}
	if len(t.have) < before {
		t.giveBack(t.ctx, begun, now)
		t.Wake()
	}
}

// enough is what a lease must have left for a call of the provider.
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
