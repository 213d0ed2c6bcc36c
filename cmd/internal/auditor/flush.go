package auditor

import (
	"context"
	"crypto/rand"
	"errors"

	"tocsin/escalation/audit"
	"tocsin/escalation/store"
)

// Flush writes what is queued. Only one goroutine calls it at a time.
func (l *Log) Flush(ctx context.Context) error {
	for {
		if l.pending == nil && !l.prepare() {
			return nil
		}
		if err := l.appendPending(ctx); err != nil {
			return err
		}
	}
}

// prepare takes the next records from the queue; false when there are none.
func (l *Log) prepare() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 && l.lost == 0 {
		return false
	}
	if l.lost > 0 && len(l.queue) < batchMost {
		l.queue = append(l.queue, audit.Record{Kind: audit.Lost, At: l.now(), Process: l.process, Count: l.lost})
		l.lost = 0
	}
	l.taken = append([]audit.Record(nil), l.queue[:min(len(l.queue), batchMost)]...)
	l.queue = l.queue[len(l.taken):]
	if len(l.queue) == 0 {
		l.queue = nil // what a flood took is given back
	}
	l.pending = &pending{token: rand.Text()}
	return true
}

// appendPending appends what was taken, after whatever other processes appended meanwhile. An
// append whose answer was lost is repeated with its token as it was, so that no record is
// written twice.
func (l *Log) appendPending(ctx context.Context) error {
	for range conflictMost {
		p := l.pending
		if p.value == nil {
			if err := l.locate(ctx); err != nil {
				return err
			}
			var err error
			if p.value, p.head, err = l.head.Extend(l.taken); err != nil {
				l.done() // it can never be written
				return err
			}
		}
		err := l.store.Append(ctx, audit.Series, l.batch, p.token, p.value)
		switch {
		case err == nil:
			l.batch, l.head = l.batch+1, p.head
			l.done()
			return nil
		case errors.Is(err, store.ErrConflict):
			l.known, p.value = false, nil
		default:
			return err
		}
	}
	return errors.New("other processes write the audit log faster than this one can")
}

// done is the end of an append: whoever waits for it is told.
func (l *Log) done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.taken {
		if r.Kind != audit.Lost {
			l.written++
		}
	}
	l.pending, l.taken = nil, nil
	close(l.progress)
	l.progress = make(chan struct{})
}

// locate reads where the chain ends, unless it is known.
func (l *Log) locate(ctx context.Context) error {
	if l.known {
		return nil
	}
	head, batch, err := readHead(ctx, l.store)
	if err == nil {
		l.head, l.batch, l.known = head, batch, true
	}
	return err
}
