package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tocsin/paging/twilio/telephone"
)

// crowd is how many are paged at once.
const crowd = 60

// pace is the time between two single alerts.
const pace = 10 * time.Millisecond

// page measures the way from the POST to the request at the provider.
func (b *bench) page(ctx context.Context) error {
	single := row{what: "POST → request at the provider, first page, P0: p50 / p99", goal: "< 2 / 10 ms (embedded: p99 < 20 ms)"}
	flood := row{what: fmt.Sprintf("%d alerts to %d people in one POST: last first page", crowd, crowd), goal: "< 1 s"}
	for _, k := range b.stores {
		times, last, err := b.pageOn(ctx, k)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		single.set(k, fmt.Sprintf("%s / %s", millis(percentile(times, 0.5)), millis(percentile(times, 0.99))))
		flood.set(k, millis(last))
		p50, p99 := "< 2", "< 10"
		if k.short == "embedded" {
			p50, p99 = "", "< 20"
		}
		b.figure("first-page-"+k.short+"-p50", ms(percentile(times, 0.5)), "ms", p50)
		b.figure("first-page-"+k.short+"-p99", ms(percentile(times, 0.99)), "ms", p99)
		b.figure("sixty-people-"+k.short+"-last-page", ms(last), "ms", "< 1000")
		b.say("%s: first page p50 %v, p99 %v; %d at once: last after %v", k.name, percentile(times, 0.5), percentile(times, 0.99), crowd, last)
	}
	b.report.rows = append(b.report.rows, single, flood)
	return nil
}

func (b *bench) pageOn(ctx context.Context, k kind) (times []time.Duration, last time.Duration, err error) {
	p, err := k.make()
	if err != nil {
		return nil, 0, err
	}
	defer p.drop()
	socket, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, 0, err
	}
	url, s := "http://"+socket.Addr().String(), newSecrets()
	provider, err := newProvider(url, s)
	if err != nil {
		return nil, 0, errors.Join(err, socket.Close())
	}
	defer func() { err = errors.Join(err, provider.close()) }()
	g, err := b.start(ctx, socket, p.url, yaml(b.pages+crowd, false, url, provider.url), s, "page-"+k.short)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, g.stop()) }()
	if times, err = b.singles(ctx, g, provider); err != nil {
		return nil, 0, err
	}
	last, err = b.crowd(ctx, g, provider)
	return times, last, err
}

// singles sends an alert every 10 ms, each to another person, and does not wait for the pages.
func (b *bench) singles(ctx context.Context, g *gateway, p *provider) ([]time.Duration, error) {
	w, err := dial(g.addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = w.conn.Close() }() // all that was asked is answered
	posted := make([]time.Time, b.pages)
	next := time.Now()
	for i := range posted {
		shot := newShot(g, 1, strconv.Itoa(i))
		shot.number(i)
		waitUntil(ctx, next)
		posted[i], next = time.Now(), next.Add(pace)
		if err := w.post(shot.raw); err != nil {
			return nil, err
		}
	}
	times := make([]time.Duration, b.pages)
	for i, at := range posted {
		came, err := p.await(ctx, phone(i))
		if err != nil {
			return nil, err
		}
		times[i] = came.Sub(at)
	}
	slices.Sort(times)
	return times, nil
}

// crowd sends alerts for many people in one body.
func (b *bench) crowd(ctx context.Context, g *gateway, p *provider) (time.Duration, error) {
	w, err := dial(g.addr)
	if err != nil {
		return 0, err
	}
	defer func() { _ = w.conn.Close() }() // all that was asked is answered
	raw := crowdShot(g, b.pages)
	began := time.Now()
	if err := w.post(raw); err != nil {
		return 0, err
	}
	var last time.Time
	for i := range crowd {
		came, err := p.await(ctx, phone(b.pages+i))
		if err != nil {
			return 0, err
		}
		if came.After(last) {
			last = came
		}
	}
	return last.Sub(began), nil
}

// crowdShot is one request with an alert for each of many people, from that one on.
func crowdShot(g *gateway, first int) []byte {
	shot := newShot(g, crowd, "USER")
	shot.number(first)
	head, body, _ := strings.Cut(string(shot.raw), "\r\n\r\n")
	size := len(body)
	for i := range crowd {
		body = strings.Replace(body, `"USER"`, strconv.Quote(strconv.Itoa(first+i)), 1)
	}
	head = strings.Replace(head, fmt.Sprintf("Content-Length: %d", size), fmt.Sprintf("Content-Length: %d", len(body)), 1)
	return []byte(head + "\r\n\r\n" + body)
}

// provider is a telephone that notes when the first text for each phone arrives, and for which
// phones a gateway asked whether it has a text.
type provider struct {
	phone  *telephone.Telephone
	server *http.Server
	url    string

	mu      sync.Mutex
	came    map[string]time.Time
	asked   map[string]bool
	changed chan struct{} // closed at the next arrival
}

func newProvider(gatewayURL string, s secrets) (*provider, error) {
	t, err := telephone.New(telephone.Options{AccountSID: s[envAccount], AuthToken: s[envAuth], Numbers: []string{fromNumber},
		SMSURL: gatewayURL + "/twilio/sms", Clock: time.Now, Pause: 50 * time.Millisecond})
	if err != nil {
		return nil, err
	}
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	p := &provider{phone: t, url: "http://" + socket.Addr().String(), came: map[string]time.Time{}, asked: map[string]bool{}, changed: make(chan struct{})}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = p.server.Serve(socket) }() // ends with close
	return p, nil
}

// ServeHTTP notes the time and lets the telephone answer.
func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	if r.Method == http.MethodPost && r.ParseForm() == nil {
		p.mu.Lock()
		if to := r.PostForm.Get("To"); p.came[to].IsZero() {
			p.came[to] = at
			close(p.changed)
			p.changed = make(chan struct{})
		}
		p.mu.Unlock()
	}
	if r.Method == http.MethodGet {
		p.mu.Lock()
		p.asked[r.URL.Query().Get("To")] = true
		p.mu.Unlock()
	}
	p.phone.ServeHTTP(w, r)
}

// askedFor says whether a gateway looked for a text to that phone.
func (p *provider) askedFor(number string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[number]
}

// await returns when the first text for a phone arrived.
func (p *provider) await(ctx context.Context, number string) (time.Time, error) {
	const patience = 20 * time.Second
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		p.mu.Lock()
		at, changed := p.came[number], p.changed
		p.mu.Unlock()
		if !at.IsZero() {
			return at, nil
		}
		select {
		case <-changed:
		case <-timer.C:
			return at, fmt.Errorf("no text for %s came within %v", number, patience)
		case <-ctx.Done():
			return at, ctx.Err()
		}
	}
}

// awaitAny waits for the first text of all.
func (p *provider) awaitAny(ctx context.Context) error {
	p.mu.Lock()
	some, changed := len(p.came) > 0, p.changed
	p.mu.Unlock()
	if some {
		return nil
	}
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *provider) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return errors.Join(p.phone.Close(), p.server.Shutdown(ctx))
}
