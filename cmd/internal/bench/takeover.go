package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// takeover measures how soon a second process sends what the first one was about to send when
// it was killed: both run on one Redis, one body for many people is posted to the first, and it
// is killed when the provider gets the first text. What it had claimed comes due again when its
// lease ends. Texts that it had begun are told apart: whether the provider has them nobody knows, so
// they are looked for first, and sent again only when the provider long should list them.
func (b *bench) takeover(ctx context.Context) error {
	for _, k := range b.stores {
		if k.short == "embedded" {
			continue // one process owns the file
		}
		last, begun, err := b.takeoverOn(ctx, k)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		r := row{what: fmt.Sprintf("kill -9 of the process that took %d alerts: last first page that it had not begun, by another process", crowd), goal: "< 5 s"}
		r.set(k, millis(last))
		unknown := row{what: "the same, last page that it had begun to send: the provider is asked for it for 15 s"}
		unknown.set(k, millis(begun))
		b.report.rows = append(b.report.rows, r, unknown)
		b.figure("takeover-"+k.short, ms(last), "ms", "< 5000")
		b.figure("takeover-begun-"+k.short, ms(begun), "ms", "")
		b.say("%s: after kill -9 the last first page came after %v; after %v of those that were begun", k.name, last, begun)
	}
	return nil
}

func (b *bench) takeoverOn(ctx context.Context, k kind) (last, begun time.Duration, err error) {
	p, err := k.make()
	if err != nil {
		return 0, 0, err
	}
	defer p.drop()
	socket, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, 0, err
	}
	url, s := "http://"+socket.Addr().String(), newSecrets()
	provider, err := newProvider(url, s)
	if err != nil {
		return 0, 0, errors.Join(err, socket.Close())
	}
	defer func() { err = errors.Join(err, provider.close()) }()
	config := yaml(crowd, false, url, provider.url)
	other, err := b.start(ctx, socket, p.url, config, s, "takeover-other")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, other.stop()) }()
	first, err := b.start(ctx, nil, p.url, config, s, "takeover-first")
	if err != nil {
		return 0, 0, err
	}
	w, err := dial(first.addr)
	if err != nil {
		return 0, 0, errors.Join(err, first.stop())
	}
	defer func() { _ = w.conn.Close() }() // its other end is killed
	if err := w.post(crowdShot(first, 0)); err != nil {
		return 0, 0, errors.Join(err, first.stop())
	}
	if err := provider.awaitAny(ctx); err != nil {
		return 0, 0, errors.Join(err, first.stop())
	}
	killed := time.Now()
	if err := first.cmd.Process.Kill(); err != nil {
		return 0, 0, err
	}
	_ = first.cmd.Wait() // it was killed
	return provider.lastOf(ctx, killed)
}

// lastOf returns how long after an instant the last first page came: of phones for which no gateway
// asked whether they had a text, and of those for which one did.
func (p *provider) lastOf(ctx context.Context, since time.Time) (last, begun time.Duration, err error) {
	for i := range crowd {
		came, err := p.await(ctx, phone(i))
		if err != nil {
			return 0, 0, err
		}
		if after := came.Sub(since); p.askedFor(phone(i)) {
			begun = max(begun, after)
		} else {
			last = max(last, after)
		}
	}
	return last, begun, nil
}
