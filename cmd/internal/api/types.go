package api

import (
	"time"

	"tocsin/cmd/internal/watch"
	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/routing"
)

// Incident is an incident as the API shows it.
type Incident struct {
	ID        paging.IncidentID           `json:"id"`
	State     escalation.State            `json:"state"`
	Quiet     *escalation.Quiet           `json:"quiet,omitempty"`
	Severity  routing.Severity            `json:"severity"`
	Title     string                      `json:"title"`
	Where     string                      `json:"where,omitempty"`
	Policy    string                      `json:"policy"`
	Route     string                      `json:"route"`
	Reasons   []string                    `json:"reasons,omitempty"`
	Labels    map[string]string           `json:"labels,omitempty"`
	Links     []routing.Link              `json:"links,omitempty"`
	Position  *escalation.Position        `json:"position,omitempty"`
	Run       int                         `json:"run"`
	Ack       *escalation.Acknowledgement `json:"ack,omitempty"`
	Ending    *escalation.Ending          `json:"ending,omitempty"`
	SLAs      []escalation.SLA            `json:"slas,omitempty"`
	Firing    int                         `json:"firing"`
	Ended     int                         `json:"ended"`
	Count     int                         `json:"count"`
	OpenedAt  time.Time                   `json:"opened_at"`
	LastSeen  time.Time                   `json:"last_seen"`
	NextDueAt time.Time                   `json:"next_due_at,omitzero"`
	Test      bool                        `json:"test,omitempty"`
}

// IncidentList is the answer of GET /api/v1/incidents.
type IncidentList struct {
	Incidents []Incident        `json:"incidents"`
	Next      paging.IncidentID `json:"next,omitempty"` // for ?before= of the next page
}

// IncidentDetail is the answer of GET /api/v1/incidents/{id}.
type IncidentDetail struct {
	Incident Incident            `json:"incident"`
	Members  []escalation.Member `json:"members"`
	Attempts []paging.Attempt    `json:"attempts"`
	Timeline []escalation.Entry  `json:"timeline"`
}

// Action is the body of POST /api/v1/incidents/{id}/{ack,unack,snooze,escalate,resolve,reassign}.
type Action struct {
	As  string   `json:"as,omitempty"`  // a configured user on whose behalf the token acts
	For string   `json:"for,omitempty"` // of a snooze: "30m"
	To  []string `json:"to,omitempty"`  // of a reassignment: "user:ana", "team:everyone", "schedule:platform/primary"
}

// Outcome is the answer to an action.
type Outcome struct {
	Outcome  escalation.OutcomeKind `json:"outcome"`
	By       string                 `json:"by,omitempty"`
	At       time.Time              `json:"at,omitzero"`
	Incident Incident               `json:"incident"`
}

// TestPage is the body of POST /api/v1/test-pages.
type TestPage struct {
	User string `json:"user"`
}

// Status is the answer of GET /api/v1/status.
type Status struct {
	Version  string        `json:"version"`
	Revision string        `json:"revision"`          // label of what is in force in this process
	Config   uint64        `json:"config"`            // its number; 0: the process runs on its own files alone
	Overlay  uint64        `json:"overlay"`           // number of the arrangements on top of it; 0: none
	Wanted   uint64        `json:"wanted,omitempty"`  // number of the active revision, when it cannot be in force here
	Trouble  string        `json:"trouble,omitempty"` // why it cannot
	Store    string        `json:"store"`             // what an outage of it would lose, in a sentence
	Offset   time.Duration `json:"clock_offset_ns"`
	Degraded string        `json:"degraded,omitempty"` // why this process works on its own
	Watch    watch.Report  `json:"watch"`              // how this process and the others move
}

// Error is the body of every answer that is not 2xx.
type Error struct {
	Error ErrorBody `json:"error"`
}

// ErrorBody has a kind for machines and a sentence for people.
type ErrorBody struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
}
