package paging

import (
	"time"

	"tocsin/routing"
	"tocsin/schedules"
)

// State is where an attempt stands.
type State string

// The states of an attempt. Planned and Sending are live; the others are settled, though a
// receipt may still turn Sent into Delivered or Failed.
const (
	Planned   State = "planned"
	Sending   State = "sending" // begun: the provider may have it
	Sent      State = "sent"    // the provider took it
	Delivered State = "delivered"
	Failed    State = "failed" // for good
	Canceled  State = "canceled"
)

// Live says whether the attempt still has something to do.
func (s State) Live() bool { return s == Planned || s == Sending }

// Kind tells a page, which asks for an answer, from what only tells.
type Kind string

// The kinds of attempts.
const (
	Page   Kind = "page"
	Notice Kind = "notice" // "ben acked …", to those who were already paged
	Memo   Kind = "memo"   // a text of Tocsin's own to one person, by day, about no trouble of now
)

// Attempt is one try of a page over one contact method. Step plans it with everything that
// the text needs, so that delivery reads no configuration.
type Attempt struct {
	Format   int        `json:"v"`
	ID       AttemptID  `json:"id"`
	Incident IncidentID `json:"incident"`
	Kind     Kind       `json:"kind"`

	Run       int    `json:"run"`
	Round     int    `json:"round"`
	Tier      string `json:"tier"` // name of the tier, "fallback" or "acknowledger"
	TierIndex int    `json:"tier_index"`

	User    schedules.UserID `json:"user"`
	Contact string           `json:"contact"`
	Channel string           `json:"channel"`
	Address string           `json:"address"`
	Zone    string           `json:"zone"` // IANA name of the user's time zone

	Severity     routing.Severity `json:"severity"`
	Rank         int              `json:"rank"`                   // of the severity, 0 the most urgent
	Breakthrough bool             `json:"breakthrough,omitempty"` // the most urgent severity: never bundled
	Strong       bool             `json:"strong,omitempty"`       // ask for a longer random reply code
	Title        string           `json:"title"`
	Where        string           `json:"where,omitempty"` // "payments, eu-1"
	Test         bool             `json:"test,omitempty"`

	Else   string    `json:"else,omitempty"` // who is paged next if nobody answers
	ElseAt time.Time `json:"else_at,omitzero"`

	// Of a notice: what happened, who did it and when ("acked", "ben", 03:02).
	What   string    `json:"what,omitempty"`
	By     string    `json:"by,omitempty"`
	WhatAt time.Time `json:"what_at,omitzero"`

	Due      time.Time `json:"due"`
	Deadline time.Time `json:"deadline"` // retries end here

	State     State     `json:"state"`
	Token     string    `json:"token,omitempty"` // of the claim that holds it
	Tries     int       `json:"tries,omitempty"` // sends begun so far
	StartedAt time.Time `json:"started_at,omitzero"`
	SettledAt time.Time `json:"settled_at,omitzero"`
	Code      string    `json:"code,omitempty"` // reply code in the text
	Text      string    `json:"text,omitempty"` // as handed to the provider
	Bundle    string    `json:"bundle,omitempty"`
	Segments  int       `json:"segments,omitempty"`

	Provider       string `json:"provider,omitempty"`
	ProviderID     string `json:"provider_id,omitempty"`
	ProviderStatus string `json:"provider_status,omitempty"`
	ProviderRank   int    `json:"provider_rank,omitempty"` // receipts only move it up
	Reason         string `json:"reason,omitempty"`        // why it failed or was canceled
}

// Claim is the right to work on one attempt until the lease ends. Token fences it: a holder
// whose lease ran out and was taken over is refused.
type Claim struct {
	Attempt Attempt
	Token   string
}

// Leases says how long claims hold: of what is planned, which anybody may take over soon when its
// holder dies, and of what was begun, which must outlast a call of the provider.
type Leases struct{ Planned, Sending time.Duration }

// Of is the lease of an attempt in that state.
func (l Leases) Of(s State) time.Duration {
	if s == Sending {
		return l.Sending
	}
	return l.Planned
}

// Start is what is noted before the provider is called.
type Start struct {
	Claim  Claim
	Code   string
	Text   string
	Bundle string
}

// Result is how an attempt went, as delivery or a receipt tells it.
type Result string

// The results. Retry is a temporary failure: the attempt is planned again at RetryAt.
const (
	ResultSent      Result = "sent"
	ResultDelivered Result = "delivered"
	ResultFailed    Result = "failed"
	ResultRetry     Result = "retry"
	ResultReceipt   Result = "receipt" // a status that only moves ProviderRank
)

// Report settles an attempt. It goes through the same front door as every other command.
type Report struct {
	Attempt AttemptID
	Token   string // of the claim; empty for a provider's receipt
	Result  Result
	At      time.Time
	RetryAt time.Time

	Provider       string
	ProviderID     string
	ProviderStatus string
	ProviderRank   int
	Segments       int
	Reason         string // a sentence for people, without secrets
}
