package routing

import "time"

// DedupKey decides "same trouble": at most one open incident has a given key.
// It is an opaque digest, computed by [Table.Route] and scoped by the policy.
type DedupKey string

// Decision is what becomes of an alert at one policy. An alert may yield several
// (routes with `continue`), each with an incident of its own.
type Decision struct {
	Policy   string   `json:"policy"`
	Key      DedupKey `json:"key"`
	Severity Severity `json:"severity"`

	Route   string   `json:"route"`             // where in the config it matched: "route", "route.routes[1]"
	Reasons []string `json:"reasons,omitempty"` // why this severity and this route, in words, in order

	Hold         time.Duration `json:"hold,omitempty"` // page only if it still fires after this long
	ReopenWithin time.Duration `json:"reopen_within,omitempty"`

	// Muted is why a time interval keeps this alert quiet now ("outside office"); MutedUntil
	// is the next instant at which that is judged again.
	Muted      string    `json:"muted,omitempty"`
	MutedUntil time.Time `json:"muted_until,omitzero"`
	// Suppressed is the classify rule that keeps the alert and shows it but pages nobody.
	Suppressed string `json:"suppressed,omitempty"`
	// Dropped is the classify rule that forgets the alert. Such a decision reaches only the intake log.
	Dropped string `json:"dropped,omitempty"`
}

// Quiet says whether the decision pages nobody for now.
func (d Decision) Quiet() bool {
	return d.Hold > 0 || d.Muted != "" || d.Suppressed != ""
}
