package memstore

import (
	"bytes"
	"context"
	"time"

	"tocsin/escalation/store"
)

// announcement is what a process said, and until when it counts.
type announcement struct {
	value []byte
	until time.Time
}

// Announce implements store.Store.
func (s *Store) Announce(ctx context.Context, process string, value []byte, now time.Time, keep time.Duration) error {
	if err := store.CheckAnnounce(process, value); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	for name, a := range s.peers {
		if !a.until.After(now) {
			delete(s.peers, name)
		}
	}
	s.peers[process] = announcement{bytes.Clone(value), now.Add(keep)}
	return nil
}

// Announced implements store.Store.
func (s *Store) Announced(ctx context.Context, now time.Time) (map[string][]byte, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	out := make(map[string][]byte, len(s.peers))
	for name, a := range s.peers {
		if a.until.After(now) {
			out[name] = bytes.Clone(a.value)
		}
	}
	return out, nil
}
