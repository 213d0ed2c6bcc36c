// Package paging holds the words for reaching a person: [User], [Contact], [Rule],
// the [Attempt] that carries one page over one contact method, the [Reply] that comes
// back, and the [Channel] that a provider implements.
//
// Everything here is pure. Channels live in folders of their own (paging/twilio);
// paging/delivery claims attempts from the store and hands them to channels; the
// decision to page at all is escalation's.
//
//	Step plans Attempts ──commit──▶ store ──claim──▶ delivery ──Begin──▶ Channel.Send
//	      ▲                                              │
//	      └───────────────── Report ◀────────────────────┘
package paging

// IncidentID names an incident for ever: ten characters of time, eight random ones and two
// of the shard that it lives in (see escalation/store). Safe in URLs.
type IncidentID string

// AttemptID names one attempt. It derives from incident, run, tier, user, contact and rule
// step, so that planning the same attempt twice gives the same id. It begins with the
// incident's id and a dash.
type AttemptID string

// Incident returns the incident that the attempt belongs to, or "" when id is not well formed.
func (id AttemptID) Incident() IncidentID {
	for i := 0; i < len(id); i++ {
		if id[i] == '-' {
			return IncidentID(id[:i])
		}
	}
	return ""
}
