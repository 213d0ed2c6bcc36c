package boltstore

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// Load implements store.Store: all answers are from one snapshot.
func (s *Store) Load(ctx context.Context, queries []store.Query) ([]store.Loaded, error) {
	out := make([]store.Loaded, len(queries))
	err := s.view(ctx, func(t *txn) (err error) {
		for i, q := range queries {
			if out[i], err = t.load(q); err != nil {
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

func (t *txn) load(q store.Query) (store.Loaded, error) {
	id := []byte(q.ID)
	if len(id) == 0 && q.Key != "" {
		id = t.get(keyBucket, []byte(q.Key))
	}
	inc, h, err := t.incident(id)
	if err != nil || inc == nil {
		return store.Loaded{}, err
	}
	l := store.Loaded{Incident: inc, Revision: h.revision,
		Members: map[escalation.MemberKey]escalation.Member{}, Attempts: map[paging.AttemptID]paging.Attempt{}}
	for _, k := range q.Members {
		if b := t.get(memberBucket, memberKey(inc.ID, k)); b != nil {
			if l.Members[k], err = store.DecodeMember(b); err != nil {
				return store.Loaded{}, err
			}
		}
	}
	for _, a := range q.Attempts {
		r, there, err := t.row(a)
		if err == nil && there {
			l.Attempts[a], err = r.attempt()
		}
		if err != nil {
			return store.Loaded{}, err
		}
	}
	return l, nil
}

// incident returns an incident with its counters, and its head; nil when there is none.
func (t *txn) incident(id []byte) (*escalation.Incident, head, error) {
	h, there, err := t.head(id)
	if err != nil || !there {
		return nil, h, err
	}
	inc, err := store.DecodeIncident(t.get(incidentBucket, id))
	if err != nil {
		return nil, h, err
	}
	inc.Count, inc.LastSeen = int(h.count), instant(h.seen)
	return inc, h, nil
}

// FindIdentity implements store.Store.
func (s *Store) FindIdentity(ctx context.Context, members []escalation.MemberKey) (map[escalation.MemberKey][]paging.IncidentID, error) {
	out := map[escalation.MemberKey][]paging.IncidentID{}
	err := s.view(ctx, func(t *txn) error {
		for _, m := range members {
			if _, done := out[m]; done {
				continue
			}
			t.scan(identityBucket, digest(m.Integration, m.Identity), func(k, _ []byte) bool {
				out[m] = append(out[m], paging.IncidentID(k[digestBytes:]))
				return true
			})
		}
		return nil
	})
	return out, err
}

// FindGroup implements store.Store.
func (s *Store) FindGroup(ctx context.Context, integration, group string, listed map[string]bool) ([]store.Membership, error) {
	var out []store.Membership
	err := s.view(ctx, func(t *txn) error {
		t.scan(groupBucket, digest(integration, group), func(k, v []byte) bool {
			if len(listed) > 0 && listed[readMember(v).Identity] {
				return true
			}
			id := k[digestBytes : len(k)-digestBytes-1]
			if h, there, err := t.head(id); err == nil && there && h.open {
				out = append(out, store.Membership{Member: readMember(v), Incident: paging.IncidentID(id)})
			}
			return true
		})
		return nil
	})
	return out, err
}

// List implements store.Store.
func (s *Store) List(ctx context.Context, f store.Filter) ([]escalation.Incident, error) {
	var out []escalation.Incident
	err := s.view(ctx, func(t *txn) error {
		name := headBucket
		if f.Open {
			name = openBucket
		}
		c := t.bucket(name).Cursor()
		for k := before(c, []byte(f.Before)); k != nil && (f.Limit <= 0 || len(out) < f.Limit); k, _ = c.Prev() {
			inc, _, err := t.incident(k)
			if err != nil {
				return err
			}
			if inc != nil {
				out = append(out, *inc)
			}
		}
		return nil
	})
	return out, err
}

// cursor is what before needs of a bolt.Cursor.
type cursor interface {
	Last() (key, value []byte)
	Prev() (key, value []byte)
	Seek(seek []byte) (key, value []byte)
}

// before returns the last key below limit; the last of all when limit is empty.
func before(c cursor, limit []byte) []byte {
	if len(limit) == 0 {
		k, _ := c.Last()
		return k
	}
	k, _ := c.Seek(limit)
	if k == nil {
		k, _ = c.Last()
	}
	for k != nil && bytes.Compare(k, limit) >= 0 {
		k, _ = c.Prev()
	}
	return k
}

// rows reads all rows with that prefix, at most limit (0: all).
func rows[T any](t *txn, name string, prefix []byte, limit int, read func([]byte) (T, error)) (out []T, err error) {
	t.scan(name, prefix, func(_, v []byte) bool {
		var row T
		row, err = read(v)
		out = append(out, row)
		return err == nil && (limit <= 0 || len(out) < limit)
	})
	return out, err
}

// Timeline implements store.Store.
func (s *Store) Timeline(ctx context.Context, id paging.IncidentID) (out []escalation.Entry, err error) {
	err = s.view(ctx, func(t *txn) (err error) {
		out, err = rows(t, entryBucket, rowPrefix(id), 0, store.DecodeEntry)
		return err
	})
	return out, err
}

// MembersOf implements store.Store.
func (s *Store) MembersOf(ctx context.Context, id paging.IncidentID, limit int) (out []escalation.Member, err error) {
	err = s.view(ctx, func(t *txn) (err error) {
		out, err = rows(t, memberBucket, rowPrefix(id), limit, store.DecodeMember)
		return err
	})
	return out, err
}

// AttemptsOf implements store.Store.
func (s *Store) AttemptsOf(ctx context.Context, id paging.IncidentID) (out []paging.Attempt, err error) {
	err = s.view(ctx, func(t *txn) (err error) {
		out, err = rows(t, attemptBucket, append([]byte(id), '-'), 0, func(b []byte) (paging.Attempt, error) {
			r, err := decodeRow(b)
			if err != nil {
				return paging.Attempt{}, err
			}
			return r.attempt()
		})
		return err
	})
	slices.SortFunc(out, func(a, b paging.Attempt) int {
		return cmp.Or(a.Due.Compare(b.Due), strings.Compare(string(a.ID), string(b.ID)))
	})
	return out, err
}
