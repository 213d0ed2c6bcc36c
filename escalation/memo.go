package escalation

import (
	"time"

	"tocsin/paging"
	"tocsin/routing"
	"tocsin/schedules"
)

// A memo is a text to one person that asks for no answer: the readiness report, by day. It
// leaves the same proof as a page (an incident with its timeline and its attempt), and nothing
// else of a page: no tier, no clock, no second person, whatever becomes of it.
//
// It is told once per key, by however many processes: a key that was told is only recorded, and
// the incident stays open for memoLasts, so that the store refuses a second one that was judged
// at the same time.

// MemoSource marks the alert behind a memo.
const MemoSource = "memo"

// memoLasts is how long a memo may take to be sent, and how long its incident stays open.
const memoLasts = time.Hour

// Memoed is the quiet of a memo's incident: there is nothing to answer.
const Memoed QuietKind = "memo"

// NewMemo is the command that tells one person a text, once per key. A text of up to 300
// characters goes out as it is; details go to the timeline, for whoever looks at the incident.
func NewMemo(b *Book, key string, to schedules.UserID, text, details string, now time.Time) Fire {
	var least routing.Severity
	if n := len(b.Scale.Levels); n > 0 {
		least = b.Scale.Levels[n-1].Name
	}
	return Fire{
		Alert: routing.Alert{
			Source: MemoSource, Integration: "tocsin", Identity: MemoSource + ":" + key, Status: routing.Firing,
			Title: text, Description: details, StartsAt: now,
		},
		Decision: routing.Decision{
			Policy: DirectPolicy(Target{Kind: TargetUser, Name: string(to)}), Severity: least, Route: MemoSource,
			Key: routing.DedupKey(MemoSource + ":" + key), Reasons: []string{"a memo"}, // keys of routing are hexadecimal
		},
	}
}

// memo is a command to the incident behind a memo. Nothing pages anybody there.
func (j *judge) memo(cmd Command) {
	switch c := cmd.(type) {
	case Acknowledge:
		j.closeMemo(c.By)
	case Snooze:
		j.closeMemo(c.By)
	case Resolve:
		j.closeMemo(c.By)
	case Reported:
		j.reported(c.Report)
	case TimerDue, Repair:
		j.endMemo()
	case Rejudge:
		j.outcome(Done)
	default:
		j.outcome(Recorded)
	}
}

func (j *judge) closeMemo(by Actor) {
	if !j.inc.Open() {
		j.outcome(AlreadyOver)
		return
	}
	j.resolve(Ending{At: j.Now, By: by})
	j.outcome(Done)
}

// endMemo lets the memo's one timer end it. Like every timer it always counts as a change.
func (j *judge) endMemo() {
	j.outcome(Recorded)
	j.res.Changed = true
	if j.inc.Open() && !j.inc.NextDue().After(j.Now) {
		j.resolve(Ending{At: j.Now, Reason: "a memo asks for no answer"})
		j.outcome(Done)
	}
}

// tell plans the memo's one attempt: the first contact that its person has for what is not urgent.
func (j *judge) tell() {
	j.inc.ResolveAfter = memoLasts
	j.inc.Quiet = &Quiet{Kind: Memoed, Reason: "a memo: it asks for no answer", Until: j.Now.Add(memoLasts)}
	if details := j.inc.Lead.Description; details != "" {
		j.notef(EntryNote, "%s", details)
	}
	people, why := j.Book.People(j.policy().Tiers[0].Page, j.Now)
	if len(withContact(people)) == 0 {
		j.notef(EntryNote, "nobody is told: %s", whyNobody(people, why))
		return
	}
	u := people[0]
	a := j.attempt(u, u.Ladder(routing.Low)[0].Contact)
	a.Kind, a.Breakthrough = paging.Memo, false
	a.ID = attemptID(j.inc, paging.Memo, u.Name)
	a.Due, a.Deadline = j.Now, j.Now.Add(memoLasts)
	j.res.Put = append(j.res.Put, AttemptPut{Attempt: a})
	j.note(Entry{Kind: EntryNote, Attempt: a.ID, Text: "told " + string(u.Name) + " by " + a.Channel + " (" + a.Contact + ")"})
}
