package escalation

import (
	"time"

	"tocsin/paging"
	"tocsin/routing"
	"tocsin/schedules"
)

// Format is the version of the stored shape. A process never rewrites an incident of a newer one.
const Format = 1

// State is where an incident stands.
type State string

// The states of an incident.
const (
	Triggered    State = "triggered"
	Acknowledged State = "acknowledged"
	Resolved     State = "resolved"
)

// QuietKind is why an open incident pages nobody for now.
type QuietKind string

// The kinds of quiet.
const (
	Held       QuietKind = "held"
	Muted      QuietKind = "muted"
	Suppressed QuietKind = "suppressed"
)

// Quiet is a reason to page nobody for now. It is judged again at Until, and by every new book.
type Quiet struct {
	Kind   QuietKind `json:"kind"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until,omitzero"` // zero: only a new book or another alert can end it
}

// Stage is what kind of step of the policy is running.
type Stage string

// The stages of a run.
const (
	StageTier         Stage = "tier"
	StageFallback     Stage = "fallback"
	StageAcknowledger Stage = "acknowledger" // after an acknowledgement ran out: its giver first
)

// Position is where in its policy an incident stands.
type Position struct {
	Stage    Stage     `json:"stage"`
	Index    int       `json:"index"` // of the tier
	Name     string    `json:"name"`
	Round    int       `json:"round"` // 0 is the first
	Started  time.Time `json:"started"`
	Deadline time.Time `json:"deadline"` // the next step starts then, unless somebody acts

	RoundStarted time.Time `json:"round_started"`
	Reached      bool      `json:"reached,omitempty"` // somebody could be paged in this round
	Waiting      bool      `json:"waiting,omitempty"` // handed on already; only waits for the next round
}

// AttemptRef is what an incident remembers of an attempt of its present run.
type AttemptRef struct {
	ID      paging.AttemptID `json:"id"`
	Step    int              `json:"step"` // which start of a tier planned it; see Incident.Steps
	User    schedules.UserID `json:"user"`
	Contact string           `json:"contact"`
	Due     time.Time        `json:"due"`
	State   paging.State     `json:"state"`
}

// Told is a contact that was texted about this incident, or is about to be.
type Told struct {
	User    schedules.UserID `json:"user"`
	Contact paging.Contact   `json:"contact"`
}

// Actor is who did something, and over which way.
type Actor struct {
	User schedules.UserID `json:"user,omitempty"` // empty for a token or a source
	Name string           `json:"name"`           // what people read: "ben", "token ops", "prometheus"
	Via  string           `json:"via"`            // "sms", "api", "source"
	From string           `json:"from,omitempty"` // phone number, where it came from one
}

// Acknowledgement is who took an incident, and until when that holds.
type Acknowledgement struct {
	By      Actor     `json:"by"`
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
	Snooze  bool      `json:"snooze,omitempty"`
}

// Ending is how an incident was resolved.
type Ending struct {
	At     time.Time `json:"at"`
	By     Actor     `json:"by,omitzero"`      // zero when the last alert ended
	Reason string    `json:"reason,omitempty"` // "resolved by its source", "silent for 24h"
	Acked  bool      `json:"acked,omitempty"`  // somebody had acknowledged it
}

// Person says whether a person resolved it.
func (e *Ending) Person() bool { return e.By.Name != "" }

// Incident is what people are paged for. At most one is open per dedup key.
type Incident struct {
	Format int               `json:"v"`
	ID     paging.IncidentID `json:"id"`
	Key    routing.DedupKey  `json:"key"`
	State  State             `json:"state"`

	Severity routing.Severity `json:"severity"` // the highest since it opened
	Title    string           `json:"title"`
	Where    string           `json:"where,omitempty"`
	Test     bool             `json:"test,omitempty"`
	Memo     bool             `json:"memo,omitempty"` // it tells one person and pages nobody
	Lead     routing.Alert    `json:"lead"`           // the alert that speaks for it; judged again when quiet ends
	Policy   string           `json:"policy"`
	Route    string           `json:"route"`
	Reasons  []string         `json:"reasons,omitempty"`

	ReopenWithin time.Duration `json:"reopen_within"`
	ResolveAfter time.Duration `json:"resolve_after"` // silence that ends it

	OpenedAt time.Time `json:"opened_at"`
	Quiet    *Quiet    `json:"quiet,omitempty"`
	Position *Position `json:"position,omitempty"` // nil while quiet, acknowledged or resolved
	Last     *Position `json:"last,omitempty"`     // where it stood when it was acknowledged, for undo
	Run      int       `json:"run"`                // 1 is the first
	Steps    int       `json:"steps"`              // starts of tiers so far, over all runs

	Ack      *Acknowledgement `json:"ack,omitempty"`
	Ending   *Ending          `json:"ending,omitempty"`
	CloseAsk *Actor           `json:"close_ask,omitempty"` // who asked to resolve while it still fired

	Firing   int          `json:"firing"`
	Ended    int          `json:"ended"`
	Unlisted int          `json:"unlisted,omitempty"`
	Attempts []AttemptRef `json:"attempts,omitempty"`
	Told     []Told       `json:"told,omitempty"`    // by a page
	Shadows  []Shadow     `json:"shadows,omitempty"` // who heard of pages to others
	SLAs     []SLA        `json:"slas,omitempty"`
	Commands []string     `json:"commands,omitempty"` // the last 64 command ids, oldest first

	Seq  int    `json:"seq"`            // of the newest timeline entry
	Head string `json:"head,omitempty"` // its hash

	// Counters that the store keeps beside the incident, so that a repeat rewrites nothing.
	Count    int       `json:"-"`
	LastSeen time.Time `json:"-"`
}

// Open says whether the incident is not resolved.
func (i *Incident) Open() bool { return i.State != Resolved }

// clone returns a copy that Step may change.
func (i *Incident) clone() *Incident {
	c := *i
	c.Attempts = append([]AttemptRef(nil), i.Attempts...)
	c.Told = append([]Told(nil), i.Told...)
	c.Shadows = append([]Shadow(nil), i.Shadows...)
	c.SLAs = append([]SLA(nil), i.SLAs...)
	c.Commands = append([]string(nil), i.Commands...)
	c.Quiet = clonePtr(i.Quiet)
	c.Position = clonePtr(i.Position)
	c.Last = clonePtr(i.Last)
	c.Ack = clonePtr(i.Ack)
	c.Ending = clonePtr(i.Ending)
	c.CloseAsk = clonePtr(i.CloseAsk)
	return &c
}

func clonePtr[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
