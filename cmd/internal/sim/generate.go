package sim

import (
	"math/rand/v2"
	"slices"
	"time"
)

// dice draws what a history is made of.
type dice struct{ *rand.Rand }

func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

func (d dice) between(a, b time.Duration) time.Duration {
	return a + time.Duration(d.Int64N(int64(b-a)+1))
}

func one[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

// Generate returns the script of a seed. One in five has no fault at all: there the strictest
// rules hold.
func Generate(seed uint64) Script {
	d := dice{rand.New(rand.NewPCG(seed, 0x70c51))}
	s := Script{
		Seed: seed, Lanes: 1 + d.IntN(3), Poll: one(d, 2*time.Second, 5*time.Second, 10*time.Second),
		Length: d.between(8*time.Minute, 30*time.Minute),
	}
	calm := d.chance(20)
	for range one(d, 1, 1, 2, 2, 2, 3, 4) {
		skew := time.Duration(0)
		if !calm && d.chance(20) {
			skew = d.between(-time.Hour, time.Hour)
		}
		s.Skew = append(s.Skew, skew)
	}
	d.senders(&s)
	d.people(&s)
	if !calm {
		for range 1 + d.IntN(6) {
			s.Events = append(s.Events, d.fault(&s))
		}
	}
	switch {
	case !calm && d.chance(15):
		d.rollout(&s)
	case d.chance(40):
		d.reload(&s)
	}
	slices.SortStableFunc(s.Events, func(a, b Event) int { return int(a.At - b.At) })
	return s
}

func (d dice) proc(s *Script) int { return d.IntN(len(s.Skew)) }

// senders tells of one to four alerts: they begin, are told again, end, begin again.
func (d dice) senders(s *Script) {
	for _, alert := range d.Perm(len(alerts()))[:one(d, 1, 1, 2, 2, 3, 4)] {
		word := one(d, "critical", "error", "error", "warning")
		at := d.between(time.Second, s.Length/2)
		firing := false
		for range one(d, 1, 2, 2, 3, 4, 5) {
			e := Event{At: at, Kind: Fire, Alert: alert, Severity: word, Proc: d.proc(s), Twice: d.chance(20)}
			switch {
			case firing && d.chance(45):
				e.Kind, firing = Resolve, false
			case firing && d.chance(20):
				word = one(d, "critical", "error", "warning")
				e.Severity = word
			default:
				firing = true
			}
			if d.chance(12) {
				e.Late = d.between(time.Second, 3*time.Minute)
			}
			s.Events = append(s.Events, e)
			if at += d.between(time.Second, one(d, 20*time.Second, 2*time.Minute, 8*time.Minute)); at > s.Length {
				return
			}
		}
	}
}

// people answer and command.
func (d dice) people(s *Script) {
	for range one(d, 0, 1, 1, 2, 3, 5) {
		e := Event{At: d.between(s.Length/8, s.Length), Proc: d.proc(s), Twice: d.chance(20)}
		if d.chance(70) {
			e.Kind, e.Who, e.Back = Reply, one(d, 0, 0, 0, 1, 2, 2, 3, 4), one(d, 0, 0, 0, 1)
			e.Word = one(d, "", "", "", "r", "e", "s 5", "u", "all", "ok")
		} else {
			e.Kind, e.Back = Command, one(d, 0, 0, 1)
			e.Word = one(d, "acknowledge", "acknowledge", "resolve", "close", "escalate", "snooze", "undo", "reassign")
			if told := s.Events[d.IntN(len(s.Events))]; told.Kind == Fire && d.chance(40) {
				e.At = told.At + told.Late + d.between(5*time.Millisecond, 50*time.Millisecond) // while its page is on its way
			}
		}
		s.Events = append(s.Events, e)
	}
}

// reload brings another book, to each process at its own instant.
func (d dice) reload(s *Script) {
	book, at := 1+d.IntN(bookCount-1), d.between(time.Second, s.Length)
	for p := range s.Skew {
		s.Events = append(s.Events, Event{At: at + d.between(0, time.Minute), Kind: Reload, Proc: p, Book: book})
	}
}

// rollout brings another book with a restart, to one process after the other.
func (d dice) rollout(s *Script) {
	book, at := one(d, 1, 1, 1, 2, 3, 4, 5), d.between(s.Length/4, s.Length*3/4)
	for p := range s.Skew {
		s.Events = append(s.Events, Event{At: at, Kind: Restart, Proc: p, For: 20 * time.Second},
			Event{At: at + time.Second, Kind: Reload, Proc: p, Book: book})
		at += d.between(10*time.Second, time.Minute)
	}
}

func (d dice) fault(s *Script) Event {
	e := Event{At: d.between(0, s.Length*9/10), Proc: d.proc(s), When: one(d, Before, After), Op: d.op()}
	switch n := d.IntN(100); {
	case n < 30:
		e.Kind, e.For = Crash, d.between(time.Second, one(d, 5*time.Second, time.Minute, 6*time.Minute))
		if d.chance(25) {
			e.Op = "send"
		}
	case n < 36:
		e.Kind, e.For, e.Op = Restart, d.between(time.Second, 30*time.Second), ""
	case n < 50:
		e.Kind = Lose
	case n < 62:
		e.Kind, e.For = Delay, d.between(time.Second, 40*time.Second)
	case n < 72:
		e.Kind, e.For, e.Mode = Outage, d.between(time.Second, one(d, 10*time.Second, time.Minute, 5*time.Minute)), one(d, "refused", "hangs", "answers are lost")
		if d.chance(40) {
			e.Proc = -1
		}
	case n < 80:
		e.Kind, e.For = Clock, one(d, time.Hour, -time.Hour, d.between(-2*time.Minute, 2*time.Minute))
	default:
		e.Kind, e.For, e.Who = Provider, d.between(10*time.Second, 6*time.Minute), one(d, -1, 0, 0, 2, 3)
		e.Mode = one(d, providerModes()...)
	}
	return e
}

func (d dice) op() string {
	return one(d, "", "", "commit", "commit", "commit", "begin", "begin", "claim timers", "claim attempts", "load", "touch",
		"defer", "lease phone", "release phone", "reserve code", "once", "set once", "find")
}
