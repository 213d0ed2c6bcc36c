package watch

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// announceEvery is how often a process says that it is there.
	announceEvery = 5 * time.Second
	// Gone is after how long without an announcement a process is taken for dead.
	Gone = 20 * time.Second
	// slotKept is how long the slot of a process that is gone stays its own.
	slotKept = 24 * time.Hour
	// announceTimeout bounds one announcement, so that a store that hangs does not age the list.
	announceTimeout = 4 * time.Second
)

// Board is where processes announce themselves: a store.Store.
type Board interface {
	Announce(ctx context.Context, process string, value []byte, now time.Time, keep time.Duration) error
	Announced(ctx context.Context, now time.Time) (map[string][]byte, error)
}

// Peer is a process as it announced itself.
type Peer struct {
	ID      string    `json:"id"`            // random, new at every start
	URL     string    `json:"url,omitempty"` // where other processes reach it
	Host    string    `json:"host,omitempty"`
	Version string    `json:"version,omitempty"`
	At      time.Time `json:"at"` // when it said so, by the store's time
	Slot    int       `json:"slot"`
	Claim   Claim     `json:"claim,omitempty"`
	Since   time.Time `json:"since,omitzero"` // the slot has been held since
	Vitals  Vitals    `json:"vitals"`
}

// Alive says whether it announced itself lately.
func (p *Peer) Alive(now time.Time) bool { return now.Sub(p.At) < Gone }

// Options say what a registry announces. Board and Now are required.
type Options struct {
	Board   Board
	Now     func() time.Time // the store's time, as the engine measures it
	Host    string
	Version string
	Vitals  func() Vitals // nil: none
	Logger  *slog.Logger
}

// Registry announces one process and knows the others.
type Registry struct {
	opts  Options
	log   *slog.Logger
	mu    sync.Mutex // one announcement at a time
	self  Peer
	said  atomic.Pointer[Peer]   // self as it was last announced
	peers atomic.Pointer[[]Peer] // the others, by id; also those that are gone
	lost  bool                   // the last announcement failed
}

// NewRegistry returns the registry of a process that starts now. Nothing is announced before
// Run.
func NewRegistry(o Options) *Registry {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Registry{opts: o, log: o.Logger, self: Peer{ID: rand.Text(), Host: o.Host, Version: o.Version}}
	r.publish(nil)
	return r
}

// Advertise sets where other processes reach this one. Call it before Run.
func (r *Registry) Advertise(url string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.self.URL = url
}

func (r *Registry) publish(peers []Peer) {
	self := r.self
	r.said.Store(&self)
	r.peers.Store(&peers)
}

// Self is this process as it last announced itself.
func (r *Registry) Self() Peer { return *r.said.Load() }

// Peers are the other processes as they last announced themselves, those that are gone
// included for a day (see [Peer.Alive]). While the store is away they are those known before.
func (r *Registry) Peers() []Peer { return slices.Clone(*r.peers.Load()) }

// Slot is the number of this process; false while it holds none yet. It is kept while the
// store is away.
func (r *Registry) Slot() (int, bool) {
	self := r.said.Load()
	return self.Slot, self.Claim == Held
}

// Run announces the process until ctx ends, and then takes its word back.
func (r *Registry) Run(ctx context.Context) {
	tick := time.NewTicker(announceEvery)
	defer tick.Stop()
	for {
		err := r.Announce(ctx)
		if lost := err != nil; lost != r.lost && ctx.Err() == nil {
			r.lost = lost
			if lost {
				r.log.Warn("this process cannot be announced; the others are known as they were", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			r.withdraw(context.WithoutCancel(ctx))
			return
		case <-tick.C:
		}
	}
}

// settleTries bounds how often a slot is asked for in one announcement.
const settleTries = 8

// Announce says once that this process is there, learns who else is, and settles which slot is
// its own. [Registry.Run] calls it; it is safe beside it.
func (r *Registry) Announce(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, announceTimeout)
	defer cancel()
	if r.self.Claim == None {
		if err := r.look(ctx); err != nil {
			return err
		}
	}
	for range settleTries {
		r.self.claim(*r.peers.Load(), r.opts.Now())
		err := r.say(ctx)
		if err == nil {
			err = r.look(ctx)
		}
		if err != nil && r.self.Claim == Wanted {
			r.self.Claim = None // nobody may have heard it, or have been heard: ask anew
		}
		if err != nil || r.self.settled(*r.peers.Load(), r.opts.Now()) {
			return err
		}
	}
	return nil // the next announcement goes on
}

func (r *Registry) say(ctx context.Context) error {
	now := r.opts.Now()
	r.self.At = now
	if r.opts.Vitals != nil {
		r.self.Vitals = r.opts.Vitals()
	}
	value, err := json.Marshal(r.self)
	if err != nil {
		return fmt.Errorf("watch: cannot write the announcement: %w", err)
	}
	return r.opts.Board.Announce(ctx, r.self.ID, value, now, slotKept)
}

// look reads what all others said. What cannot be read is of another version and left out.
func (r *Registry) look(ctx context.Context) error {
	all, err := r.opts.Board.Announced(ctx, r.opts.Now())
	if err != nil {
		return err
	}
	var peers []Peer
	for id, value := range all {
		var p Peer
		if err := json.Unmarshal(value, &p); err == nil && id != r.self.ID && id == p.ID {
			peers = append(peers, p)
		}
	}
	slices.SortFunc(peers, func(a, b Peer) int { return strings.Compare(a.ID, b.ID) })
	r.publish(peers)
	return nil
}

const withdrawTimeout = 2 * time.Second

// withdraw frees the slot and takes this process off the list. Failing that, its time runs out.
func (r *Registry) withdraw(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, withdrawTimeout)
	defer cancel()
	if err := r.opts.Board.Announce(ctx, r.self.ID, nil, r.opts.Now(), 0); err != nil {
		r.log.Warn("this process could not be taken off the list of processes; its slot stays taken for a day", "error", err)
	}
}
