package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"tocsin/paging"
	"tocsin/routing"
)

// Series is the name of the log in the store.
const Series = "audit"

// Kind is what a record tells of.
type Kind string

// The kinds of records.
const (
	Started Kind = "started" // a process
	Stopped Kind = "stopped" // in order; Complete: nothing was left unrecorded

	Config Kind = "config" // a revision of the configuration or of the overlay was stored

	Opened         Kind = "opened" // an incident
	Acknowledged   Kind = "acknowledged"
	Unacknowledged Kind = "unacknowledged" // taken back, withdrawn or expired
	Resolved       Kind = "resolved"
	Reopened       Kind = "reopened"
	Adopted        Kind = "adopted" // brought in from another store
	Sealed         Kind = "sealed"  // what an incident consists of, some time after its last change
	Found          Kind = "found"   // there without a record: a crash lost it, or somebody wrote past the log
	Pruned         Kind = "pruned"  // incidents that ended before Before were forgotten: retention

	Access   Kind = "access"   // somebody changed or took something through the API
	Refused  Kind = "refused"  // credentials were refused, Count times
	Checked  Kind = "checked"  // incidents were compared with the log; what was not in it is in it now
	Restored Kind = "restored" // the store was made of a backup, taken between From and Before
	Lost     Kind = "lost"     // Count records had no room while the store could not be written
)

// Record is one line of the log. Fields that a kind does not use are empty.
type Record struct {
	Number  uint64    `json:"n"` // from 1, without gaps
	At      time.Time `json:"at"`
	Process string    `json:"process"` // random per process
	Kind    Kind      `json:"kind"`

	Incident paging.IncidentID `json:"incident,omitempty"`
	Key      string            `json:"key,omitempty"` // KeyDigest of its dedup key
	Revision uint64            `json:"rev,omitempty"` // counter of its revision in the store
	Seq      int               `json:"seq,omitempty"` // newest entry of its timeline
	Head     string            `json:"head,omitempty"`
	Ended    time.Time         `json:"ended,omitzero"` // of a resolved incident
	Rows     *Rows             `json:"rows,omitempty"`

	Series string `json:"series,omitempty"` // of a revision
	Value  uint64 `json:"value,omitempty"`  // its number
	SHA256 string `json:"sha256,omitempty"` // of its bytes in the store

	By       string    `json:"by,omitempty"`     // a token, a user, an integration
	Action   string    `json:"action,omitempty"` // "POST /api/v1/incidents/:id/ack", "reload"
	Target   string    `json:"target,omitempty"`
	Outcome  string    `json:"outcome,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Count    int       `json:"count,omitempty"`
	From     time.Time `json:"from,omitzero"`
	Before   time.Time `json:"before,omitzero"`
	Complete bool      `json:"complete,omitempty"`
}

// KeyDigest stands for a dedup key, which may hold names that nobody wants in a log that is
// never deleted: the first 16 hex digits of its SHA-256.
func KeyDigest(key routing.DedupKey) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:8])
}

// Digest is SHA-256 in hex.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
