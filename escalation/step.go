package escalation

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/paging"
	"tocsin/routing"
)

// rememberedCommands is how many command ids an incident keeps, to recognise a repeat.
const rememberedCommands = 64

// Step judges one command. It is total: whatever the state and the command, it returns a
// result that can be committed, and it never changes what s points to.
func Step(env Env, s Snapshot, cmd Command) Result {
	j := &judge{Env: env, in: s, res: Result{Members: map[MemberKey]Member{}}}
	if s.Incident != nil {
		j.inc = s.Incident.clone()
	}
	if j.knows(cmd) {
		j.outcome(Known)
	} else {
		j.dispatch(cmd)
		j.remember(cmd)
	}
	j.res.Incident = j.inc
	if j.res.Outcome.Incident == nil {
		j.res.Outcome.Incident = j.inc
	}
	return j.res
}

// judge is the working state of one Step: a copy of the incident and what has been decided so far.
type judge struct {
	Env
	in  Snapshot
	inc *Incident
	res Result

	heard time.Time // when what is judged was taken, if that was earlier
}

// takenAt is when what is judged was taken.
func (j *judge) takenAt() time.Time {
	if j.heard.IsZero() {
		return j.Now
	}
	return j.heard
}

func (j *judge) dispatch(cmd Command) {
	if fire, ok := cmd.(Fire); ok {
		j.fire(fire)
		return
	}
	if adopt, ok := cmd.(Adopt); ok {
		j.adopt(adopt)
		return
	}
	if j.inc == nil {
		j.outcome(NoIncident)
		return
	}
	if j.inc.Memo {
		j.memo(cmd)
		return
	}
	switch c := cmd.(type) {
	case End:
		j.end(c)
	case Unlist:
		j.unlist(c)
	case Acknowledge:
		j.acknowledge(c.By, Acknowledgement{By: c.By, At: j.Now, Expires: j.Now.Add(j.acknowledgeExpires())})
	case Snooze:
		j.acknowledge(c.By, Acknowledgement{By: c.By, At: j.Now, Expires: j.Now.Add(c.For), Snooze: true})
	case Resolve:
		j.resolveAsked(c)
	case Escalate:
		j.escalate(c.By)
	case Undo:
		j.undo(c.By)
	case Reassign:
		j.reassign(c)
	case Reported:
		j.reported(c.Report)
	case TimerDue:
		j.timers()
	case Rejudge:
		j.rejudgeBook()
	case Repair:
		j.repair(c)
	default:
		j.outcome(Recorded)
	}
}

func (j *judge) knows(cmd Command) bool {
	id := cmd.CommandID()
	return id != "" && j.inc != nil && slices.Contains(j.inc.Commands, id)
}

func (j *judge) remember(cmd Command) {
	id := cmd.CommandID()
	if id == "" || j.inc == nil {
		return
	}
	j.inc.Commands = append(j.inc.Commands, id)
	if n := len(j.inc.Commands); n > rememberedCommands {
		j.inc.Commands = slices.Clone(j.inc.Commands[n-rememberedCommands:])
	}
	j.res.Changed = true
}

// outcome fills in who has the incident, so that whoever asked can be told.
func (j *judge) outcome(kind OutcomeKind) {
	o := Outcome{Kind: kind}
	if j.inc != nil {
		switch {
		case j.inc.Ending != nil:
			o.By, o.At = j.inc.Ending.By, j.inc.Ending.At
		case j.inc.Ack != nil:
			o.By, o.At, o.Expires = j.inc.Ack.By, j.inc.Ack.At, j.inc.Ack.Expires
		}
	}
	j.res.Outcome = o
}

// note appends to the timeline; the position fills in tier, run and round.
func (j *judge) note(e Entry) {
	j.inc.Seq++
	e.Seq, e.At, e.Run = j.inc.Seq, j.Now, j.inc.Run
	if p := j.inc.Position; p != nil && e.Tier == "" {
		e.Tier, e.Round = p.Name, p.Round
	}
	e.Hash = e.chain(j.inc.Head)
	j.inc.Head = e.Hash
	j.res.Entries = append(j.res.Entries, e)
	j.res.Changed = true
}

func (j *judge) notef(kind EntryKind, format string, args ...any) {
	j.note(Entry{Kind: kind, Text: fmt.Sprintf(format, args...)})
}

func (j *judge) policy() *Policy { return j.Book.Policy(j.inc.Policy) }

func (j *judge) level() routing.Level { return j.Book.Scale.Level(j.inc.Severity) }

func (j *judge) acknowledgeExpires() time.Duration {
	if d := j.level().AcknowledgeExpires; d > 0 {
		return d
	}
	return routing.DefaultAcknowledgeExpires
}

// attemptID derives the id of an attempt from what it is for, so that planning it again after
// a crash gives the same one.
func attemptID(inc *Incident, parts ...any) paging.AttemptID {
	h := sha256.Sum256([]byte(fmt.Sprint(inc.Run, inc.Steps, parts)))
	short := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h[:])[:10]
	return paging.AttemptID(string(inc.ID) + "-" + strings.ToLower(short))
}
