package escalation

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"tocsin/paging"
)

// EntryKind is what a timeline entry records.
type EntryKind string

// The kinds of timeline entries.
const (
	EntryOpened    EntryKind = "opened"
	EntryReopened  EntryKind = "reopened"
	EntryAlert     EntryKind = "alert" // a member fired, ended, moved, went unlisted
	EntrySeverity  EntryKind = "severity"
	EntryQuiet     EntryKind = "quiet"
	EntryTier      EntryKind = "tier"   // a tier, a round or the fallback started
	EntryHandOn    EntryKind = "handon" // why a tier ended before its deadline
	EntryPage      EntryKind = "page"   // somebody is going to be paged
	EntryAttempt   EntryKind = "attempt"
	EntryAck       EntryKind = "acknowledged"
	EntryUnack     EntryKind = "unacknowledged"
	EntryExpired   EntryKind = "expired"
	EntryEscalated EntryKind = "escalated"
	EntryReassign  EntryKind = "reassigned"
	EntryResolved  EntryKind = "resolved"
	EntrySLA       EntryKind = "sla"
	EntryNote      EntryKind = "note"
	EntryForeign   EntryKind = "foreign" // an entry of an incident that was merged into this one
)

// Entry is one line of an incident's timeline. Entries are hash-chained: Hash covers the
// entry and the hash before it, so that a change or a gap shows.
type Entry struct {
	Seq     int              `json:"seq"` // from 1, without gaps
	At      time.Time        `json:"at"`
	Kind    EntryKind        `json:"kind"`
	Text    string           `json:"text"`
	By      string           `json:"by,omitempty"`
	Tier    string           `json:"tier,omitempty"`
	Run     int              `json:"run,omitempty"`
	Round   int              `json:"round,omitempty"`
	Attempt paging.AttemptID `json:"attempt,omitempty"`
	Member  *MemberKey       `json:"member,omitempty"`
	Foreign *Entry           `json:"foreign,omitempty"` // whole, with its place in its own chain
	Hash    string           `json:"hash"`
}

// Hashed is what Hash covers beside the hash before it: the entry as JSON, with an empty hash.
// Hash is the first 32 hex digits of SHA-256 over the hash before it and this.
func (e Entry) Hashed() []byte { return e.appendHashed(nil) }

func (e Entry) appendHashed(b []byte) []byte {
	e.Hash = ""
	e.At = e.At.UTC()
	b, err := e.AppendJSON(b)
	if err != nil { // an Entry holds nothing that cannot be marshalled
		b = append(b, err.Error()...)
	}
	return b
}

// AppendJSON appends what encoding/json makes of the entry, byte for byte. Each entry is hashed
// and stored, so that the usual ones are written without reflection.
func (e *Entry) AppendJSON(b []byte) ([]byte, error) {
	if e.plain() {
		return e.appendPlain(b), nil
	}
	whole, err := json.Marshal(e)
	return append(b, whole...), err
}

// chain returns the entry's hash after prev.
func (e Entry) chain(prev string) string {
	var room [1024]byte
	sum := sha256.Sum256(e.appendHashed(append(room[:0], prev...)))
	return hex.EncodeToString(sum[:16])
}

// VerifyTimeline checks the chain from the first entry to head (an incident's Head; empty
// skips that check). It returns the Seq of the first entry that does not fit, or 0.
func VerifyTimeline(entries []Entry, head string) int {
	prev := ""
	for i, e := range entries {
		if e.Seq != i+1 || e.Hash != e.chain(prev) {
			return i + 1
		}
		prev = e.Hash
	}
	if head != "" && head != prev {
		return len(entries) + 1
	}
	return 0
}
