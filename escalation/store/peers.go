package store

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"sync"
	"time"
)

// Bounds of an announcement, so that reading all of them stays cheap.
const (
	maxProcess      = 100
	maxAnnouncement = 64 << 10
)

// CheckAnnounce refuses announcements that no store takes. Stores call it first.
func CheckAnnounce(process string, value []byte) error {
	if process == "" || len(process) > maxProcess {
		return fmt.Errorf("store: the name of a process has 1 to %d bytes, not %d", maxProcess, len(process))
	}
	if len(value) > maxAnnouncement {
		return fmt.Errorf("store: the announcement of %s has %d bytes; at most %d", process, len(value), maxAnnouncement)
	}
	return nil
}

// Announcements is the part of a [Store] that keeps who is there, in memory: for stores that one
// process has to itself, where a write to the disk every few seconds would tell nobody anything.
// Its zero value is ready.
type Announcements struct {
	mu   sync.Mutex
	said map[string]announcement
}

type announcement struct {
	value []byte
	until time.Time
}

// Announce implements [Store].
func (a *Announcements) Announce(ctx context.Context, process string, value []byte, now time.Time, keep time.Duration) error {
	if err := CheckAnnounce(process, value); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("store: cannot announce %s: %w", process, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.said == nil {
		a.said = map[string]announcement{}
	}
	maps.DeleteFunc(a.said, func(_ string, s announcement) bool { return !s.until.After(now) })
	a.said[process] = announcement{bytes.Clone(value), now.Add(keep)}
	return nil
}

// Announced implements [Store].
func (a *Announcements) Announced(ctx context.Context, now time.Time) (map[string][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("store: cannot tell which processes there are: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make(map[string][]byte, len(a.said))
	for process, s := range a.said {
		if s.until.After(now) {
			out[process] = bytes.Clone(s.value)
		}
	}
	return out, nil
}
