// Package memstore keeps everything in maps under one mutex: the store of the simulator, of
// property tests and of whoever wants to see what storetest means in the plainest code.
//
// It is deterministic: given the same calls and the same source of tokens it answers the
// same. Nothing is shared with callers: what comes in and goes out is copied.
package memstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing"
)

// Options adapts a store; the zero value is fine.
type Options struct {
	Shards int           // default 4
	Token  func() string // of claims and leases; default: a counter
	Random *rand.Rand    // of strong reply codes; default: the same seed each time
}

// Store is a store.Store in memory. Make one with New.
type Store struct {
	mu     sync.Mutex
	shards int
	token  func() string
	random *rand.Rand

	incidents map[paging.IncidentID]*record
	order     []paging.IncidentID // sorted, oldest first
	keys      map[routing.DedupKey]paging.IncidentID
	identity  map[escalation.MemberKey]map[paging.IncidentID]bool
	groups    map[group]map[store.Membership]bool

	timers   agenda[paging.IncidentID]
	attempts map[int]*agenda[paging.AttemptID] // by rank

	phones map[string]*phoneBook
	once   map[string]proof
	series map[string]*series
	intake []store.Intake // sorted by time

	store.Announcements
}

// record is one incident with the rows beside it.
type record struct {
	incident *escalation.Incident
	revision store.Revision
	count    int
	seen     time.Time
	due      time.Time // as the timer is indexed now; zero: not at all
	members  map[escalation.MemberKey]escalation.Member
	attempts map[paging.AttemptID]*row
	entries  []escalation.Entry
}

// row is an attempt and when it is due as it is indexed now; zero: not at all.
type row struct {
	attempt paging.Attempt
	due     time.Time
}

type group struct{ integration, name string }

type proof struct {
	value string
	until time.Time
}

var _ store.Store = (*Store)(nil)

// New returns an empty store.
func New(o Options) *Store {
	if o.Shards < 1 {
		o.Shards = 4
	}
	if o.Token == nil {
		n := 0
		o.Token = func() string { n++; return fmt.Sprintf("token-%d", n) } // under the mutex
	}
	if o.Random == nil {
		o.Random = rand.New(rand.NewPCG(1, 2))
	}
	return &Store{
		shards: o.Shards, token: o.Token, random: o.Random,
		incidents: map[paging.IncidentID]*record{}, keys: map[routing.DedupKey]paging.IncidentID{},
		identity: map[escalation.MemberKey]map[paging.IncidentID]bool{}, groups: map[group]map[store.Membership]bool{},
		attempts: map[int]*agenda[paging.AttemptID]{}, phones: map[string]*phoneBook{}, once: map[string]proof{},
		series: map[string]*series{},
	}
}

// enter takes the mutex unless the context is over.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memstore: %w", err)
	}
	s.mu.Lock()
	return nil
}

// Shards implements store.Store.
func (s *Store) Shards() int { return s.shards }

// Load implements store.Store.
func (s *Store) Load(ctx context.Context, queries []store.Query) ([]store.Loaded, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	out := make([]store.Loaded, len(queries))
	for i, q := range queries {
		id := q.ID
		if id == "" {
			id = s.keys[q.Key]
		}
		if r := s.incidents[id]; r != nil {
			l, err := r.load(q)
			if err != nil {
				return nil, err
			}
			out[i] = l
		}
	}
	return out, nil
}

func (r *record) load(q store.Query) (store.Loaded, error) {
	l := store.Loaded{Incident: r.read(), Revision: r.revision,
		Members: map[escalation.MemberKey]escalation.Member{}, Attempts: map[paging.AttemptID]paging.Attempt{}}
	if err := known(r.incident.Format); err != nil {
		return l, err
	}
	for _, k := range q.Members {
		if m, ok := r.members[k]; ok {
			l.Members[k] = m
		}
	}
	for _, id := range q.Attempts {
		if a, ok := r.attempts[id]; ok {
			if err := known(a.attempt.Format); err != nil {
				return l, err
			}
			l.Attempts[id] = a.attempt
		}
	}
	return l, nil
}

// read returns a copy of the incident with its counters.
func (r *record) read() *escalation.Incident {
	c := clone(r.incident)
	c.Count, c.LastSeen = r.count, r.seen
	return c
}

func known(format int) error {
	if format > escalation.Format {
		return fmt.Errorf("%w (format %d)", store.ErrNewer, format)
	}
	return nil
}

// clone returns an incident that shares no memory with i.
func clone(i *escalation.Incident) *escalation.Incident {
	c := *i
	c.Lead = i.Lead.Clone()
	c.Reasons = slices.Clone(i.Reasons)
	c.Attempts = slices.Clone(i.Attempts)
	c.Told = slices.Clone(i.Told)
	c.Shadows = slices.Clone(i.Shadows)
	c.SLAs = slices.Clone(i.SLAs)
	c.Commands = slices.Clone(i.Commands)
	c.Quiet, c.Position, c.Last = pointer(i.Quiet), pointer(i.Position), pointer(i.Last)
	c.Ack, c.Ending, c.CloseAsk = pointer(i.Ack), pointer(i.Ending), pointer(i.CloseAsk)
	return &c
}

func pointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

func entries(in []escalation.Entry) []escalation.Entry {
	out := slices.Clone(in)
	for i := range out {
		out[i].Member = pointer(out[i].Member)
	}
	return out
}

// Clock implements store.Store: there is no other clock.
func (s *Store) Clock(_ context.Context, local time.Time) (time.Time, error) { return local, nil }

// Check implements store.Store.
func (s *Store) Check(ctx context.Context) error { return ctx.Err() }

// Promise implements store.Store.
func (s *Store) Promise(context.Context) string {
	return "Everything is lost when the process ends: this store is for tests and simulations."
}

// Close implements store.Store.
func (s *Store) Close() error { return nil }
