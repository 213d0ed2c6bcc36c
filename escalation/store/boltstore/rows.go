package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// row is an attempt as it is stored: beside the attempt its place in the index of what is due
// (0: none, it is settled) and the token of the claim that holds it.
type row struct {
	rank  int32
	due   uint64
	token string
	json  []byte
}

func (r row) live() bool { return r.due != 0 }

const rowHead = rankBytes + timeBytes + 2

var errRow = errors.New("an attempt cannot be read; the file is damaged")

func (r row) encode() []byte {
	b := make([]byte, 0, rowHead+len(r.token)+len(r.json))
	b = binary.BigEndian.AppendUint32(b, uint32(r.rank))
	b = binary.BigEndian.AppendUint64(b, r.due)
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.token)))
	return append(append(b, r.token...), r.json...)
}

// decodeRow copies nothing: the row's json is valid as long as b is.
func decodeRow(b []byte) (row, error) {
	if len(b) < rowHead {
		return row{}, errRow
	}
	r := row{rank: int32(binary.BigEndian.Uint32(b)), due: binary.BigEndian.Uint64(b[rankBytes:])}
	rest := b[rowHead:]
	n := int(binary.BigEndian.Uint16(b[rowHead-2:]))
	if n > len(rest) {
		return row{}, errRow
	}
	r.token, r.json = string(rest[:n]), rest[n:]
	return r, nil
}

// attempt returns the attempt with the token of its claim.
func (r row) attempt() (paging.Attempt, error) {
	a, err := store.DecodeAttempt(r.json)
	a.Token = r.token
	return a, err
}

// row returns the stored row of an attempt; false when there is none.
func (t *txn) row(id paging.AttemptID) (row, bool, error) {
	if id == "" {
		return row{}, false, nil
	}
	b := t.get(attemptBucket, []byte(id))
	if b == nil {
		return row{}, false, nil
	}
	r, err := decodeRow(b)
	return r, err == nil, err
}

// save writes the row and moves it in the index of what is due from where old was.
func (t *txn) save(id []byte, old, r row) error {
	if old.live() && (old.due != r.due || old.rank != r.rank) {
		if err := t.delete(dueBucket, dueKey(old.rank, old.due, id)); err != nil {
			return err
		}
	}
	if r.live() && (old.due != r.due || old.rank != r.rank) {
		if err := t.put(dueBucket, dueKey(r.rank, r.due, id), nil); err != nil {
			return err
		}
	}
	return t.put(attemptBucket, id, r.encode())
}

func (t *txn) putAttempt(a paging.Attempt, old row, json []byte) (row, error) {
	if len(a.Token) > 1<<16-1 {
		return row{}, fmt.Errorf("the token of attempt %s is too long", a.ID)
	}
	r := row{rank: int32(a.Rank), token: a.Token, json: json}
	switch {
	case a.State == paging.Sending && old.live():
		r.due = old.due // its lease goes on
	case a.State.Live():
		r.due = max(stamp(a.Due), 1) // without a time it is due at once
	}
	return r, t.save([]byte(a.ID), old, r)
}

// cancel takes a planned attempt back; any other is left as it is.
func (t *txn) cancel(id paging.IncidentID, c escalation.AttemptCancel) error {
	old, there, err := t.row(c.ID)
	if err != nil || !there || !old.live() || c.ID.Incident() != id {
		return err
	}
	a, err := old.attempt()
	if errors.Is(err, store.ErrNewer) || err == nil && a.State != paging.Planned {
		return nil
	}
	if err != nil {
		return err
	}
	a.State, a.Reason = paging.Canceled, c.Reason
	return t.rewrite(a, old, 0)
}

// rewrite writes an attempt that was read from old, due at that stamp.
func (t *txn) rewrite(a paging.Attempt, old row, due uint64) error {
	json, err := store.EncodeAttempt(a)
	if err != nil {
		return err
	}
	return t.save([]byte(a.ID), old, row{rank: old.rank, due: due, token: a.Token, json: json})
}

// putMember writes a member and its places in the indexes by identity and group.
func (t *txn) putMember(id paging.IncidentID, m escalation.Member, json []byte) error {
	key := memberKey(id, m.MemberKey)
	old := t.get(memberBucket, key)
	if bytes.Equal(old, json) {
		return nil
	}
	group := ""
	if m.Firing {
		group = m.Group
	}
	was := ""
	if old == nil {
		if err := t.put(identityBucket, identityKey(m.MemberKey, id), nil); err != nil {
			return err
		}
	} else if o, err := store.DecodeMember(old); err == nil && o.Firing {
		was = o.Group
	}
	if was != "" && was != group {
		if err := t.delete(groupBucket, groupKey(was, m.MemberKey, id)); err != nil {
			return err
		}
	}
	if group != "" && group != was {
		if err := t.put(groupBucket, groupKey(group, m.MemberKey, id), memberBytes(m.MemberKey)); err != nil {
			return err
		}
	}
	return t.put(memberBucket, key, json)
}
