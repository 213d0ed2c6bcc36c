package lab

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/stretchr/testify/assert"

	"tocsin/cmd/internal/api"
	"tocsin/escalation"
)

// Verdict is what came of a run, or of several.
type Verdict struct {
	Accepted  int // alerts that got a 2xx
	Paged     int // of those, named by a text on a phone
	Repeated  int // texts beyond one per attempt
	Lost      int // accepted, but on no phone or gone from the store, though that was promised
	Gone      int // the same, where nothing is promised
	Stored    int // accepted and a member of an incident
	Confirmed int // alerts whose acknowledgement was confirmed to a phone
}

// Add sums up.
func (v *Verdict) Add(o Verdict) {
	v.Accepted += o.Accepted
	v.Paged += o.Paged
	v.Repeated += o.Repeated
	v.Lost += o.Lost
	v.Gone += o.Gone
	v.Stored += o.Stored
	v.Confirmed += o.Confirmed
}

// String is the line that every run ends with.
func (v Verdict) String() string {
	line := fmt.Sprintf("faults: %d accepted, %d paged, %d repeated, %d lost", v.Accepted, v.Paged, v.Repeated, v.Lost)
	if v.Gone > 0 {
		line += fmt.Sprintf(" (and %d that nothing promised to keep)", v.Gone)
	}
	return line
}

// judge compares what the senders and the people know with what the gateways say.
func (l *Lab) judge(w world) Verdict {
	l.T.Helper()
	assert.Empty(l.T, w.broken)
	assert.Empty(l.T, w.late, "after all that time")
	alerts, answers := l.Stream.tell()
	for status := range answers {
		assert.Contains(l.T, []int{0, http.StatusOK, http.StatusServiceUnavailable}, status, "an answer that no sender should get")
	}
	var v Verdict
	for _, a := range alerts {
		incidents := w.byAlert[a.name]
		assert.LessOrEqual(l.T, len(incidents), 1, "%s has more than one incident", a.name)
		if !a.accepted {
			continue
		}
		v.Accepted++
		paged := l.Phones.Knows(a.name)
		if paged {
			v.Paged++
		}
		if len(incidents) > 0 {
			v.Stored++
			l.checkKnown(a, incidents[0])
		}
		switch {
		case paged && len(incidents) > 0:
		case l.Lossy:
			v.Gone++
		default:
			v.Lost++
			l.T.Errorf("lost: %s was accepted; in the store: %t, paged: %t", a.name, len(incidents) > 0, paged)
		}
	}
	v.Repeated = l.repeats()
	v.Confirmed = len(l.Phones.confirmed)
	return v
}

// repeats counts the texts beyond one per attempt. A store that loses its memory of a text has
// it sent again, as often as it does so.
func (l *Lab) repeats() (n int) {
	l.T.Helper()
	for attempt, copies := range l.Phones.Copies() {
		n += copies - 1
		if !l.Lossy {
			assert.LessOrEqual(l.T, copies, 1+int(l.Crashed.Load()), "copies of the text for %s", attempt)
		}
	}
	return n
}

// checkKnown checks that what was confirmed to people and senders still holds.
func (l *Lab) checkKnown(a alert, d api.IncidentDetail) {
	l.T.Helper()
	if l.Lossy {
		return
	}
	i, holds, confirmed := d.Incident, true, l.Phones.confirmed[a.name]
	switch {
	case a.ended:
		holds = assert.Equal(l.T, escalation.Resolved, i.State, "the end of %s was accepted", a.name)
	case confirmed != "" && !a.ending:
		holds = assert.Equal(l.T, escalation.Acknowledged, i.State, "%s: a phone was told %q", a.name, confirmed)
	case !a.ending:
		holds = assert.NotEqual(l.T, escalation.Resolved, i.State, "nobody ended %s", a.name)
	}
	if confirmed != "" {
		holds = assert.NotNil(l.T, i.Ack, "%s: a phone was told %q", a.name, confirmed) && holds
	}
	if !holds {
		story, err := json.MarshalIndent(d, "", " ")
		l.T.Logf("%s: %s %v", a.name, story, err)
	}
}
