package escalation

import (
	"strings"
	"time"

	"tocsin/routing"
)

// IsRepeat says that an alert which fires is nothing new for this incident: it only counts.
// Step on a repeat has no effect but the counters, so the engine may Touch instead.
func IsRepeat(inc *Incident, m Member, f Fire) bool {
	if inc == nil || !inc.Open() || !m.Firing || !m.UnlistedAt.IsZero() {
		return false
	}
	known := f.Alert.StartsAt.IsZero() || m.StartsAt.Equal(f.Alert.StartsAt)
	if !known || m.Severity != f.Decision.Severity {
		return false
	}
	if inc.Quiet == nil {
		return true
	}
	switch d := f.Decision; inc.Quiet.Kind {
	case Suppressed:
		return d.Suppressed != ""
	case Muted:
		return d.Muted != "" || d.Suppressed != ""
	default:
		return d.Quiet()
	}
}

func (j *judge) fire(c Fire) {
	key := MemberKey{Integration: c.Alert.Integration, Identity: c.Alert.Identity}
	member, known := j.in.Members[key]
	j.heard = c.Heard
	switch {
	case j.inc == nil:
		j.open(c)
	case c.Alert.Source == MemoSource: // told once, however long ago
		j.outcome(Recorded)
	case known && member.newerThan(c.Heard):
		j.outcome(Recorded)
	case IsRepeat(j.inc, member, c):
		j.seen()
		j.outcome(Repeated)
	case known && j.lateDuplicate(member, c.Alert):
		j.seen()
		j.note(Entry{Kind: EntryAlert, Member: &key, Text: "late duplicate of an alert that has ended: only recorded"})
		j.outcome(Recorded)
	case j.inc.Open():
		j.join(c, key)
	default:
		j.fireAgain(c, member, known)
	}
}

func (j *judge) seen() {
	j.res.Seen = Seen{N: 1, At: j.takenAt()}
	j.inc.Count++
	if j.takenAt().After(j.inc.LastSeen) {
		j.inc.LastSeen = j.takenAt()
	}
}

// sameStart compares starts that a source gave; a source without starts never repeats one.
func sameStart(a, b time.Time) bool { return !a.IsZero() && a.Equal(b) }

func (j *judge) lateDuplicate(m Member, a routing.Alert) bool {
	return !m.Firing && m.Explicit && sameStart(m.StartsAt, a.StartsAt) && j.takenAt().Sub(m.EndedAt) < LateDuplicate
}

// fireAgain is a firing on a resolved incident: nothing new, the same trouble again, or a new one.
func (j *judge) fireAgain(c Fire, m Member, known bool) {
	soon := j.takenAt().Sub(j.inc.Ending.At) < j.inc.ReopenWithin
	ongoing := m.Firing && c.Alert.StartsAt.IsZero() // told without a start, and no end was heard of
	same := known && (ongoing || sameStart(m.StartsAt, c.Alert.StartsAt))
	switch {
	case soon && j.inc.Ending.Person() && same:
		j.seen()
		key := MemberKey{Integration: c.Alert.Integration, Identity: c.Alert.Identity}
		j.note(Entry{Kind: EntryAlert, Member: &key, Text: "still fires after " + j.inc.Ending.By.Name + " resolved it: quiet for " + short(j.inc.ReopenWithin)})
		j.outcome(Recorded)
	case soon:
		j.reopen(c)
	default:
		j.open(c)
	}
}

func (j *judge) open(c Fire) {
	d := c.Decision
	j.inc = &Incident{
		Format: Format, ID: j.NewID, Key: d.Key, State: Triggered,
		Severity: d.Severity, Policy: d.Policy, Route: d.Route, Reasons: d.Reasons,
		ReopenWithin: d.ReopenWithin, ResolveAfter: j.Book.resolveAfter(c.Alert.Integration),
		OpenedAt: j.Now, Test: c.Alert.Source == TestSource, Memo: c.Alert.Source == MemoSource,
	}
	j.in.Members = nil // those of an earlier incident
	j.lead(c.Alert)
	if j.inc.Test {
		j.inc.ResolveAfter = testPageLasts
	}
	j.seen()
	j.notef(EntryOpened, "%s %s, policy %s: %s", d.Severity, c.Alert.Title, d.Policy, strings.Join(d.Reasons, "; "))
	j.addMember(c, "fires")
	if j.inc.Memo {
		j.tell()
	} else {
		j.startUnlessQuiet(d)
	}
	j.outcome(Opened)
}

// TestSource marks the alert behind `tocsin page --test`; such an incident ends by itself and
// never reaches a fallback.
const TestSource = "test"

const testPageLasts = 15 * time.Minute

// lead makes a speak for the incident.
func (j *judge) lead(a routing.Alert) {
	j.inc.Lead, j.inc.Title, j.inc.Where = a.Clone(), a.Title, where(a.Labels)
}

// where picks up to two labels that tell people which part of their world this is about.
func where(labels map[string]string) string {
	var parts []string
	for _, names := range [][]string{{"team", "service", "job", "project"}, {"cluster", "region", "environment", "env", "namespace", "instance"}} {
		for _, name := range names {
			if v := labels[name]; v != "" {
				parts = append(parts, v)
				break
			}
		}
	}
	return strings.Join(parts, ", ")
}

// join is an alert on an open incident that is not a mere repeat.
func (j *judge) join(c Fire, key MemberKey) {
	before, known := j.in.Members[key]
	j.seen()
	what := "joins"
	switch {
	case known && before.Firing:
		what = "still fires"
	case known:
		what = "fires again"
	}
	j.addMember(c, what)
	switch {
	case j.rises(c.Decision):
		j.rise(c)
	case j.inc.Quiet != nil:
		j.ease(c)
	}
	j.outcome(Done)
}

func (j *judge) addMember(c Fire, what string) {
	a := c.Alert
	key := MemberKey{Integration: a.Integration, Identity: a.Identity}
	before, known := j.in.Members[key]
	switch {
	case !known:
		j.inc.Firing++
	case !before.Firing:
		j.inc.Firing++
		j.inc.Ended--
	case !before.UnlistedAt.IsZero():
		j.inc.Unlisted--
	}
	starts := a.StartsAt
	if starts.IsZero() && before.Firing { // the same alert, told by a message without a start
		starts = before.StartsAt
	}
	j.res.Members[key] = Member{
		MemberKey: key, Group: a.Group, Title: a.Title, Severity: c.Decision.Severity,
		StartsAt: starts, SeenAt: j.takenAt(), Firing: true,
	}
	if d := j.Book.resolveAfter(a.Integration); d > j.inc.ResolveAfter && !j.inc.Test {
		j.inc.ResolveAfter = d
	}
	j.note(Entry{Kind: EntryAlert, Member: &key, Text: string(c.Decision.Severity) + " " + a.Title + " " + what})
}

// rises says whether d is more urgent than any alert before. What is suppressed pages nobody,
// so it does not make others be paged either.
func (j *judge) rises(d routing.Decision) bool {
	return d.Suppressed == "" && j.Book.Scale.MoreUrgent(d.Severity, j.inc.Severity)
}

// rise is an alert more urgent than any before: it withdraws the acknowledgement and starts a
// new run, with no deadline later than before.
func (j *judge) rise(c Fire) {
	from := j.inc.Severity
	j.inc.Severity, j.inc.Reasons = c.Decision.Severity, c.Decision.Reasons
	j.notef(EntrySeverity, "%s rises to %s: %s", from, j.inc.Severity, strings.Join(c.Decision.Reasons, "; "))
	if j.inc.Quiet != nil {
		j.ease(c)
		return
	}
	j.lead(c.Alert)
	var latest time.Time
	if j.inc.Position != nil {
		latest = j.inc.Position.Deadline
	}
	if j.inc.State == Acknowledged {
		j.withdrawAck(EntryUnack, "the acknowledgement of "+j.inc.Ack.By.Name+" is withdrawn: the severity rose")
	}
	j.hastenSLAs()
	j.startRun(latest)
}

// reopen takes a resolved incident up again: its trouble came back soon.
func (j *judge) reopen(c Fire) {
	ending := j.inc.Ending
	j.inc.Ending, j.inc.CloseAsk = nil, nil
	j.inc.State = Triggered
	j.seen()
	j.notef(EntryReopened, "fires again %s after its end", short(j.Now.Sub(ending.At)))
	j.addMember(c, "fires again")
	rises := j.rises(c.Decision)
	if rises {
		j.inc.Severity, j.inc.Reasons = c.Decision.Severity, c.Decision.Reasons
		j.notef(EntrySeverity, "rises to %s", j.inc.Severity)
	}
	j.lead(c.Alert)
	if j.inc.Ack != nil && ending.Acked && !ending.Person() && !rises {
		j.inc.State = Acknowledged
		if !j.inc.Ack.Expires.After(j.Now) {
			j.inc.Ack.Expires = j.Now.Add(j.acknowledgeExpires())
		}
		j.notef(EntryAck, "stays acknowledged by %s", j.inc.Ack.By.Name)
	} else {
		j.inc.Ack, j.inc.Last = nil, nil
		j.startUnlessQuiet(c.Decision)
	}
	j.outcome(Reopened)
}
