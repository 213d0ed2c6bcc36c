package sim

import (
	"fmt"
	"strings"
	"time"
)

// Script is one history before it is played: everything that happens from outside, in order.
// What follows from it (latencies, ids) derives from the seed, so a script is played the same
// way again, also when events were taken out.
type Script struct {
	Seed   uint64
	Skew   []time.Duration // one process each: how far its clock is off at the start
	Lanes  int
	Poll   time.Duration // longest sleep of the engine's and delivery's loops
	Length time.Duration // then all faults end
	Events []Event
}

// Kind is what sort of thing happens.
type Kind string

// What senders, people and operators do.
const (
	Fire    Kind = "fire"    // an alert begins, or is told once more
	Resolve Kind = "resolve" // an alert ends
	Reply   Kind = "reply"   // a person answers a text
	Command Kind = "command" // somebody uses the API
	Reload  Kind = "reload"  // a process gets another book
)

// Faults.
const (
	Crash    Kind = "crash"    // a process dies at its next store call or send, and starts again later
	Restart  Kind = "restart"  // a process stops in order, and starts again later
	Lose     Kind = "lose"     // the answer of a store call is lost
	Delay    Kind = "delay"    // a store call takes long
	Outage   Kind = "outage"   // the store cannot be reached
	Clock    Kind = "clock"    // a process's clock jumps
	Provider Kind = "provider" // the provider misbehaves
)

// Fault says whether the kind is one that the last part of a history does without.
func (k Kind) Fault() bool {
	switch k {
	case Crash, Restart, Lose, Delay, Outage, Clock, Provider:
		return true
	default:
		return false
	}
}

// Where in a store call or a send a fault strikes.
const (
	Before = "before" // nothing was applied
	After  = "after"  // it was applied, the answer is not seen
)

// Event is one thing that happens. Which fields count depends on Kind.
type Event struct {
	At   time.Duration // since the start
	Kind Kind
	Proc int           // whom it hits, or who is asked first; of an outage -1: all
	For  time.Duration // how long; of Clock: by how much
	Op   string        // the store call that a fault waits for ("" any), or "send"
	When string        // Before or After
	Mode string        // of Outage and Provider

	Alert    int           // of Fire and Resolve
	Severity string        // the source's word
	Late     time.Duration // what is told was true so much earlier
	Twice    bool          // it is told twice

	Who  int    // a phone; of Provider -1: all
	Word string // what is replied or commanded
	Back int    // answers the text before the latest, or names the incident before
	Book int
}

func (e Event) String() string {
	at := fmt.Sprintf("%8s  %-8s ", e.At.Round(time.Millisecond), e.Kind)
	twice := ""
	if e.Twice {
		twice = ", told twice"
	}
	switch e.Kind {
	case Fire, Resolve:
		a := alerts()[e.Alert]
		if e.Late > 0 {
			twice += fmt.Sprintf(", told %s late", e.Late.Round(time.Millisecond))
		}
		return at + fmt.Sprintf("%s %s, to p%d first%s", a.identity, e.Severity, e.Proc, twice)
	case Reply:
		return at + fmt.Sprintf("%s answers %q to text -%d at p%d%s", phones()[e.Who].user, e.Word, e.Back, e.Proc, twice)
	case Command:
		return at + fmt.Sprintf("%s incident -%d at p%d%s", e.Word, e.Back, e.Proc, twice)
	case Reload:
		return at + fmt.Sprintf("p%d gets book %d", e.Proc, e.Book)
	case Crash:
		return at + fmt.Sprintf("p%d %s its next %s, for %s", e.Proc, e.When, opName(e.Op), e.For)
	case Lose:
		return at + fmt.Sprintf("p%d's next %s fails %s it was applied", e.Proc, opName(e.Op), e.When)
	case Delay:
		return at + fmt.Sprintf("p%d's next %s takes %s longer, %s it is applied", e.Proc, opName(e.Op), e.For, e.When)
	case Outage:
		return at + fmt.Sprintf("p%d for %s: %s", e.Proc, e.For, e.Mode)
	case Clock:
		return at + fmt.Sprintf("p%d's clock jumps by %s", e.Proc, e.For)
	case Provider:
		return at + fmt.Sprintf("phone %d for %s: %s", e.Who, e.For, e.Mode)
	default:
		return at + fmt.Sprintf("p%d for %s", e.Proc, e.For)
	}
}

func opName(op string) string {
	if op == "" {
		return "store call"
	}
	return op
}

func (s Script) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d processes (clocks off by %v), %d lanes, poll %s; faults end at %s\n",
		s.Seed, len(s.Skew), s.Skew, s.Lanes, s.Poll, s.Length)
	for _, e := range s.Events {
		fmt.Fprintln(&b, " ", e)
	}
	return b.String()
}

// Faulty says whether any fault is part of the script.
func (s Script) Faulty() bool {
	for _, e := range s.Events {
		if e.Kind.Fault() {
			return true
		}
	}
	for _, skew := range s.Skew {
		if skew != 0 {
			return true
		}
	}
	return false
}
