package paging

import (
	"time"

	"tocsin/schedules"
)

// CodeKeep is how long a reply code is not given out again after its last text.
const CodeKeep = 72 * time.Hour

// CodeRequest asks for the reply code of one text to one phone. Asking again with the same
// Key gives the same code.
type CodeRequest struct {
	Phone     string // the exact number texted, E.164
	Key       string // the incident's id, or the bundle's
	User      schedules.UserID
	Incidents []IncidentID
	Now       time.Time
	Strong    bool // six random digits instead of the lowest free number
	// First and Last are the block to take the lowest free number from; zero: what nobody has
	// reserved. A store that hands codes out by itself, while the shared one is away, uses a
	// block that the shared one never gives out.
	First, Last int
}

// Code is a reply code: it belongs to one phone and one or more incidents.
type Code struct {
	Code      string           `json:"code"`
	Phone     string           `json:"phone"`
	Key       string           `json:"key"`
	User      schedules.UserID `json:"user"`
	Incidents []IncidentID     `json:"incidents"`
	At        time.Time        `json:"at"` // last text that carried it
}

// PhoneState is what is remembered of one phone number between texts. Who changes it holds
// the phone's lease.
type PhoneState struct {
	Sent     []time.Time              `json:"sent,omitempty"`     // texts of pages in the last minutes, oldest first
	DigestAt time.Time                `json:"digest_at,omitzero"` // last rolling text
	FoldedAt time.Time                `json:"folded_at,omitzero"` // since when pages wait for the next rolling text
	Told     map[IncidentID]time.Time `json:"told,omitempty"`     // incidents that a text named lately
	Misses   int                      `json:"misses,omitempty"`   // replies not understood since the last that was
	MissedAt time.Time                `json:"missed_at,omitzero"` // the last of them
}

// PhoneLease is the right to text one phone. Token fences it.
type PhoneLease struct {
	Phone string
	Token string
	Until time.Time
	State PhoneState
}
