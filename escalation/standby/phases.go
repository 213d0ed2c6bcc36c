package standby

import (
	"context"
	"time"

	"tocsin/escalation/engine"
)

// asks says whether the store is asked now, and returns what is closed when it no longer is.
func (s *Standby) asks() (left <-chan struct{}, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.left, s.phase == Up || s.phase == Replaying
}

// fall leaves the store alone from now on, because of what somebody saw who had been told by asks
// that it is there. A merge breaks off, and ends in down.
func (s *Standby) fall(left <-chan struct{}, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case left != s.left: // long ago
	case s.phase == Up:
		s.since = s.cfg.Now()
		close(s.left)
		s.down(why)
	case s.phase == Replaying:
		close(s.left)
		s.guard.set(gateShut)
		s.phase = Adopting // what comes in now is paged in down
		s.stop(why)
	}
}

// down has this process page on its own. Callers hold mu.
func (s *Standby) down(why error) {
	s.guard.set(gateShut)
	s.log.Error("the store is away: alerts are kept in the spool, and this process pages on its own what asks for it", "was", s.phase, "error", why)
	s.phase = Down
	s.local = startLocal(s.cfg, s.spool, s.shared)
}

// mergeOrFall goes the whole way back, or ends where it began.
func (s *Standby) mergeOrFall(ctx context.Context) {
	began := s.cfg.Now()
	merging, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s.mu.Lock()
	l := s.local
	s.local, s.phase, s.stop = nil, Adopting, stop
	s.mu.Unlock()
	if l != nil {
		l.halt()
	}
	s.guard.set(gateNoClaims)
	err := s.merge(merging)
	switch {
	case err == nil:
		s.log.Warn("the store is back, and all that was kept is merged", "took", s.cfg.Now().Sub(began))
	case ctx.Err() == nil:
		if cause := context.Cause(merging); cause != nil {
			err = cause
		}
		s.mu.Lock()
		if s.phase == Replaying {
			close(s.left)
		}
		s.down(err)
		s.mu.Unlock()
		s.pageLate(ctx)
	}
}

// goOn asks the store again, while what was kept is still brought in.
func (s *Standby) goOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase, s.left = Replaying, make(chan struct{})
	s.guard.set(gateOpen)
}

// rise ends the outage when nothing is left in the ledger.
func (s *Standby) rise(ctx context.Context) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != Replaying {
		return false, ErrAway
	}
	if rest, err := s.spool.ledger.next(ctx, 1); err != nil || len(rest) > 0 {
		return false, err
	}
	fresh, err := s.spool.wipe(ctx, s.cfg)
	if err != nil {
		return false, err
	}
	s.spool, s.phase, s.since = fresh, Up, time.Time{}
	return true, nil
}

// pageLater has a delivery paged when all incidents are adopted, or the store is away again.
func (s *Standby) pageLater(d engine.Delivery) {
	s.lateness.Lock()
	defer s.lateness.Unlock()
	s.late = append(s.late, d)
}

func (s *Standby) takeLate() []engine.Delivery {
	s.lateness.Lock()
	defer s.lateness.Unlock()
	late := s.late
	s.late = nil
	return late
}

// pageLate pages from here what was to be paged from the store.
func (s *Standby) pageLate(ctx context.Context) {
	s.mu.RLock()
	l := s.local
	s.mu.RUnlock()
	for _, d := range s.takeLate() {
		if _, err := l.engine.Ingest(ctx, s.alone(l.engine, d)); err != nil {
			s.log.Error("an alert that was taken while the store was only just back cannot be paged before it is back again", "integration", d.Integration, "error", err)
		}
	}
}
