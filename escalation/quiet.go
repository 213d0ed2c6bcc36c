package escalation

import (
	"slices"
	"time"

	"tocsin/routing"
)

// quietFor is the reason to page nobody for now that a decision gives, nil when there is none.
// A hold counts from the opening of the incident.
func (j *judge) quietFor(d routing.Decision) *Quiet {
	switch {
	case d.Dropped != "":
		return &Quiet{Kind: Suppressed, Reason: "dropped by rule " + quote(d.Dropped)}
	case d.Suppressed != "":
		return &Quiet{Kind: Suppressed, Reason: "suppressed by rule " + quote(d.Suppressed)}
	case d.Muted != "":
		return &Quiet{Kind: Muted, Reason: d.Muted, Until: j.later(d.MutedUntil)}
	case d.Hold > 0 && j.inc.OpenedAt.Add(d.Hold).After(j.Now):
		return &Quiet{Kind: Held, Reason: "held for " + short(d.Hold), Until: j.inc.OpenedAt.Add(d.Hold)}
	default:
		return nil
	}
}

// later keeps a mute from being judged again in the same instant for ever.
func (j *judge) later(t time.Time) time.Time {
	if !t.After(j.Now) {
		return j.Now.Add(time.Minute)
	}
	return t
}

// ease is one more alert on a quiet incident: it may end or shorten the quiet and speaks for
// the incident then. It never lengthens it, or one alert would silence another.
func (j *judge) ease(c Fire) {
	q, now := j.quietFor(c.Decision), j.inc.Quiet
	switch {
	case q == nil:
		j.notef(EntryQuiet, "%s no longer holds: %s is to be paged", now.Reason, c.Alert.Title)
		j.inc.Quiet = nil
		j.lead(c.Alert)
		j.startRun(time.Time{})
	case !q.Until.IsZero() && (now.Until.IsZero() || q.Until.Before(now.Until)):
		j.inc.Quiet = q
		j.lead(c.Alert)
		j.noteQuiet()
	}
}

func (j *judge) startUnlessQuiet(d routing.Decision) {
	if q := j.quietFor(d); q != nil {
		j.inc.Quiet = q
		j.noteQuiet()
		return
	}
	j.startRun(time.Time{})
}

func (j *judge) noteQuiet() {
	text := j.inc.Quiet.Reason + ": nobody is paged"
	if !j.inc.Quiet.Until.IsZero() {
		text += " until " + j.inc.Quiet.Until.UTC().Format(time.RFC3339)
	}
	j.notef(EntryQuiet, "%s", text)
}

// rejudge asks the book about the incident's leading alert again. Routing fails open: what
// it no longer knows is paged.
func (j *judge) rejudge() routing.Decision {
	if j.Book.Table == nil {
		return routing.Decision{}
	}
	decisions := j.Book.Table.Route(j.inc.Lead, j.Now)
	for _, d := range decisions {
		if d.Key == j.inc.Key || d.Dropped != "" {
			return d
		}
	}
	for _, d := range decisions {
		if d.Policy == j.inc.Policy {
			return d
		}
	}
	if !slices.ContainsFunc(decisions, func(d routing.Decision) bool { return !d.Quiet() }) {
		return decisions[0] // a policy was renamed: that alone must not page what is quiet wherever it goes
	}
	return routing.Decision{}
}

// quietAgain makes the incident quiet where the book says so; false when it is to be paged.
func (j *judge) quietAgain() bool {
	q := j.quietFor(j.rejudge())
	if q == nil || j.inc.Test {
		return false
	}
	j.inc.Quiet = q
	j.noteQuiet()
	return true
}

// endQuiet is a quiet whose time has come, or a new book: judge again.
func (j *judge) endQuiet() {
	if q := j.quietFor(j.rejudge()); q != nil {
		if now := j.inc.Quiet; q.Kind != now.Kind || q.Reason != now.Reason || !q.Until.Equal(now.Until) {
			j.inc.Quiet = q
			j.noteQuiet()
		}
		return
	}
	j.notef(EntryQuiet, "no longer %s, and it still fires", j.inc.Quiet.Kind)
	j.inc.Quiet = nil
	j.startRun(time.Time{})
}

func (j *judge) rejudgeBook() {
	if j.inc.Open() && j.inc.Quiet != nil {
		j.endQuiet()
	}
	j.outcome(Done)
}

func quote(s string) string { return `"` + s + `"` }

// short prints a duration without its empty parts ("10m", not "10m0s").
func short(d time.Duration) string {
	d = d.Round(time.Second)
	s := d.String()
	if len(s) > 2 && s[len(s)-2:] == "0s" && s[len(s)-3] == 'm' {
		s = s[:len(s)-2]
	}
	if len(s) > 2 && s[len(s)-2:] == "0m" && s[len(s)-3] == 'h' {
		s = s[:len(s)-2]
	}
	return s
}
