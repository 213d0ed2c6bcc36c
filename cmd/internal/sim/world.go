package sim

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/escalation/store/memstore"
	"tocsin/paging"
	"tocsin/paging/delivery"
)

// world is one history being played.
type world struct {
	script Script
	start  time.Time
	raw    *memstore.Store // what really is stored
	net    *network
	books  []*escalation.Book

	mu    sync.Mutex
	procs []*process
	calm  bool // faults have ended
	over  bool // the history has ended
	away  sync.WaitGroup
	told  map[string]*group // of the sender, by group
	h     History
}

// process is one gateway, through all of its lives.
type process struct {
	n       int
	shift   atomic.Int64 // of its clock against the true time, in nanoseconds
	book    int
	before  int       // the book before it
	changed time.Time // when the process got it
	life    *life     // nil while it is down
	lives   int
	armed   []*Event
	outages []outage
}

// life is a process from its start to its end.
type life struct {
	store.Store
	w        *world
	p        *process
	name     string // "p1.2": the second life of process 1
	book     int    // that it began with
	dead     bool   // crashed: nothing of it reaches the world any more
	engine   *engine.Engine
	delivery *delivery.Delivery
	stop     context.CancelFunc // of the engine
	stopSend context.CancelFunc // of delivery
	running  sync.WaitGroup     // engine
	sending  sync.WaitGroup     // delivery
}

// outage is a time without a store.
type outage struct {
	until time.Time
	mode  string
}

var errCrashed = errors.New("sim: the process has crashed")

// Times of delivery as the program sets them.
const (
	sendTimeout = 5 * time.Second
	pageLease   = 12 * time.Second
	pageHold    = 3 * time.Second

	startTimeout = 5 * time.Second
)

func newWorld(s Script) *world {
	w := &world{script: s, start: time.Now(), raw: memstore.New(memstore.Options{Shards: 4}), told: map[string]*group{}}
	w.h.Script, w.h.Start, w.h.Asked = s, w.start, map[string]string{}
	w.net = &network{w: w}
	for n := range bookCount {
		w.books = append(w.books, newBook(n))
	}
	for n, skew := range s.Skew {
		p := &process{n: n}
		p.shift.Store(int64(skew))
		w.procs = append(w.procs, p)
	}
	return w
}

// startLife lets a process that is down start. As the program does, it asks the store first,
// and does not start without it.
func (w *world) startLife(p *process) {
	w.mu.Lock()
	p.lives++
	l := w.newLife(p)
	w.mu.Unlock()
	for try := 0; ; try++ {
		if w.isOver() {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
		_, err := l.Clock(ctx, time.Time{})
		l.engine.MeasureClock(ctx)
		cancel()
		if err == nil {
			break
		}
		time.Sleep(time.Second + w.jitter("start again", l.name))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.life != nil || w.over {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	sendCtx, stopSend := context.WithCancel(context.Background())
	l.stop, l.stopSend = stop, stopSend
	l.running.Go(func() { _ = l.engine.Run(ctx) })       // always nil
	l.sending.Go(func() { _ = l.delivery.Run(sendCtx) }) // always nil
	w.away.Go(func() { l.running.Wait(); l.sending.Wait() })
	p.life = l
	if l.book != p.book { // it came while the process started
		l.engine.SetBook(w.books[p.book])
	}
	w.note("%s starts", l.name)
}

func (w *world) newLife(p *process) *life {
	l := &life{Store: w.raw, w: w, p: p, name: fmt.Sprintf("p%d.%d", p.n, p.lives), book: p.book}
	l.engine = engine.New(engine.Config{
		Store: l, Book: w.books[p.book], Lanes: w.script.Lanes, MaxSleep: w.script.Poll,
		Now:       func() time.Time { return w.clockOf(p) },
		WakePages: func() { l.delivery.Wake() },
	})
	l.delivery = delivery.New(delivery.Config{
		Queue: l, Reporter: l.engine, Channels: map[string]paging.Channel{paging.SMS: &line{w.net, l}},
		Fenced: func(err error) bool { return errors.Is(err, store.ErrFenced) },
		Clock:  l.engine.Now, Lease: pageLease, Hold: pageHold, SendTimeout: sendTimeout, Poll: w.script.Poll,
	})
	return l
}

// clockOf is what a process's own clock shows. Like time.Now it carries a monotonic reading,
// which nobody can set: only the wall clock is shifted.
func (w *world) clockOf(p *process) time.Time {
	now := time.Now()
	return reading(now.Add(time.Duration(p.shift.Load())), now.Sub(w.start)+1)
}

// kill ends a life at once; the process starts again later.
func (w *world) kill(l *life, down time.Duration, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if l.dead || l.p.life != l {
		return
	}
	l.dead, l.p.life = true, nil
	l.stop()
	l.stopSend()
	w.fault("%s crashes %s", l.name, why)
	w.away.Go(func() { w.sleep(down); w.startLife(l.p) })
}

// restart ends a life in order, as App.Stop does, and starts the next.
func (w *world) restart(p *process, down time.Duration) {
	w.mu.Lock()
	l := p.life
	p.life = nil
	w.mu.Unlock()
	if l == nil {
		return
	}
	w.mu.Lock()
	w.fault("%s stops", l.name)
	w.mu.Unlock()
	l.end()
	w.sleep(down)
	w.startLife(p)
}

// end is the order in which the program stops: first what sends, then what stores.
func (l *life) end() {
	l.stopSend()
	l.sending.Wait()
	l.stop()
	l.running.Wait()
}

// sleep waits, but no longer than until the faults end: then everything starts again.
func (w *world) sleep(d time.Duration) {
	left := time.Until(w.start.Add(w.script.Length))
	time.Sleep(max(min(d, left+w.jitter("wake", d.String())), w.jitter("wake", d.String())))
}

// jitter is a small time that derives from the seed, the instant and what it is for. No two of
// one instant are equal, so that the order of what happens is always the same.
func (w *world) jitter(what ...string) time.Duration {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, w.script.Seed, time.Since(w.start).Nanoseconds(), what) // never fails
	sum := h.Sum64()
	if sum%50 == 0 {
		return 100*time.Microsecond + time.Duration(sum>>8%300_000_000)
	}
	return 100*time.Microsecond + time.Duration(sum>>8%4_000_000)
}

// alive returns the present life of a process, or that of the next one that runs.
func (w *world) alive(first int) *life {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.procs {
		if l := w.procs[(first+i)%len(w.procs)].life; l != nil {
			return l
		}
	}
	return nil
}

func (l *life) isDead() bool {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	return l.dead
}

// note and fault add to the history's log; the mutex is held.
func (w *world) note(format string, args ...any) {
	w.h.Log = append(w.h.Log, Line{time.Now(), fmt.Sprintf(format, args...)})
}

func (w *world) fault(format string, args ...any) {
	w.note(format, args...)
	w.h.Faults = append(w.h.Faults, time.Now())
}

func (w *world) lock(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

func (p *process) outageNow(now time.Time) (outage, bool) {
	i := slices.IndexFunc(p.outages, func(o outage) bool { return now.Before(o.until) })
	if i < 0 {
		return outage{}, false
	}
	return p.outages[i], true
}
