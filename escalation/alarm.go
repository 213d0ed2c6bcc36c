package escalation

import (
	"time"

	"tocsin/routing"
)

// OwnIntegration is where what Tocsin says of itself comes from. No integration may be called so.
const OwnIntegration = "tocsin"

// AlarmLasts is how long an alarm about Tocsin itself stays open when nobody repeats it.
const AlarmLasts = 10 * time.Minute

// NewAlarm is the command that pages about trouble of Tocsin itself, once per key. It is not
// routed, so that nothing mutes or holds it. Policy "" is the root's.
func NewAlarm(b *Book, key, title, details, policy string, severity routing.Severity) Fire {
	if policy == "" {
		policy = b.RootPolicy
	}
	return Fire{
		Alert: routing.Alert{
			Source: OwnIntegration, Integration: OwnIntegration, Identity: key, Status: routing.Firing,
			Title: title, Description: details,
		},
		Decision: routing.Decision{
			Policy: policy, Key: routing.DedupKey(OwnIntegration + ":" + key), Severity: severity, // keys of routing are hexadecimal
			Route: "watch", ReopenWithin: routing.DefaultReopenWithin, Reasons: []string{"Tocsin watches itself"},
		},
	}
}
