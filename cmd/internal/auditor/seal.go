package auditor

import (
	"context"
	"errors"
	"slices"
	"time"

	"tocsin/escalation/audit"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// sealMost bounds how many incidents one write seals, so that a flood is sealed bit by bit.
const sealMost = 100

// sealSome seals incidents that have been left alone for that long.
func (l *Log) sealSome(ctx context.Context, alone time.Duration, most int) error {
	until := l.now().Add(-alone)
	var due []paging.IncidentID
	l.mu.Lock()
	for id, moved := range l.dirty {
		if moved.Before(until) {
			if due = append(due, id); len(due) == most {
				break
			}
		}
	}
	l.mu.Unlock()
	slices.Sort(due)
	for _, id := range due {
		r, there, err := l.seal(ctx, audit.Sealed, id)
		switch {
		case errors.Is(err, store.ErrNewer): // a newer version moved it, and seals it
		case err != nil:
			return err
		case there:
			l.Add(r)
		}
		l.mu.Lock()
		if l.dirty[id].Before(until) {
			delete(l.dirty, id)
		}
		l.mu.Unlock()
	}
	return nil
}

// seal makes the record of an incident with digests of all its rows.
func (l *Log) seal(ctx context.Context, kind audit.Kind, id paging.IncidentID) (audit.Record, bool, error) {
	v, there, err := View(ctx, l.store, id)
	if err != nil || !there {
		return audit.Record{}, false, err
	}
	r := audit.IncidentRecord(kind, &v.Incident, v.Revision)
	rows := audit.RowsOf(v)
	r.Rows = &rows
	return r, true, nil
}

// SealNow seals an incident as it stands, and waits until that is in the store. The log must run.
func (l *Log) SealNow(ctx context.Context, id paging.IncidentID) error {
	if l == nil {
		return nil
	}
	r, there, err := l.seal(ctx, audit.Sealed, id)
	if err != nil || !there {
		return err
	}
	l.Add(r)
	ctx, cancel := context.WithTimeout(ctx, syncTimeout)
	defer cancel()
	return l.Sync(ctx)
}
