package boltstore

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"tocsin/escalation/store"
)

// peers is what processes announced. One process owns the file, so that it lives in memory:
// an fsync every few seconds would tell nobody anything.
type peers struct {
	mu   sync.Mutex
	said map[string]announcement
}

type announcement struct {
	value []byte
	until time.Time
}

// Announce implements store.Store.
func (s *Store) Announce(ctx context.Context, process string, value []byte, now time.Time, keep time.Duration) error {
	if err := store.CheckAnnounce(process, value); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("boltstore: %w", err)
	}
	s.peers.mu.Lock()
	defer s.peers.mu.Unlock()
	if s.peers.said == nil {
		s.peers.said = map[string]announcement{}
	}
	maps.DeleteFunc(s.peers.said, func(_ string, a announcement) bool { return !a.until.After(now) })
	s.peers.said[process] = announcement{bytes.Clone(value), now.Add(keep)}
	return nil
}

// Announced implements store.Store.
func (s *Store) Announced(ctx context.Context, now time.Time) (map[string][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("boltstore: %w", err)
	}
	s.peers.mu.Lock()
	defer s.peers.mu.Unlock()
	out := make(map[string][]byte, len(s.peers.said))
	for name, a := range s.peers.said {
		if a.until.After(now) {
			out[name] = bytes.Clone(a.value)
		}
	}
	return out, nil
}
