package delivery

import (
	"context"
	"sync"
	"time"

	"tocsin/paging"
)

// renewals is how often a phone's lease is renewed within its time, so that one may fail.
const renewals = 3

// stay renews the phone's lease until the turn is over; leave ends that and waits for it.
func (t *turn) stay() (leave func()) {
	ctx, stop := context.WithCancel(t.ctx)
	var done sync.WaitGroup
	right := paging.PhoneLease{Phone: t.lease.Phone, Token: t.lease.Token} // the state is the turn's own
	done.Go(func() {
		for !t.lost.Load() {
			timer := time.NewTimer(t.hold() / renewals)
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
				t.renew(ctx, right)
			}
		}
	})
	return func() { stop(); done.Wait() }
}

// renew asks for more time with the phone. Trouble is no answer: the lease may still hold.
func (t *turn) renew(ctx context.Context, right paging.PhoneLease) {
	now, hold := t.now(), t.hold()
	err := t.once(ctx, func(ctx context.Context) error { return t.cfg.Queue.RenewPhone(ctx, right, now, hold) })
	switch {
	case err == nil:
		t.leasedTill(now.Add(hold))
	case t.cfg.Fenced(err):
		t.lost.Store(true)
	case ctx.Err() != nil: // the turn is over
	default:
		t.cfg.Logger.Warn("cannot renew the right to text a phone; trying again", "error", err)
	}
}

// holds says whether the phone is certainly ours: nobody took it, and its lease has not ended, as
// it has after the store did not answer for long, or the process stood still.
func (t *turn) holds() bool {
	return !t.lost.Load() && t.now().Before(*t.ends.Load())
}

func (t *turn) leasedTill(at time.Time) { t.ends.Store(&at) }
