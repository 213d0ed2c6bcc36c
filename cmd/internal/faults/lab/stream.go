package lab

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// alert is one alert of the stream and what its sender knows of it.
type alert struct {
	name     string
	source   string // integration
	starts   time.Time
	accepted bool // a 2xx covers its firing
	ending   bool // an end was sent
	ended    bool // and a 2xx covers it
	busy     bool // in a delivery that is not settled
}

// Stream sends alerts over several connections.
type Stream struct {
	Hurry  atomic.Bool  // no pauses, so that requests are under way
	Flying atomic.Int64 // requests under way
	Cut    atomic.Int64 // requests begun before the last kill that got no answer

	urls   []string // of the gateways
	pace   time.Duration
	dice   *Dice
	phones *Phones
	work   sync.WaitGroup
	killed atomic.Int64 // when the last kill was, in nanoseconds

	mu      sync.Mutex
	alerts  []*alert
	answers map[int]int // by status
}

const connections = 6

// Killed notes that a gateway is killed now: what is under way may get no answer.
func (s *Stream) Killed() { s.killed.Store(time.Now().UnixNano()) }

// Accepted is how many alerts got a 2xx so far.
func (s *Stream) Accepted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, a := range s.alerts {
		if a.accepted {
			n++
		}
	}
	return n
}

// Answered is how many deliveries were answered with that HTTP status; 0 is no answer.
func (s *Stream) Answered(status int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answers[status]
}

// run sends until ctx ends; wait for it with work.Wait. What must be taken is sent on until it is.
func (s *Stream) run(ctx, patience context.Context) {
	for n := range connections {
		s.work.Go(func() {
			c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}, Timeout: time.Minute}
			defer c.CloseIdleConnections()
			for ctx.Err() == nil {
				n = s.deliver(patience, c, n)
				if !s.Hurry.Load() {
					Pause(ctx, s.dice.UpTo(s.pace))
				}
			}
		})
	}
}

// delivery is one POST.
type delivery struct {
	alerts []*alert
	end    bool
}

// deliver sends one delivery to the nth gateway, and to the next one when that does not take
// it. Half of the senders give up then. It returns where to go on.
func (s *Stream) deliver(ctx context.Context, c *http.Client, n int) int {
	d := s.next()
	stubborn := s.dice.Chance(50)
	for ; ; n++ {
		status, err := s.post(ctx, c, s.urls[n%len(s.urls)], d)
		if status/100 == 2 {
			s.settle(d)
			return n
		}
		if err == nil && status != http.StatusServiceUnavailable {
			return n // counted: the end of the test sees it
		}
		if !stubborn || !Pause(ctx, 50*time.Millisecond) {
			return n + 1 // they stay busy: nobody knows whether they were taken
		}
	}
}

// next makes new alerts, repeats some, or ends some that were paged.
func (s *Stream) next() delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	var d delivery
	switch roll := s.dice.Below(100); {
	case roll < 15:
		d.alerts = s.pick(func(a *alert) bool { return a.accepted })
	case roll < 25:
		d.end = true
		d.alerts = s.pick(func(a *alert) bool { return a.accepted && s.phones.Knows(a.name) })
	}
	if len(d.alerts) == 0 {
		d.end = false
		source := []string{"events", "prometheus"}[s.dice.Below(2)]
		for range 1 + s.dice.Below(1+s.dice.Below(5)) {
			a := &alert{name: fmt.Sprintf("case-%06d", len(s.alerts)), source: source, starts: time.Now()}
			s.alerts = append(s.alerts, a)
			d.alerts = append(d.alerts, a)
		}
	}
	for _, a := range d.alerts {
		a.busy = true
		a.ending = a.ending || d.end
	}
	return d
}

// pick finds up to three alerts of one source that nobody else works on.
func (s *Stream) pick(want func(*alert) bool) []*alert {
	var out []*alert
	for range 20 {
		if len(s.alerts) == 0 || len(out) == 3 {
			break
		}
		a := s.alerts[s.dice.Below(len(s.alerts))]
		if !a.busy && !a.ending && want(a) && !slices.Contains(out, a) && (len(out) == 0 || out[0].source == a.source) {
			out = append(out, a)
		}
	}
	return out
}

// settle notes that a delivery was accepted.
func (s *Stream) settle(d delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range d.alerts {
		a.busy, a.accepted = false, true
		a.ended = a.ended || d.end
	}
}

// post sends a delivery once. The status is 0 when there was no answer.
func (s *Stream) post(ctx context.Context, c *http.Client, url string, d delivery) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/webhooks/"+d.alerts[0].source, bytes.NewReader(d.body()))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+hookToken)
	r.Header.Set("Content-Type", "application/json")
	began := time.Now().UnixNano()
	s.Flying.Add(1)
	status, err := roundTrip(c, r)
	s.Flying.Add(-1)
	if err != nil && began < s.killed.Load() {
		s.Cut.Add(1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[status]++
	return status, err
}

// roundTrip is the status of an answer that came to its end.
func roundTrip(c *http.Client, r *http.Request) (int, error) {
	answer, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, nil
}

// tell copies what is known of the alerts.
func (s *Stream) tell() (alerts []alert, answers map[int]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.alerts {
		alerts = append(alerts, *a)
	}
	return alerts, maps.Clone(s.answers)
}
