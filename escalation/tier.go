package escalation

import (
	"slices"
	"strings"
	"time"

	"tocsin/paging"
	"tocsin/schedules"
)

// startRun begins at the first tier. A deadline later than latest is brought forward to it;
// the zero time sets no such bound.
func (j *judge) startRun(latest time.Time) {
	j.cancelPages("a new run starts")
	j.endTierSLA()
	j.inc.Run++
	j.inc.State = Triggered
	j.startSLAs()
	j.startTier(0, Position{RoundStarted: j.Now}, latest)
}

// startTier pages the first tier from index i on that has anybody to page, or what follows the round.
func (j *judge) startTier(i int, round Position, latest time.Time) {
	if !j.tryTiers(i, round, latest) {
		j.endRound(round, false)
	}
}

// tryTiers pages the first tier from index i on that has anybody to page; false when none has.
// No minute is wasted on an empty one. round carries the round's number, its start and whether
// it reached anybody.
func (j *judge) tryTiers(i int, round Position, latest time.Time) bool {
	p := j.policy()
	for ; i < len(p.Tiers); i++ {
		tier := p.Tiers[i]
		people, empty := j.Book.People(tier.Page, j.Now)
		reachable := withContact(people)
		if len(reachable) == 0 {
			j.note(Entry{Kind: EntryHandOn, Tier: tier.Name, Round: round.Round, Text: tier.Name + " has nobody to page: " + whyNobody(people, empty) + "; handed on at once"})
			continue
		}
		within := p.acknowledgeWithin(i, j.inc.Severity)
		pos := Position{
			Stage: StageTier, Index: i, Name: tier.Name, Round: round.Round, RoundStarted: round.RoundStarted, Reached: true,
			Started: j.Now, Deadline: j.Now.Add(within),
		}
		if latest.After(j.Now) && latest.Before(pos.Deadline) {
			pos.Deadline = latest
		}
		j.startStep(pos, reachable, empty)
		j.tellShadows(tier.Page, reachable)
		return true
	}
	return false
}

func withContact(people []*paging.User) []*paging.User {
	return slices.DeleteFunc(slices.Clone(people), func(u *paging.User) bool { return len(u.Contacts) == 0 })
}

func whyNobody(people []*paging.User, empty []string) string {
	why := slices.Clone(empty)
	for _, u := range people {
		why = append(why, string(u.Name)+" has no contact")
	}
	if len(why) == 0 {
		return "it names no target"
	}
	return strings.Join(why, "; ")
}

// startStep makes pos the present position and pages people.
func (j *judge) startStep(pos Position, people []*paging.User, empty []string) {
	j.inc.Steps++
	j.forgetAttempts()
	j.inc.Position = &pos
	names := make([]string, len(people))
	for i, u := range people {
		names[i] = string(u.Name)
	}
	text := pos.Name + ": " + strings.Join(names, ", ") + ", until " + pos.Deadline.UTC().Format(time.RFC3339)
	if len(empty) > 0 {
		text += " (" + strings.Join(empty, "; ") + ")"
	}
	j.notef(EntryTier, "%s", text)
	if pos.Stage == StageTier {
		j.addSLA(SLA{Kind: SLAAcknowledge, Tier: pos.Name, Step: j.inc.Steps, Start: pos.Started, Deadline: pos.Deadline})
	}
	for _, u := range people {
		j.planPage(u)
	}
}

// forgetAttempts drops what is settled; the rows stay in the store.
func (j *judge) forgetAttempts() {
	j.inc.Attempts = slices.DeleteFunc(j.inc.Attempts, func(r AttemptRef) bool { return !r.State.Live() })
}

// handOn leaves the present step: the next tier, the next round or the fallback starts. A
// person who asks never waits for the next round.
func (j *judge) handOn(reason string, person bool) {
	pos := *j.inc.Position
	j.endTierSLA()
	if reason != "" {
		j.notef(EntryHandOn, "%s: %s", pos.Name, reason)
	}
	switch {
	case pos.Stage == StageFallback:
		j.startFallback(pos)
	case pos.Stage == StageAcknowledger:
		j.startTier(0, Position{RoundStarted: j.Now}, time.Time{})
	case pos.Waiting:
		j.nextRound(pos)
	default:
		if !j.tryTiers(j.tierIndex(pos)+1, pos, time.Time{}) {
			j.endRound(pos, person)
		}
	}
}

// tierIndex finds the present tier in the policy as the book has it now: by name, else by index.
func (j *judge) tierIndex(pos Position) int {
	tiers := j.policy().Tiers
	if pos.Index < len(tiers) && tiers[pos.Index].Name == pos.Name {
		return pos.Index
	}
	for i, t := range tiers {
		if t.Name == pos.Name {
			return i
		}
	}
	return pos.Index
}

// endRound follows the last tier: another round, or the fallback. Rounds never run faster than
// the first tier's acknowledge_within; a round that reached nobody is not worth repeating.
func (j *judge) endRound(pos Position, person bool) {
	p := j.policy()
	if pos.Round >= p.Repeat || !pos.Reached {
		j.startFallback(pos)
		return
	}
	earliest := pos.RoundStarted.Add(p.acknowledgeWithin(0, j.inc.Severity))
	if person || !earliest.After(j.Now) {
		j.nextRound(pos)
		return
	}
	pos.Waiting, pos.Deadline = true, earliest
	if pos.Stage == "" {
		pos.Stage = StageTier
	}
	j.inc.Position = &pos
	j.notef(EntryHandOn, "the next round waits until %s", earliest.UTC().Format(time.RFC3339))
}

func (j *judge) nextRound(pos Position) {
	j.startTier(0, Position{Round: pos.Round + 1, RoundStarted: j.Now}, time.Time{})
}

// FallbackName is the tier name of what follows the last round.
const FallbackName = "fallback"

// startFallback pages those who are left when all was in vain, again and again until somebody acts.
func (j *judge) startFallback(from Position) {
	if j.inc.Test {
		j.resolve(Ending{At: j.Now, Reason: "nobody answered the test page"})
		return
	}
	people, empty := j.fallbackPeople()
	pos := Position{
		Stage: StageFallback, Index: len(j.policy().Tiers), Name: FallbackName, Round: from.Round,
		RoundStarted: from.RoundStarted, Started: j.Now, Deadline: j.Now.Add(j.policy().fallbackEvery()), Reached: len(people) > 0,
	}
	if len(people) == 0 {
		empty = append(empty, "nobody can be reached: no user has a contact")
	}
	j.startStep(pos, people, empty)
}

// fallbackPeople are the policy's, else the root policy's, else everybody who has a contact.
func (j *judge) fallbackPeople() ([]*paging.User, []string) {
	var why []string
	for _, p := range []*Policy{j.policy(), j.Book.Policy(j.Book.RootPolicy)} {
		people, empty := j.Book.People(p.Fallback.For(j.inc.Severity), j.Now)
		why = append(why, empty...)
		if reachable := withContact(people); len(reachable) > 0 {
			return reachable, why
		}
	}
	var names []schedules.UserID
	for name := range j.Book.Users {
		names = append(names, name)
	}
	slices.Sort(names)
	var all []*paging.User
	for _, name := range names {
		all = append(all, j.Book.Users[name])
	}
	return withContact(all), append(why, "no fallback leads to anybody: everyone is paged")
}
