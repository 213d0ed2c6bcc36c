package history

import (
	"time"

	"tocsin/configs"
	"tocsin/configs/edit"
	"tocsin/configs/replay"
	"tocsin/schedules"
)

// Proposal is what somebody wants to be in force: exactly one of Bundle, Ops and Rollback.
type Proposal struct {
	Bundle   *configs.Bundle `json:"bundle,omitempty"`
	Ops      []edit.Op       `json:"ops,omitempty"`      // changes of single values; comments and order stay
	Rollback uint64          `json:"rollback,omitempty"` // the files of that revision again

	Parent     uint64 `json:"parent,omitempty"`      // the revision that it was made from; 0: whatever is active
	ParentHash string `json:"parent_hash,omitempty"` // of that revision, to be sure; empty: not checked

	Rollout schedules.Rollout `json:"rollout,omitempty"` // empty: what the files say
	Author  string            `json:"author,omitempty"`
	Reason  string            `json:"reason,omitempty"`
	Replay  *Replay           `json:"replay,omitempty"` // of a plan: run recent history, too

	Origin Origin `json:"-"` // FromFiles of a process; otherwise it follows from what is proposed
}

// Replay asks for recent history to be run through both configurations.
type Replay struct {
	Since    time.Time     `json:"since"`
	AckAfter time.Duration `json:"ack_after,omitempty"` // nanoseconds; 0: nobody answers
}

// Change is what a proposal would do, or did.
type Change struct {
	Revision  Meta       `json:"revision"` // as it would be; its number is certain once it is applied
	Unchanged bool       `json:"unchanged,omitempty"`
	Text      string     `json:"text,omitempty"` // the files, as a unified diff
	Handovers []Handover `json:"handovers"`      // the shifts of the next 90 days that change hands
	Notes     []string   `json:"notes,omitempty"`
	New       []string   `json:"new_weaknesses,omitempty"`
	Gone      []string   `json:"gone_weaknesses,omitempty"`
	Skipped   []string   `json:"skipped,omitempty"` // arrangements that no longer fit

	Routes *replay.Moves  `json:"routes,omitempty"` // what the last alerts would do
	Replay *replay.Report `json:"replay,omitempty"`
}

// Handover is a span in which others are on call than before.
type Handover struct {
	Schedule string             `json:"schedule"`
	Layer    string             `json:"layer,omitempty"` // empty: the whole schedule
	From     time.Time          `json:"from"`
	To       time.Time          `json:"to"`
	Before   []schedules.UserID `json:"before"`
	After    []schedules.UserID `json:"after"`
}

// ConflictError is an apply that somebody else was faster than.
type ConflictError struct {
	Parent Meta   // what the proposal was made from
	Active Meta   // what is in force now
	Diff   string // from the one to the other
}

func (e *ConflictError) Error() string {
	return "revision " + e.Active.Label() + " by " + e.Active.Author + " is in force; the change was made from " +
		e.Parent.Label() + ". Look at what came in between, and propose it again:\n" + e.Diff
}
