package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
)

// Errors that callers tell apart.
var (
	// ErrOverloaded: too many alerts wait. The sender should try again (503).
	ErrOverloaded = errors.New("engine: too many alerts wait to be stored; try again")
	// ErrUnavailable: the store cannot be reached or refused the write. Try again (503).
	ErrUnavailable = errors.New("engine: the store cannot be written")
	// ErrStopped: the engine is stopping.
	ErrStopped = errors.New("engine: stopping")
)

// Hooks observe what happens, for metrics. Every field may be nil.
type Hooks struct {
	Committed func(changes, touches int, took time.Duration, err error)
	TimerLate func(late time.Duration)
	Stepped   func(escalation.Result)
	Saved     func(escalation.Result, store.Revision) // what was committed, and the incident's revision since
	Ingested  func(integration string, s Summary)
	Claimed   func() // the timer loop has asked the store for what is due
}

// Config is what an engine needs. Store, Book and Now are required.
type Config struct {
	Store  store.Store
	Book   *escalation.Book
	Now    func() time.Time // the local clock
	Logger *slog.Logger
	Hooks  Hooks

	Lanes      int           // default 4
	QueueLimit int           // alerts that may wait per lane; default 8192
	TimerLease time.Duration // after this another process takes a due timer over; default 3 s (a second holder finds it consumed)
	MaxSleep   time.Duration // cap of the timer loop's sleep; default 500 ms
	Record     time.Duration // how long the intake log is kept; 0: not kept
	WakePages  func()        // called after a commit that planned attempts
	KeepEnds   bool          // remember ends of what nobody holds: another process may bring it in later
}

// Engine runs incidents on one store. Make one with New, then Run it.
type Engine struct {
	cfg    Config
	store  store.Store
	log    *slog.Logger
	clock  *Clock
	book   atomic.Pointer[escalation.Book]
	lanes  []*lane
	wake   chan struct{} // an earlier timer than the loop sleeps for
	nextAt atomic.Int64  // unix nanoseconds that the timer loop sleeps until

	rejudge chan struct{}
	closing chan struct{}
	once    sync.Once
	work    sync.WaitGroup // submissions under way
	gate    sync.RWMutex   // held for reading while a submission registers
	stopped bool
}

// New returns an engine that is ready to Submit once it runs.
func New(cfg Config) *Engine {
	cfg.Lanes = orDefault(cfg.Lanes, 4)
	cfg.QueueLimit = orDefault(cfg.QueueLimit, 8192)
	cfg.TimerLease = orDefault(cfg.TimerLease, 3*time.Second)
	cfg.MaxSleep = orDefault(cfg.MaxSleep, 500*time.Millisecond)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.WakePages == nil {
		cfg.WakePages = func() {}
	}
	e := &Engine{
		cfg: cfg, store: cfg.Store, log: cfg.Logger, clock: NewClock(cfg.Now),
		wake: make(chan struct{}, 1), rejudge: make(chan struct{}, 1), closing: make(chan struct{}),
	}
	e.book.Store(cfg.Book)
	for range cfg.Lanes {
		e.lanes = append(e.lanes, newLane(e, cfg.QueueLimit))
	}
	return e
}

func orDefault[T int | time.Duration](v, d T) T {
	if v <= 0 {
		return d
	}
	return v
}

// Now is the engine's clock.
func (e *Engine) Now() time.Time { return e.clock.Now() }

// Book is the configuration in force.
func (e *Engine) Book() *escalation.Book { return e.book.Load() }

// Offset is how far the local clock is corrected towards the store's.
func (e *Engine) Offset() time.Duration { return e.clock.Offset() }

// SetBook puts a new configuration in force and has muted, suppressed and held incidents
// judged again.
func (e *Engine) SetBook(b *escalation.Book) {
	e.book.Store(b)
	select {
	case e.rejudge <- struct{}{}:
	default:
	}
}

// Run works until ctx ends, then drains: submissions under way are finished and committed.
// Nothing that was accepted is in memory only when Run returns.
func (e *Engine) Run(ctx context.Context) error {
	if e.clock.Doubtful() {
		e.MeasureClock(ctx)
	}
	loops, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var background, laneLoops sync.WaitGroup
	for _, l := range e.lanes {
		laneLoops.Go(func() { l.run() })
	}
	background.Go(func() { e.timerLoop(loops) })
	background.Go(func() { e.rejudgeLoop(loops) })
	background.Go(func() { e.clockLoop(loops) })

	<-ctx.Done()
	cancel()
	background.Wait()
	e.gate.Lock()
	e.stopped = true
	e.gate.Unlock()
	e.work.Wait()
	e.once.Do(func() { close(e.closing) })
	laneLoops.Wait()
	return nil
}

// enter registers a submission, so that Run drains it before it returns.
func (e *Engine) enter() bool {
	e.gate.RLock()
	defer e.gate.RUnlock()
	if e.stopped {
		return false
	}
	e.work.Add(1)
	return true
}

// MeasureClock asks the store for its time, for two seconds at most. Whoever starts other loops
// that go by Now calls it before them: what is claimed by a clock that is off comes too early,
// or is leased for too long. A store that does not answer is only logged.
func (e *Engine) MeasureClock(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := e.clock.Measure(ctx, e.store.Clock); err != nil {
		e.log.Warn("cannot ask the store for its time; the local clock is used as it is", "error", err)
		return
	}
	if off := e.clock.Offset().Abs(); off > 5*time.Second {
		e.log.Warn("the local clock is far off the store's; the store's is used", "offset", e.clock.Offset())
	}
}

func (e *Engine) clockLoop(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			e.MeasureClock(ctx)
		}
	}
}

// token returns a random commit token.
func token() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return hex.EncodeToString(b[:])
}
