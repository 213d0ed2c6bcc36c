package escalation

import (
	"maps"
	"time"

	"tocsin/paging"
)

// Env is what Step may know besides the incident.
type Env struct {
	Book  *Book
	Now   time.Time
	NewID paging.IncidentID // for an incident that this command opens
}

// Seen is what a command adds to an incident's counters.
type Seen struct {
	N  int
	At time.Time
}

// AttemptPut writes an attempt. With a Fence the stored row must still carry that token.
type AttemptPut struct {
	Attempt paging.Attempt
	Fence   string
}

// AttemptCancel takes a planned attempt back.
type AttemptCancel struct {
	ID     paging.AttemptID
	Reason string
}

// Result is what one or more commands did to one incident.
type Result struct {
	Incident *Incident // nil when there was none and none was opened
	Changed  bool      // whether there is anything to commit
	Seen     Seen
	Members  map[MemberKey]Member // changed rows
	Put      []AttemptPut
	Cancel   []AttemptCancel
	Entries  []Entry
	Outcome  Outcome
}

// Snapshot is what Step judges: an incident with the member and attempt rows that the
// command names. Incident is nil when there is none.
type Snapshot struct {
	Incident *Incident
	Members  map[MemberKey]Member
	Attempts map[paging.AttemptID]paging.Attempt
}

// After returns the snapshot as it stands once r is applied, so that several commands can be
// folded into one commit.
func (s Snapshot) After(r Result) Snapshot {
	next := Snapshot{Incident: r.Incident, Members: map[MemberKey]Member{}, Attempts: map[paging.AttemptID]paging.Attempt{}}
	if s.Incident != nil && r.Incident != nil && s.Incident.ID == r.Incident.ID { // a new incident has rows of its own
		maps.Copy(next.Members, s.Members)
		maps.Copy(next.Attempts, s.Attempts)
	}
	maps.Copy(next.Members, r.Members)
	for _, put := range r.Put {
		next.Attempts[put.Attempt.ID] = put.Attempt
	}
	for _, c := range r.Cancel {
		if a, ok := next.Attempts[c.ID]; ok && a.State == paging.Planned {
			a.State, a.Reason = paging.Canceled, c.Reason
			next.Attempts[c.ID] = a
		}
	}
	return next
}

// Fold adds what a later command did. Outcome becomes the later one's. An attempt that was
// planned and canceled within the same fold is written as canceled.
func (r *Result) Fold(next Result) {
	r.Incident, r.Outcome = next.Incident, next.Outcome
	r.Changed = r.Changed || next.Changed
	r.Seen.N += next.Seen.N
	if next.Seen.At.After(r.Seen.At) {
		r.Seen.At = next.Seen.At
	}
	if r.Members == nil {
		r.Members = map[MemberKey]Member{}
	}
	maps.Copy(r.Members, next.Members)
	for _, c := range next.Cancel {
		if !r.cancelPlanned(c) {
			r.Cancel = append(r.Cancel, c)
		}
	}
	r.Put = append(r.Put, next.Put...)
	r.Entries = append(r.Entries, next.Entries...)
}

func (r *Result) cancelPlanned(c AttemptCancel) bool {
	for i := range r.Put {
		a := &r.Put[i].Attempt
		if a.ID == c.ID && a.State == paging.Planned {
			a.State, a.Reason = paging.Canceled, c.Reason
			return true
		}
	}
	return false
}
