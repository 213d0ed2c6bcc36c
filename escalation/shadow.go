package escalation

import (
	"slices"
	"time"

	"tocsin/paging"
	"tocsin/routing"
	"tocsin/schedules"
)

// The people of a shadow layer learn: they are told of the pages of their schedule and of how
// these end, and nothing depends on them. No attempt of theirs is among Incident.Attempts, so
// none holds a tier, ends it or is canceled with its pages.

// Shadow is somebody who was told, as a shadow of a schedule, that others are paged.
type Shadow struct {
	User    schedules.UserID `json:"user"`
	Contact paging.Contact   `json:"contact"`
	Run     int              `json:"run"` // the last one of which they were told: once is enough
}

// Shadows returns who learns from pages to these targets at that instant, each once, in order.
// It does not matter which layer of a schedule a target asks for.
func (b *Book) Shadows(targets []Target, at time.Time) (people []*paging.User) {
	for _, t := range targets {
		s, ok := b.Schedules[t.Name]
		if t.Kind != TargetSchedule || !ok {
			continue
		}
		for _, name := range s.Shadows(at, nil) {
			if u, ok := b.Users[name]; ok && !slices.Contains(people, u) {
				people = append(people, u)
			}
		}
	}
	return people
}

// tellShadows tells who learns from pages to these targets whom the tier pages. A test page
// teaches nothing.
func (j *judge) tellShadows(targets []Target, paged []*paging.User) {
	if j.inc.Test {
		return
	}
	first := Actor{User: paged[0].Name, Name: string(paged[0].Name)}
	for _, u := range withContact(j.Book.Shadows(targets, j.Now)) {
		if slices.Contains(paged, u) {
			continue
		}
		s := Shadow{User: u.Name, Contact: u.Ladder(routing.Low)[0].Contact, Run: j.inc.Run}
		if !j.keepShadow(s) {
			continue
		}
		id := j.planNotice(Told{User: s.User, Contact: s.Contact}, paging.PagedFor(len(paged)-1), first, j.Now)
		j.note(Entry{Kind: EntryNote, Attempt: id, Text: "told the shadow " + string(s.User) + " by " + s.Contact.Channel + " (" + s.Contact.Name + ")"})
	}
}

// keepShadow remembers who is told; false when they were told of this run already.
func (j *judge) keepShadow(s Shadow) bool {
	i := j.inc.shadow(s.User)
	switch {
	case i < 0:
		j.inc.Shadows = append(j.inc.Shadows, s)
	case j.inc.Shadows[i].Run == s.Run:
		return false
	default:
		j.inc.Shadows[i] = s
	}
	return true
}

// shadow is the index of that person among the shadows, -1 when they are none.
func (i *Incident) shadow(user schedules.UserID) int {
	return slices.IndexFunc(i.Shadows, func(s Shadow) bool { return s.User == user })
}

func (i *Incident) told(user schedules.UserID) bool {
	return slices.ContainsFunc(i.Told, func(t Told) bool { return t.User == user })
}

// OnlyLearns says that this person was texted about the incident as a shadow, and is not and
// was not paged for it: a polite "ok" of theirs is no acknowledgement.
func (i *Incident) OnlyLearns(user schedules.UserID) bool {
	paged := slices.ContainsFunc(i.Attempts, func(r AttemptRef) bool { return r.User == user })
	return i.shadow(user) >= 0 && !i.told(user) && !paged
}
