package sim

import (
	"context"
	"slices"
	"strconv"
	"time"

	"tocsin/escalation/store"
	"tocsin/paging"
)

// settle is how long time runs on after the faults have ended: longer than any lease, look-up,
// retry or tier.
const settle = 12 * time.Minute

// Play plays a script to its end and returns what came of it. It must run inside a bubble of
// testing/synctest, with crypto/rand seeded.
func Play(s Script) *History {
	w := newWorld(s)
	for _, p := range w.procs {
		time.Sleep(w.jitter("start", strconv.Itoa(p.n)))
		w.startLife(p)
	}
	for i := range s.Events {
		e := &s.Events[i]
		w.away.Go(func() {
			time.Sleep(time.Until(w.start.Add(e.At)) + w.jitter("event", e.String(), strconv.Itoa(i)))
			w.happen(e)
		})
	}
	time.Sleep(time.Until(w.start.Add(s.Length)))
	w.endFaults()
	time.Sleep(settle)
	w.finish()
	return &w.h
}

func (w *world) happen(e *Event) {
	switch e.Kind {
	case Fire, Resolve:
		w.tell(e)
	case Reply:
		w.reply(e)
	case Command:
		w.command(e)
	case Reload:
		w.reload(w.procs[e.Proc], e.Book)
	case Restart:
		w.restart(w.procs[e.Proc], e.For)
	default:
		w.lock(func() { w.breakSomething(e) })
	}
}

func (w *world) reload(p *process, book int) {
	w.mu.Lock()
	p.before, p.book, p.changed = p.book, book, time.Now()
	l := p.life
	w.note("p%d gets book %d", p.n, book)
	w.mu.Unlock()
	if l != nil {
		l.engine.SetBook(w.books[book])
	}
}

func (w *world) breakSomething(e *Event) {
	if w.calm {
		return
	}
	now := time.Now()
	switch e.Kind {
	case Crash, Lose, Delay:
		p := w.procs[e.Proc]
		p.armed = append(p.armed, e)
	case Outage:
		w.fault("%s", e)
		for _, p := range w.procs {
			if e.Proc < 0 || e.Proc == p.n {
				p.outages = append(p.outages, outage{now.Add(e.For), e.Mode})
			}
		}
	case Clock:
		p := w.procs[e.Proc]
		p.shift.Add(int64(e.For))
		w.fault("%s", e)
	case Provider:
		w.net.windows = append(w.net.windows, window{now.Add(e.For), e.Who, e.Mode})
	}
}

// endFaults lets everything work from here on.
func (w *world) endFaults() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calm = true
	w.net.windows = nil
	for _, p := range w.procs {
		p.armed, p.outages = nil, nil
	}
	w.h.Calm = time.Now()
	w.note("all faults have ended")
}

func (w *world) isOver() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over
}

// finish stops everything in order and reads what is stored.
func (w *world) finish() {
	w.mu.Lock()
	w.h.End, w.over = time.Now(), true
	lives := make([]*life, 0, len(w.procs))
	for _, p := range w.procs {
		if p.life != nil {
			lives = append(lives, p.life)
		}
	}
	for _, p := range w.procs {
		w.h.Books = append(w.h.Books, p.book)
	}
	w.mu.Unlock()
	for _, l := range lives {
		l.end()
	}
	w.away.Wait()
	w.collect()
}

func (w *world) collect() {
	ctx := context.Background()
	incidents, _ := w.raw.List(ctx, store.Filter{}) // the memory store fails only when the context is over
	slices.Reverse(incidents)
	due := map[paging.IncidentID]time.Time{}
	claims, _, _ := w.raw.ClaimTimers(ctx, time.Now().AddDate(10, 0, 0), time.Hour, 1<<20)
	for _, c := range claims {
		due[c.ID] = c.Due
	}
	for i := range incidents {
		s := Story{Incident: &incidents[i], Due: due[incidents[i].ID]}
		s.Timeline, _ = w.raw.Timeline(ctx, s.Incident.ID)
		s.Members, _ = w.raw.MembersOf(ctx, s.Incident.ID, 0)
		s.Attempts, _ = w.raw.AttemptsOf(ctx, s.Incident.ID)
		w.h.Incidents = append(w.h.Incidents, s)
	}
}

// incident names an open incident, the latest that was opened or one before it.
func (w *world) incident(back int) paging.IncidentID {
	incidents, _ := w.raw.List(context.Background(), store.Filter{Open: true})
	if len(incidents) == 0 {
		return ""
	}
	return incidents[min(back, len(incidents)-1)].ID
}
