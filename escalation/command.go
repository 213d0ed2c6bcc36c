package escalation

import (
	"time"

	"tocsin/paging"
	"tocsin/routing"
)

// Command is one thing that may change an incident. CommandID returns the id by which a
// repeated command is recognised; "" for commands that are safe to repeat by nature.
type Command interface{ CommandID() string }

// Fire is an alert that fires and was routed to this incident's key.
type Fire struct {
	Alert    routing.Alert
	Decision routing.Decision
	Heard    time.Time // when it was taken, if that was earlier; zero: now
}

// End is the end of one member: its source said so, or it belongs elsewhere now.
type End struct {
	Member MemberKey
	Alert  routing.Alert // as its source sent it; zero when it did not speak
	Moved  string        // the incident that holds it now; empty for a real end
	Heard  time.Time     // when it was taken, if that was earlier; zero: now
}

// Unlist is a complete group that omits a member which was firing.
type Unlist struct{ Member MemberKey }

// Acknowledge takes the incident: paging stops. A source may acknowledge, too.
type Acknowledge struct {
	ID string
	By Actor
}

// Snooze is an acknowledgement that runs out when asked.
type Snooze struct {
	ID  string
	By  Actor
	For time.Duration
}

// Resolve closes the incident. While a member still fires it counts as an acknowledgement,
// unless Force is set or the same person asks again.
type Resolve struct {
	ID    string
	By    Actor
	Force bool
}

// Escalate passes the incident on to the next tier at once.
type Escalate struct {
	ID string
	By Actor
}

// Undo takes an acknowledgement back: its tier starts again.
type Undo struct {
	ID string
	By Actor
}

// Reassign gives the incident to others.
type Reassign struct {
	ID      string
	By      Actor
	Targets []Target
}

// Reported is what delivery or a provider tells of an attempt.
type Reported struct{ Report paging.Report }

// TimerDue says that the incident's earliest timer has come due.
type TimerDue struct{}

// Rejudge says that there is a new book.
type Rejudge struct{}

// CommandID is empty: the same firing again is a repeat by nature.
func (Fire) CommandID() string { return "" }

// CommandID is empty: an ended member can end only once.
func (End) CommandID() string { return "" }

// CommandID is empty: an unlisted member can be unlisted only once.
func (Unlist) CommandID() string { return "" }

// CommandID returns the id given by the sender.
func (c Acknowledge) CommandID() string { return c.ID }

// CommandID returns the id given by the sender.
func (c Snooze) CommandID() string { return c.ID }

// CommandID returns the id given by the sender.
func (c Resolve) CommandID() string { return c.ID }

// CommandID returns the id given by the sender.
func (c Escalate) CommandID() string { return c.ID }

// CommandID returns the id given by the sender.
func (c Undo) CommandID() string { return c.ID }

// CommandID returns the id given by the sender.
func (c Reassign) CommandID() string { return c.ID }

// CommandID is empty: the attempt's own state recognises a repeat.
func (Reported) CommandID() string { return "" }

// CommandID is empty: what is due is read from the incident.
func (TimerDue) CommandID() string { return "" }

// CommandID is empty: judging twice gives the same.
func (Rejudge) CommandID() string { return "" }

// OutcomeKind is what became of a command.
type OutcomeKind string

// The outcomes.
const (
	Done         OutcomeKind = "done"
	Opened       OutcomeKind = "opened"
	Reopened     OutcomeKind = "reopened"
	Repeated     OutcomeKind = "repeated"      // nothing new; only counted
	Recorded     OutcomeKind = "recorded"      // kept on the timeline or beside it, without effect
	Known        OutcomeKind = "known"         // this command id was already done
	AlreadyAcked OutcomeKind = "already_acked" // somebody else was first: see By and At
	AlreadyOver  OutcomeKind = "already_resolved"
	StillFiring  OutcomeKind = "still_firing" // a resolve that counted as an acknowledgement
	NotAcked     OutcomeKind = "not_acked"    // an undo of what nobody acknowledged
	NoIncident   OutcomeKind = "no_incident"
	Stale        OutcomeKind = "stale" // a report by a holder whose claim was taken over
)

// Outcome is the answer to a command.
type Outcome struct {
	Kind     OutcomeKind
	By       Actor     // who was first, or who did it
	At       time.Time // when
	Expires  time.Time // of the acknowledgement
	Incident *Incident // as it stands after the command; nil when there is none. Read-only.
}
