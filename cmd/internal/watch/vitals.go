package watch

import (
	"sync"
	"sync/atomic"
	"time"

	"tocsin/paging"
)

// Part is one part of a process that must move.
type Part string

// The parts.
const (
	Ingest   Part = "ingest"   // its own listener answers
	Commit   Part = "commit"   // its lanes come to what is put in them, and a write is durable
	Timer    Part = "timer"    // the timer loop works off what is due
	Delivery Part = "delivery" // pages are claimed, and not every send fails
)

// Parts are all of them.
func Parts() []Part { return []Part{Ingest, Commit, Timer, Delivery} }

// Bound is how long a part may stand before it counts.
const Bound = 30 * time.Second

// Vitals are when each part of a process last moved, by its own clock. Zero: not known.
type Vitals struct {
	Ingest   time.Time `json:"ingest,omitzero"`
	Commit   time.Time `json:"commit,omitzero"`
	Timer    time.Time `json:"timer,omitzero"`
	Delivery time.Time `json:"delivery,omitzero"`
}

// Moved is when that part last moved.
func (v Vitals) Moved(p Part) time.Time {
	switch p {
	case Ingest:
		return v.Ingest
	case Commit:
		return v.Commit
	case Timer:
		return v.Timer
	default:
		return v.Delivery
	}
}

// Standing are the parts that have not moved for too long at now. What is not known moves.
func (v Vitals) Standing(now time.Time) (parts []Part) {
	for _, p := range Parts() {
		if at := v.Moved(p); !at.IsZero() && now.Sub(at) > Bound {
			parts = append(parts, p)
		}
	}
	return parts
}

// Signs note when each part moved; make them with [NewSigns].
type Signs struct {
	now                             func() time.Time
	ingest, commit, timer, delivery atomic.Int64
	commits, sends                  streak
}

// NewSigns returns the signs of a process that starts now: every part has just moved.
func NewSigns(now func() time.Time) *Signs {
	s := &Signs{now: now}
	for _, at := range []*atomic.Int64{&s.ingest, &s.commit, &s.timer, &s.delivery} {
		s.move(at)
	}
	return s
}

func (s *Signs) move(at *atomic.Int64) { at.Store(s.now().UnixNano()) }

// Answered notes that the process's own listener answered.
func (s *Signs) Answered() { s.move(&s.ingest) }

// Written notes that the lanes moved and a write was durable.
func (s *Signs) Written() { s.move(&s.commit) }

// TimersClaimed notes that the timer loop came round.
func (s *Signs) TimersClaimed() { s.move(&s.timer) }

// PagesClaimed notes that delivery came round.
func (s *Signs) PagesClaimed() { s.move(&s.delivery) }

// Committed is told what became of every commit.
func (s *Signs) Committed(err error) { s.commits.note(s.now(), err == nil) }

// Sent is told what became of every send. What only one contact is to blame for, such as a
// number that does not exist, says nothing about delivery.
func (s *Signs) Sent(result paging.Result, class paging.Class) {
	switch {
	case class == paging.BadContact || class == paging.OptedOut || class == paging.BadContent:
	case result == paging.ResultFailed || result == paging.ResultRetry:
		s.sends.note(s.now(), false)
	default:
		s.sends.note(s.now(), true)
	}
}

// Vitals are the signs as they stand.
func (s *Signs) Vitals() Vitals {
	at := func(n *atomic.Int64, failing *streak, lasts time.Duration) time.Time {
		moved := time.Unix(0, n.Load()).UTC()
		if since, ok := failing.since(s.now(), lasts); ok && since.Before(moved) {
			return since
		}
		return moved
	}
	var none streak
	return Vitals{
		Ingest: at(&s.ingest, &none, 0), Commit: at(&s.commit, &s.commits, commitsLast),
		Timer: at(&s.timer, &none, 0), Delivery: at(&s.delivery, &s.sends, sendsLast),
	}
}

const (
	// streakCounts is how many failures in a row are more than bad luck.
	streakCounts = 3
	// commitsLast and sendsLast are after how long without another try failures no longer say
	// anything: the store is back, or other processes send now. The pause between two pages of
	// a fallback is a little shorter.
	commitsLast = 15 * time.Second
	sendsLast   = 16 * time.Minute
)

// streak is failures without a success between them.
type streak struct {
	mu          sync.Mutex
	n           int
	first, last time.Time
}

func (s *streak) note(now time.Time, good bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if good {
		s.n = 0
		return
	}
	if s.n == 0 || now.Sub(s.last) > sendsLast {
		s.n, s.first = 0, now
	}
	s.n, s.last = s.n+1, now
}

// since is when a streak began that counts.
func (s *streak) since(now time.Time, lasts time.Duration) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first.UTC(), s.n >= streakCounts && now.Sub(s.last) <= lasts
}
