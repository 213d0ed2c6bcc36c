package boltstore

import (
	"bytes"
	"encoding/binary"

	"tocsin/paging"
)

// freeLeases ends every lease in the file: of timers, attempts and phones. It runs while the file
// is opened, when no holder can be alive, so that a page which a dead process had claimed waits
// for nothing. An old holder's token is no longer good. What was given back until a later time
// is not leased and keeps that time.
func (t *txn) freeLeases() error {
	for _, free := range []func() error{t.freeTimers, t.freeAttempts, t.freePhones} {
		if err := free(); err != nil {
			return err
		}
	}
	return nil
}

func (t *txn) freeTimers() error {
	var keys, firsts [][]byte
	t.scan(timerBucket, nil, func(k, v []byte) bool {
		if len(v) == timeBytes {
			keys, firsts = append(keys, bytes.Clone(k)), append(firsts, bytes.Clone(v))
		}
		return true
	})
	for i, key := range keys {
		if err := t.setTimer(key[timeBytes:], key, binary.BigEndian.Uint64(firsts[i]), nil); err != nil {
			return err
		}
	}
	return nil
}

// freeAttempts makes claimed attempts due again at their own time. One that cannot be read, or
// that a newer version wrote, keeps its lease.
func (t *txn) freeAttempts() error {
	var ids [][]byte
	t.scan(dueBucket, nil, func(k, _ []byte) bool {
		ids = append(ids, bytes.Clone(k[rankBytes+timeBytes:]))
		return true
	})
	for _, id := range ids {
		old, there, err := t.row(paging.AttemptID(id))
		if err != nil || !there || old.token == "" {
			continue
		}
		a, err := old.attempt()
		if err != nil {
			continue
		}
		free := row{rank: old.rank, due: max(stamp(a.Due), 1), json: bytes.Clone(old.json)}
		if err := t.save(id, old, free); err != nil {
			return err
		}
	}
	return nil
}

// freePhones takes back the right to text, and keeps what is known of each phone.
func (t *txn) freePhones() error {
	for _, key := range t.keysOf(phoneBucket, nil, 1<<31-1) {
		number := string(key[:len(key)-1])
		p, err := t.phone(number)
		if err != nil || p.Token == "" {
			continue
		}
		if err := t.putPhone(number, phoneRow{State: p.State}); err != nil {
			return err
		}
	}
	return nil
}
