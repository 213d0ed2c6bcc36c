package delivery

import (
	"context"
	"maps"
	"slices"
	"time"

	"tocsin/paging"
)

// held is a claim with the end of its lease.
type held struct {
	paging.Claim
	until time.Time
}

// stale says whether a claim is too old to work on: a planned one when its lease has ended, one
// that was begun when not enough of it is left to ask the provider.
func (h *held) stale(now time.Time, enough time.Duration) bool {
	if h.Attempt.State == paging.Sending {
		return h.until.Sub(now) < enough
	}
	return !now.Before(h.until)
}

func (h *held) breakthrough() bool { return h.Attempt.Breakthrough && h.Attempt.Kind == paging.Page }

// class is the order of kinds: the most urgent severity, then notices (they are short and stop
// people from getting up), then pages, then what only tells: shadows, and memos.
func (h *held) class() int {
	switch a := &h.Attempt; {
	case h.breakthrough():
		return 0
	case a.ForShadow():
		return 3
	case a.Kind == paging.Notice:
		return 1
	case a.Kind == paging.Memo:
		return 4
	default:
		return 2
	}
}

// before orders by class, then by rank and time.
func (h *held) before(o *held) bool {
	a, b := &h.Attempt, &o.Attempt
	switch {
	case h.class() != o.class():
		return h.class() < o.class()
	case a.Rank != b.Rank:
		return a.Rank < b.Rank
	case !a.Due.Equal(b.Due):
		return a.Due.Before(b.Due)
	default:
		return a.ID < b.ID
	}
}

// inbox holds claims by attempt: a newer claim replaces an older one of the same attempt, whose
// token is no longer good.
type inbox map[paging.AttemptID]*held

func (in inbox) add(more inbox) { maps.Copy(in, more) }

// phone is one address of one channel with what was claimed for it. A worker, at most one,
// empties the inbox.
type phone struct {
	key     string
	address string
	inbox   inbox
	busy    bool
	news    chan struct{} // the inbox has something new
}

// first returns the most urgent claim of a phone that has one.
func (p *phone) first() *held {
	var best *held
	for _, h := range p.inbox {
		if best == nil || h.before(best) {
			best = h
		}
	}
	return best
}

// claimDue claims until nothing is due, and says how long to sleep.
func (d *Delivery) claimDue(work context.Context, quit <-chan struct{}) (time.Duration, error) {
	const rounds = 16
	for range rounds {
		limit := min(claimLimit, maxHeld-d.inHand())
		if limit <= 0 {
			return d.cfg.Poll, nil // a worker that ends wakes us
		}
		ctx, cancel := context.WithTimeout(work, d.cfg.QueueWait)
		now, leases := d.now(), paging.Leases{Planned: d.hold(), Sending: d.cfg.Lease}
		claims, next, err := d.cfg.Queue.ClaimAttempts(ctx, now, leases, limit)
		cancel()
		d.pace.Store(int64(min(max(d.now().Sub(now), 0), d.cfg.QueueWait)))
		if err != nil {
			return 0, err
		}
		d.add(claims, now, leases)
		d.dispatch(work, quit)
		d.cfg.Observe.Claimed()
		if len(claims) < limit {
			if next.IsZero() {
				return d.cfg.Poll, nil
			}
			return min(max(next.Sub(d.now()), minSleep), d.cfg.Poll), nil
		}
	}
	return minSleep, nil
}

func (d *Delivery) inHand() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held
}

func (d *Delivery) add(claims []paging.Claim, now time.Time, leases paging.Leases) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range claims {
		key := c.Attempt.Channel + " " + c.Attempt.Address
		p := d.phones[key]
		if p == nil {
			p = &phone{key: key, address: c.Attempt.Address, inbox: inbox{}, news: make(chan struct{}, 1)}
			d.phones[key] = p
		}
		d.held -= len(p.inbox)
		p.inbox[c.Attempt.ID] = &held{c, now.Add(leases.Of(c.Attempt.State))}
		d.held += len(p.inbox)
		select {
		case p.news <- struct{}{}:
		default:
		}
	}
}

// dispatch starts workers for the most urgent phones that have none.
func (d *Delivery) dispatch(work context.Context, quit <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		var best *phone
		var first *held
		for _, p := range d.phones {
			if p.busy || len(p.inbox) == 0 {
				continue
			}
			if f := p.first(); best == nil || f.before(first) {
				best, first = p, f
			}
		}
		room := d.cfg.Concurrency
		if best != nil && first.breakthrough() {
			room += max(room/urgentExtra, 1)
		}
		if best == nil || d.running >= room {
			return
		}
		best.busy = true
		d.running++
		d.busy.Go(func() { d.serve(work, quit, best) })
	}
}

// done ends a worker's turn and lets the next one begin.
func (d *Delivery) done(work context.Context, quit <-chan struct{}, p *phone) {
	d.mu.Lock()
	d.running--
	p.busy = false
	if len(p.inbox) == 0 {
		delete(d.phones, p.key)
	}
	crowded := d.held >= maxHeld-claimLimit
	d.mu.Unlock()
	select {
	case <-quit:
		d.giveBack(work, d.takeIdle(), d.now())
	default:
		d.dispatch(work, quit)
		if crowded {
			d.Wake()
		}
	}
}

// take empties a phone's inbox.
func (d *Delivery) take(p *phone) inbox {
	d.mu.Lock()
	defer d.mu.Unlock()
	in := p.inbox
	p.inbox = inbox{}
	d.held -= len(in)
	return in
}

// putBack returns claims to a phone's inbox, for its next turn.
func (d *Delivery) putBack(p *phone, claims inbox) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held -= len(p.inbox)
	claims.add(p.inbox) // what came since is newer
	p.inbox = claims
	d.held += len(p.inbox)
}

// takeIdle empties the inboxes of all phones without a worker.
func (d *Delivery) takeIdle() []*held {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []*held
	for key, p := range d.phones {
		if !p.busy {
			all = slices.AppendSeq(all, maps.Values(p.inbox))
			d.held -= len(p.inbox)
			delete(d.phones, key)
		}
	}
	return all
}

// giveBack defers claims that were not begun. When that fails they come due by themselves when
// their lease ends.
func (d *Delivery) giveBack(work context.Context, claims []*held, until time.Time) {
	if len(claims) == 0 {
		return
	}
	plain := make([]paging.Claim, len(claims))
	for i, h := range claims {
		plain[i] = h.Claim
	}
	ctx, cancel := context.WithTimeout(work, d.cfg.QueueWait)
	defer cancel()
	if err := d.cfg.Queue.Defer(ctx, plain, until); err != nil {
		d.cfg.Logger.Warn("cannot give pages back; they come due again when their lease ends", "pages", len(claims), "error", err)
	}
}
