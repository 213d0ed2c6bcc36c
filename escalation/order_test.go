package escalation

import (
	"slices"

	"tocsin/paging"
	"tocsin/schedules"
)

// place is a step of a policy as the rules number it.
type place struct {
	stage   Stage
	index   int // of the tier
	round   int
	waiting bool
}

func placeOf(p *Position) place {
	at := place{stage: p.Stage, index: p.Index, round: p.Round, waiting: p.Waiting}
	if p.Stage != StageTier || p.Waiting {
		at.index = 0
	}
	return at
}

// reachable lists who of the targets has a contact.
func reachable(env Env, targets []Target) (names []schedules.UserID) {
	people, _ := env.Book.People(targets, env.Now)
	for _, u := range people {
		if len(u.Contacts) > 0 {
			names = append(names, u.Name)
		}
	}
	slices.Sort(names)
	return names
}

// from is the first tier from i on that has anybody; without one the fallback.
func from(env Env, p *Policy, i, round int) place {
	for ; i < len(p.Tiers); i++ {
		if len(reachable(env, p.Tiers[i].Page)) > 0 {
			return place{stage: StageTier, index: i, round: round}
		}
	}
	return place{stage: StageFallback, round: round}
}

// tierOf finds a position's tier in the policy as it is now: by name, else by index.
func tierOf(p *Policy, pos *Position) int {
	if pos.Index < len(p.Tiers) && p.Tiers[pos.Index].Name == pos.Name {
		return pos.Index
	}
	if i := slices.IndexFunc(p.Tiers, func(t Tier) bool { return t.Name == pos.Name }); i >= 0 {
		return i
	}
	return pos.Index
}

// following is what comes after pos when it ends without an answer.
func following(env Env, inc *Incident, pos *Position, person bool) place {
	p := env.Book.Policy(inc.Policy)
	switch {
	case pos.Stage == StageFallback:
		return place{stage: StageFallback, round: pos.Round}
	case pos.Stage == StageAcknowledger:
		return from(env, p, 0, 0)
	case pos.Waiting:
		return from(env, p, 0, pos.Round+1)
	}
	return orNextRound(env, inc, pos, from(env, p, tierOf(p, pos)+1, pos.Round), person)
}

// orNextRound replaces a fallback by the next round where there is one.
func orNextRound(env Env, inc *Incident, pos *Position, next place, person bool) place {
	p := env.Book.Policy(inc.Policy)
	if next.stage != StageFallback || pos.Round >= p.Repeat || !pos.Reached {
		return next
	}
	if !person && env.Now.Before(pos.RoundStarted.Add(p.acknowledgeWithin(0, inc.Severity))) {
		return place{stage: StageTier, round: pos.Round, waiting: true}
	}
	return from(env, p, 0, pos.Round+1)
}

// order: tiers follow each other, none is skipped that has anybody, none starts before the
// earlier one ended, and everybody of a tier is paged.
func (c *checker) order(m moment) {
	c.t.Helper()
	was, is := m.before.inc, m.after.inc
	moved := was.Steps != is.Steps || is.Position != nil && (was.Position == nil || was.Position.Waiting != is.Position.Waiting)
	if !moved || is.Position == nil {
		c.must(m, is.Position == nil || *is.Position == *was.Position, "a step that goes on stays as it is")
		c.must(m, was.Steps == is.Steps || !is.Open() || is.State != Triggered, "a step starts without a position")
		return
	}
	want, allowed := c.next(m)
	c.must(m, allowed, "a step starts before the earlier one ended")
	c.must(m, placeOf(is.Position) == want, "a tier is skipped, or goes out of order")
	c.must(m, is.Position.Deadline.After(m.env.Now), "a step has time")
	if is.Position.Waiting {
		return
	}
	c.paged(m, want)
	if want.stage == StageTier {
		within := m.env.Book.Policy(is.Policy).acknowledgeWithin(want.index, is.Severity)
		c.must(m, !is.Position.Deadline.After(m.env.Now.Add(within)), "a tier has the time that its policy gives")
	}
}

// paged: everybody of the step gets a page.
func (c *checker) paged(m moment, at place) {
	c.t.Helper()
	p := m.env.Book.Policy(m.after.inc.Policy)
	got := plannedUsers(m.res)
	switch at.stage {
	case StageTier:
		c.must(m, slices.Equal(got, reachable(m.env, p.Tiers[at.index].Page)), "a tier pages everybody whom it can")
	case StageAcknowledger:
		c.must(m, slices.Equal(got, []schedules.UserID{m.before.inc.Ack.By.User}), "who had it is paged first")
	case StageFallback:
		anybody := false
		for _, u := range m.env.Book.Users {
			anybody = anybody || len(u.Contacts) > 0
		}
		c.must(m, anybody == (len(got) > 0), "the fallback pages somebody if anybody can be reached")
		if named := reachable(m.env, p.Fallback.For(m.after.inc.Severity)); len(named) > 0 {
			c.must(m, slices.Equal(got, named), "the fallback pages those whom its policy names")
		}
	}
}

// next is where the command must lead, and whether it may lead anywhere now.
func (c *checker) next(m moment) (place, bool) {
	was, is, env := m.before.inc, m.after.inc, m.env
	first := from(env, env.Book.Policy(is.Policy), 0, 0)
	switch m.cmd.(type) {
	case Fire:
		rose := env.Book.Scale.MoreUrgent(is.Severity, was.Severity)
		return first, rose || was.Quiet != nil || !was.Open()
	case Rejudge:
		return first, was.Quiet != nil
	case Reassign:
		return first, true
	case Undo:
		return restarted(env, was), was.State == Acknowledged
	case Escalate:
		pos := was.Position
		if was.State == Acknowledged {
			pos = was.Last
		}
		if pos == nil {
			return first, true
		}
		return following(env, is, pos, true), true
	case Reported:
		return c.failed(m)
	case TimerDue:
		return c.timed(m, first)
	}
	return place{}, false
}

// restarted is where an undo leads: the tier where it was acknowledged.
func restarted(env Env, was *Incident) place {
	p := env.Book.Policy(was.Policy)
	switch last := was.Last; {
	case last == nil || last.Stage == StageAcknowledger:
		return from(env, p, 0, 0)
	case last.Stage == StageFallback:
		return place{stage: StageFallback, round: last.Round}
	default:
		return orNextRound(env, was, last, from(env, p, tierOf(p, last), last.Round), false)
	}
}

// failed: a report may end a step only when nothing of it is left to try.
func (c *checker) failed(m moment) (place, bool) {
	was := m.before.inc
	if was.Position == nil || was.Position.Stage == StageFallback || was.Position.Waiting {
		return place{}, false
	}
	for _, ref := range was.Attempts {
		if a := m.after.attempts[ref.ID]; ref.Step == was.Steps && a.State != paging.Failed && a.State != paging.Canceled {
			return place{}, false
		}
	}
	return following(m.env, m.after.inc, was.Position, false), true
}

func (c *checker) timed(m moment, first place) (place, bool) {
	was, now := m.before.inc, m.env.Now
	switch {
	case was.State == Acknowledged:
		u := m.env.Book.Users[was.Ack.By.User]
		if u != nil && len(u.Contacts) > 0 {
			first = place{stage: StageAcknowledger}
		}
		return first, !was.Ack.Expires.After(now)
	case was.Quiet != nil:
		return first, !was.Quiet.Until.After(now)
	default:
		return following(m.env, m.after.inc, was.Position, false), !was.Position.Deadline.After(now)
	}
}

// alerts: what is not quiet pages, and another alert never makes a quiet longer.
func (c *checker) alerts(m moment) {
	c.t.Helper()
	fire, ok := m.cmd.(Fire)
	if !ok {
		return
	}
	is, d := m.after.inc, fire.Decision
	now, opened := m.env.Now, is.OpenedAt
	quiet := d.Suppressed != "" || d.Muted != "" || d.Hold > 0 && opened.Add(d.Hold).After(now)
	accepted := m.res.Outcome.Kind == Opened || m.res.Outcome.Kind == Reopened || m.res.Outcome.Kind == Done
	c.must(m, quiet || !accepted || is.Quiet == nil || is.Memo, "an alert that is not quiet pages")
	c.must(m, !accepted || d.Suppressed != "" || is.Quiet == nil || is.Quiet.Kind != Suppressed, "an alert that is only held or muted is not suppressed by another")
	if m.before == nil || m.before.inc.ID != is.ID || m.before.inc.Quiet == nil || is.Quiet == nil {
		return
	}
	until, before := is.Quiet.Until, m.before.inc.Quiet.Until
	c.must(m, before.IsZero() || !until.IsZero() && !until.After(before), "another alert never makes a quiet longer")
}
