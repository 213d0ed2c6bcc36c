package sim

import (
	"slices"
	"strings"
	"time"

	"tocsin/escalation"
	"tocsin/paging"
)

// tolerance is how far the clocks of two processes may be apart: each asks the store, and half
// of that question's time is not known.
const tolerance = time.Second

// attempts: what was planned was sent, or says why not; what is left is only of the last moments.
func (c *checker) attempts(s *Story) {
	rows := map[paging.AttemptID]paging.Attempt{}
	for _, a := range s.Attempts {
		rows[a.ID] = a
	}
	for _, e := range s.Timeline {
		if e.Kind == escalation.EntryPage {
			if _, ok := rows[e.Attempt]; !ok {
				c.broken("a planned page exists", "%s, line %d: %s is not stored", name(s.Incident), e.Seq, e.Text)
			}
		}
	}
	for _, a := range s.Attempts {
		c.attempt(s, a)
	}
}

func (c *checker) attempt(s *Story, a paging.Attempt) {
	what := name(s.Incident) + ": " + string(a.Kind) + " to " + string(a.User) + " of " + c.at(a.Due)
	switch a.State {
	case paging.Planned, paging.Sending:
		grace := 3 * time.Minute
		if !a.Breakthrough {
			grace = 11 * time.Minute // it may wait for a rolling text
		}
		if a.Due.Before(c.h.End.Add(-grace)) {
			c.broken("a page is sent in time", "%s is still %s at the end", what, a.State)
		}
	case paging.Sent, paging.Delivered:
		if !slices.ContainsFunc(c.h.Sends, func(send Send) bool { return send.Taken && send.To == a.Address && send.Body == a.Text }) {
			c.broken("sent means sent", "%s is %s, and the provider never had it", what, a.State)
		}
	case paging.Failed, paging.Canceled:
		if a.Reason == "" {
			c.broken("a page is sent or says why not", "%s is %s without a reason", what, a.State)
		}
	default:
		c.broken("a page is sent or says why not", "%s is in state %q", what, a.State)
	}
}

// sends: saved before sent; none begins while somebody has the incident; no text goes out again
// that the provider lists, and none more often than faults excuse.
func (c *checker) sends() {
	for _, b := range c.h.Begins {
		c.beginsInTime(b)
		if b.Kind == paging.Page {
			c.wanted(b)
		}
	}
	first := map[paging.AttemptID]Send{}
	copies := map[paging.AttemptID]int{}
	for _, s := range c.h.Sends {
		begun := slices.ContainsFunc(c.h.Begins, func(b Begun) bool { return b.ID == s.ID && b.By == s.By && b.Text == s.Body && !b.At.After(s.At) })
		if !begun {
			c.broken("save, then send", "%s: %s was sent to %s before it was noted", c.at(s.At), s.ID, s.To)
		}
		if !s.Taken {
			continue
		}
		if copies[s.ID]++; copies[s.ID] == 1 {
			first[s.ID] = s
			continue
		}
		if !first[s.ID].Late {
			c.broken("no text twice", "%s: %q to %s for the %d. time, and the provider told that it had the first", c.at(s.At), s.Body, s.To, copies[s.ID])
			continue
		}
		excuses := 0
		for _, f := range c.h.Faults {
			if f.After(first[s.ID].At.Add(-time.Minute)) && !f.After(s.At) {
				excuses++
			}
		}
		if copies[s.ID] > 1+excuses {
			c.broken("no text twice without a fault", "%s: %q to %s for the %d. time, with %d faults since the first",
				c.at(s.At), s.Body, s.To, copies[s.ID], excuses)
		}
	}
}

// wanted: a page begins only while its incident is triggered and not quiet (I5).
func (c *checker) wanted(b Begun) {
	var present *escalation.Incident
	for _, commit := range c.commits[b.ID.Incident()] {
		if commit.At.After(b.At) {
			break
		}
		present = commit.Incident
	}
	switch {
	case present == nil:
		c.broken("save, then send", "%s: %s began before its incident was stored", c.at(b.At), b.ID)
	case present.State != escalation.Triggered || present.Quiet != nil:
		c.broken("no page begins after an acknowledgement", "%s: %q began while %s was %s", c.at(b.At), b.Text, name(present), present.State)
	}
}

// beginsInTime: never early (I9), and without faults not late.
func (c *checker) beginsInTime(b Begun) {
	var planned *paging.Attempt
	atOnce := false // it was due when it was planned, so that who planned it also woke delivery
	for _, commit := range c.commits[b.ID.Incident()] {
		if commit.At.After(b.At) {
			break
		}
		for i := range commit.Change.Attempts {
			if a := &commit.Change.Attempts[i].Attempt; a.ID == b.ID && a.State == paging.Planned {
				planned, atOnce = a, !a.Due.After(commit.At.Add(tolerance))
			}
		}
	}
	if planned == nil {
		c.broken("save, then send", "%s: %s began and was never planned", c.at(b.At), b.ID)
		return
	}
	if early := planned.Due.Sub(b.At); early > tolerance {
		c.broken("no page begins early", "%s: %q is due at %s", c.at(b.At), b.Text, c.at(planned.Due))
	}
	late, allowed := b.At.Sub(planned.Due), 1500*time.Millisecond
	shared := len(c.h.Script.Skew) > 1 || slices.ContainsFunc(c.h.Script.Events, func(e Event) bool { return e.Kind == Reply })
	if !atOnce || shared { // another process, or an answered text, holds the phone for a moment: then it waits for the next poll
		allowed += c.h.Script.Poll
	}
	if planned.Breakthrough && !c.h.Script.Faulty() && late > allowed {
		c.broken("a page is sent in time", "%s: %q was due at %s", c.at(b.At), b.Text, c.at(planned.Due))
	}
}

// people: what was confirmed is so, and happened once.
func (c *checker) people() {
	for _, r := range c.h.Replies {
		user := string(phones()[r.Phone].user)
		if has(r.Answer, "Still firing") {
			if !c.noted(escalation.EntryNote, user, r.At) {
				c.broken("a confirmed answer holds", "%s: %q was answered %q, and no timeline knows", c.at(r.At), r.Body, r.Answer)
			}
			continue
		}
		if strings.HasPrefix(r.Answer, "Acked ") && !c.noted(escalation.EntryAck, user, r.At) {
			c.broken("a confirmed answer holds", "%s: %q was answered %q, and no timeline knows", c.at(r.At), r.Body, r.Answer)
		}
		if strings.HasPrefix(r.Answer, "Resolved ") && !c.noted(escalation.EntryResolved, user, r.At) {
			c.broken("a confirmed answer holds", "%s: %q was answered %q, and no timeline knows", c.at(r.At), r.Body, r.Answer)
		}
	}
	for _, r := range c.h.Commands {
		kind := map[string]escalation.EntryKind{
			"acknowledge": escalation.EntryAck, "snooze": escalation.EntryAck, "close": escalation.EntryResolved, "escalate": escalation.EntryEscalated,
		}[r.Word]
		if kind != "" && r.Outcome == escalation.Done && !c.noted(kind, "token ops", r.At) {
			c.broken("a confirmed answer holds", "%s: %s is done, and no timeline knows", c.at(r.At), r.Word)
		}
	}
	c.once()
}

// noted says whether somebody did such a thing by then.
func (c *checker) noted(kind escalation.EntryKind, by string, to time.Time) bool {
	return slices.ContainsFunc(c.h.Commits, func(commit Commit) bool {
		return !commit.At.After(to) && slices.ContainsFunc(commit.Change.Entries, func(e escalation.Entry) bool { return e.Kind == kind && e.By == by })
	})
}

// once: the same text or command again has no second effect (I7).
func (c *checker) once() {
	asked, done := map[string]int{}, map[string]int{}
	for _, body := range c.h.Asked {
		if strings.HasSuffix(body, "e") {
			asked["sms"]++
		}
	}
	for _, e := range c.h.Script.Events {
		if e.Kind == Command && e.Word == "escalate" {
			asked["api"]++
		}
	}
	for _, s := range c.h.Incidents {
		for _, e := range s.Timeline {
			if e.Kind == escalation.EntryEscalated {
				way := "sms"
				if e.By == "token ops" {
					way = "api"
				}
				done[way]++
			}
		}
	}
	for way, n := range done {
		if n > asked[way] {
			c.broken("a command works once", "%d times passed on over %s, asked %d times", n, way, asked[way])
		}
	}
}
