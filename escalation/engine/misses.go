package engine

import (
	"context"
	"time"

	"tocsin/paging"
)

const (
	phoneLease = 2 * time.Second
	// leaseTries and leasePause bound the wait for a phone that delivery is texting right now.
	leaseTries = 20
	leasePause = 50 * time.Millisecond
	// hitTries is less: somebody waits for an answer that does not depend on it.
	hitTries = 3
)

// miss answers a text that led to nothing, a few times in a row and then no more.
func (t *talk) miss(ctx context.Context, answer string) (string, error) {
	if t.in.Kept {
		return answer, nil
	}
	answered := false
	err := t.phoneState(ctx, leaseTries, func(s *paging.PhoneState) bool {
		s.Misses++
		s.MissedAt = t.now
		answered = s.Misses <= answeredMisses
		return true
	})
	if err != nil || !answered {
		return "", unavailable(err)
	}
	return answer, nil
}

// hit forgets the misses after a text that had an effect. Losing that is harmless.
func (t *talk) hit(ctx context.Context) {
	if t.in.Kept {
		return
	}
	err := t.phoneState(ctx, hitTries, func(s *paging.PhoneState) bool {
		changed := s.Misses > 0
		s.Misses = 0
		return changed
	})
	if err != nil {
		t.e.log.Warn("the count of texts not understood could not be reset", "error", err)
	}
}

// phoneState changes what is remembered of the phone under its lease.
func (t *talk) phoneState(ctx context.Context, tries int, change func(*paging.PhoneState) bool) error {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for range tries {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pause.C:
		}
		l, ok, err := t.e.store.LeasePhone(ctx, t.in.From, t.e.Now(), phoneLease)
		if err != nil {
			return err
		}
		if ok {
			change(&l.State)
			return t.e.store.ReleasePhone(ctx, l)
		}
		pause.Reset(leasePause)
	}
	return nil // delivery is busy with this phone; a miss goes unanswered
}
