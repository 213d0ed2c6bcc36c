package watch

import (
	"fmt"
	"strings"
	"time"
)

// Report is how a process sees itself and the others.
type Report struct {
	At        time.Time     `json:"at,omitzero"`
	Vitals    Vitals        `json:"vitals"`               // when each part last moved
	Standing  []Part        `json:"standing,omitempty"`   // those that have stood for too long
	Overdue   time.Duration `json:"overdue_ns,omitempty"` // how late the latest timer of the store is
	Heartbeat Heartbeat     `json:"heartbeat,omitzero"`
	Canary    CanaryState   `json:"canary,omitzero"`
	Peers     []PeerReport  `json:"peers,omitempty"`
}

// Heartbeat is how the calls of the outside address go.
type Heartbeat struct {
	Sent    time.Time `json:"sent,omitzero"`
	Stopped string    `json:"stopped,omitempty"` // why it is not called
	Trouble string    `json:"trouble,omitempty"` // why the last call failed
}

// PeerReport is another process as this one sees it.
type PeerReport struct {
	ID       string    `json:"id"`
	URL      string    `json:"url,omitempty"`
	Version  string    `json:"version,omitempty"`
	At       time.Time `json:"at"`
	Slot     int       `json:"slot"`
	Gone     bool      `json:"gone,omitempty"`
	Standing []Part    `json:"standing,omitempty"`
}

func seen(p Peer, now time.Time) PeerReport {
	r := PeerReport{ID: p.ID, URL: p.URL, Version: p.Version, At: p.At, Slot: p.Slot, Gone: !p.Alive(now)}
	if !r.Gone {
		r.Standing = p.Vitals.Standing(p.At)
	}
	return r
}

// why is the reason not to say that all is well, "" when there is none.
func (r *Report) why() string {
	var why []string
	for _, p := range r.Standing {
		why = append(why, fmt.Sprintf("%s stands since %s", p, r.Vitals.Moved(p).Format(time.RFC3339)))
	}
	if r.Canary.Missed != "" {
		why = append(why, r.Canary.Missed)
	}
	return strings.Join(why, "; ")
}
