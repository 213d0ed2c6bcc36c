package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// rival measures Debian's prometheus-alertmanager beside us, where it is installed: how many
// alerts its API takes, and how soon its webhook is called. It keeps alerts in memory only, so
// its 200 promises less than ours.
func (b *bench) rival(ctx context.Context) error {
	program, _ := exec.LookPath("prometheus-alertmanager")
	if program == "" {
		b.say("prometheus-alertmanager is not installed: no rival is measured")
		b.report.note("Alertmanager was not measured: prometheus-alertmanager is not installed.")
		return nil
	}
	for _, v := range volleys() {
		distinct, repeats, err := b.rivalIngest(ctx, program, v)
		if err != nil {
			return fmt.Errorf("%d a body: %w", v.alerts, err)
		}
		b.rivalRow(fmt.Sprintf("Alertmanager takes, %d a body: distinct / repeats", v.alerts), thousands(distinct)+" / "+thousands(repeats)+" alerts/s")
		name := fmt.Sprintf("alertmanager-%%s-%d-a-body", v.alerts)
		b.figure(fmt.Sprintf(name, "distinct"), distinct, "alerts/s", "")
		b.figure(fmt.Sprintf(name, "repeats"), repeats, "alerts/s", "")
	}
	times, err := b.rivalPages(ctx, program)
	if err != nil {
		return err
	}
	p50, p99 := percentile(times, 0.5), percentile(times, 0.99)
	b.rivalRow("Alertmanager, POST → request at its webhook (group_wait 0s): p50 / p99", millis(p50)+" / "+millis(p99))
	b.figure("alertmanager-first-page-p50", ms(p50), "ms", "")
	b.figure("alertmanager-first-page-p99", ms(p99), "ms", "")
	return nil
}

func (b *bench) rivalRow(what, value string) {
	b.say("%s: %s", what, value)
	b.report.rows = append(b.report.rows, row{what: what, redis: value, goal: "the rival, in the same run; in memory"})
}

// startRival runs an Alertmanager that groups by pod and calls a webhook. The end of it is stop.
func (b *bench) startRival(ctx context.Context, program, webhook, wait string) (g *gateway, stop func(), err error) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	addr := socket.Addr().String()
	if err := socket.Close(); err != nil { // it cannot inherit one
		return nil, nil, err
	}
	dir, err := os.MkdirTemp(b.dir, "rival-")
	if err != nil {
		return nil, nil, err
	}
	config := fmt.Sprintf("route: { receiver: hook, group_by: [alertname, pod], group_wait: %s, group_interval: 1h, repeat_interval: 4h }\n"+
		"receivers: [{ name: hook, webhook_configs: [{ url: '%s', send_resolved: false }] }]\n", wait, webhook)
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(ctx, program, "--config.file="+file, //nolint:gosec // the rival that was found
		"--storage.path="+dir, "--web.listen-address="+addr,
		"--cluster.listen-address=", "--log.level=error")
	cmd.Stderr = b.log
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() } // nothing of it is kept
	g = &gateway{addr: addr, cmd: cmd, since: time.Now()}
	for end := time.Now().Add(20 * time.Second); ; {
		if _, err := g.get(ctx, "/-/ready"); err == nil {
			return g, stop, nil
		}
		if time.Now().After(end) || ctx.Err() != nil {
			stop()
			return nil, nil, errors.Join(errors.New("alertmanager does not become ready"), ctx.Err())
		}
		waitUntil(ctx, time.Now().Add(50*time.Millisecond))
	}
}

// rivalShot is the same alerts as it takes them.
func rivalShot(g *gateway, alerts int) *shot {
	_, list, _ := strings.Cut(newBody(alerts, "", g.since), `"alerts":`)
	list = strings.TrimSuffix(list, "}")
	list = strings.ReplaceAll(list, `"status":"firing",`, "")
	list = strings.ReplaceAll(list, `,"endsAt":"0001-01-01T00:00:00Z"`, "")
	for {
		before, after, found := strings.Cut(list, `,"fingerprint":"`)
		if !found {
			break
		}
		_, after, _ = strings.Cut(after, `"`)
		list = before + after
	}
	raw := fmt.Appendf(nil, "POST /api/v2/alerts HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", g.addr, len(list))
	s := &shot{raw: append(raw, list...), alerts: alerts}
	for from := 0; ; { // two stamps an alert
		i := strings.Index(string(s.raw[from:]), stamp)
		if i < 0 {
			return s
		}
		s.at = append(s.at, mark{from + i, len(s.at) / 2})
		from += i + digits
	}
}

func (b *bench) rivalIngest(ctx context.Context, program string, v volley) (distinct, repeats float64, err error) {
	g, stop, err := b.startRival(ctx, program, "http://127.0.0.1:9/", "1h")
	if err != nil {
		return 0, 0, err
	}
	defer stop()
	shots := make([]*shot, v.conns)
	for i := range shots {
		shots[i] = rivalShot(g, v.alerts)
	}
	var used atomic.Int64
	nothing := func() {}
	l, err := fire(ctx, g, v.conns, b.window, func(conn, _ int) *shot {
		shots[conn].number(int(used.Add(int64(v.alerts))))
		return shots[conn]
	}, nothing, nothing)
	if err != nil {
		return 0, 0, err
	}
	distinct = float64(l.counted*v.alerts) / l.window.Seconds()
	const kept = 4
	sent := max(int(used.Load())/v.alerts, 1)
	l, err = fire(ctx, g, v.conns, b.window, func(conn, n int) *shot {
		shots[conn].number(v.alerts * (1 + (conn*kept+n%kept)%sent))
		return shots[conn]
	}, nothing, nothing)
	return distinct, float64(l.counted*v.alerts) / l.window.Seconds(), err
}

// rivalPages sends single alerts at the pace of ours, and times the calls of the webhook.
func (b *bench) rivalPages(ctx context.Context, program string) (times []time.Duration, err error) {
	came := make(chan time.Time, b.pages)
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came <- time.Now() })}
	go func() { _ = server.Serve(socket) }() // ends with Close
	defer func() { err = errors.Join(err, server.Close()) }()
	g, stop, err := b.startRival(ctx, program, "http://"+socket.Addr().String(), "0s")
	if err != nil {
		return nil, err
	}
	defer stop()
	w, err := dial(g.addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = w.conn.Close() }() // all that was asked is answered
	shot := rivalShot(g, 1)
	for i := range min(b.pages, 200) {
		shot.number(i)
		began := time.Now()
		if err := w.post(shot.raw); err != nil {
			return nil, err
		}
		select {
		case at := <-came:
			times = append(times, at.Sub(began))
		case <-time.After(20 * time.Second):
			return nil, fmt.Errorf("no call of the webhook came for alert %d", i)
		}
	}
	return sorted(times), nil
}
