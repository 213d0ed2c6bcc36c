package escalation

import (
	"cmp"
	"strings"
	"time"

	"tocsin/routing"
)

// MemberKey names a member alert across all incidents.
type MemberKey struct {
	Integration string `json:"integration"`
	Identity    string `json:"identity"`
}

func (k MemberKey) compare(o MemberKey) int {
	return cmp.Or(strings.Compare(k.Integration, o.Integration), strings.Compare(k.Identity, o.Identity))
}

// Member is one alert of an incident: a row beside it, so that the cost of an alert does not
// depend on how many there are.
type Member struct {
	MemberKey
	Group    string           `json:"group,omitempty"`
	Title    string           `json:"title"`
	Severity routing.Severity `json:"severity"`
	StartsAt time.Time        `json:"starts_at,omitzero"`
	SeenAt   time.Time        `json:"seen_at"`

	Firing     bool      `json:"firing"`
	EndedAt    time.Time `json:"ended_at,omitzero"`
	UnlistedAt time.Time `json:"unlisted_at,omitzero"` // since when complete groups omit it
	Explicit   bool      `json:"explicit,omitempty"`   // the end was its source's own word, not an omission or a move
}

// newerThan says whether what is known of the member makes a firing that is judged late old news.
func (m *Member) newerThan(heard time.Time) bool {
	return !heard.IsZero() && (m.EndedAt.After(heard) || m.SeenAt.After(heard) || m.Firing && m.SeenAt.Equal(heard))
}

// UnlistedFor is how long complete groups must omit a member before it counts as ended: a
// restarted Alertmanager sends partial groups at first.
const UnlistedFor = 5 * time.Minute

// LateDuplicate is how long after an explicit end a firing with the same start is only recorded.
const LateDuplicate = 60 * time.Second
