package boltstore

import (
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
