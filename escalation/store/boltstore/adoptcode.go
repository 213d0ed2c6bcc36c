package boltstore

import (
	"context"
	"encoding/binary"
	"time"

	"tocsin/escalation/store"
	"tocsin/paging"
)

// AdoptCode implements store.Store.
func (s *Store) AdoptCode(ctx context.Context, c paging.Code, now time.Time) (adopted bool, err error) {
	n, err := store.CodeNumber(c)
	if err != nil {
		return false, err
	}
	err = s.submit(ctx, func(t *txn) (err error) {
		adopted, err = t.adoptCode(c, n, now)
		return err
	})
	return adopted && err == nil, err
}

func (t *txn) adoptCode(c paging.Code, n int, now time.Time) (bool, error) {
	key := codeKey(c.Phone, n)
	if old, there, err := t.code(key); err != nil {
		return false, err
	} else if there && old.Key != c.Key {
		if store.CodeTaken(old, now) {
			return false, nil
		}
		if err := t.delete(codeKeyBucket, codeOwner(c.Phone, old.Key)); err != nil {
			return false, err
		}
	}
	b, err := store.Encode(c)
	if err != nil {
		return false, err
	}
	if err := t.put(codeBucket, key, append(appendTime(nil, c.At), b...)); err != nil {
		return false, err
	}
	owner := codeOwner(c.Phone, c.Key)
	if have := t.get(codeKeyBucket, owner); len(have) == 4 {
		if _, taken := t.taken(c.Phone, int(binary.BigEndian.Uint32(have)), now); taken {
			return true, nil
		}
	}
	return true, t.put(codeKeyBucket, owner, binary.BigEndian.AppendUint32(nil, uint32(n)))
}
