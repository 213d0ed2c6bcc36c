package standby

import (
	"context"
	"sync"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/routing"
)

// known remembers what somebody had acknowledged when the store went away, so that a repeat of
// its alert wakes nobody: what this engine committed, and from time to time what all did.
type known struct {
	mu    sync.Mutex
	acked map[routing.DedupKey]acked
}

type acked struct {
	expires  time.Time
	severity routing.Severity
	seen     time.Time
}

const (
	learnEvery = 15 * time.Second
	learnMost  = 500 // incidents; of what is beyond, only this engine's are known
)

// Saw is told of every incident that the shared engine committed. It does not block.
func (s *Standby) Saw(inc *escalation.Incident) { s.known.note(inc, s.cfg.Now()) }

func (k *known) note(inc *escalation.Incident, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if inc.State != escalation.Acknowledged || inc.Ack == nil {
		delete(k.acked, inc.Key)
		return
	}
	if k.acked == nil {
		k.acked = map[routing.DedupKey]acked{}
	}
	k.acked[inc.Key] = acked{expires: inc.Ack.Expires, severity: inc.Severity, seen: now}
}

// learn asks the store what is acknowledged by now.
func (s *Standby) learn(ctx context.Context) {
	began := s.cfg.Now()
	open, err := s.guard.List(ctx, store.Filter{Open: true, Limit: learnMost})
	if err != nil {
		return // the guard has noticed
	}
	if len(open) < learnMost {
		s.known.forgetBefore(began)
	}
	for i := range open {
		s.known.note(&open[i], began)
	}
}

func (k *known) forgetBefore(at time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for key, a := range k.acked {
		if a.seen.Before(at) {
			delete(k.acked, key)
		}
	}
}

// covers says whether somebody had acknowledged what an alert leads to, as urgent as it is now.
func (k *known) covers(scale routing.Scale, decisions []routing.Decision, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, d := range decisions {
		a, ok := k.acked[d.Key]
		if !ok || !a.expires.After(now) || scale.MoreUrgent(d.Severity, a.severity) {
			return false
		}
	}
	return true
}

// alone is what of a delivery is paged by this process itself: alerts of severities that ask
// for it, and all ends and acknowledgements, which only reach what is held here. A group that
// is complete says nothing about the rest of it.
func (s *Standby) alone(e *engine.Engine, d engine.Delivery) engine.Delivery {
	book, now := e.Book(), e.Now()
	d.Batch.CompleteGroups = nil
	var alerts []routing.Alert
	for _, a := range d.Batch.Alerts {
		a.Integration = d.Integration
		if a.Status != routing.Firing {
			alerts = append(alerts, a)
			continue
		}
		decisions := book.Table.Route(a, now)
		if decisions[0].Dropped == "" && book.Scale.PagesAlone(decisions[0].Severity) && !s.known.covers(book.Scale, decisions, now) {
			alerts = append(alerts, a)
		}
	}
	d.Batch.Alerts = alerts
	return d
}
