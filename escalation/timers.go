package escalation

import "time"

// timerKind is what comes due. Among timers of one instant the lower goes first: a clock is
// read before the step that it measures ends.
type timerKind int

const (
	timerNone timerKind = iota
	timerSilence
	timerSLA
	timerQuiet
	timerAck
	timerStep
)

// NextDue is when the incident has something to do; the zero time when it has nothing, which
// is so only for a resolved one. The store indexes it.
func (i *Incident) NextDue() time.Time {
	_, at, _ := i.nextTimer()
	return at
}

// nextTimer derives the earliest timer from the state. sla is the index of the clock for timerSLA.
func (i *Incident) nextTimer() (kind timerKind, at time.Time, sla int) {
	if !i.Open() {
		return timerNone, time.Time{}, 0
	}
	consider := func(k timerKind, t time.Time, n int) {
		if t.IsZero() {
			return
		}
		if kind == timerNone || t.Before(at) || (t.Equal(at) && k < kind) {
			kind, at, sla = k, t, n
		}
	}
	consider(timerSilence, i.silentAt(), 0)
	for n := range i.SLAs {
		consider(timerSLA, i.SLAs[n].next(), n)
	}
	if i.Quiet != nil {
		consider(timerQuiet, i.Quiet.Until, 0)
	}
	if i.State == Acknowledged && i.Ack != nil {
		consider(timerAck, i.Ack.Expires, 0)
	}
	if i.State == Triggered && i.Position != nil {
		consider(timerStep, i.Position.Deadline, 0)
	}
	return kind, at, sla
}

// silentAt is when the incident ends because its alerts have not been heard of.
func (i *Incident) silentAt() time.Time {
	last := i.LastSeen
	if last.Before(i.OpenedAt) {
		last = i.OpenedAt
	}
	after := i.ResolveAfter
	if after <= 0 {
		after = DefaultResolveAfter
	}
	return last.Add(after)
}

// timersAtOnce bounds how many timers one TimerDue may consume. Every one moves on by at least
// an instant, so the bound is never reached; it is there so that no input can make Step spin.
const timersAtOnce = 1000

// timers consumes everything that is due. A step that starts counts from now, not from the
// deadline before it: after an outage nothing is replayed. The result always counts as a
// change, so that the commit moves the index even where a Touch had moved the timer already.
func (j *judge) timers() {
	j.outcome(Recorded)
	j.res.Changed = true
	for range timersAtOnce {
		kind, at, sla := j.inc.nextTimer()
		if kind == timerNone || at.After(j.Now) {
			return
		}
		switch kind {
		case timerSilence:
			j.silent(at)
		case timerSLA:
			j.tickSLA(sla)
		case timerQuiet:
			j.endQuiet()
		case timerAck:
			j.expire()
		case timerStep:
			j.handOn(j.unanswered(), false)
		case timerNone:
		}
		j.outcome(Done)
	}
}

// awayAfter is how late a timer may be before it shows that nobody was there to listen.
const awayAfter = time.Minute

// silent ends an incident whose alerts have not been heard of. Silence while Tocsin itself was
// away proves nothing: then it counts from now.
func (j *judge) silent(due time.Time) {
	if j.Now.Sub(due) <= awayAfter {
		j.resolve(Ending{At: j.Now, Reason: "silent for " + short(j.inc.ResolveAfter)})
		return
	}
	j.inc.LastSeen, j.res.Seen.At = j.Now, j.Now
	j.notef(EntryNote, "nothing was heard for %s, but Tocsin was away: the silence counts from now", short(j.inc.ResolveAfter))
}

func (j *judge) unanswered() string {
	if j.inc.Position.Waiting {
		return ""
	}
	return "nobody answered in time"
}
