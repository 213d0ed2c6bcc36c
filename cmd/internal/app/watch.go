package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"tocsin/cmd/internal/egress"
	"tocsin/cmd/internal/watch"
	"tocsin/configs"
	"tocsin/paging"
	"tocsin/paging/delivery"
)

// newRegistry makes what announces this process. Without a name of its own a host counts as
// another one each time.
func (a *App) newRegistry() *watch.Registry {
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	return watch.NewRegistry(watch.Options{
		Board: a.store, Now: a.engine.Now, Host: host, Version: a.opts.Version, Vitals: a.signs.Vitals, Logger: a.log,
	})
}

// advertised is where other processes reach this one: as told, or else where it listens, by
// the host's name when that is every address.
func (a *App) advertised() string {
	if a.opts.Advertise != "" {
		return a.opts.Advertise
	}
	host, port, err := net.SplitHostPort(a.Addr())
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	return "http://" + net.JoinHostPort(host, port)
}

// observe tells of delivery, for metrics and as signs of life.
func (a *App) observe() delivery.Observe {
	o := a.metrics.observe()
	o.Claimed = a.signs.PagesClaimed
	outcome := o.Outcome
	o.Outcome = func(at paging.Attempt, r paging.Result, class paging.Class) {
		outcome(at, r, class)
		a.signs.Sent(r, class)
	}
	return o
}

func (a *App) newWatcher() *watch.Watcher {
	return watch.New(watch.Config{
		Engine: a.engine, Store: a.store, Registry: a.peers, Signs: a.signs, Config: a.config.Load,
		Answer: a.answers, Ping: a.ping, Metrics: a.metrics.registry, Logger: a.log, Pace: a.opts.Pace,
	})
}

// answers asks this process's own listener.
func (a *App) answers(ctx context.Context) error {
	host, port, err := net.SplitHostPort(a.Addr())
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.To4() == nil {
			host = "::1"
		}
	}
	transport := &http.Transport{DisableKeepAlives: true} // each time a new connection is taken, and no proxy
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return err
	}
	return call(&http.Client{Transport: transport}, r)
}

const pingTimeout = 10 * time.Second

// ping calls the outside address. No error ever repeats it.
func (a *App) ping(ctx context.Context, c *configs.Config) error {
	address := c.Heartbeat.URL.Reveal()
	client, err := egress.Client(address, c.Egress, egress.Limits{Timeout: pingTimeout, Answer: 64 << 10})
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return errors.New("the address cannot be called")
	}
	return call(client, r)
}

// call sends a request whose address may be a secret and wants a 2xx.
func call(client *http.Client, r *http.Request) error {
	answer, err := client.Do(r)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) { // which quotes the address
			err = outer.Err
		}
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // only the status counts
	_ = answer.Body.Close()
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("the answer is %s, not 2xx", answer.Status)
	}
	return nil
}
