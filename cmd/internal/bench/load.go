package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// wire is one connection that is kept alive. It speaks just enough HTTP that the load costs
// little beside what is measured.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(addr string) (*wire, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn, in: bufio.NewReader(conn)}, nil
}

// post sends a request and reads the whole answer, which must be 200.
func (w *wire) post(raw []byte) error {
	if _, err := w.conn.Write(raw); err != nil {
		return err
	}
	line, err := w.line()
	if err != nil {
		return err
	}
	status := string(line) // the line is overwritten by the next
	length, chunked := 0, false
	for {
		if line, err = w.line(); err != nil {
			return err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			length, err = strconv.Atoi(string(value))
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
		if err != nil {
			return err
		}
	}
	if err := w.skip(length, chunked); err != nil {
		return err
	}
	if !bytes.HasPrefix([]byte(status), []byte("HTTP/1.1 200")) {
		return errors.New(status)
	}
	return nil
}

func (w *wire) line() ([]byte, error) {
	line, err := w.in.ReadSlice('\n')
	return bytes.TrimRight(line, "\r\n"), err
}

func (w *wire) skip(length int, chunked bool) error {
	if !chunked {
		_, err := w.in.Discard(length)
		return err
	}
	for {
		line, err := w.line()
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(line), 16, 32)
		if err != nil {
			return err
		}
		if _, err := w.in.Discard(int(size) + len("\r\n")); err != nil || size == 0 {
			return err
		}
	}
}

// load is what was sent in closed loop by several connections.
type load struct {
	requests int           // answered, warm-up included
	counted  int           // answered in the window
	window   time.Duration // measured
	times    []time.Duration
}

// warmUp is not measured.
const warmUp = 300 * time.Millisecond

// fire sends over so many connections until warm-up and window are over. next returns the
// request of a connection; it is called by one goroutine per connection. begin and end are
// called at the window's ends.
func fire(ctx context.Context, g *gateway, conns int, window time.Duration, next func(conn, n int) *shot, begin, end func()) (load, error) {
	began := time.Now()
	from, until := began.Add(warmUp), began.Add(warmUp+window)
	loads, errs := make([]load, conns), make([]error, conns)
	var running sync.WaitGroup
	for c := range conns {
		running.Go(func() { loads[c], errs[c] = fireOne(ctx, g, from, until, func(n int) *shot { return next(c, n) }) })
	}
	waitUntil(ctx, from)
	begin()
	waitUntil(ctx, until)
	end()
	running.Wait()
	all := load{window: window}
	for _, l := range loads {
		all.requests += l.requests
		all.counted += l.counted
		all.times = append(all.times, l.times...)
	}
	slices.Sort(all.times)
	return all, errors.Join(errors.Join(errs...), ctx.Err())
}

func fireOne(ctx context.Context, g *gateway, from, until time.Time, next func(n int) *shot) (load, error) {
	var l load
	w, err := dial(g.addr)
	if err != nil {
		return l, err
	}
	defer func() { _ = w.conn.Close() }() // all that was asked is answered
	for ctx.Err() == nil {
		s := next(l.requests)
		began := time.Now()
		if err := w.post(s.raw); err != nil {
			return l, fmt.Errorf("request %d of a connection: %w", l.requests, err)
		}
		done := time.Now()
		l.requests++
		if done.After(from) && done.Before(until) {
			l.counted++
			l.times = append(l.times, done.Sub(began))
		}
		if done.After(until) {
			break
		}
	}
	return l, nil
}

func waitUntil(ctx context.Context, at time.Time) {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// percentile of sorted times: the smallest that at least p of them do not exceed.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	i := int(math.Ceil(p*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// median of values, which it sorts.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	mid := len(values) / 2
	if len(values)%2 == 1 {
		return values[mid]
	}
	return (values[mid-1] + values[mid]) / 2
}
