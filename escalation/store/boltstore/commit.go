package boltstore

import (
	"context"
	"errors"
	"fmt"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// prepared is a change in its stored form, made by the caller so that the writing goroutine
// has less to do.
type prepared struct {
	store.Change
	id       []byte
	incident []byte
	members  [][]byte
	attempts [][]byte
	entries  [][]byte
	err      error // it cannot be stored at all
}

// maxKey keeps keys far below what bbolt takes.
const maxKey = 4096

func prepare(c store.Change) (p prepared) {
	p.Change = c
	if p.err = sound(c); p.err != nil {
		return p
	}
	keep := func(b []byte, err error) []byte {
		p.err = errors.Join(p.err, err)
		return b
	}
	p.id = []byte(c.Incident.ID)
	p.incident = keep(store.EncodeIncident(c.Incident))
	for _, m := range c.Members {
		p.members = append(p.members, keep(store.EncodeMember(m)))
	}
	for _, put := range c.Attempts {
		p.attempts = append(p.attempts, keep(store.EncodeAttempt(put.Attempt)))
	}
	for _, e := range c.Entries {
		p.entries = append(p.entries, keep(store.EncodeEntry(e)))
	}
	return p
}

func sound(c store.Change) error {
	switch {
	case c.Incident == nil:
		return errors.New("boltstore: a change without an incident")
	case c.Token == "":
		return fmt.Errorf("boltstore: the change of incident %s has no token", c.Incident.ID)
	case c.Incident.ID == "" || len(c.Incident.ID) > maxKey || c.Incident.Key == "" || len(c.Incident.Key) > maxKey:
		return fmt.Errorf("boltstore: incident %.40q: id and key need 1 to %d bytes", c.Incident.ID, maxKey)
	}
	for _, put := range c.Attempts {
		if put.Attempt.ID.Incident() != c.Incident.ID || len(put.Attempt.ID) > maxKey {
			return fmt.Errorf("boltstore: attempt %.40q is not one of incident %s", put.Attempt.ID, c.Incident.ID)
		}
	}
	return nil
}

// Commit implements store.Store.
func (s *Store) Commit(ctx context.Context, changes []store.Change) ([]store.Committed, error) {
	ready := make([]prepared, len(changes))
	for i, c := range changes {
		ready[i] = prepare(c)
	}
	out := make([]store.Committed, len(changes))
	err := s.submit(ctx, func(t *txn) error {
		for i := range ready {
			var err error
			if out[i], err = t.commit(&ready[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// commit judges a change and applies it. It writes nothing that it refuses.
func (t *txn) commit(p *prepared) (store.Committed, error) {
	if p.err != nil {
		return store.Committed{Err: p.err}, nil
	}
	h, there, err := t.head(p.id)
	if err != nil {
		return store.Committed{Err: err}, nil
	}
	if there && h.revision.Token == p.Token {
		return store.Committed{Revision: h.revision}, nil // applied before; its answer was lost
	}
	rows, err := t.judge(p, h)
	if err != nil {
		return store.Committed{Err: err}, nil
	}
	h, err = t.applyHead(p, h)
	if err != nil {
		return store.Committed{}, err
	}
	return store.Committed{Revision: h.revision}, t.applyRows(p, rows)
}

// judge returns the attempt rows that the change names, as they are, or why it is refused.
func (t *txn) judge(p *prepared, h head) (map[paging.AttemptID]row, error) {
	if err := h.newer(); err != nil {
		return nil, err
	}
	if h.revision != p.Expected {
		return nil, store.ErrConflict
	}
	if p.Incident.Open() {
		other := t.get(keyBucket, []byte(p.Incident.Key))
		oh, there, err := t.head(other)
		if err != nil {
			return nil, err
		}
		if there && oh.open && string(other) != string(p.Incident.ID) {
			return nil, store.ErrConflict
		}
	}
	rows := make(map[paging.AttemptID]row, len(p.Attempts)+len(p.Cancel))
	for _, put := range p.Attempts {
		r, there, err := t.row(put.Attempt.ID)
		if err != nil {
			return nil, err
		}
		if put.Fence != "" && (!there || r.token != put.Fence) {
			return nil, store.ErrFenced
		}
		if there {
			rows[put.Attempt.ID] = r
		}
	}
	return rows, nil
}

// applyHead writes the head, the incident and the indexes of both.
func (t *txn) applyHead(p *prepared, old head) (head, error) {
	h := old
	h.open, h.format = p.Incident.Open(), uint16(max(p.Incident.Format, escalation.Format))
	h.revision = store.Revision{Counter: p.Expected.Counter + 1, Token: p.Token}
	h.due, h.ended = stamp(p.Due), 0
	if !h.open {
		h.ended = stamp(p.Incident.OpenedAt)
		if p.Incident.Ending != nil {
			h.ended = stamp(p.Incident.Ending.At)
		}
	}
	h.saw(p.Seen.N, p.Seen.At)
	created := old.revision == store.Revision{}
	errs := []error{
		t.put(headBucket, p.id, h.encode()), t.put(incidentBucket, p.id, p.incident),
		t.move(timerBucket, p.id, old.due, h.due), t.move(endedBucket, p.id, old.ended, h.ended),
	}
	if h.open && !old.open {
		errs = append(errs, t.put(openBucket, p.id, nil))
	}
	if !h.open && old.open {
		errs = append(errs, t.delete(openBucket, p.id))
	}
	if created || h.open && !old.open {
		errs = append(errs, t.put(keyBucket, []byte(p.Incident.Key), p.id))
	}
	return h, errors.Join(errs...)
}

// move changes the position of id in an index by time; 0 is no position. An entry that should
// be there and is not comes back.
func (t *txn) move(name string, id []byte, from, to uint64) error {
	if from == to && (to == 0 || t.get(name, timerKey(to, id)) != nil) {
		return nil
	}
	if from != 0 {
		if err := t.delete(name, timerKey(from, id)); err != nil {
			return err
		}
	}
	if to == 0 {
		return nil
	}
	return t.put(name, timerKey(to, id), nil)
}

// applyRows writes members, attempts and timeline.
func (t *txn) applyRows(p *prepared, rows map[paging.AttemptID]row) error {
	for i, m := range p.Members {
		if err := t.putMember(p.Incident.ID, m, p.members[i]); err != nil {
			return err
		}
	}
	for i, put := range p.Attempts {
		r, err := t.putAttempt(put.Attempt, rows[put.Attempt.ID], p.attempts[i])
		if err != nil {
			return err
		}
		rows[put.Attempt.ID] = r
	}
	for _, c := range p.Cancel {
		if err := t.cancel(p.Incident.ID, c); err != nil {
			return err
		}
	}
	for i, e := range p.Entries {
		if err := t.put(entryBucket, entryKey(p.Incident.ID, e.Seq), p.entries[i]); err != nil {
			return err
		}
	}
	return nil
}

// Touch implements store.Store.
func (s *Store) Touch(ctx context.Context, touches []store.Touch) ([]bool, error) {
	out := make([]bool, len(touches))
	err := s.submit(ctx, func(t *txn) error {
		for i, touch := range touches {
			h, there, err := t.head([]byte(touch.ID))
			out[i] = err == nil && there && h.revision == touch.Revision && (h.open || touch.N == 0)
			if !out[i] || touch.N == 0 {
				continue
			}
			h.saw(touch.N, touch.At)
			if err := t.put(headBucket, []byte(touch.ID), h.encode()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
