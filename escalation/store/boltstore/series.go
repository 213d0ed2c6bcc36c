package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	bolt "go.etcd.io/bbolt"

	"tocsin/escalation/store"
)

// The row of a value: format, length of the token, token, value.
const seriesHead = 2 + 2

var errSeries = errors.New("a value of a series cannot be read; the file is damaged")

func seriesRow(token string, value []byte) []byte {
	b := make([]byte, 0, seriesHead+len(token)+len(value))
	b = binary.BigEndian.AppendUint16(b, store.SeriesFormat)
	b = binary.BigEndian.AppendUint16(b, uint16(len(token)))
	return append(append(b, token...), value...)
}

// readSeries returns token and value of a row, valid as long as b is. store.ErrNewer: nothing
// but the format can be told.
func readSeries(name string, number uint64, b []byte) (token, value []byte, err error) {
	if len(b) < seriesHead {
		return nil, nil, errSeries
	}
	if err := store.CheckSeriesFormat(name, number, int(binary.BigEndian.Uint16(b))); err != nil {
		return nil, nil, err
	}
	rest, n := b[seriesHead:], int(binary.BigEndian.Uint16(b[2:]))
	if n > len(rest) {
		return nil, nil, errSeries
	}
	return rest[:n], rest[n:], nil
}

// seriesKey sorts the values of a series by number; no name has a NUL.
func seriesKey(name string, number uint64) []byte {
	b := append(make([]byte, 0, len(name)+1+8), name...)
	return binary.BigEndian.AppendUint64(append(b, 0), number)
}

// lastOf returns the number of the last value; 0 when there is none.
func lastOf(c *bolt.Cursor, name string) uint64 {
	end := append(append(make([]byte, 0, len(name)+1), name...), 1) // behind every number
	k, _ := c.Seek(end)
	if k == nil {
		k, _ = c.Last()
	} else {
		k, _ = c.Prev()
	}
	end[len(name)] = 0
	if !bytes.HasPrefix(k, end) {
		return 0
	}
	return binary.BigEndian.Uint64(k[len(end):])
}

// carries says whether the value of that number was appended with that token.
func (t *txn) carries(name, token string, number uint64) (bool, error) {
	b := t.get(seriesBucket, seriesKey(name, number))
	if b == nil {
		return false, nil
	}
	was, _, err := readSeries(name, number, b)
	return string(was) == token && err == nil, err
}

// Append implements store.Store.
func (s *Store) Append(ctx context.Context, name string, after uint64, token string, value []byte) error {
	if err := store.CheckAppend(name, token, value); err != nil {
		return err
	}
	row := seriesRow(token, value)
	var refused error
	err := s.submit(ctx, func(t *txn) error {
		refused = nil
		last := lastOf(t.bucket(seriesBucket).Cursor(), name)
		for _, number := range [...]uint64{last, after + 1} {
			settled, err := t.carries(name, token, number)
			if settled {
				return nil
			}
			if errors.Is(err, store.ErrNewer) {
				refused = err
				return nil
			}
			if err != nil {
				return err
			}
		}
		if after != last {
			refused = store.SeriesConflict(name, after, last)
			return nil
		}
		if err := t.put(seriesBucket, seriesKey(name, after+1), row); err != nil {
			return err
		}
		return t.trimSeries(name, after+1)
	})
	if err != nil {
		return err
	}
	return refused
}

// trimSeries forgets what is older than the last values that are kept: from the youngest of
// them down, so that it finds the end also when more were kept once.
func (t *txn) trimSeries(name string, last uint64) error {
	if last <= store.SeriesKept || store.Kept(name) {
		return nil
	}
	for number := last - store.SeriesKept; number > 0; number-- {
		key := seriesKey(name, number)
		if t.get(seriesBucket, key) == nil {
			return nil
		}
		if err := t.delete(seriesBucket, key); err != nil {
			return err
		}
	}
	return nil
}

// Last implements store.Store.
func (s *Store) Last(ctx context.Context, names ...string) ([]uint64, error) {
	if err := store.CheckSeries(names...); err != nil {
		return nil, err
	}
	out := make([]uint64, len(names))
	err := s.view(ctx, func(t *txn) error {
		c := t.bucket(seriesBucket).Cursor()
		for i, name := range names {
			out[i] = lastOf(c, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Value implements store.Store.
func (s *Store) Value(ctx context.Context, name string, number uint64) (value []byte, err error) {
	if err := store.CheckSeries(name); err != nil {
		return nil, err
	}
	err = s.view(ctx, func(t *txn) error {
		b := t.get(seriesBucket, seriesKey(name, number))
		if b == nil {
			return store.NoSeriesValue(name, number)
		}
		_, v, err := readSeries(name, number, b)
		value = bytes.Clone(v)
		return err
	})
	return value, err
}
