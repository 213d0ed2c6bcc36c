package sim

import (
	"fmt"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing"
)

// History is what came of a script: evidence for the checker, in true time.
type History struct {
	Script     Script
	Start, End time.Time
	Calm       time.Time // no fault struck from here on
	Log        []Line
	Faults     []time.Time // when faults struck

	Commits   []Commit
	Begins    []Begun
	Sends     []Send
	Inbox     []Text
	Accepted  []Accepted
	Replies   []Replied
	Commands  []Commanded
	Asked     map[string]string // every text of a person that reached a process, by its id
	Incidents []Story
	Books     []int // of each process at the end
}

// Line is one line of the log.
type Line struct {
	At   time.Time
	Text string
}

// Commit is one change of one incident as it was applied.
type Commit struct {
	At       time.Time
	By       string        // which life of which process
	Books    []int         // that it can have been judged by
	Error    time.Duration // how far the engine's corrected clock was off
	Incident *escalation.Incident
	Change   store.Change
}

// Begun is one attempt that was begun.
type Begun struct {
	At    time.Time
	By    string
	ID    paging.AttemptID
	Kind  paging.Kind
	Text  string
	Error time.Duration // how far the engine's corrected clock was off
}

// Send is one call of the provider.
type Send struct {
	At    time.Time
	By    string
	ID    paging.AttemptID
	To    string
	Body  string
	Taken bool // the provider has it
	Late  bool // and tells so only when it was sent again
	SID   string
}

// Text is what a phone received.
type Text struct {
	At   time.Time
	To   string
	Body string
	Code string // to reply with; empty: none
}

// Accepted is one webhook that was answered with 2xx.
type Accepted struct {
	From, At time.Time // of the call that was answered
	Alerts   []routing.Alert
	Groups   []string
	Summary  engine.Summary
}

// Replied is one text of a person with its answer.
type Replied struct {
	From, At time.Time
	Phone    int
	Body     string
	Answer   string
}

// Commanded is one command over the API that was answered.
type Commanded struct {
	From, At time.Time
	Incident paging.IncidentID
	Word     string
	Outcome  escalation.OutcomeKind
}

// Story is one incident as it is stored at the end.
type Story struct {
	Incident *escalation.Incident
	Timeline []escalation.Entry
	Members  []escalation.Member
	Attempts []paging.Attempt
	Due      time.Time // of its timer as the store has it indexed; zero: none
}

func (w *world) journalCommit(l *life, changes []store.Change, out []store.Committed) {
	now, own := time.Now(), l.engine.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, c := range changes {
		if out[i].Err != nil {
			continue
		}
		w.h.Commits = append(w.h.Commits, Commit{
			At: now, By: l.name, Books: l.p.lately(now), Error: own.Sub(now), Incident: c.Incident, Change: c,
		})
		for _, e := range c.Entries {
			w.note("%s %s: %s", l.name, c.Incident.Key[:4], e.Text)
		}
	}
}

// lately is the book of a process, and the one before when a change that was judged by it can
// still be under way.
func (p *process) lately(now time.Time) []int {
	if now.Sub(p.changed) < time.Minute {
		return []int{p.book, p.before}
	}
	return []int{p.book}
}

func (w *world) journalBegin(l *life, starts []paging.Start, out []error) {
	off := time.Until(l.engine.Now())
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, s := range starts {
		if out[i] == nil {
			a := s.Claim.Attempt
			w.h.Begins = append(w.h.Begins, Begun{time.Now(), l.name, a.ID, a.Kind, s.Text, off})
		}
	}
}

// Story of a failing seed, as it unfolds.
func (h *History) String() string {
	out := h.Script.String()
	for _, l := range h.Log {
		out += fmt.Sprintf("    %12s  %s\n", l.At.Sub(h.Start).Round(time.Microsecond), l.Text)
	}
	return out
}
