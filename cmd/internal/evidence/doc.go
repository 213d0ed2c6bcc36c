// Package evidence puts all that is known of an incident into one file that an outsider can
// check without Tocsin, and checks such a file.
//
// The file is a ZIP with a MANIFEST (SHA-256 of each file, for sha256sum -c) and a README.txt
// that says what is what and which commands check it. The chains are there as lines of text,
// so that a shell can follow them. What proves that nothing was made up afterwards is the
// audit log: its records from the first that tells of the incident to its end are there, those
// that tell of other things only as digests.
package evidence

import (
	"time"

	"tocsin/escalation"
	"tocsin/paging"
)

// The files of a bundle.
const (
	fileManifest = "MANIFEST"
	fileReadme   = "README.txt"
	fileIncident = "incident.json"
	fileMembers  = "members.json"
	fileAttempts = "attempts.json"
	fileTimeline = "timeline.txt"
	fileAudit    = "audit.txt"
	fileConfig   = "config.json"
	fileInbound  = "inbound.json"
)

// Incident is incident.json.
type Incident struct {
	Revision uint64 `json:"revision"` // how often it was changed
	escalation.Incident
}

// Inbound is one of inbound.json: an inbound delivery, its body in a file of its own.
type Inbound struct {
	At          time.Time         `json:"at"`
	Integration string            `json:"integration"`
	DeliveryID  string            `json:"delivery_id,omitempty"`
	Alerts      int               `json:"alerts"`
	Note        string            `json:"note,omitempty"`
	Header      map[string]string `json:"header,omitempty"`
	File        string            `json:"file"`
	Truncated   bool              `json:"truncated,omitempty"`
}

// Revision is config.json: the revision of the configuration in force when the incident opened.
type Revision struct {
	Number uint64            `json:"number"`
	Hash   string            `json:"hash"`
	At     time.Time         `json:"at"`
	Author string            `json:"author"`
	Reason string            `json:"reason,omitempty"`
	Files  map[string]string `json:"files"` // without secrets
}

// attempts without the right to send, which is nobody's business.
func withoutTokens(list []paging.Attempt) []paging.Attempt {
	out := append([]paging.Attempt{}, list...)
	for i := range out {
		out[i].Token = ""
	}
	return out
}
