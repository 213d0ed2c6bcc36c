package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/routing"
)

// Violation is one promise that a history broke.
type Violation struct {
	Rule string // short and always the same, so that shrinking keeps to one fault
	Text string
}

func (v Violation) String() string { return v.Rule + ": " + v.Text }

// checker reads the evidence of one history. It shares no code with what made it.
type checker struct {
	h       *History
	commits map[paging.IncidentID][]Commit
	found   []Violation
}

// Check returns what a history broke.
func Check(h *History) []Violation {
	c := &checker{h: h, commits: map[paging.IncidentID][]Commit{}}
	for _, commit := range h.Commits {
		id := commit.Incident.ID
		c.commits[id] = append(c.commits[id], commit)
	}
	c.oneOpenPerKey()
	c.acceptedFirings()
	c.acceptedEnds()
	for i := range h.Incidents {
		s := &h.Incidents[i]
		c.timelineKept(s)
		c.timelineInOrder(s)
		c.neverStuck(s)
		c.quietWithReason(s)
		c.attempts(s)
	}
	c.sends()
	c.people()
	return c.found
}

func (c *checker) broken(rule, format string, args ...any) {
	c.found = append(c.found, Violation{rule, fmt.Sprintf(format, args...)})
}

// at prints an instant as the log does.
func (c *checker) at(t time.Time) string { return t.Sub(c.h.Start).Round(time.Millisecond).String() }

func name(i *escalation.Incident) string { return string(i.Key[:4]) + " " + i.Title }

// oneOpenPerKey: never two open incidents with one dedup key (I12).
func (c *checker) oneOpenPerKey() {
	open := map[routing.DedupKey]paging.IncidentID{}
	for _, commit := range c.h.Commits {
		i := commit.Incident
		other, taken := open[i.Key]
		switch {
		case i.Open() && taken && other != i.ID:
			c.broken("one open incident per key", "%s: %s and %s are both open for %s", c.at(commit.At), other, i.ID, name(i))
		case i.Open():
			open[i.Key] = i.ID
		case other == i.ID:
			delete(open, i.Key)
		}
	}
}

// acceptedFirings: an alert that was answered with 2xx is a member of an incident that was open
// then, or that incident's timeline says then what became of it (I1, I2).
func (c *checker) acceptedFirings() {
	taken := map[string]int{}
	for _, a := range c.h.Accepted {
		if a.Summary.Duplicate {
			continue
		}
		for _, alert := range a.Alerts {
			switch {
			case alert.Status != routing.Firing:
			case alert.Identity == dropped:
				if a.Summary.Dropped == 0 || len(a.Summary.Notes) == 0 {
					c.broken("accepted alert accounted for", "%s: %s was neither dropped with a reason nor taken", c.at(a.At), alert.Identity)
				}
			default:
				taken[alert.Labels["alertname"]]++
				if !c.accounted(a, alert) {
					c.broken("accepted alert accounted for", "%s: %s was accepted, and no incident knows of it", c.at(a.At), alert.Identity)
				}
			}
		}
	}
	counted := map[string]int{}
	for _, s := range c.h.Incidents {
		counted[s.Incident.Lead.Labels["alertname"]] += s.Incident.Count
	}
	for alertname, n := range taken {
		if counted[alertname] < n {
			c.broken("accepted alerts counted", "%s: %d accepted, %d counted", alertname, n, counted[alertname])
		}
	}
}

func (c *checker) accounted(a Accepted, alert routing.Alert) bool {
	key := escalation.MemberKey{Integration: alert.Integration, Identity: alert.Identity}
	for _, s := range c.h.Incidents {
		member := slices.ContainsFunc(s.Members, func(m escalation.Member) bool { return m.MemberKey == key })
		if member && (c.openWithin(s.Incident.ID, a.From, a.At) || c.toldWithin(s.Incident.ID, key, a.From, a.At)) {
			return true
		}
	}
	return false
}

// openWithin says whether the incident was open at some time between from and to.
func (c *checker) openWithin(id paging.IncidentID, from, to time.Time) bool {
	before := false
	for _, commit := range c.commits[id] {
		switch {
		case commit.At.After(to):
			return before
		case commit.At.Before(from):
			before = commit.Incident.Open()
		case commit.Incident.Open():
			return true
		}
	}
	return before
}

// toldWithin says whether the timeline got a line about the member then.
func (c *checker) toldWithin(id paging.IncidentID, key escalation.MemberKey, from, to time.Time) bool {
	for _, commit := range c.commits[id] {
		if commit.At.Before(from) || commit.At.After(to) {
			continue
		}
		for _, e := range commit.Change.Entries {
			if e.Member != nil && *e.Member == key {
				return true
			}
		}
	}
	return false
}

// acceptedEnds: when the last that was accepted of an alert is its end, it fires nowhere (I14).
func (c *checker) acceptedEnds() {
	type word struct {
		Accepted
		alert routing.Alert
	}
	said := map[string][]word{}
	for _, a := range c.h.Accepted {
		for _, alert := range a.Alerts {
			if a.Summary.Duplicate { // told before; what was said since holds
				continue
			}
			said[alert.Identity] = append(said[alert.Identity], word{a, alert})
		}
	}
	for identity, words := range said {
		last := words[len(words)-1]
		overlap := slices.ContainsFunc(words[:len(words)-1], func(o word) bool { return !o.At.Before(last.From) })
		if overlap || last.alert.Status != routing.Resolved {
			continue
		}
		for _, s := range c.h.Incidents {
			for _, m := range s.Members {
				stale := last.alert.EndsAt.Before(m.StartsAt) // the end of an earlier firing
				if m.Identity == identity && m.Firing && s.Incident.Open() && !stale {
					c.broken("an end ends", "%s: the end of %s was accepted, and it still fires in %s", c.at(last.At), identity, name(s.Incident))
				}
			}
		}
	}
}

// timelineKept: what was committed is there, in order, and nothing else (I13).
func (c *checker) timelineKept(s *Story) {
	if bad := escalation.VerifyTimeline(s.Timeline, s.Incident.Head); bad != 0 {
		c.broken("the timeline's chain", "%s: line %d does not fit", name(s.Incident), bad)
	}
	var committed []escalation.Entry
	for _, commit := range c.commits[s.Incident.ID] {
		committed = append(committed, commit.Change.Entries...)
	}
	if len(committed) != len(s.Timeline) {
		c.broken("the timeline is complete", "%s: %d lines committed, %d stored", name(s.Incident), len(committed), len(s.Timeline))
		return
	}
	for i := range committed {
		if committed[i].Hash != s.Timeline[i].Hash || s.Timeline[i].Seq != i+1 {
			c.broken("the timeline is complete", "%s: line %d is another", name(s.Incident), i+1)
		}
	}
}

// overdue is how late a timer may be at the end: a lease that was just lost, a sleep, some calls.
func (c *checker) overdue() time.Duration { return 8*time.Second + 2*c.h.Script.Poll }

// neverStuck: what is open has a next thing to do, and it is not long overdue (I3).
func (c *checker) neverStuck(s *Story) {
	i := s.Incident
	if !i.Open() {
		return
	}
	if !slices.ContainsFunc(s.Members, func(m escalation.Member) bool { return m.Firing }) {
		c.broken("what has ended is over", "%s is open, and no alert of it fires", name(i))
	}
	latest := c.h.End.Add(-c.overdue())
	var next time.Time
	switch {
	case i.State == escalation.Acknowledged && i.Ack != nil:
		next = i.Ack.Expires
	case i.Quiet != nil && !i.Quiet.Until.IsZero():
		next = i.Quiet.Until
	case i.Quiet != nil:
		return
	case i.Position != nil:
		next = i.Position.Deadline
	default:
		c.broken("nothing is stuck", "%s is open, and nothing is to come", name(i))
		return
	}
	if s.Due.IsZero() || s.Due.Before(latest) {
		c.broken("nothing is stuck", "%s is %s; its timer is at %s", name(i), i.State, c.at(s.Due))
	}
	if next.Before(latest) {
		c.broken("nothing is stuck", "%s is %s; what was to happen at %s did not", name(i), i.State, c.at(next))
	}
	if s.Due.After(next.Add(c.overdue())) {
		c.broken("nothing is stuck", "%s is to go on at %s, but its timer is at %s", name(i), c.at(next), c.at(s.Due))
	}
}

// quietWithReason: what no book in force keeps quiet is not quiet (a new book judges again).
func (c *checker) quietWithReason(s *Story) {
	i := s.Incident
	if !i.Open() || i.Quiet == nil {
		return
	}
	for _, n := range c.h.Books {
		for _, d := range newBook(n).Table.Route(i.Lead, c.h.End) {
			if d.Suppressed != "" || d.Muted != "" || d.Dropped != "" {
				return
			}
			if held := i.OpenedAt.Add(d.Hold); held.After(c.h.End.Add(-c.overdue())) {
				return
			}
		}
	}
	c.broken("quiet for a reason", "%s is quiet (%s), and no book says so", name(i), i.Quiet.Reason)
}

func has(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}
