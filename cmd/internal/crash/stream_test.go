package crash_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// dice are random numbers for several goroutines, the same for the same seed.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func newDice(seed uint64) *dice { return &dice{r: rand.New(rand.NewPCG(seed, seed))} }

func (d *dice) below(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.IntN(n)
}

func (d *dice) chance(percent int) bool { return d.below(100) < percent }

func (d *dice) upTo(limit time.Duration) time.Duration { return time.Duration(d.below(int(limit))) }

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

// stream sends alerts over several connections.
type stream struct {
	url    string
	dice   *dice
	phones *phones
	work   sync.WaitGroup
	hurry  atomic.Bool  // no pauses, so that requests are under way
	flying atomic.Int64 // requests under way
	killed atomic.Int64 // when the last kill was, in nanoseconds
	cut    atomic.Int64 // requests begun before a kill that got no answer

	mu      sync.Mutex
	alerts  []*alert
	answers map[int]int // by status
}

const connections = 6

func newStream(url string, d *dice, p *phones) *stream {
	return &stream{url: url, dice: d, phones: p, answers: map[int]int{}}
}

// run sends until ctx ends; wait for it with work.Wait. What must be taken is sent on until it is.
func (s *stream) run(ctx, patience context.Context) {
	for range connections {
		s.work.Go(func() {
			c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}, Timeout: time.Minute}
			defer c.CloseIdleConnections()
			for ctx.Err() == nil {
				s.deliver(patience, c)
				if !s.hurry.Load() {
					pause(ctx, s.dice.upTo(400*time.Millisecond))
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

// deliver sends one delivery. Half of the senders give up when it is not taken.
func (s *stream) deliver(ctx context.Context, c *http.Client) {
	d := s.next()
	if len(d.alerts) == 0 {
		return
	}
	stubborn := s.dice.chance(50)
	for {
		status, err := s.post(ctx, c, d)
		if status/100 == 2 {
			s.settle(d)
			return
		}
		if err == nil && status != http.StatusServiceUnavailable {
			return // counted: the end of the test sees it
		}
		if !stubborn || !pause(ctx, 50*time.Millisecond) {
			return // they stay busy: nobody knows whether they were taken
		}
	}
}

// next makes new alerts, repeats some, or ends some that were paged.
func (s *stream) next() delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	var d delivery
	switch roll := s.dice.below(100); {
	case roll < 15:
		d.alerts = s.pick(func(a *alert) bool { return a.accepted })
	case roll < 25:
		d.end = true
		d.alerts = s.pick(func(a *alert) bool { return a.accepted && s.phones.knows(a.name) })
	}
	if len(d.alerts) == 0 {
		d.end = false
		source := []string{"events", "prometheus"}[s.dice.below(2)]
		for range 1 + s.dice.below(1+s.dice.below(5)) {
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
func (s *stream) pick(want func(*alert) bool) []*alert {
	var out []*alert
	for range 20 {
		if len(s.alerts) == 0 || len(out) == 3 {
			break
		}
		a := s.alerts[s.dice.below(len(s.alerts))]
		if !a.busy && !a.ending && want(a) && !slices.Contains(out, a) && (len(out) == 0 || out[0].source == a.source) {
			out = append(out, a)
		}
	}
	return out
}

// settle notes that a delivery was accepted.
func (s *stream) settle(d delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range d.alerts {
		a.busy, a.accepted = false, true
		a.ended = a.ended || d.end
	}
}

// post sends a delivery once. The status is 0 when there was no answer.
func (s *stream) post(ctx context.Context, c *http.Client, d delivery) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/webhooks/"+d.alerts[0].source, bytes.NewReader(d.body()))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+hookToken)
	r.Header.Set("Content-Type", "application/json")
	began := time.Now().UnixNano()
	s.flying.Add(1)
	status, err := roundTrip(c, r)
	s.flying.Add(-1)
	if err != nil && began < s.killed.Load() {
		s.cut.Add(1)
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
func (s *stream) tell() (alerts []alert, answers map[int]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.alerts {
		alerts = append(alerts, *a)
	}
	return alerts, maps.Clone(s.answers)
}

func (d delivery) body() []byte {
	var list []map[string]any
	for _, a := range d.alerts {
		labels := map[string]string{"alertname": "Disk", "case": a.name, "lane": fmt.Sprint(int(a.name[len(a.name)-1]) % policies), "severity": "critical"}
		if a.source == "events" {
			list = append(list, map[string]any{"action": pickWord(d.end, "resolve", "trigger"), "key": a.name, "title": "Disk of " + a.name + " is full",
				"severity": "critical", "labels": labels})
			continue
		}
		m := map[string]any{"status": pickWord(d.end, "resolved", "firing"), "fingerprint": a.name, "labels": labels, "startsAt": a.starts,
			"annotations": map[string]string{"summary": "Disk of " + a.name + " is full"}}
		if d.end {
			m["endsAt"] = time.Now()
		}
		list = append(list, m)
	}
	var v any = list
	if d.alerts[0].source == "prometheus" {
		v = map[string]any{"version": "4", "status": pickWord(d.end, "resolved", "firing"), "groupKey": "{}:{case=" + d.alerts[0].name + "}", "alerts": list}
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // a bug of this test
	}
	return b
}

func pickWord(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
