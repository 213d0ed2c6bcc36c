package audit

import (
	"fmt"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// telling are the entries of a timeline that have a record of their own.
func telling(k escalation.EntryKind) (Kind, bool) {
	switch k {
	case escalation.EntryOpened:
		return Opened, true
	case escalation.EntryAck:
		return Acknowledged, true
	case escalation.EntryUnack, escalation.EntryExpired:
		return Unacknowledged, true
	case escalation.EntryResolved:
		return Resolved, true
	case escalation.EntryReopened:
		return Reopened, true
	default:
		return Sealed, false
	}
}

// KindOf is what the record of a commit with these entries is; false when they need none.
func KindOf(entries []escalation.Entry) (k Kind, by string, ok bool) {
	for _, e := range entries {
		if kind, tells := telling(e.Kind); tells {
			k, by, ok = kind, e.By, true
		}
	}
	return k, by, ok
}

// IncidentRecord is a record of that kind about an incident as it is stored at that revision.
func IncidentRecord(k Kind, i *escalation.Incident, revision uint64) Record {
	r := Record{Kind: k, Incident: i.ID, Key: KeyDigest(i.Key), Revision: revision, Seq: i.Seq, Head: i.Head}
	if i.State == escalation.Resolved && i.Ending != nil {
		r.Ended = i.Ending.At.UTC()
	}
	return r
}

// Incident holds an incident against the log and against itself.
func (l *Ledger) Incident(v View) {
	x := &exam{l: l, v: v, at: "incident " + string(v.Incident.ID)}
	x.timeline()
	x.state()
	x.rows()
	a := l.incidents[v.Incident.ID]
	if a == nil {
		x.unknown()
		return
	}
	if a.seen {
		x.find("it is there twice: one was copied")
	}
	a.seen = true
	x.account(a)
}

// exam is the check of one incident.
type exam struct {
	l  *Ledger
	v  View
	at string
}

func (x *exam) find(format string, args ...any) { x.l.find(x.at, format, args...) }

// timeline holds the timeline against its own chain.
func (x *exam) timeline() {
	entries, inc := x.v.Timeline, x.v.Incident
	switch bad := escalation.VerifyTimeline(entries, inc.Head); {
	case bad > len(entries) && len(entries) < inc.Seq:
		x.find("its timeline ends at entry %d, the incident says %d: the end of the timeline was cut off", len(entries), inc.Seq)
	case bad > len(entries):
		x.find("its timeline is whole, but ends with another hash than the incident says: the timeline was replaced, or the incident put back")
	case bad > 0:
		x.find("entry %d of its timeline (%s) does not follow from those before it: an entry was changed, inserted, deleted or moved", bad, about(entries, bad))
	case len(entries) != inc.Seq:
		x.find("its timeline has %d entries, the incident says %d", len(entries), inc.Seq)
	}
	if opened, ok := store.MadeAt(inc.ID); ok && opened.Sub(inc.OpenedAt).Abs() > time.Minute {
		x.find("its id was made at %s, but it says that it was opened at %s: the time was changed", stamp(opened), stamp(inc.OpenedAt))
	}
}

func about(entries []escalation.Entry, seq int) string {
	e := entries[seq-1]
	return fmt.Sprintf("%s, %s %.60q", stamp(e.At), e.Kind, e.Text)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// state holds what the incident says of itself against its timeline.
func (x *exam) state() {
	inc := x.v.Incident
	var ack, over escalation.Entry
	for _, e := range x.v.Timeline {
		switch e.Kind {
		case escalation.EntryAck:
			ack = e
		case escalation.EntryUnack, escalation.EntryExpired:
			ack = escalation.Entry{}
		case escalation.EntryResolved:
			over = e
		case escalation.EntryReopened:
			over = escalation.Entry{}
		default:
		}
	}
	switch resolved := inc.State == escalation.Resolved; {
	case resolved && over.Seq == 0:
		x.find("it is resolved, but its timeline tells of no end: the state was forged")
	case !resolved && over.Seq != 0:
		x.find("it is open, but its timeline ends it at %s: the state was forged", stamp(over.At))
	case inc.State == escalation.Acknowledged && (inc.Ack == nil || ack.Seq == 0):
		x.find("it is acknowledged, but its timeline tells of no acknowledgement: the acknowledgement was forged")
	case inc.State == escalation.Acknowledged && ack.By != "" && inc.Ack.By.Name != ack.By:
		x.find("it says that %q acknowledged it, its timeline says %q: who acknowledged was changed", inc.Ack.By.Name, ack.By)
	case resolved && inc.Ending != nil && inc.Ending.By.Name != over.By:
		x.find("it says that %q resolved it, its timeline says %q: who resolved was changed", inc.Ending.By.Name, over.By)
	}
}

// rows holds members and attempts against the timeline that tells of them.
func (x *exam) rows() {
	inc := x.v.Incident
	if want := inc.Firing + inc.Ended; len(x.v.Members) != want {
		x.find("it has %d members, and says %d: members were deleted or added", len(x.v.Members), want)
	}
	members := map[escalation.MemberKey]bool{}
	for _, m := range x.v.Members {
		members[m.MemberKey] = true
	}
	attempts := map[paging.AttemptID]paging.Attempt{}
	for _, a := range x.v.Attempts {
		attempts[a.ID] = a
		if a.Incident != inc.ID {
			x.find("attempt %s belongs to incident %s: it was moved here", a.ID, a.Incident)
		}
	}
	for _, e := range x.v.Timeline {
		if e.Member != nil && !members[*e.Member] {
			x.find("entry %d tells of member %s %.60q, which is not there: it was deleted or renamed", e.Seq, e.Member.Integration, e.Member.Identity)
		}
		if _, ok := attempts[e.Attempt]; e.Attempt != "" && !ok {
			x.find("entry %d tells of attempt %s, which is not there: it was deleted", e.Seq, e.Attempt)
		}
	}
}

// unknown is an incident that no record tells of.
func (x *exam) unknown() {
	opened := x.v.Incident.OpenedAt
	if len(x.v.Timeline) > 0 {
		opened = x.v.Timeline[0].At
	}
	if x.l.underWay(opened) {
		x.l.note(x.at, "no record tells of it yet; it was opened at %s", stamp(opened))
		return
	}
	x.find("no record tells of it, though it says that it was opened at %s: it was added past the log", stamp(opened))
}

// account holds the incident against what the log says of it.
func (x *exam) account(a *account) {
	inc, entries := x.v.Incident, x.v.Timeline
	if a.key != "" && a.key != KeyDigest(inc.Key) {
		x.find("its dedup key is not the one that record %d saw: it was changed", a.opened)
	}
	for _, p := range a.points {
		switch {
		case p.seq > len(entries):
			x.find("record %d saw entry %d of its timeline, which now has only %d: entries were deleted, or the incident was put back to an older state", p.number, p.seq, len(entries))
		case entries[p.seq-1].Hash != p.head:
			x.find("record %d saw entry %d of its timeline with another hash: the timeline was rewritten at or before it (%s)", p.number, p.seq, about(entries, p.seq))
		default:
			continue
		}
		break
	}
	switch {
	case x.v.Revision < a.last.Revision:
		x.find("it is at change %d, record %d saw it at %d: it was put back to an older state", x.v.Revision, a.last.Number, a.last.Revision)
	case x.v.Revision > a.last.Revision:
		x.beyond(a)
	case a.sealed.Revision == x.v.Revision && a.sealed.Rows != nil:
		x.seal(a.sealed)
	}
}

// beyond looks at what happened to an incident after the newest record of it.
func (x *exam) beyond(a *account) {
	seq := 0
	for _, p := range a.points {
		seq = max(seq, p.seq)
	}
	for _, e := range x.v.Timeline {
		kind, tells := telling(e.Kind)
		if e.Seq <= seq || !tells || x.l.underWay(e.At) {
			continue
		}
		x.find("entry %d says that it was %s at %s, which no record tells of: it was written past the log", e.Seq, kind, stamp(e.At))
		return
	}
	if x.l.strict() {
		x.find("it is at change %d, the newest record of it saw %d, and every process had stopped in order: it was changed past the log", x.v.Revision, a.last.Revision)
	}
}

// seal holds the rows against their digests.
func (x *exam) seal(r Record) {
	now := RowsOf(x.v)
	if now.Incident != r.Rows.Incident {
		x.find("what it says of itself (state, who acknowledged or resolved, times, severity, title) is not what record %d sealed: it was changed", r.Number)
	}
	if now.Members != r.Rows.Members {
		x.find("its members are not those that record %d sealed: one was changed, added or deleted", r.Number)
	}
	if now.Attempts != r.Rows.Attempts {
		x.find("its attempts are not those that record %d sealed: a recipient, text, time or receipt was changed, or one was added or deleted", r.Number)
	}
}
