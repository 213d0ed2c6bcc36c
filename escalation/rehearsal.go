package escalation

import (
	"container/heap"
	"slices"
	"time"

	"tocsin/paging"
	"tocsin/routing"
	"tocsin/schedules"
)

// rehearsal plays incidents through the real Step in virtual time, as the engine, a store and
// the phones would: every page is taken by its provider at once. Simulate and Replay run on it.
type rehearsal struct {
	book      *Book
	id        func(n int) paging.IncidentID // of the nth incident, from 1
	ackAfter  time.Duration                 // 0: nobody answers
	fallbacks int                           // how often in a row the fallback is paged; 0: always
	steps     int                           // that may still be made
	cut       bool                          // they did not suffice
	now       time.Time

	paged   func(*rehearsed, paging.Attempt) // a page goes out
	stepped func(*rehearsed, Result)         // may be nil
	over    func(*rehearsed)                 // it is forgotten; may be nil

	opened   int
	keys     map[routing.DedupKey]*rehearsed // the open one, or else the last
	identity map[MemberKey][]*rehearsed      // who holds or held it, oldest first
	groups   map[groupName]map[membership]bool
	agenda   agenda
	unended  []*rehearsed // resolved by silence, with members that may still be told to have ended
}

type groupName struct{ integration, name string }

type membership struct {
	member MemberKey
	r      *rehearsed
}

// rehearsed is one incident in memory, with its rows.
type rehearsed struct {
	n       int
	inc     *Incident
	members map[MemberKey]Member
	planned []paging.Attempt // pages that have not begun
	pages   int              // that went out

	ackAt     time.Time // when ackBy is going to acknowledge; zero: nobody is
	ackBy     schedules.UserID
	run       int // that fallbacks counts in
	fallbacks int

	lastEnd time.Time // of a member
	indexed time.Time // as the agenda has it; zero: not at all
	slim    bool      // what only a living incident needs is gone
	gone    bool
}

// unendedKept bounds how many incidents that ended by silence wait for the ends of their
// alerts. Such an end only matters to a firing within a minute after it ([LateDuplicate]).
const unendedKept = 10_000

func newRehearsal(book *Book, steps int, id func(n int) paging.IncidentID) *rehearsal {
	return &rehearsal{
		book: book, steps: steps, id: id,
		keys: map[routing.DedupKey]*rehearsed{}, identity: map[MemberKey][]*rehearsed{}, groups: map[groupName]map[membership]bool{},
	}
}

// do lets Step judge one command about r (nil: there is no incident) and keeps the result.
func (h *rehearsal) do(r *rehearsed, cmd Command, attempts ...paging.Attempt) Outcome {
	if h.steps <= 0 {
		h.cut = true
		return Outcome{Kind: NoIncident}
	}
	h.steps--
	s, env := Snapshot{}, Env{Book: h.book, Now: h.now}
	if r != nil {
		s.Incident, s.Members = r.inc, r.members
	}
	if len(attempts) > 0 {
		s.Attempts = map[paging.AttemptID]paging.Attempt{}
		for _, a := range attempts {
			s.Attempts[a.ID] = a
		}
	}
	if _, fires := cmd.(Fire); fires {
		env.NewID = h.id(h.opened + 1)
	}
	res := Step(env, s, cmd)
	if res.Incident == nil {
		return res.Outcome
	}
	if r == nil || r.inc.ID != res.Incident.ID {
		h.opened++
		r = &rehearsed{n: h.opened, members: map[MemberKey]Member{}}
		h.keys[res.Incident.Key] = r
	}
	h.keep(r, res)
	return res.Outcome
}

// keep writes what Step did, as a store would. Notices page nobody and are left out.
func (h *rehearsal) keep(r *rehearsed, res Result) {
	r.inc = res.Incident
	for _, m := range res.Members {
		h.putMember(r, m)
	}
	for _, put := range res.Put {
		if put.Attempt.State == paging.Planned && put.Attempt.Kind == paging.Page {
			r.planned = append(r.planned, put.Attempt)
		}
	}
	for _, c := range res.Cancel {
		r.planned = slices.DeleteFunc(r.planned, func(a paging.Attempt) bool { return a.ID == c.ID })
	}
	if r.run != r.inc.Run {
		r.run, r.fallbacks = r.inc.Run, 0
	}
	if r.inc.Position != nil && r.inc.Position.Stage == StageFallback {
		for _, e := range res.Entries {
			if e.Kind == EntryTier && e.Tier == FallbackName {
				r.fallbacks++
			}
		}
	}
	if h.leftAlone(r) {
		r.planned = nil
	}
	if r.inc.State != Triggered {
		r.ackAt = time.Time{}
	}
	if h.stepped != nil {
		h.stepped(r, res)
	}
	h.index(r)
}

func (h *rehearsal) putMember(r *rehearsed, m Member) {
	old, known := r.members[m.MemberKey]
	if !known {
		h.identity[m.MemberKey] = append(h.identity[m.MemberKey], r)
	}
	if known && old.Firing && old.Group != "" {
		h.ungroup(r, old)
	}
	r.members[m.MemberKey] = m
	if m.Firing && m.Group != "" {
		g := groupName{m.Integration, m.Group}
		if h.groups[g] == nil {
			h.groups[g] = map[membership]bool{}
		}
		h.groups[g][membership{m.MemberKey, r}] = true
	}
	if m.EndedAt.After(r.lastEnd) {
		r.lastEnd = m.EndedAt
	}
}

func (h *rehearsal) ungroup(r *rehearsed, m Member) {
	g := groupName{m.Integration, m.Group}
	delete(h.groups[g], membership{m.MemberKey, r})
	if len(h.groups[g]) == 0 {
		delete(h.groups, g)
	}
}

// leftAlone says that the fallback was paged often enough: from now on it only repeats.
func (h *rehearsal) leftAlone(r *rehearsed) bool {
	return h.fallbacks > 0 && r.fallbacks > h.fallbacks && r.inc.Position != nil && r.inc.Position.Stage == StageFallback
}

// upcoming is what comes next for an incident. At one instant pages go first, as they were
// planned first; who acknowledges at a deadline is in time.
type upcoming int

const (
	nothing upcoming = iota
	pageGoes
	acknowledged
	timerComes
	forgotten
)

// next is the earliest thing to happen to r, and the index of the attempt for pageGoes.
func (h *rehearsal) next(r *rehearsed) (what upcoming, at time.Time, attempt int) {
	consider := func(k upcoming, t time.Time, i int) {
		if !t.IsZero() && (what == nothing || t.Before(at)) {
			what, at, attempt = k, t, i
		}
	}
	for i := range r.planned {
		consider(pageGoes, r.planned[i].Due, i)
	}
	consider(acknowledged, r.ackAt, 0)
	consider(timerComes, h.timerOf(r), 0)
	consider(forgotten, r.forgetAt(), 0)
	return what, at, attempt
}

func (h *rehearsal) timerOf(r *rehearsed) time.Time {
	if !h.leftAlone(r) {
		return r.inc.NextDue()
	}
	alone := *r.inc
	alone.Position = nil
	return alone.NextDue()
}

// forgetAt is when a resolved incident matters no more: nothing re-opens it, and no firing is
// a late duplicate of what ended in it.
func (r *rehearsed) forgetAt() time.Time {
	if r.inc.Open() || r.gone || r.slim && r.inc.Firing > 0 {
		return time.Time{}
	}
	at := r.inc.Ending.At.Add(r.inc.ReopenWithin)
	if late := r.lastEnd.Add(LateDuplicate); late.After(at) {
		return late
	}
	return at
}

// play lets everything happen that is due up to and including end.
func (h *rehearsal) play(end time.Time) {
	for !h.cut && len(h.agenda) > 0 && !h.agenda[0].at.After(end) {
		first := h.agenda[0]
		heap.Pop(&h.agenda)
		r := first.r
		if r.gone || !first.at.Equal(r.indexed) {
			continue
		}
		r.indexed = time.Time{}
		what, at, attempt := h.next(r)
		if what == nothing || at.After(first.at) {
			h.index(r)
			continue
		}
		if at.After(h.now) {
			h.now = at
		}
		h.happen(r, what, attempt)
		if !r.gone {
			h.index(r)
		}
	}
}

func (h *rehearsal) happen(r *rehearsed, what upcoming, attempt int) {
	switch what {
	case pageGoes:
		a := r.planned[attempt]
		r.planned = slices.Delete(r.planned, attempt, attempt+1)
		r.pages++
		h.paged(r, a)
		if h.ackAfter > 0 && r.ackAt.IsZero() {
			r.ackAt, r.ackBy = h.now.Add(h.ackAfter), a.User
		}
		h.do(r, Reported{Report: paging.Report{Attempt: a.ID, Result: paging.ResultSent, At: h.now}}, a)
	case acknowledged:
		h.do(r, Acknowledge{By: Actor{User: r.ackBy, Name: string(r.ackBy), Via: "replay"}})
	case timerComes:
		h.do(r, TimerDue{})
	case forgotten:
		h.forget(r)
	case nothing:
	}
}

// forget drops a resolved incident. One with members that were never told to have ended keeps
// what judging such an end needs, as long as there is room.
func (h *rehearsal) forget(r *rehearsed) {
	if r.inc.Firing > 0 && !r.slim {
		inc := *r.inc
		inc.Lead, inc.Reasons, inc.Attempts, inc.Told, inc.Shadows, inc.SLAs = routing.Alert{}, nil, nil, nil, nil, nil
		r.inc, r.slim = &inc, true
		h.unended = append(h.unended, r)
		if len(h.unended) > unendedKept {
			h.drop(h.unended[0])
			h.unended = h.unended[1:]
		}
		return
	}
	h.drop(r)
}

func (h *rehearsal) drop(r *rehearsed) {
	if r.gone {
		return
	}
	if h.over != nil {
		h.over(r)
	}
	r.gone = true
	for k, m := range r.members {
		h.ungroup(r, m)
		left := slices.DeleteFunc(h.identity[k], func(other *rehearsed) bool { return other == r })
		if h.identity[k] = left; len(left) == 0 {
			delete(h.identity, k)
		}
	}
	if h.keys[r.inc.Key] == r {
		delete(h.keys, r.inc.Key)
	}
	r.inc, r.members, r.planned = nil, nil, nil
}

// left are those that were not forgotten, in no order.
func (h *rehearsal) left() (all []*rehearsed) {
	seen := map[*rehearsed]bool{}
	for _, holders := range h.identity {
		for _, r := range holders {
			if !seen[r] {
				seen[r] = true
				all = append(all, r)
			}
		}
	}
	return all
}

// index makes sure that the agenda comes to r in time; too early does no harm.
func (h *rehearsal) index(r *rehearsed) {
	what, at, _ := h.next(r)
	if what != nothing && (r.indexed.IsZero() || at.Before(r.indexed)) {
		r.indexed = at
		heap.Push(&h.agenda, agendaItem{at, r})
	}
}

// agenda is a heap by time, then by who came first. An item that is not what its incident says
// any more is skipped when it comes up.
type agenda []agendaItem

type agendaItem struct {
	at time.Time
	r  *rehearsed
}

func (a agenda) Len() int      { return len(a) }
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a agenda) Less(i, j int) bool {
	if c := a[i].at.Compare(a[j].at); c != 0 {
		return c < 0
	}
	return a[i].r.n < a[j].r.n
}

// Push implements heap.Interface.
func (a *agenda) Push(x any) { *a = append(*a, x.(agendaItem)) } //nolint:errcheck // container/heap hands back what was pushed

// Pop implements heap.Interface.
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}
