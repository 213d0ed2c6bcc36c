package escalation

import (
	"time"

	"tocsin/paging"
)

// end is the end of one member: its source said so, or another incident holds it now.
func (j *judge) end(c End) {
	m, ok := j.in.Members[c.Member]
	if !ok || !m.Firing || firesSince(j.inc, m, c.Heard) {
		j.outcome(Recorded)
		return
	}
	j.heard = c.Heard
	if ends := c.Alert.EndsAt; !ends.IsZero() && ends.Before(m.StartsAt) {
		j.note(Entry{Kind: EntryAlert, Member: &c.Member, Text: m.Title + ": a late end of an earlier firing, only recorded"})
		j.outcome(Recorded)
		return
	}
	why := "has ended"
	reason := "the last alert has ended"
	if c.Moved != "" {
		why, reason = "belongs to incident "+c.Moved+" now", "its alerts belong to incident "+c.Moved+" now"
	}
	m.Explicit = c.Moved == ""
	j.endMember(m, why)
	if !j.inc.Open() { // a re-opened incident must not wait for it
		j.outcome(Recorded)
		return
	}
	j.resolveIfOver(reason)
	j.outcome(Done)
}

// firesSince says whether a member was heard to fire after an end that is judged late. A repeat
// moves only what the incident saw last, which tells of one member as long as no other fires.
func firesSince(inc *Incident, m Member, heard time.Time) bool {
	return !heard.IsZero() && (m.SeenAt.After(heard) || inc.Firing == 1 && inc.LastSeen.After(heard))
}

// unlist is a complete group that omits a member. It ends only when it is still omitted later:
// a restarted Alertmanager sends partial groups at first.
func (j *judge) unlist(c Unlist) {
	m, ok := j.in.Members[c.Member]
	if !ok || !m.Firing || !j.inc.Open() {
		j.outcome(Recorded)
		return
	}
	switch {
	case m.UnlistedAt.IsZero():
		m.UnlistedAt = j.Now
		j.inc.Unlisted++
		j.res.Members[c.Member] = m
		j.note(Entry{Kind: EntryAlert, Member: &c.Member, Text: m.Title + " is missing from its group"})
	case j.Now.Sub(m.UnlistedAt) >= UnlistedFor:
		j.endMember(m, "is still missing from its group: it counts as ended")
		j.resolveIfOver("the last alert is missing from its group")
	}
	j.outcome(Done)
}

func (j *judge) endMember(m Member, why string) {
	if !m.UnlistedAt.IsZero() {
		j.inc.Unlisted--
	}
	m.Firing, m.EndedAt, m.UnlistedAt = false, j.takenAt(), time.Time{}
	j.inc.Firing--
	j.inc.Ended++
	j.res.Members[m.MemberKey] = m
	j.note(Entry{Kind: EntryAlert, Member: &m.MemberKey, Text: m.Title + " " + why})
}

func (j *judge) resolveIfOver(reason string) {
	if j.inc.Firing <= 0 {
		j.resolve(Ending{At: j.Now, Reason: reason})
	}
}

// resolve ends the incident.
func (j *judge) resolve(e Ending) {
	e.Acked = j.inc.State == Acknowledged
	j.cancelPages("resolved")
	j.stopSLAs()
	j.inc.State, j.inc.Ending = Resolved, &e
	j.inc.Quiet, j.inc.Position, j.inc.Last, j.inc.CloseAsk = nil, nil, nil, nil
	text := "resolved: " + e.Reason
	if e.Person() {
		text = "resolved by " + e.By.Name + " over " + e.By.Via
	}
	j.note(Entry{Kind: EntryResolved, By: e.By.Name, Text: text})
	if e.Person() && !e.Acked {
		j.tellOthers("resolved", e.By)
	}
}

// cancelPages takes back every page of this incident that has not begun.
func (j *judge) cancelPages(reason string) {
	for i := range j.inc.Attempts {
		if j.inc.Attempts[i].State == paging.Planned {
			j.cancelAttempt(i, reason)
		}
	}
}

func (j *judge) cancelAttempt(i int, reason string) {
	ref := &j.inc.Attempts[i]
	ref.State = paging.Canceled
	j.res.Changed = true
	c := AttemptCancel{ID: ref.ID, Reason: reason}
	if !j.res.cancelPlanned(c) {
		j.res.Cancel = append(j.res.Cancel, c)
	}
}
