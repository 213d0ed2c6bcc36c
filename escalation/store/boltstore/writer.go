package boltstore

import (
	"context"
	"fmt"
	"runtime"

	bolt "go.etcd.io/bbolt"
)

// maxJobs bounds one transaction, so that the first who waits does not wait for ever.
const maxJobs = 1024

// job is one call that writes. run may be called again after a rollback, so it sets its
// answers anew each time. An error of run is trouble; a refusal is an answer.
type job struct {
	run  func(*txn) error
	err  error
	done chan struct{}
}

// submit hands run to the writing goroutine and waits until it is durable. Once it is queued
// it is waited for, whatever becomes of ctx: an answer that is known is better than one that
// has to be found out.
func (s *Store) submit(ctx context.Context, run func(*txn) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("boltstore: %w", err)
	}
	j := &job{run: run, done: make(chan struct{})}
	if err := s.queue(ctx, j); err != nil {
		return err
	}
	<-j.done
	if j.err != nil {
		return fmt.Errorf("boltstore: %w", j.err)
	}
	return nil
}

func (s *Store) queue(ctx context.Context, j *job) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return ErrClosed
	}
	select {
	case s.jobs <- j:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("boltstore: %w", ctx.Err())
	}
}

// write is the writing goroutine: it ends when the store is closed and all jobs are done.
func (s *Store) write() {
	defer close(s.ended)
	for first := range s.jobs {
		runtime.Gosched() // those who are about to call come into this transaction, too
		group := s.drain([]*job{first})
		for len(group) > 0 {
			group = s.transact(group)
		}
	}
}

// drain takes what waits already.
func (s *Store) drain(group []*job) []*job {
	for len(group) < maxJobs {
		select {
		case j, ok := <-s.jobs:
			if !ok {
				return group
			}
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

// transact runs the jobs in one transaction. When one fails it is answered, and the others
// are returned to be done again.
func (s *Store) transact(group []*job) []*job {
	failed := -1
	err := s.db.Update(func(tx *bolt.Tx) error {
		t := newTxn(tx, s)
		for i, j := range group {
			if err := guarded(j.run, t); err != nil {
				failed = i
				return err
			}
		}
		return nil
	})
	if err != nil {
		clear(s.free) // what it says may have been rolled back
	}
	if failed >= 0 {
		group[failed].err = err
		close(group[failed].done)
		return append(group[:failed:failed], group[failed+1:]...)
	}
	for _, j := range group {
		j.err = err
		close(j.done)
	}
	return nil
}

// guarded turns a panic into an error, so that one job cannot end the writing goroutine.
func guarded(run func(*txn) error, t *txn) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a bug in the store: %v", p)
		}
	}()
	return run(t)
}

// view reads in a consistent snapshot.
func (s *Store) view(ctx context.Context, read func(*txn) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("boltstore: %w", err)
	}
	err := s.db.View(func(tx *bolt.Tx) error { return read(newTxn(tx, s)) })
	if err != nil {
		return fmt.Errorf("boltstore: %w", err)
	}
	return nil
}
