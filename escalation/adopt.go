package escalation

import (
	"slices"
	"time"

	"tocsin/paging"
)

// Adopt brings in an incident that another process kept by itself while it could not reach the
// store. It is judged by dedup key: when no incident of that key is open, the foreign one goes
// on as it stands, with its own timeline; else the two become one.
type Adopt struct {
	ID       string // the same for the same state of the same incident
	From     string // the process that kept it
	Incident *Incident
	Members  []Member
	Attempts []paging.Attempt
	Entries  []Entry // its whole timeline

	Ended map[MemberKey]time.Time `json:"-"` // ends that came to the store when nobody there held the alert
}

// CommandID returns the id given by the sender.
func (c Adopt) CommandID() string { return c.ID }

// foreignEntries bounds how many entries of a foreign timeline are copied into the one of an
// incident that was open already. Its chain head is noted in any case.
const foreignEntries = 2000

func (j *judge) adopt(c Adopt) {
	switch {
	case j.inc != nil && j.inc.Open():
		j.adoptInto(c)
	case j.inc != nil && j.inc.ID == c.Incident.ID:
		j.adoptAgain(c)
	case j.inc != nil && j.sameTrouble(c):
		j.adoptOver(c)
	default:
		j.adoptWhole(c)
	}
	j.endHeard(c.Ended)
}

// adoptAgain follows a merge that broke off: the incident was brought in before, went on there
// and here, and is over here. Its timeline cannot begin twice. What still fires is said again by
// the deliveries that were kept, and re-opens it as any firing does.
func (j *judge) adoptAgain(c Adopt) {
	j.appendForeign(c)
	j.adoptTold(c.Incident)
	j.adoptPastAck(c.Incident)
	j.outcome(Done)
}

// adoptWhole goes on with the foreign incident. Its timeline is continued, so that its chain
// still proves what was done.
func (j *judge) adoptWhole(c Adopt) {
	last, lastMembers := j.inc, j.in.Members
	j.inc = c.Incident.clone()
	j.in.Members = map[MemberKey]Member{}
	j.res.Entries = append(j.res.Entries, c.Entries...)
	j.res.Seen = Seen{N: j.inc.Count, At: j.inc.LastSeen}
	for _, m := range c.Members {
		j.in.Members[m.MemberKey], j.res.Members[m.MemberKey] = m, m
	}
	for _, a := range c.Attempts {
		j.res.Put = append(j.res.Put, AttemptPut{Attempt: j.unclaimed(a)})
	}
	j.notef(EntryNote, "kept by %s while the store was away; merged now", c.From)
	if last != nil && j.inc.Open() {
		j.endWhatEnded(last, lastMembers, c.Members)
	}
	j.outcome(Opened)
}

// unclaimed takes an attempt out of the hands of the process that worked on it: its claims mean
// nothing here. One that was begun, and of which the provider knew nothing, is sent again, unless
// nobody wants it any more.
func (j *judge) unclaimed(a paging.Attempt) paging.Attempt {
	a.Token = ""
	if a.State != paging.Sending {
		return a
	}
	a.State = paging.Planned
	if a.Kind == paging.Page && !j.wantsPages(&a) {
		a.State, a.SettledAt, a.Reason = paging.Canceled, j.Now, "nobody is to be paged any more"
	}
	for i := range j.inc.Attempts {
		if r := &j.inc.Attempts[i]; r.ID == a.ID {
			r.State = a.State
		}
	}
	return a
}

// adoptInto makes one incident of two that are about the same.
func (j *judge) adoptInto(c Adopt) {
	f := c.Incident
	j.appendForeign(c)
	j.res.Seen = Seen{N: f.Count, At: f.LastSeen}
	for _, m := range c.Members {
		j.adoptMember(m)
	}
	j.cancelTold(f)
	scale := j.Book.Scale
	more, less := scale.MoreUrgent(f.Severity, j.inc.Severity), scale.MoreUrgent(j.inc.Severity, f.Severity)
	if more {
		j.notef(EntrySeverity, "%s rises to %s, as %s had it", j.inc.Severity, f.Severity, c.From)
		j.inc.Severity, j.inc.Reasons = f.Severity, f.Reasons
		j.lead(f.Lead)
	}
	ack := j.acknowledgementOf(f)
	switch {
	case j.inc.Firing <= 0:
		j.resolve(j.endingOf(f))
		j.adoptPastAck(f)
	case ack != nil && less:
		j.note(Entry{Kind: EntryNote, By: ack.By.Name, Text: ack.By.Name + " had acknowledged it as " + string(f.Severity) + "; it is more urgent by now"})
	case ack != nil:
		j.adoptAck(*ack, f)
	case f.State == Triggered && f.Quiet == nil && f.Position != nil:
		j.adoptRun(c, more)
	}
	j.adoptTold(f)
	j.outcome(Done)
}

// acknowledgementOf is how somebody took the foreign incident; nil when nobody did. Who resolved
// it has at least taken it: while a member fires here, asking for the end counts as that.
func (j *judge) acknowledgementOf(f *Incident) *Acknowledgement {
	switch {
	case f.Ack != nil && (f.State == Acknowledged || f.Ending != nil && f.Ending.Acked):
		return clonePtr(f.Ack)
	case f.Ending != nil && f.Ending.Person():
		return &Acknowledgement{By: f.Ending.By, At: f.Ending.At, Expires: j.Now.Add(j.acknowledgeExpires())}
	default:
		return nil
	}
}

// endingOf is how two incidents ended of which no member fires any more.
func (j *judge) endingOf(f *Incident) Ending {
	if f.Ending == nil {
		return Ending{At: j.Now, Reason: "the last alert has ended"}
	}
	e := *f.Ending
	e.At = j.Now
	return e
}

// appendForeign puts the foreign timeline on this one, whole entries with their own chain, so
// that each can still be checked.
func (j *judge) appendForeign(c Adopt) {
	f := c.Incident
	entries := c.Entries
	if len(entries) > foreignEntries {
		entries = entries[:foreignEntries]
	}
	j.notef(EntryNote, "merged with incident %s, which %s kept while the store was away: %d of %d entries follow, chain head %s",
		f.ID, c.From, len(entries), len(c.Entries), f.Head)
	for _, e := range entries {
		j.note(Entry{Kind: EntryForeign, By: e.By, Tier: e.Tier, Round: e.Round, Foreign: &e,
			Text: e.At.UTC().Format(time.RFC3339) + " " + string(e.Kind) + ": " + e.Text})
	}
}

// adoptMember keeps what was heard last of a member.
func (j *judge) adoptMember(m Member) {
	before, known := j.in.Members[m.MemberKey]
	if known && !heard(m).After(heard(before)) {
		return
	}
	if !m.UnlistedAt.IsZero() {
		m.UnlistedAt = time.Time{} // this side knows nothing of the group
	}
	if known {
		if !before.UnlistedAt.IsZero() {
			j.inc.Unlisted--
		}
		j.count(before.Firing, -1)
	}
	j.count(m.Firing, 1)
	j.res.Members[m.MemberKey] = m
	j.res.Changed = true
}

func (j *judge) count(firing bool, n int) {
	if firing {
		j.inc.Firing += n
	} else {
		j.inc.Ended += n
	}
}

// heard is when a member was heard of last.
func heard(m Member) time.Time {
	if m.EndedAt.After(m.SeenAt) {
		return m.EndedAt
	}
	return m.SeenAt
}

// cancelTold takes back what would tell people the same again.
func (j *judge) cancelTold(f *Incident) {
	for _, t := range f.Told {
		for i, r := range j.inc.Attempts {
			if r.State == paging.Planned && r.User == t.User && r.Contact == t.Contact.Name && !r.Due.After(j.Now) {
				j.cancelAttempt(i, "paged already while the store was away")
			}
		}
	}
}

// adoptTold remembers whom the other process texted.
func (j *judge) adoptTold(f *Incident) {
	for _, t := range f.Told {
		if !slices.Contains(j.inc.Told, t) {
			j.inc.Told = append(j.inc.Told, t)
		}
	}
	for _, s := range f.Shadows {
		if j.inc.shadow(s.User) < 0 {
			j.inc.Shadows = append(j.inc.Shadows, s)
		}
	}
}

// adoptAck brings in an acknowledgement: the earlier of two counts, for as long as either holds.
// Whoever was paged here and not there has not heard of it yet.
func (j *judge) adoptAck(ack Acknowledgement, f *Incident) {
	if j.inc.State == Acknowledged {
		mine := *j.inc.Ack
		first, second := mine, ack
		if ack.At.Before(mine.At) {
			first, second = ack, mine
		}
		if second.Expires.After(first.Expires) {
			first.Expires, first.Snooze = second.Expires, second.Snooze
		}
		j.inc.Ack = &first
		j.note(Entry{Kind: EntryNote, By: second.By.Name, Text: first.By.Name + " was first to acknowledge; " + second.By.Name + " did, too"})
		return
	}
	j.cancelPages("acknowledged by " + ack.By.Name + " while the store was away")
	j.meetAt(ack.At)
	j.note(Entry{Kind: EntryAck, By: ack.By.Name, Text: "acknowledged by " + ack.By.Name + " over " + ack.By.Via +
		" at " + ack.At.UTC().Format(time.RFC3339) + " while the store was away, until " + ack.Expires.UTC().Format(time.RFC3339)})
	j.inc.State, j.inc.Ack = Acknowledged, &ack
	j.inc.Last, j.inc.Position, j.inc.Quiet = j.inc.Position, nil, nil
	for _, t := range j.inc.Told {
		if t.User != ack.By.User && !f.told(t.User) {
			j.planNotice(t, "acked", ack.By, ack.At)
		}
	}
}

// meetAt stops the clocks that an acknowledgement of that instant answers. One that was counted
// as broken since, because nobody here knew, stays so: it is on the timeline.
func (j *judge) meetAt(at time.Time) {
	for i := range j.inc.SLAs {
		s := &j.inc.SLAs[i]
		if s.Done() || s.Kind == SLAResolve {
			continue
		}
		if at.After(s.Deadline) {
			s.Breached = at
			j.noteSLA(s, "breached")
			continue
		}
		s.MetAt = at
		j.noteSLA(s, "met")
	}
}

// adoptRun goes on from the step that is further. A more urgent foreign run withdraws an
// acknowledgement, as every rise in severity does.
func (j *judge) adoptRun(c Adopt, more bool) {
	f := c.Incident
	switch {
	case j.inc.State == Acknowledged && !more:
		return
	case j.inc.State == Acknowledged:
		j.withdrawAck(EntryUnack, "the acknowledgement of "+j.inc.Ack.By.Name+" is withdrawn: the severity rose")
	case j.inc.Quiet == nil && j.inc.Position != nil && !more && !further(f.Position, j.inc.Position):
		return
	}
	j.cancelPages("the run of " + c.From + " is further")
	j.endTierSLA()
	if j.inc.Run == 0 {
		j.inc.Run = 1
	}
	j.inc.Steps++
	j.forgetAttempts()
	j.inc.State, j.inc.Quiet, j.inc.Last = Triggered, nil, nil
	j.inc.Position = clonePtr(f.Position)
	j.notef(EntryTier, "goes on at %s of round %d, until %s", f.Position.Name, f.Position.Round+1, f.Position.Deadline.UTC().Format(time.RFC3339))
	for _, s := range f.SLAs {
		mine := slices.ContainsFunc(j.inc.SLAs, func(x SLA) bool { return x.Kind == s.Kind && !x.Done() })
		if !s.Done() && !mine {
			s.Step = j.inc.Steps
			j.addSLA(s)
		}
	}
	for _, a := range c.Attempts {
		if a.Kind == paging.Page && a.State.Live() && slices.ContainsFunc(f.Attempts, func(r AttemptRef) bool { return r.ID == a.ID }) {
			j.adoptAttempt(a)
		}
	}
}

// adoptAttempt plans a page of the foreign run that was still to come.
func (j *judge) adoptAttempt(a paging.Attempt) {
	a.ID = attemptID(j.inc, "adopted", a.ID)
	a.Incident, a.Run, a.State, a.Token = j.inc.ID, j.inc.Run, paging.Planned, ""
	if least := a.Due.Add(minimumToSend); a.Deadline.Before(least) {
		a.Deadline = least
	}
	j.inc.Attempts = append(j.inc.Attempts, AttemptRef{
		ID: a.ID, Step: j.inc.Steps, User: a.User, Contact: a.Contact, Due: a.Due, State: paging.Planned,
	})
	j.res.Put = append(j.res.Put, AttemptPut{Attempt: a})
	j.note(Entry{Kind: EntryPage, Attempt: a.ID, Text: string(a.User) + " by " + a.Channel + " (" + a.Contact + "), as planned while the store was away"})
}

// further says whether a stands later in the policy than b.
func further(a, b *Position) bool {
	stage := map[Stage]int{StageAcknowledger: -1, StageTier: 0, StageFallback: 1}
	switch {
	case stage[a.Stage] != stage[b.Stage]:
		return stage[a.Stage] > stage[b.Stage]
	case a.Round != b.Round:
		return a.Round > b.Round
	default:
		return a.Index > b.Index
	}
}
