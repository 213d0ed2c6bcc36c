package escalation

import (
	"time"

	"tocsin/paging"
)

// sameActor says whether two actions came from the same person (or token).
func sameActor(a, b Actor) bool {
	if a.User != "" || b.User != "" {
		return a.User == b.User
	}
	return a.Name == b.Name
}

// acknowledge stops pages and escalation until ack expires. The first one has it.
func (j *judge) acknowledge(by Actor, ack Acknowledgement) {
	switch {
	case !j.inc.Open():
		j.outcome(AlreadyOver)
		return
	case j.inc.State == Acknowledged && !sameActor(j.inc.Ack.By, by):
		j.note(Entry{Kind: EntryNote, By: by.Name, Text: by.Name + " acknowledges, too; " + j.inc.Ack.By.Name + " was first"})
		j.outcome(AlreadyAcked)
		return
	case j.inc.State == Acknowledged:
		if ack.Snooze {
			j.inc.Ack.Expires, j.inc.Ack.Snooze = ack.Expires, true
			j.note(Entry{Kind: EntryAck, By: by.Name, Text: by.Name + " snoozes it until " + ack.Expires.UTC().Format(time.RFC3339)})
		}
		j.outcome(Done)
		return
	}
	j.take(by, ack)
	j.outcome(Done)
}

func (j *judge) take(by Actor, ack Acknowledgement) {
	j.cancelPages("acknowledged by " + by.Name)
	j.meetAcknowledge()
	verb := "acknowledged by "
	if ack.Snooze {
		verb = "snoozed by "
	}
	j.note(Entry{Kind: EntryAck, By: by.Name, Text: verb + by.Name + " over " + by.Via + ", until " + ack.Expires.UTC().Format(time.RFC3339)})
	j.inc.State, j.inc.Ack = Acknowledged, &ack
	j.inc.Last, j.inc.Position, j.inc.Quiet = j.inc.Position, nil, nil
	j.tellOthers("acked", by)
}

// withdrawAck makes the incident triggered again; the caller starts a step.
func (j *judge) withdrawAck(kind EntryKind, text string) {
	j.inc.State, j.inc.Ack, j.inc.CloseAsk = Triggered, nil, nil
	j.notef(kind, "%s", text)
}

// resolveAsked is a person who closes the incident. While it still fires, the first asking
// counts as an acknowledgement, unless it is meant to be final.
func (j *judge) resolveAsked(c Resolve) {
	if !j.inc.Open() {
		j.outcome(AlreadyOver)
		return
	}
	again := j.inc.CloseAsk != nil && sameActor(*j.inc.CloseAsk, c.By)
	if c.Force || again || j.inc.Firing <= 0 {
		j.resolve(Ending{At: j.Now, By: c.By})
		j.outcome(Done)
		return
	}
	if j.inc.State != Acknowledged {
		j.take(c.By, Acknowledgement{By: c.By, At: j.Now, Expires: j.Now.Add(j.acknowledgeExpires())})
	}
	j.inc.CloseAsk = &c.By
	j.note(Entry{Kind: EntryNote, By: c.By.Name, Text: c.By.Name + " asks to resolve it while it still fires; asking again closes it"})
	j.outcome(StillFiring)
}

// escalate passes the incident on to the next tier at once.
func (j *judge) escalate(by Actor) {
	if !j.inc.Open() {
		j.outcome(AlreadyOver)
		return
	}
	if j.inc.State == Acknowledged {
		j.inc.Position = j.inc.Last
		j.withdrawAck(EntryUnack, "the acknowledgement is withdrawn: "+by.Name+" passes it on")
	}
	j.note(Entry{Kind: EntryEscalated, By: by.Name, Text: "passed on by " + by.Name + " over " + by.Via})
	j.cancelPages("passed on by " + by.Name)
	j.inc.Quiet = nil
	if j.inc.Position == nil {
		j.startRun(time.Time{})
	} else {
		j.startSLAs()
		j.handOn("", true)
	}
	j.outcome(Done)
}

// undo takes an acknowledgement back: its tier starts again.
func (j *judge) undo(by Actor) {
	if j.inc.State != Acknowledged {
		j.outcome(NotAcked)
		return
	}
	last := j.inc.Last
	j.withdrawAck(EntryUnack, "the acknowledgement is taken back by "+by.Name)
	switch {
	case last == nil && j.quietAgain(): // it was taken while it was quiet
	case last == nil || last.Stage == StageAcknowledger:
		j.startRun(time.Time{})
	default:
		j.inc.Run++
		j.restart(*last)
	}
	j.outcome(Done)
}

// restart starts the step at pos again, with its full time.
func (j *judge) restart(pos Position) {
	if pos.Stage == StageFallback {
		j.startFallback(pos)
		return
	}
	j.startTier(min(j.tierIndex(pos), len(j.policy().Tiers)), pos, time.Time{})
}

// reassign gives the incident to others and starts a run with them.
func (j *judge) reassign(c Reassign) {
	if !j.inc.Open() {
		j.outcome(AlreadyOver)
		return
	}
	if j.inc.State == Acknowledged {
		j.withdrawAck(EntryUnack, "the acknowledgement is withdrawn: "+c.By.Name+" gives it to others")
	}
	j.inc.Policy, j.inc.Quiet = DirectPolicy(c.Targets...), nil
	j.note(Entry{Kind: EntryReassign, By: c.By.Name, Text: "given to " + j.inc.Policy[len(directPrefix):] + " by " + c.By.Name})
	j.startRun(time.Time{})
	j.outcome(Done)
}

// expire is an acknowledgement that ran out with nobody resolving: its giver is paged first,
// then a new run starts.
func (j *judge) expire() {
	ack := *j.inc.Ack
	j.withdrawAck(EntryExpired, "the acknowledgement of "+ack.By.Name+" has run out")
	j.inc.Last = nil
	if j.quietAgain() {
		return
	}
	u, ok := j.Book.Users[ack.By.User]
	if !ok || len(u.Contacts) == 0 {
		j.startRun(time.Time{})
		return
	}
	j.inc.Run++
	j.startSLAs()
	j.startStep(Position{
		Stage: StageAcknowledger, Name: "acknowledger", RoundStarted: j.Now, Reached: true, Started: j.Now,
		Deadline: j.Now.Add(j.policy().acknowledgeWithin(0, j.inc.Severity)),
	}, []*paging.User{u}, nil)
}
