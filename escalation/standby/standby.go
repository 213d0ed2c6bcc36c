package standby

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/paging/delivery"
)

// Phase is how a process stands to the shared store.
type Phase string

// The phases, in the order in which an outage goes through them.
const (
	Up        Phase = "up"
	Down      Phase = "down"      // it works on its own
	Adopting  Phase = "adopting"  // the store is back; incidents and replies are brought in
	Replaying Phase = "replaying" // what was kept is brought in
)

// Config is what a [Standby] needs. Shared, Folder, Now, Slot and Channels of Delivery are required.
type Config struct {
	Shared   store.Store        // the shared store itself
	Folder   string             // for the spool
	Now      func() time.Time   // the local clock
	Slot     func() (int, bool) // of this process, see store.SlotCodes
	Process  string             // what timelines call this process
	Delivery delivery.Config    // of the local delivery; queue, reporter and clock are filled in
	Hooks    engine.Hooks       // of the local engine
	Peers    Peers              // nil: this process knows of no other
	Logger   *slog.Logger
	Away     bool // the store could not be reached yet

	Patience time.Duration // for an answer of the store before it is looked at; default 3 s
	Probe    time.Duration // for an answer to that look; default 1 s
	Every    time.Duration // between two looks while the store is away; default 500 ms
	Good     int           // looks in a row that must succeed before it counts as back; default 3
	Hold     time.Duration // of kept alerts that open incidents when the store is back; default 5 s
}

func (c *Config) setDefaults() {
	for _, d := range []struct {
		p *time.Duration
		v time.Duration
	}{{&c.Patience, 3 * time.Second}, {&c.Probe, time.Second}, {&c.Every, 500 * time.Millisecond}, {&c.Hold, 5 * time.Second}} {
		if *d.p <= 0 {
			*d.p = d.v
		}
	}
	if c.Good <= 0 {
		c.Good = 3
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}

// Standby is a process's way to do without the shared store. Make one with [New], give it the
// engine with Use, and Run it beside that.
type Standby struct {
	cfg    Config
	log    *slog.Logger
	guard  *Guard
	shared *engine.Engine

	known   known
	suspect chan struct{} // a call of the store failed: look at it

	mu    sync.RWMutex // who puts something into the spool holds it shared; who changes the phase, alone
	phase Phase
	left  chan struct{} // closed while the store is not asked: Down, Adopting
	since time.Time     // of the outage; zero while up
	spool *spool
	local *local                  // while down
	stop  context.CancelCauseFunc // of the merge

	lateness sync.Mutex
	late     []engine.Delivery // taken while adopting; to be paged then

	aside aside
}

// New opens the spool. What it holds from an earlier process is merged by Run.
func New(ctx context.Context, c Config) (*Standby, error) {
	c.setDefaults()
	sp, err := openSpool(ctx, c)
	if err != nil {
		return nil, err
	}
	s := &Standby{cfg: c, log: c.Logger, spool: sp, phase: Up, left: make(chan struct{}), suspect: make(chan struct{}, 1)}
	s.aside.open(c.Folder, s.log)
	s.guard = &Guard{Store: c.Shared, trouble: func(error) { s.wake() }}
	empty, err := sp.empty(ctx)
	if err == nil && (c.Away || !empty) {
		s.phase, s.since = Adopting, c.Now()
		close(s.left)
		s.guard.set(gateNoClaims)
	}
	switch {
	case c.Away:
		s.guard.set(gateShut)
	case !empty:
		s.log.Warn("the spool holds what came in while the store was away; it is merged now", "lines", sp.ledger.waiting())
	}
	return s, err
}

// Store is the shared store as everything else in this process must use it.
func (s *Standby) Store() store.Store { return s.guard }

// Use says which engine runs on Store. Call it before Run and before anything is taken in.
func (s *Standby) Use(e *engine.Engine) { s.shared = e }

// Close closes the spool, after Run has ended.
func (s *Standby) Close() error { return s.spool.store.Close() }

// Phase is how this process stands to the store, and since when it is not up.
func (s *Standby) Phase() (Phase, time.Time) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.phase, s.since
}

// Waiting is how many deliveries and replies wait in the ledger.
func (s *Standby) Waiting() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.spool.ledger.waiting()
}

func (s *Standby) wake() {
	select {
	case s.suspect <- struct{}{}:
	default:
	}
}

// look says whether the store answers in time, whoever waits for it.
func (s *Standby) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Probe)
	defer cancel()
	return s.cfg.Shared.Check(ctx)
}

// Run watches the store until ctx ends, and merges when it is back.
func (s *Standby) Run(ctx context.Context) {
	if phase, _ := s.Phase(); s.cfg.Away {
		s.mu.Lock()
		s.down(errNeverThere)
		s.mu.Unlock()
		s.pageLate(ctx)
	} else if phase == Adopting {
		s.mergeOrFall(ctx)
	}
	learn := time.NewTicker(learnEvery)
	defer learn.Stop()
	for ctx.Err() == nil {
		s.mu.RLock()
		phase, left := s.phase, s.left
		s.mu.RUnlock()
		if phase == Up {
			select {
			case <-ctx.Done():
			case <-left:
			case <-learn.C:
				s.learn(ctx)
			case <-s.suspect:
				if err := s.look(ctx); err != nil && ctx.Err() == nil {
					s.fall(left, err)
				}
			}
			continue
		}
		if s.back(ctx) {
			s.mergeOrFall(ctx)
		}
	}
	s.mu.Lock()
	l := s.local
	s.local = nil
	s.mu.Unlock()
	if l != nil {
		l.halt()
	}
}

// back waits until the store has answered often enough in a row; false when ctx ends before.
func (s *Standby) back(ctx context.Context) bool {
	tick := time.NewTicker(s.cfg.Every)
	defer tick.Stop()
	for good := 0; good < s.cfg.Good; {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		if s.look(ctx) != nil {
			good = 0
		} else {
			good++
		}
	}
	return true
}
