package boltstore

import (
	"bytes"
	"context"
	"errors"

	bolt "go.etcd.io/bbolt"
)

// Consistent checks the pages of the file.
func Consistent(s *Store) error {
	return s.db.View(func(tx *bolt.Tx) error {
		var errs []error
		for err := range tx.Check() {
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
}

// Fail submits a job that writes under key and then fails, or panics.
func Fail(s *Store, key string, panics bool) error {
	return s.submit(context.Background(), func(t *txn) error {
		if err := t.put(metaBucket, []byte(key), []byte{1}); err != nil {
			return err
		}
		if panics {
			panic("on purpose")
		}
		return errors.New("on purpose")
	})
}

// Has says whether the meta bucket has that key.
func Has(s *Store, key string) (there bool) {
	_ = s.view(context.Background(), func(t *txn) error {
		there = t.get(metaBucket, []byte(key)) != nil
		return nil
	})
	return there
}

// Hold keeps the writing goroutine busy until release is closed; it returns once it is.
func Hold(s *Store, release chan struct{}) {
	busy := make(chan struct{})
	go func() {
		_ = s.submit(context.Background(), func(*txn) error {
			close(busy)
			<-release
			return nil
		})
	}()
	<-busy
}

// Waiting is how many jobs wait.
func Waiting(s *Store) int { return len(s.jobs) }

// Commits is how many transactions have written pages.
func Commits(s *Store) int64 { st := s.db.Stats(); return st.TxStats.GetWrite() }

// SetFormat pretends that another version made the file.
func SetFormat(s *Store, format byte) error {
	return s.submit(context.Background(), func(t *txn) error {
		return t.put(metaBucket, []byte("format"), []byte{0, 0, 0, 0, 0, 0, 0, format})
	})
}

// SetSeriesFormat pretends that another version wrote a value of a series.
func SetSeriesFormat(s *Store, name string, number uint64, format byte) error {
	return s.submit(context.Background(), func(t *txn) error {
		row := bytes.Clone(t.get(seriesBucket, seriesKey(name, number)))
		row[1] = format
		return t.put(seriesBucket, seriesKey(name, number), row)
	})
}

// TruncateSeries damages a value of a series.
func TruncateSeries(s *Store, name string, number uint64, size int) error {
	return s.submit(context.Background(), func(t *txn) error {
		row := bytes.Clone(t.get(seriesBucket, seriesKey(name, number)))
		return t.put(seriesBucket, seriesKey(name, number), row[:size])
	})
}

// SeriesRows is how many values of all series are in the file.
func SeriesRows(s *Store) (n int) {
	_ = s.view(context.Background(), func(t *txn) error {
		n = t.bucket(seriesBucket).Stats().KeyN
		return nil
	})
	return n
}
