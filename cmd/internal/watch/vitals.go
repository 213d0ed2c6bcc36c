package watch

import (
	"sync/atomic"
	"time"
)

// Vitals are when each part of a process last moved, by the store's time. Zero: not yet.
type Vitals struct {
	Ingest   time.Time `json:"ingest,omitzero"`   // its own listener answered
	Commit   time.Time `json:"commit,omitzero"`   // a write was durable
	Timer    time.Time `json:"timer,omitzero"`    // the timer loop claimed
	Delivery time.Time `json:"delivery,omitzero"` // delivery claimed, and not every send failed
}

// Signs note when each part moved. The zero value is ready.
type Signs struct{ ingest, commit, timer, delivery sign }

type sign struct{ at atomic.Int64 }

func (s *sign) moved() time.Time {
	if n := s.at.Load(); n != 0 {
		return time.Unix(0, n).UTC()
	}
	return time.Time{}
}

// Vitals are the signs as they stand.
func (s *Signs) Vitals() Vitals {
	return Vitals{s.ingest.moved(), s.commit.moved(), s.timer.moved(), s.delivery.moved()}
}
