package app

import (
	"net"
	"os"

	"tocsin/cmd/internal/watch"
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
