package escalation

import (
	"maps"
	"slices"
	"time"
)

// endHeard ends what the store heard to have ended while nobody there held it.
func (j *judge) endHeard(ended map[MemberKey]time.Time) {
	n := 0
	for _, key := range slices.SortedFunc(maps.Keys(ended), MemberKey.compare) {
		m, ok := j.res.Members[key]
		if !ok {
			m, ok = j.in.Members[key]
		}
		if ok && m.Firing && !firesSince(j.inc, m, ended[key]) {
			j.heard = ended[key]
			j.endMember(m, "has ended, as was heard at "+j.heard.UTC().Format(time.RFC3339))
			n++
		}
	}
	if j.heard = (time.Time{}); n > 0 && j.inc.Open() {
		j.resolveIfOver("the last alert has ended")
	}
	if n > 0 {
		j.outcome(j.res.Outcome.Kind)
	}
}

// sameTrouble says whether a foreign incident tells of the same time as the last one here, which
// is over, and is over, too.
func (j *judge) sameTrouble(c Adopt) bool {
	f, last := c.Incident, j.inc
	if f.OpenedAt.Sub(last.Ending.At) >= last.ReopenWithin || f.Ending != nil && last.OpenedAt.Sub(f.Ending.At) >= f.ReopenWithin {
		return false
	}
	return !slices.ContainsFunc(c.Members, func(m Member) bool {
		at, ended := c.Ended[m.MemberKey]
		return m.Firing && (!ended || firesSince(f, m, at)) && !endedIn(last, j.in.Members, m, f.OpenedAt)
	})
}

// adoptOver makes one incident of two that are over and tell of the same.
func (j *judge) adoptOver(c Adopt) {
	j.appendForeign(c)
	j.res.Seen = Seen{N: c.Incident.Count, At: c.Incident.LastSeen}
	for _, m := range c.Members {
		if _, known := j.in.Members[m.MemberKey]; known && m.Firing {
			continue // what is known here is newer
		}
		if m.Firing {
			m.Firing, m.EndedAt = false, c.Ended[m.MemberKey]
		}
		j.adoptMember(m)
	}
	j.adoptTold(c.Incident)
	j.adoptPastAck(c.Incident)
	j.outcome(Done)
}

// adoptPastAck notes who had acknowledged what is over: should it come back soon, it stays so.
func (j *judge) adoptPastAck(f *Incident) {
	ack := j.acknowledgementOf(f)
	if ack == nil || j.inc.Ack != nil || j.inc.Ending.Person() {
		return
	}
	j.note(Entry{Kind: EntryNote, By: ack.By.Name, Text: ack.By.Name + " had acknowledged it over " + ack.By.Via +
		" at " + ack.At.UTC().Format(time.RFC3339) + " while the store was away"})
	j.inc.Ack, j.inc.Ending.Acked = ack, true
}

// endWhatEnded ends the members of which an incident that is over heard later. last is that
// incident; a person's resolve closes what fired then.
func (j *judge) endWhatEnded(last *Incident, known map[MemberKey]Member, members []Member) {
	for _, m := range members {
		if m.Firing && endedIn(last, known, m, j.inc.OpenedAt) {
			j.endMember(m, "has ended, as incident "+string(last.ID)+" says")
		}
	}
	if j.inc.Firing <= 0 {
		ending := *last.Ending
		ending.Reason = "over, as incident " + string(last.ID) + " says"
		j.resolve(ending)
	}
}

// endedIn says whether an incident that is over, with those members, knows the end of a member
// of one that was opened elsewhere.
func endedIn(last *Incident, known map[MemberKey]Member, m Member, opened time.Time) bool {
	before, ok := known[m.MemberKey]
	ended := !before.Firing && before.EndedAt.After(m.SeenAt)
	closed := last.Ending.Person() && last.Ending.At.After(opened) && before.StartsAt.Equal(m.StartsAt)
	return ok && (ended || closed)
}
