package redisstore

import (
	"context"
	"sync"
)

// A round trip costs client and server more than most commands do. So when several callers ask
// for little at the same time, their calls travel in one pipeline: a caller that finds a courier
// free goes by itself, at once; those that come while all couriers are under way wait for the
// next one, together.
const (
	couriers = 2
	// little is how many calls a caller may have to travel with others.
	little = 16
)

// post is where callers wait.
type post struct {
	mu      sync.Mutex
	busy    int // couriers under way
	waiting []*parcel
}

// parcel is the calls of one caller. They are copies: the caller may leave when its time is over.
type parcel struct {
	calls []call
	done  chan struct{}
}

// together sends calls, with those of others when there are many callers.
func (s *Store) together(ctx context.Context, calls []*call) {
	s.post.mu.Lock()
	if s.post.busy < couriers {
		s.post.busy++
		s.post.mu.Unlock()
		defer s.nextCourier()
		s.sendAll(ctx, []*group{{client: s.client, calls: calls}}, false)
		return
	}
	l := &parcel{calls: make([]call, len(calls)), done: make(chan struct{})}
	for i, c := range calls {
		l.calls[i] = *c
	}
	s.post.waiting = append(s.post.waiting, l)
	s.post.mu.Unlock()
	select {
	case <-l.done:
		for i, c := range calls {
			c.val, c.err = l.calls[i].val, l.calls[i].err
		}
	case <-ctx.Done():
		for _, c := range calls {
			c.err = ctx.Err()
		}
	}
}

// nextCourier sends one out with what waits, if anything does.
func (s *Store) nextCourier() {
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	if len(s.post.waiting) == 0 {
		s.post.busy--
		return
	}
	var parcels []*parcel
	var calls []*call
	for len(s.post.waiting) > 0 && len(calls) < chunk {
		l := s.post.waiting[0]
		s.post.waiting = s.post.waiting[1:]
		parcels = append(parcels, l)
		for i := range l.calls {
			calls = append(calls, &l.calls[i])
		}
	}
	go func() {
		defer s.nextCourier()
		// The client's own time limits bound it: nobody's context may end the others' calls.
		s.sendAll(context.Background(), []*group{{client: s.client, calls: calls}}, false)
		for _, l := range parcels {
			close(l.done)
		}
	}()
}
