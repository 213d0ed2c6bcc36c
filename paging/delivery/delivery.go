// Package delivery hands planned pages to their channels: it claims what is due, one phone in
// order and many phones at once, retries, bundles floods, and reports what became of each.
//
// # The way of a page
//
//	claim ──▶ per phone, under its lease ──▶ restraint: at once, folded, or the rolling text
//	      ──▶ ReserveCode ──▶ Begin (canceled? then nothing) ──▶ Channel.Send ──▶ Report
//
// An attempt is begun in the store before the provider is called, so a crash leaves one of
// two things: a planned attempt, which is claimed again, or one in state Sending, whose
// outcome is unknown. The unknown is never guessed: the provider is asked ([paging.Channel]
// Find), and only what it does not have is sent again, with the same code and text.
//
// # What protects what
//
//   - A claim's token fences the attempt: two processes never send the same one while its
//     lease holds, and no send outlives the lease, since it bounds the send's context.
//   - A phone's lease orders the texts to one number and guards its [paging.PhoneState].
//   - A lost lease costs a wait, never a page: what was claimed comes due again.
//
// Leases are as short as they may be, so that the work of a process that was killed is free within
// seconds. A claim is only the right to begin soon: what waits longer than Hold for its phone
// comes due again, for whoever is first, us included. Begin takes the lease anew, for a
// whole send; so does the claim of what somebody else had begun, for a look-up. A phone's lease
// is short as well and is renewed while it is worked on: a provider that is slow does not lose
// it. When it is lost all the same (the store did not answer, the process stood still) the send
// under way is finished, since its attempt is still ours, and nothing more is begun. While the
// store is slow the short leases are longer, by what its calls take.
//
// Waiting is done by the queue (Defer), not by a goroutine, so that nothing is lost when the
// process ends in between; the exceptions are sub-second waits and reports that are repeated.
// The rules of restraint are pure and live in restraint.go.
package delivery

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/paging"
)

// Queue is what delivery needs of the store; see escalation/store for the semantics.
type Queue interface {
	ClaimAttempts(ctx context.Context, now time.Time, leases paging.Leases, limit int) ([]paging.Claim, time.Time, error)
	Begin(ctx context.Context, now time.Time, lease time.Duration, starts []paging.Start) ([]error, error)
	Defer(ctx context.Context, claims []paging.Claim, until time.Time) error
	ReserveCode(ctx context.Context, r paging.CodeRequest) (paging.Code, error)
	LeasePhone(ctx context.Context, phone string, now time.Time, lease time.Duration) (paging.PhoneLease, bool, error)
	RenewPhone(ctx context.Context, l paging.PhoneLease, now time.Time, lease time.Duration) error
	ReleasePhone(ctx context.Context, l paging.PhoneLease) error
}

// Reporter takes what became of attempts; the engine is one. An error is trouble: none of the
// reports is known to be taken, and repeating them is safe.
type Reporter interface {
	Report(ctx context.Context, reports []paging.Report) error
}

// Observe is told what happens, for metrics. Each may be nil; they must not block.
type Observe struct {
	// Outcome is called once per attempt and try; class is empty unless the send failed.
	Outcome func(a paging.Attempt, r paging.Result, class paging.Class)
	// Lateness is called when a page is handed over for the first time: how long after it was
	// due. Folded says that it waited on purpose, for a rolling text.
	Lateness func(a paging.Attempt, late time.Duration, folded bool)
	// Claimed is called when the queue was asked for what is due, and has answered.
	Claimed func()
}

// Config is what a [Delivery] works with. Queue and Reporter are required.
type Config struct {
	Queue    Queue
	Reporter Reporter
	Channels map[string]paging.Channel                             // by the kind of contact: "sms"
	Missing  func(context.Context, paging.AttemptID) (bool, error) // whether a sent attempt still lacks its last receipt; nil: receipts are not followed
	Fenced   func(error) bool                                      // whether Begin's error means "canceled or taken over" (store.ErrFenced) and not trouble
	Clock    func() time.Time                                      // default time.Now
	Logger   *slog.Logger
	Observe  Observe

	Concurrency int           // phones texted at the same time; default 32
	Lease       time.Duration // of what was begun; default 30 s, raised to what two sends may take
	Hold        time.Duration // lease of claims that are not begun, and of phones; default 3 s, at most Lease
	SendTimeout time.Duration // of one call of a channel; default 10 s
	QueueWait   time.Duration // of one call of the queue or the reporter; default 5 s
	Drain       time.Duration // how long Run waits for sends in flight when it ends; default 15 s
	Poll        time.Duration // longest sleep between two claims; default 500 ms
	ValidFor    time.Duration // the provider drops a text after this; default 5 min
}

func (c *Config) setDefaults() {
	fallback(&c.Concurrency, 32)
	fallback(&c.SendTimeout, 10*time.Second)
	fallback(&c.Lease, 30*time.Second)
	c.Lease = max(c.Lease, 2*(c.SendTimeout+leaseMargin)) // else no claim would ever be fresh enough for a send
	fallback(&c.Hold, 3*time.Second)
	c.Hold = min(c.Hold, c.Lease)
	fallback(&c.QueueWait, 5*time.Second)
	fallback(&c.Drain, 15*time.Second)
	fallback(&c.Poll, 500*time.Millisecond)
	fallback(&c.ValidFor, 5*time.Minute)
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Fenced == nil {
		c.Fenced = func(error) bool { return false }
	}
	if c.Observe.Outcome == nil {
		c.Observe.Outcome = func(paging.Attempt, paging.Result, paging.Class) {}
	}
	if c.Observe.Claimed == nil {
		c.Observe.Claimed = func() {}
	}
	if c.Observe.Lateness == nil {
		c.Observe.Lateness = func(paging.Attempt, time.Duration, bool) {}
	}
}

func fallback[T int | time.Duration](p *T, v T) {
	if *p <= 0 {
		*p = v
	}
}

// Bounds of the work in hand.
const (
	claimLimit  = 500  // attempts per claim
	maxHeld     = 4096 // attempts in memory
	urgentExtra = 4    // one more phone per so many may be texted when the page is of the most urgent severity
	minSleep    = 10 * time.Millisecond
	leaseMargin = 2 * time.Second // of a lease that a send must leave over
	callsAhead  = 4               // a claim and what follows until Begin take so many times as long as a claim
)

// Delivery claims and sends. Make one with [New] and run it once.
type Delivery struct {
	cfg  Config
	wake chan struct{}
	busy sync.WaitGroup // workers, and reports that are repeated
	pace atomic.Int64   // how long the last claim took

	mu      sync.Mutex
	phones  map[string]*phone
	running int
	held    int       // attempts in phones' inboxes
	yield   time.Time // no claim before this, unless woken
	awaited []awaited // texts whose receipts are awaited, in no order
}

// New returns a delivery that does nothing before [Delivery.Run].
func New(cfg Config) *Delivery {
	cfg.setDefaults()
	d := &Delivery{cfg: cfg, wake: make(chan struct{}, 1), phones: map[string]*phone{}}
	d.pace.Store(int64(cfg.QueueWait)) // nobody knows yet
	return d
}

// Wake says that attempts were planned: the next claim is made at once. It never blocks.
func (d *Delivery) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends. Then it claims nothing more, gives back what it has not begun,
// waits up to Drain for the sends in flight and returns nil when no goroutine is left. What is
// cut off then is in state Sending and is settled by whoever claims it next.
func (d *Delivery) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	d.busy.Go(func() { d.followReceipts(ctx) })
	failures := 0
	for ctx.Err() == nil {
		sleep, err := d.claimDue(work, ctx.Done())
		if err != nil {
			failures++
			sleep = backoff(failures, d.cfg.Poll, 4*d.cfg.Poll)
			d.cfg.Logger.Error("cannot claim pages; nothing is sent until the store answers", "error", err, "failures", failures)
		} else {
			failures = 0
		}
		d.sleep(ctx, sleep, failures > 0)
	}
	d.drain(work, stop)
	return nil
}

// sleep waits that long, or until there is something to claim. After trouble Wake does not count:
// an engine that is busy would have the store asked without a pause.
func (d *Delivery) sleep(ctx context.Context, wait time.Duration, trouble bool) {
	d.mu.Lock()
	wait = max(wait, d.yield.Sub(d.now()))
	d.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	wake := d.wake
	if trouble {
		wake = nil
	}
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
}

// yieldTill leaves the next claims to the process that holds a phone which we were refused. It
// is shorter than Poll, so no page waits longer for it than it may anyway.
func (d *Delivery) yieldTill(at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.yield = at
}

func (d *Delivery) drain(work context.Context, stop context.CancelFunc) {
	d.giveBack(work, d.takeIdle(), d.now())
	done := make(chan struct{})
	go func() {
		d.busy.Wait()
		close(done)
	}()
	timer := time.NewTimer(d.cfg.Drain)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		d.cfg.Logger.Warn("sends are still in flight at the end; whoever claims them next asks the provider", "waited", d.cfg.Drain)
		stop()
		<-done
	}
}

func (d *Delivery) now() time.Time { return d.cfg.Clock() }

// hold is how long a claim or a phone is leased: longer while the store is slow, so that there is
// time to begin.
func (d *Delivery) hold() time.Duration {
	return min(d.cfg.Hold+callsAhead*time.Duration(d.pace.Load()), d.cfg.Lease)
}

// backoff doubles from first with each failure (1 is the first), up to limit.
func backoff(failures int, first, limit time.Duration) time.Duration {
	wait := first
	for i := 1; i < failures && wait < limit; i++ {
		wait *= 2
	}
	return min(wait, limit)
}
