package escalation

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/paging"
	"tocsin/routing"
	"tocsin/schedules"
)

// world plays the store and the phones for one dedup key: it keeps rows as a store does and
// knows nothing of how Step works.
type world struct {
	book    *Book
	now     time.Time
	records []*record // oldest first; the last one is what the key leads to
	serial  int       // of claims and incidents
	check   func(moment)
}

// record is one incident with its rows.
type record struct {
	inc      *Incident
	members  map[MemberKey]Member
	attempts map[paging.AttemptID]paging.Attempt
	entries  []Entry
}

// moment is one Step with all that a checker compares. before and after are copies.
type moment struct {
	env            Env
	cmd            Command
	res            Result
	before, after  *record  // nil when there was no incident
	pristine, used Snapshot // what Step was given, and what it left of that
}

const worldKey = routing.DedupKey("k")

func (w *world) last() *record {
	if len(w.records) == 0 {
		return nil
	}
	return w.records[len(w.records)-1]
}

func (w *world) newID() paging.IncidentID {
	w.serial++
	return paging.IncidentID(fmt.Sprintf("inc%d", w.serial))
}

func (r *record) copy() *record {
	if r == nil {
		return nil
	}
	return &record{inc: deep(r.inc), members: maps.Clone(r.members), attempts: maps.Clone(r.attempts), entries: slices.Clip(r.entries)}
}

// deep copies an incident with everything that it points to.
func deep(i *Incident) *Incident {
	c := i.clone()
	c.Lead, c.Reasons = i.Lead.Clone(), slices.Clone(i.Reasons)
	return c
}

// snapshot is what a store would load for cmd: only the rows that it names.
func (r *record) snapshot(cmds ...Command) Snapshot {
	s := Snapshot{Members: map[MemberKey]Member{}, Attempts: map[paging.AttemptID]paging.Attempt{}}
	if r == nil {
		return s
	}
	s.Incident = deep(r.inc)
	for _, cmd := range cmds {
		var key MemberKey
		switch c := cmd.(type) {
		case Adopt:
			for _, m := range c.Members {
				if mine, ok := r.members[m.MemberKey]; ok {
					s.Members[m.MemberKey] = mine
				}
			}
		case Fire:
			key = MemberKey{c.Alert.Integration, c.Alert.Identity}
		case End:
			key = c.Member
		case Unlist:
			key = c.Member
		case Reported:
			if a, ok := r.attempts[c.Report.Attempt]; ok {
				s.Attempts[a.ID] = a
			}
		}
		if m, ok := r.members[key]; ok {
			s.Members[key] = m
		}
	}
	return s
}

// do lets Step judge one command about r (nil: there is no incident) and commits the result.
func (w *world) do(r *record, cmd Command) Result {
	m := moment{env: Env{Book: w.book, Now: w.now, NewID: w.newID()}, cmd: cmd, before: r.copy(), pristine: r.snapshot(cmd), used: r.snapshot(cmd)}
	m.res = Step(m.env, m.used, cmd)
	m.after = w.apply(r, m.res)
	if w.check != nil {
		w.check(m)
	}
	return m.res
}

// fold does what a lane does with a batch: several commands, one commit, but for commands
// about the incident after one that changed.
func (w *world) fold(r *record, cmds ...Command) {
	var folded Result
	snap := r.snapshot(cmds...)
	for i, cmd := range cmds {
		res := Step(Env{Book: w.book, Now: w.now, NewID: w.newID()}, snap, cmd)
		if folded.Changed && res.Incident.ID != folded.Incident.ID {
			w.apply(r, folded)
			w.serial--
			w.fold(r, cmds[i:]...)
			return
		}
		snap = snap.After(res)
		folded.Fold(res)
	}
	w.apply(r, folded)
}

// apply commits res as a store would and returns the record that it wrote to.
func (w *world) apply(r *record, res Result) *record {
	if res.Incident == nil {
		return nil
	}
	if r == nil || r.inc.ID != res.Incident.ID {
		r = &record{members: map[MemberKey]Member{}, attempts: map[paging.AttemptID]paging.Attempt{}, inc: &Incident{}}
		w.records = append(w.records, r)
	}
	count, seen := r.inc.Count+res.Seen.N, r.inc.LastSeen
	if res.Seen.At.After(seen) {
		seen = res.Seen.At
	}
	if res.Changed {
		r.inc = res.Incident.clone()
	}
	r.inc.Count, r.inc.LastSeen = count, seen
	maps.Copy(r.members, res.Members)
	for _, put := range res.Put {
		r.attempts[put.Attempt.ID] = put.Attempt
	}
	for _, c := range res.Cancel {
		if a := r.attempts[c.ID]; a.State == paging.Planned {
			a.State, a.Reason = paging.Canceled, c.Reason
			r.attempts[c.ID] = a
		}
	}
	r.entries = append(r.entries, res.Entries...)
	return r
}

// begin claims an attempt and notes its start, as delivery does; false when it is not planned
// any more.
func (w *world) begin(r *record, id paging.AttemptID) bool {
	a, ok := r.attempts[id]
	if !ok || a.State != paging.Planned {
		return false
	}
	w.serial++
	a.State, a.StartedAt, a.Tries, a.Token = paging.Sending, w.now, a.Tries+1, fmt.Sprintf("token%d", w.serial)
	r.attempts[id] = a
	return true
}

// rows returns the attempts that fit, in the order in which they are due.
func (r *record) rows(fits func(paging.Attempt) bool) (rows []paging.Attempt) {
	for _, a := range r.attempts {
		if fits(a) {
			rows = append(rows, a)
		}
	}
	slices.SortFunc(rows, func(a, b paging.Attempt) int {
		return cmp.Or(a.Due.Compare(b.Due), strings.Compare(string(a.ID), string(b.ID)))
	})
	return rows
}

// alert is a firing alert about the one trouble of these tests. opts are labels ("hold=yes")
// and "start=", "in=" (its integration), "source=".
func (w *world) alert(identity, severity string, opts map[string]string) routing.Alert {
	a := routing.Alert{Source: "alertmanager", Integration: "prom", Identity: identity, Group: "g", Status: routing.Firing,
		Title: identity, SeverityWord: severity, Labels: map[string]string{"trouble": "disk"}}
	for name, value := range opts {
		switch name {
		case "start":
			a.StartsAt = clock(value)
		case "in":
			a.Integration = value
		case "source":
			a.Source = value
		default:
			a.Labels[name] = value
		}
	}
	return a
}

// fire routes the alert by the book in force. The key is the world's own, so that a new book
// leads to the same incident.
func (w *world) fire(a routing.Alert) Fire {
	d := w.book.Table.Route(a, w.now)[0]
	d.Key = worldKey
	return Fire{Alert: a, Decision: d}
}

// memo tells one person a text. Its key is the world's own, too.
func (w *world) memo(to schedules.UserID, text string) Fire {
	f := NewMemo(w.book, "key", to, text, "", w.now)
	f.Decision.Key = worldKey
	return f
}

// brief is a command for a reader.
func brief(cmd Command) string {
	switch c := cmd.(type) {
	case Fire:
		return fmt.Sprintf("fire %s/%s %s %v start %s", c.Alert.Integration, c.Alert.Identity, c.Decision.Severity, c.Alert.Labels, c.Alert.StartsAt.Format(time.TimeOnly))
	case End:
		return fmt.Sprintf("end %s/%s ends %s moved %q", c.Member.Integration, c.Member.Identity, c.Alert.EndsAt.Format(time.TimeOnly), c.Moved)
	default:
		return fmt.Sprintf("%T%+v", cmd, cmd)
	}
}

// clock reads "03:04" or "03:04:30" as an instant of the stories' day; "+1 03:04" is a day later.
func clock(text string) time.Time {
	base := day
	if rest, ok := strings.CutPrefix(text, "+1 "); ok {
		base, text = base.Add(24*time.Hour), rest
	}
	if len(text) == len("03:04") {
		text += ":00"
	}
	return base.Add(must(time.Parse(time.TimeOnly, text)).Sub(must(time.Parse(time.TimeOnly, "00:00:00"))))
}

// class names where an incident stands, finer than its state.
func class(i *Incident) string {
	switch {
	case i == nil:
		return "none"
	case i.State == Resolved:
		return "resolved"
	case i.State == Acknowledged && i.Ack.Snooze:
		return "snoozed"
	case i.State == Acknowledged:
		return "acknowledged"
	case i.Quiet != nil:
		return string(i.Quiet.Kind)
	case i.Position == nil:
		return "stuck"
	case i.Position.Waiting:
		return "waiting"
	}
	return string(i.Position.Stage)
}
