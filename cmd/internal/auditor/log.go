// Package auditor writes the audit log of escalation/audit in the background, and holds a store
// against it.
//
// What happens is queued in memory ([Log.Saved] is called for every commit) and appended to
// the log about twice a second, many records at once, so that nobody who waits for an answer
// waits for it, and the store gets one write more per half second. An incident that moved is
// sealed when it has been left alone for a while: then all that belongs to it is read and
// digested. A crash may lose the last second; so each process compares the incidents with the
// log soon after its start, now and then, and at its stop (reconcile.go), and records what it
// finds as found.
//
// While the store cannot be written the queue grows up to a bound; beyond it records are
// counted and lost, and the log says how many.
package auditor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/audit"
	"tocsin/escalation/store"
	"tocsin/paging"
)

const (
	flushEvery   = 500 * time.Millisecond
	batchMost    = 1000   // records in one append
	queueMost    = 50_000 // records that wait while the store cannot be written
	dirtyMost    = 200_000
	refusalsEach = time.Minute // one record per name in that time
	flushTimeout = 5 * time.Second
	conflictMost = 20 // appends by other processes in between
	sealAfter    = time.Minute
)

// Log collects what happens in one process and writes it. Its methods may be called on a nil
// Log and then do nothing. Make one with New, then Run it.
type Log struct {
	store   store.Store
	now     func() time.Time
	log     *slog.Logger
	process string

	mu       sync.Mutex
	queue    []audit.Record
	lost     int
	dirty    map[paging.IncidentID]time.Time // moved since their newest record; when
	refusals map[string]int
	added    uint64        // records queued so far
	written  uint64        // of them in the store, or lost
	progress chan struct{} // closed when written moves

	head    audit.Head
	batch   uint64         // number of the last one in the store, as far as is known
	known   bool           // head and batch were read
	pending *pending       // an append under way, or whose answer was lost
	taken   []audit.Record // its records
	checked bool           // the incidents were compared with the log once
	refused time.Time
}

type pending struct {
	value []byte
	token string
	head  audit.Head
}

// New makes the log of a process. now is the time that records carry.
func New(s store.Store, now func() time.Time, log *slog.Logger) *Log {
	return &Log{store: s, now: now, log: log, process: strings.ToLower(rand.Text()[:10]),
		dirty: map[paging.IncidentID]time.Time{}, refusals: map[string]int{}, progress: make(chan struct{})}
}

// Add queues records as of now.
func (l *Log) Add(records ...audit.Record) {
	if l == nil {
		return
	}
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		if len(l.queue) >= queueMost {
			l.lost++
			continue
		}
		r.At, r.Process = now, l.process
		l.queue = append(l.queue, r)
		l.added++
	}
}

// Sync waits until all that was queued before is in the store. The log must run.
func (l *Log) Sync(ctx context.Context) error {
	l.mu.Lock()
	want := l.added
	l.mu.Unlock()
	for {
		l.mu.Lock()
		done, progress := l.written >= want, l.progress
		l.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return fmt.Errorf("the audit log is not written: %w", ctx.Err())
		}
	}
}

// syncTimeout bounds the wait for the log before something that needs its record.
const syncTimeout = 30 * time.Second

// Pruning notes that incidents which ended before that instant are about to be forgotten, and
// waits until that is in the store.
func (l *Log) Pruning(ctx context.Context, before time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, syncTimeout)
	defer cancel()
	l.Add(audit.Record{Kind: audit.Pruned, Before: before.UTC(), Reason: "retention"})
	return l.Sync(ctx)
}

// Saved notes what was committed of an incident.
func (l *Log) Saved(res escalation.Result, rev store.Revision) {
	if l == nil || res.Incident == nil {
		return
	}
	if kind, by, tells := audit.KindOf(res.Entries); tells {
		r := audit.IncidentRecord(kind, res.Incident, rev.Counter)
		r.By = by
		l.Add(r)
	}
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.dirty[res.Incident.ID]; known || len(l.dirty) < dirtyMost { // others are sealed when incidents are compared
		l.dirty[res.Incident.ID] = now
	}
}

// Revision notes a revision of the configuration or of the overlay that was stored.
func (l *Log) Revision(series string, number uint64, value []byte, author, reason string) {
	l.Add(revisionRecord(audit.Config, series, number, value, author, reason))
}

func revisionRecord(k audit.Kind, series string, number uint64, value []byte, author, reason string) audit.Record {
	return audit.Record{Kind: k, Series: series, Value: number, SHA256: audit.Digest(value), By: author, Reason: reason}
}

// Access notes what somebody did through the API.
func (l *Log) Access(by, action, target, outcome string) {
	l.Add(audit.Record{Kind: audit.Access, By: by, Action: action, Target: target, Outcome: outcome})
}

// Refused counts credentials that were refused: of an integration, of Twilio, or for the API.
func (l *Log) Refused(name string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refusals[name]++
}

// Run writes until ctx ends, then writes what is left.
func (l *Log) Run(ctx context.Context, version string) {
	l.Add(audit.Record{Kind: audit.Started, Reason: version})
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	compare := time.NewTimer(firstCompare)
	defer compare.Stop()
	troubled := l.write(ctx) != nil // a start is on record before anything else is
	for {
		select {
		case <-ctx.Done():
			l.finish(context.WithoutCancel(ctx))
			return
		case <-compare.C:
			compare.Reset(l.compareAll(ctx, false))
		case <-tick.C:
			err := l.write(ctx)
			if err != nil && !troubled && ctx.Err() == nil {
				l.log.Warn("the audit log cannot be written; records wait", "error", err)
			}
			troubled = err != nil
		}
	}
}

// write seals what has been left alone, and flushes.
func (l *Log) write(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	l.countRefusals(false)
	err := l.sealSome(ctx, sealAfter, sealMost)
	return errors.Join(err, l.Flush(ctx))
}

// finish writes all that is left, and that nothing is left, if so.
func (l *Log) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	l.countRefusals(true)
	if !l.checked {
		l.compareAll(ctx, true)
	}
	err := l.sealSome(ctx, -time.Hour, dirtyMost)
	l.mu.Lock()
	left, lost := len(l.dirty), l.lost
	l.mu.Unlock()
	l.Add(audit.Record{Kind: audit.Stopped, Complete: err == nil && left == 0 && lost == 0 && l.checked})
	if err = errors.Join(err, l.Flush(ctx)); err != nil {
		l.log.Warn("the end of the audit log could not be written; the next start makes up for it", "error", err)
	}
}

// countRefusals turns counts of refused credentials into records, at most one per name and minute.
func (l *Log) countRefusals(all bool) {
	now := l.now()
	if !all && now.Sub(l.refused).Abs() < refusalsEach {
		return
	}
	l.mu.Lock()
	counts := l.refusals
	l.refusals = map[string]int{}
	l.mu.Unlock()
	for name, n := range counts {
		l.refused = now
		l.Add(audit.Record{Kind: audit.Refused, By: name, Count: n, Reason: "credentials were refused"})
	}
}
