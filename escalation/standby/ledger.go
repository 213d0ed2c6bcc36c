package standby

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing"
)

// record is one line of the ledger: exactly one of its parts is set.
type record struct {
	Delivery *engine.Delivery `json:"delivery,omitempty"` // decoded, with its raw body
	Text     *engine.Text     `json:"text,omitempty"`     // a reply that could not be applied yet
	Reports  []paging.Report  `json:"reports,omitempty"`  // receipts of the provider

	unreadable []byte // what is on disk instead, and why
	why        error
}

// ledger is what came in while the store was away, whole and in order. It is the intake log of
// the spool, under times that are made unique so that each names one line.
type ledger struct {
	store store.Store

	mu      sync.Mutex
	at      time.Time                          // given to the newest line
	writing map[time.Time]struct{}             // given to lines that are not on disk yet
	opened  bool                               // what was on disk has been read: at is that of the newest line
	last    map[escalation.MemberKey]time.Time // the line that spoke last of an alert
	size    int                                // lines after the cursor
	done    time.Time                          // the cursor: lines up to here are worked off
}

const (
	cursorKey   = "standby:cursor"
	ledgerKept  = 10 * 365 * 24 * time.Hour
	ledgerBatch = 100
)

// openLedger reads where an earlier process stopped.
func openLedger(ctx context.Context, s store.Store, now time.Time) (*ledger, error) {
	l := &ledger{store: s, writing: map[time.Time]struct{}{}, last: map[escalation.MemberKey]time.Time{}}
	value, there, err := s.Once(ctx, cursorKey, now)
	if err != nil {
		return nil, err
	}
	if there {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("standby: the cursor of the ledger cannot be read: %w", err)
		}
		l.done = time.Unix(0, n).UTC()
		l.at = l.done
	}
	err = l.scan(ctx, func(at time.Time, r record) error {
		l.note(at, r)
		return nil
	})
	l.opened = true
	return l, err
}

// horizon is up to where all lines are on disk; zero before anything can be written.
func (l *ledger) horizon() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.opened {
		return time.Time{}
	}
	end := l.at
	for at := range l.writing {
		if !at.After(end) {
			end = at.Add(-1)
		}
	}
	return end
}

// scan reads the lines after the cursor as it stood when the scan began, in order, up to the
// first that is still being written.
func (l *ledger) scan(ctx context.Context, visit func(at time.Time, r record) error) error {
	l.mu.Lock()
	from := l.done.Add(1)
	if l.done.IsZero() {
		from = time.Unix(0, 1).UTC()
	}
	l.mu.Unlock()
	for {
		end := l.horizon()
		lines, err := l.store.Intakes(ctx, from, ledgerBatch)
		if err != nil {
			return err
		}
		for _, in := range lines {
			if !end.IsZero() && in.At.After(end) {
				return nil
			}
			var r record
			if err := store.Decode(in.Body, &r); err != nil {
				r = record{unreadable: in.Body, why: fmt.Errorf("standby: a line of the ledger cannot be read: %w", err)}
			}
			if err := visit(in.At, r); err != nil {
				return err
			}
			from = in.At.Add(1)
		}
		if len(lines) < ledgerBatch {
			return nil
		}
	}
}

// line is a record with the time that names it.
type line struct {
	at time.Time
	record
}

var errEnough = errors.New("enough")

// next reads the first lines after the cursor.
func (l *ledger) next(ctx context.Context, limit int) (lines []line, err error) {
	err = l.scan(ctx, func(at time.Time, r record) error {
		lines = append(lines, line{at, r})
		if len(lines) == limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return lines, err
}

// note remembers a line in memory. Callers hold mu, or are alone.
func (l *ledger) note(at time.Time, r record) {
	l.size++
	if at.After(l.at) { // read from disk
		l.at = at
	}
	if r.Delivery == nil {
		return
	}
	for _, a := range r.Delivery.Batch.Alerts {
		if a.Status != routing.Acknowledged {
			m := escalation.MemberKey{Integration: r.Delivery.Integration, Identity: a.Identity}
			if at.After(l.last[m]) {
				l.last[m] = at
			}
		}
	}
}

// add appends a line and returns the time that names it; it is on disk when the error is nil.
func (l *ledger) add(ctx context.Context, now time.Time, r record) (time.Time, error) {
	body, err := store.Encode(r)
	if err != nil {
		return time.Time{}, err
	}
	l.mu.Lock()
	at := now.UTC()
	if !at.After(l.at) {
		at = l.at.Add(1)
	}
	l.at, l.writing[at] = at, struct{}{}
	l.mu.Unlock()
	in := store.Intake{At: at, Body: body}
	if d := r.Delivery; d != nil {
		in.Integration, in.DeliveryID, in.Alerts = d.Integration, d.Batch.DeliveryID, len(d.Batch.Alerts)
	}
	err = l.store.Record(ctx, in, ledgerKept)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.writing, at)
	if err == nil {
		l.note(at, r) // only now: a line that is not there must not supersede one that is
	}
	return at, err
}

// waiting is how many lines are not worked off.
func (l *ledger) waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size
}

// superseded says whether a later line speaks of that alert.
func (l *ledger) superseded(at time.Time, m escalation.MemberKey) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last[m].After(at)
}

// settled moves the cursor past n lines, up to at.
func (l *ledger) settled(ctx context.Context, at time.Time, n int) error {
	if err := l.store.SetOnce(ctx, cursorKey, strconv.FormatInt(at.UnixNano(), 10), at, ledgerKept); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done, l.size = at, l.size-n
	return nil
}
