package escalation

import (
	"time"

	"tocsin/paging"
	"tocsin/routing"
)

// minimumToSend is the least time that an attempt has for retries, however near its tier's end.
const minimumToSend = 2 * time.Minute

// planPage fixes the whole ladder of one person from the book as it is now. What an earlier
// step still planned for the same contact is superseded: nobody is woken twice for one thing.
func (j *judge) planPage(u *paging.User) {
	urgency := j.level().Urgency
	if urgency == "" {
		urgency = routing.Urgent
	}
	for rung, step := range u.Ladder(urgency) {
		j.supersede(u, step.Contact)
		a := j.attempt(u, step.Contact)
		a.Kind = paging.Page
		a.ID = attemptID(j.inc, u.Name, step.Contact.Name, rung)
		a.Due = j.Now.Add(step.After)
		a.Deadline = j.inc.Position.Deadline
		if least := a.Due.Add(minimumToSend); a.Deadline.Before(least) {
			a.Deadline = least
		}
		a.Else, a.ElseAt = j.next(u)
		j.inc.Attempts = append(j.inc.Attempts, AttemptRef{
			ID: a.ID, Step: j.inc.Steps, User: u.Name, Contact: step.Contact.Name, Due: a.Due, State: paging.Planned,
		})
		j.res.Put = append(j.res.Put, AttemptPut{Attempt: a})
		text := string(u.Name) + " by " + a.Channel + " (" + a.Contact + ")"
		if step.After > 0 {
			text += " in " + short(step.After)
		}
		j.note(Entry{Kind: EntryPage, Attempt: a.ID, Text: text})
	}
}

func (j *judge) supersede(u *paging.User, c paging.Contact) {
	for i := range j.inc.Attempts {
		r := &j.inc.Attempts[i]
		if r.Step < j.inc.Steps && r.User == u.Name && r.Contact == c.Name && r.State == paging.Planned {
			j.cancelAttempt(i, "superseded by a newer page")
		}
	}
}

// attempt fills in what every attempt of this incident carries.
func (j *judge) attempt(u *paging.User, c paging.Contact) paging.Attempt {
	rank := j.Book.Scale.Rank(j.inc.Severity)
	a := paging.Attempt{
		Format: Format, Incident: j.inc.ID, Run: j.inc.Run,
		User: u.Name, Contact: c.Name, Channel: c.Channel, Address: c.Address, Zone: zone(u),
		Severity: j.inc.Severity, Rank: rank, Breakthrough: rank == 0, Strong: j.Book.StrongCodes,
		Title: j.inc.Title, Where: j.inc.Where, Test: j.inc.Test, State: paging.Planned,
	}
	if p := j.inc.Position; p != nil {
		a.Round, a.Tier, a.TierIndex = p.Round, p.Name, p.Index
	}
	return a
}

func zone(u *paging.User) string {
	if u.Location == nil {
		return "UTC"
	}
	return u.Location.String()
}

// next tells who is paged when this step ends without an answer, for the text.
func (j *judge) next(u *paging.User) (string, time.Time) {
	pos, p := j.inc.Position, j.policy()
	var targets []Target
	switch {
	case j.inc.Test:
		return "", time.Time{}
	case pos.Stage == StageAcknowledger && len(p.Tiers) > 0:
		targets = p.Tiers[0].Page
	case pos.Stage == StageTier && pos.Index+1 < len(p.Tiers):
		targets = p.Tiers[pos.Index+1].Page
	case pos.Stage == StageTier && pos.Round < p.Repeat:
		targets = p.Tiers[0].Page
	default:
		targets = p.Fallback.For(j.inc.Severity)
	}
	people, _ := j.Book.People(targets, pos.Deadline)
	for _, other := range withContact(people) {
		if other.Name != u.Name {
			return string(other.Name), pos.Deadline
		}
	}
	return "", time.Time{}
}

// tellOthers sends a notice to everyone who was already paged and to the shadows, but for the
// actor.
func (j *judge) tellOthers(what string, by Actor) {
	for _, t := range j.inc.Told {
		if t.User != by.User {
			j.planNotice(t, what, by, j.Now)
		}
	}
	for _, s := range j.inc.Shadows {
		if s.User != by.User && !j.inc.told(s.User) {
			j.planNotice(Told{User: s.User, Contact: s.Contact}, what, by, j.Now)
		}
	}
}

func (j *judge) planNotice(t Told, what string, by Actor, at time.Time) paging.AttemptID {
	u, ok := j.Book.Users[t.User]
	if !ok {
		u = &paging.User{Name: t.User}
	}
	a := j.attempt(u, t.Contact)
	a.Kind = paging.Notice
	a.ID = attemptID(j.inc, "notice", t.User, t.Contact.Name, t.Contact.Address, j.inc.Seq)
	a.What, a.By, a.WhatAt = what, by.Name, at
	a.Due, a.Deadline = j.Now, j.Now.Add(minimumToSend)
	j.res.Put = append(j.res.Put, AttemptPut{Attempt: a})
	j.res.Changed = true
	return a.ID
}
