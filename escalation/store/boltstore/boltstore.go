// Package boltstore keeps everything in one file (go.etcd.io/bbolt): the embedded store, so
// that one binary without any server loses nothing.
//
// # How it works
//
// One goroutine writes. It takes everything that waits, from all callers, into one
// transaction with one fsync, and answers only then; so the more callers there are, the
// cheaper each becomes. A call that fails rolls back, and the others of its transaction are
// done again without it. Reads see the file as the last transaction left it.
//
// One process owns the file, so whoever held a lease when it is opened is dead: Open ends all
// leases (abandoned.go), and what they held is due at once.
//
// Ids sort by time, so rows are appended at the end of their trees. What a repeat changes
// (revision, counters, index positions) is kept apart from the incident in a small head, so
// that a touch rewrites little.
//
// # Buckets
//
//	incidents  id                         → incident
//	heads      id                         → revision, counters, positions in timers and ended
//	keys       dedup key                  → id of the open incident, or the last
//	open       id                         → (open incidents)
//	ended      time, id                   → (resolved incidents, for pruning)
//	timers     time, id                   → (earliest timer); the end of a lease → when it was due
//	members    id, member                 → member
//	identity   hash of member, id         → (which incidents hold it)
//	groups     hash of group, id, hash    → member (firing ones)
//	entries    id, seq                    → timeline entry
//	attempts   attempt id                 → token, position in due, attempt
//	due        rank, time, attempt id     → (live attempts, or the end of their lease)
//	codes      phone, number              → reply code
//	codekeys   phone, key                 → number
//	phones     phone                      → lease and state
//	once       key                        → expiry, value;   expiry: time, key
//	series     name, number               → format, token, value
//	intake     time, number               → intake
//	meta       format, shards
package boltstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"tocsin/escalation"
	"tocsin/escalation/store"
)

// File is the name of the file in the store's folder.
const File = "tocsin.db"

// defaultShards lets the engine spread over as many lanes.
const defaultShards = 4

// mapped is the address space taken at first, so that the file rarely outgrows it: growing
// waits for readers. It is no memory and no disk.
const mapped = 1 << 28

// ErrClosed says that the store was closed.
var ErrClosed = errors.New("boltstore: the store is closed")

// ErrLocked says that another process has the store open.
var ErrLocked = errors.New("another tocsin process has this store open")

// Option adapts Open.
type Option func(*options)

// lockTimeout is how long Open waits for another process to let go of the file.
const lockTimeout = time.Second

type options struct{ shards int }

// Shards sets the number of shards of a store that is made now; one that exists keeps its own.
func Shards(n int) Option { return func(o *options) { o.shards = n } }

// Store is a store.Store in one file. Make one with Open.
type Store struct {
	db     *bolt.DB
	shards int

	mu     sync.RWMutex // guards closed; writers of jobs hold it shared
	closed bool
	jobs   chan *job
	ended  chan struct{}

	free map[string]hint // per phone; only the writing goroutine uses it

	store.Announcements // one process has the file
}

var _ store.Store = (*Store)(nil)

// Open opens the store in that folder, and makes both when they are not there. ErrLocked:
// another process has it open. store.ErrNewer: a newer version made it.
func Open(folder string, opts ...Option) (*Store, error) {
	o := options{shards: defaultShards}
	for _, opt := range opts {
		opt(&o)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("boltstore: cannot make the folder: %w", err)
	}
	path := filepath.Join(folder, File)
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: lockTimeout, FreelistType: bolt.FreelistMapType,
		NoFreelistSync: true, InitialMmapSize: mapped})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("boltstore: %s: %w; stop it, or give this one a folder of its own", path, ErrLocked)
	}
	if err != nil {
		return nil, fmt.Errorf("boltstore: cannot open %s: %w", path, err)
	}
	s := &Store{db: db, jobs: make(chan *job, 1024), ended: make(chan struct{}), free: map[string]hint{}}
	if err := errors.Join(s.prepare(o.shards), syncFolder(folder)); err != nil {
		return nil, errors.Join(fmt.Errorf("boltstore: %s: %w", path, err), db.Close())
	}
	go s.write()
	return s, nil
}

// syncFolder makes the file's name durable; without it a power loss may lose a new file whole.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// prepare makes the buckets, and reads or writes what is fixed for the life of the store.
func (s *Store) prepare(shards int) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		meta := tx.Bucket([]byte(metaBucket))
		format, err := fixed(meta, "format", escalation.Format)
		if err != nil {
			return err
		}
		if format > escalation.Format {
			return fmt.Errorf("%w: the file has format %d, this version knows up to %d", store.ErrNewer, format, escalation.Format)
		}
		if s.shards, err = fixed(meta, "shards", shards); err != nil {
			return err
		}
		return newTxn(tx, s).freeLeases()
	})
}

// fixed returns the number of that name, written now when there is none.
func fixed(meta *bolt.Bucket, name string, value int) (int, error) {
	if b := meta.Get([]byte(name)); len(b) == 8 {
		return int(binary.BigEndian.Uint64(b)), nil
	}
	return value, meta.Put([]byte(name), binary.BigEndian.AppendUint64(nil, uint64(value)))
}

// Shards implements store.Store.
func (s *Store) Shards() int { return s.shards }

// Clock implements store.Store: there is no other clock.
func (s *Store) Clock(_ context.Context, local time.Time) (time.Time, error) { return local, nil }

// Check implements store.Store: it writes, so that a full or read-only disk shows.
func (s *Store) Check(ctx context.Context) error {
	return s.submit(ctx, func(tx *txn) error {
		return tx.put(metaBucket, []byte("check"), []byte{1})
	})
}

// Promise implements store.Store.
func (s *Store) Promise(context.Context) string {
	return "Nothing is lost when the process or the machine dies: every write is on disk (fsync) before it is answered. " +
		"What is on that disk is lost with it."
}

// Close finishes what waits and closes the file. Closing twice is fine.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.jobs)
	s.mu.Unlock()
	<-s.ended
	return s.db.Close()
}
