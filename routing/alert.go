package routing

import (
	"maps"
	"time"
)

// Status says whether what an alert is about is still wrong, as its source sees it.
type Status string

// The two states of an alert, and the acknowledgement that some senders can tell of: the
// generic source, and Sentry when somebody archives an issue.
const (
	Firing       Status = "firing"
	Resolved     Status = "resolved"
	Acknowledged Status = "acknowledged"
)

// Link is something for a person to open.
type Link struct {
	Text string `json:"text,omitempty"`
	URL  string `json:"url"`
}

// Alert is one thing that is wrong as its source sees it. Sources fill it; routing only reads it.
type Alert struct {
	Source      string `json:"source"`      // the format that the sender speaks: "alertmanager", "sentry", …
	Integration string `json:"integration"` // the configured place where it came in; set by the caller of Decode
	Identity    string `json:"identity"`    // what it is about, stable from firing to resolved; unique within the integration
	Group       string `json:"group,omitempty"`

	Status       Status            `json:"status"`
	Title        string            `json:"title"`
	Description  string            `json:"description,omitempty"`
	SeverityWord string            `json:"severity_word,omitempty"` // the source's own word, as it was sent
	Labels       map[string]string `json:"labels,omitempty"`
	Links        []Link            `json:"links,omitempty"`

	StartsAt time.Time `json:"starts_at,omitzero"` // zero when the source has none
	EndsAt   time.Time `json:"ends_at,omitzero"`   // zero while open or when the source has none
}

// Clone returns an alert that shares no map or slice with a.
func (a Alert) Clone() Alert {
	a.Labels = maps.Clone(a.Labels)
	a.Links = append([]Link(nil), a.Links...)
	return a
}

// Batch is what one inbound delivery means.
type Batch struct {
	// DeliveryID tells whether this is the same POST again. Empty when the sender has no
	// such identity, or when the same body is sent again on purpose (Alertmanager's repeats).
	DeliveryID string
	Alerts     []Alert
	// CompleteGroups names the groups whose firing and resolved members are all in Alerts,
	// so that a member which is missing has ended without being told.
	CompleteGroups []string
	// Rejected lists the parts of the body that could not be taken. One bad alert never
	// sinks its batch.
	Rejected []Rejection
	// Note says why a body that was taken holds no alert ("ping", "comment").
	Note string
}

// Rejection is one part of a body that could not be taken, and why.
type Rejection struct {
	Index  int    `json:"index"` // position in the body, from 0
	Reason string `json:"reason"`
}
