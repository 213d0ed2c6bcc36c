package audit

import (
	"fmt"
	"time"

	"tocsin/paging"
)

// backwards is how far the time of a record may lie before that of the record before it: the
// clocks of processes differ.
const backwards = 5 * time.Minute

// late is how long after something happened its record may be missing: records are written
// in the background, and lost by a crash.
const late = 2 * time.Minute

// Ledger reads the log from its first batch to its last and remembers what it says, so that
// the store can be held against it: Batch for each batch in order, Verify when all are
// read, then Incident and Value for what is stored, and Findings.
type Ledger struct {
	anchors   map[uint64]string
	findings  []Finding
	head      Head
	batches   uint64
	records   int
	broken    bool // the chain does not hold: what it says later is not to be relied on
	last      time.Time
	incidents map[paging.IncidentID]*account
	values    map[string]map[uint64]string // series, number, digest
	pruned    []Record
	restored  []Record
	processes map[string]uint64 // the last record of each that has not stopped
	checked   uint64            // number of the last complete check
	orderly   bool              // the last stop left nothing unrecorded
	now       time.Time
}

// account is what the log says of an incident.
type account struct {
	key      string
	opened   uint64 // number of the record that tells of it first
	last     Record // the newest that tells of it
	sealed   Record // the newest with rows
	points   []point
	resolved time.Time
	seen     bool
}

// point is where the timeline was when a record was written.
type point struct {
	number uint64
	seq    int
	head   string
}

// NewLedger begins with nothing. now is the time of the check.
func NewLedger(now time.Time, anchors ...Anchor) *Ledger {
	l := &Ledger{
		anchors: map[uint64]string{}, incidents: map[paging.IncidentID]*account{},
		values: map[string]map[uint64]string{}, processes: map[string]uint64{}, now: now,
	}
	for _, a := range anchors {
		if was, ok := l.anchors[a.Number]; ok && was != a.Hash {
			l.find(where(a.Number), "two anchors of the same number differ: one of them is not of this log")
		}
		l.anchors[a.Number] = a.Hash
	}
	return l
}

func where(number uint64) string { return fmt.Sprintf("audit record %d", number) }

// Head is where the chain ends as far as it was read.
func (l *Ledger) Head() Head { return l.head }

// Records is how many records were read.
func (l *Ledger) Records() int { return l.records }

// Batch reads the batch of that number; nil stands for one that is not there.
func (l *Ledger) Batch(number uint64, value []byte) {
	at := fmt.Sprintf("audit batch %d", number)
	if number != l.batches+1 {
		l.find(at, "it follows batch %d: batches are missing or out of order", l.batches)
	}
	l.batches = number
	if value == nil {
		l.broken = true
		l.find(at, "it is missing: its records were deleted")
		return
	}
	b, err := ParseBatch(value)
	if err != nil {
		l.broken = true
		l.find(at, "%v: it was changed", err)
		return
	}
	if b.First != l.head.Number+1 || b.Prev != l.head.before() {
		l.find(at, "it begins with record %d after hash %.12s…, but the record before it is %d with hash %.12s…: records were deleted, inserted, repeated or moved",
			b.First, b.Prev, l.head.Number, l.head.before())
	}
	l.head = Head{b.First - 1, b.Prev}
	for _, link := range b.Links {
		l.link(link)
	}
}

// Proof reads a part of the chain after a record that is not in it; bodies may be left out.
func (l *Ledger) Proof(before Head, links []Link) {
	l.head = before
	for _, link := range links {
		l.link(link)
	}
}

// link reads one record. The hash that is written is taken as that of the record, so that one
// change is one finding.
func (l *Ledger) link(link Link) {
	number := l.head.Number + 1
	l.records++
	if want := next(l.head.before(), link.Sum); want != link.Hash {
		l.find(where(number), "its hash is not that of its content after the record before it: it was changed, or records were inserted, deleted or swapped here")
	}
	l.head = Head{number, link.Hash}
	if anchor, ok := l.anchors[number]; ok && anchor != link.Hash {
		l.find(where(number), "the anchor kept elsewhere has hash %.12s…, this record has %.12s…: the log was rewritten at or before it", anchor, link.Hash)
	}
	delete(l.anchors, number)
	if link.Body == nil { // left out of a proof
		return
	}
	r, err := link.Record()
	if err != nil {
		l.find(where(number), "it cannot be read: %v", err)
		return
	}
	if r.Number != number {
		l.find(where(number), "it says that it is number %d: it was copied or moved", r.Number)
	}
	if r.At.Before(l.last.Add(-backwards)) {
		l.find(where(number), "its time %s is before that of the record before it, %s: a clock was wrong, or the time was changed", r.At.Format(time.RFC3339), l.last.Format(time.RFC3339))
	}
	if r.At.After(l.now.Add(backwards)) {
		l.find(where(number), "its time %s has not come yet", r.At.Format(time.RFC3339))
	}
	if r.At.After(l.last) {
		l.last = r.At
	}
	r.Number = number
	l.learn(r)
}

// learn remembers what a record says.
func (l *Ledger) learn(r Record) {
	l.processes[r.Process] = r.Number
	switch r.Kind {
	case Stopped:
		delete(l.processes, r.Process)
		l.orderly = r.Complete
	case Started:
		l.orderly = false
	case Checked:
		if r.Complete {
			l.checked = r.Number
		}
	case Restored:
		l.orderly = false
		l.restored = append(l.restored, r)
	case Pruned:
		l.pruned = append(l.pruned, r)
	case Lost:
		l.note(where(r.Number), "%d records had no room while the store could not be written: what they told of is not proven", r.Count)
	case Config:
		l.value(r)
	case Found:
		l.foundLater(r)
	default:
	}
	if r.Incident != "" {
		l.account(r)
	}
}

func (l *Ledger) value(r Record) {
	if l.values[r.Series] == nil {
		l.values[r.Series] = map[uint64]string{}
	}
	if was, ok := l.values[r.Series][r.Value]; ok && was != r.SHA256 {
		l.find(where(r.Number), "it gives %s revision %d another content than an earlier record: the store went back to an older state, or a revision was replaced", r.Series, r.Value)
	}
	l.values[r.Series][r.Value] = r.SHA256
}

func (l *Ledger) foundLater(r Record) {
	if r.Series != "" {
		l.value(r)
		l.note(where(r.Number), "%s revision %d was there without a record: it is older than the log, a crash lost the record, or somebody wrote past the log", r.Series, r.Value)
		return
	}
	l.note(where(r.Number), "incident %s was there (or further on) without a record: it is older than the log, a crash lost the record, or somebody wrote past the log", r.Incident)
}

func (l *Ledger) account(r Record) {
	a := l.incidents[r.Incident]
	if a == nil {
		a = &account{opened: r.Number, key: r.Key}
		l.incidents[r.Incident] = a
	}
	if r.Revision < a.last.Revision && r.Kind != Adopted && r.Number > a.last.Number+1 && r.At.After(a.last.At.Add(late)) {
		l.find(where(r.Number), "incident %s is at change %d, but record %d saw it at %d: it was put back to an older state in between",
			r.Incident, r.Revision, a.last.Number, a.last.Revision)
	}
	if r.Seq > 0 {
		a.points = append(a.points, point{r.Number, r.Seq, r.Head})
	}
	if r.Revision >= a.last.Revision {
		a.last = r
	}
	if r.Rows != nil && r.Revision >= a.sealed.Revision {
		a.sealed = r
	}
	switch {
	case !r.Ended.IsZero():
		a.resolved = r.Ended
	case r.Kind == Reopened:
		a.resolved = time.Time{}
	}
}

// strict says that the log was closed in order: whatever the store holds beyond it was
// written past it.
func (l *Ledger) strict() bool {
	if !l.orderly || l.checked == 0 {
		return false
	}
	for _, number := range l.processes {
		if number > l.checked {
			return false
		}
	}
	return true
}

// underWay says that the record of something that happened at that time may well be missing.
func (l *Ledger) underWay(at time.Time) bool {
	if l.strict() {
		return false
	}
	for _, r := range l.restored {
		if at.After(r.From.Add(-late)) && at.Before(r.Before.Add(late)) {
			return true
		}
	}
	crash := at.After(l.last.Add(-late)) && at.Before(l.last.Add(late))
	return crash || at.After(l.now.Add(-late))
}

// Close tells what is known once every batch was read. It comes before Incident and Value.
func (l *Ledger) Close() {
	for number, hash := range l.anchors {
		if number > l.head.Number {
			l.find(where(number), "the log ends at record %d, before the anchor %d:%.12s… kept elsewhere: its end was cut off", l.head.Number, number, hash)
		} else {
			l.find(where(number), "there is no such record, but an anchor kept elsewhere names it: it was deleted")
		}
	}
}

// Findings tells all that was found, with what the log tells of and is not there.
func (l *Ledger) Findings() []Finding {
	l.missing()
	return l.findings
}

// missing are incidents that were neither seen nor forgotten by retention.
func (l *Ledger) missing() {
	for id, a := range l.incidents {
		if a.seen || l.retired(a) {
			continue
		}
		l.find("incident "+string(id), "records %d to %d tell of it, but it is not in the store, and no retention forgot it: it was deleted", a.opened, a.last.Number)
	}
}

// retired says whether retention may have forgotten an incident.
func (l *Ledger) retired(a *account) bool {
	for _, p := range l.pruned {
		if !a.resolved.IsZero() && a.resolved.Before(p.Before) && a.last.Number < p.Number {
			return true
		}
	}
	return false
}
