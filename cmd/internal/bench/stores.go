package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"tocsin/escalation/store/redistest"
)

// kind is a store to measure. make returns a new, empty one.
type kind struct {
	name  string // a heading of the tables
	short string
	make  func() (*place, error)
}

// place is one store that nobody has used yet.
type place struct {
	url   string        // for app.OpenStore
	redis *redis.Client // nil when it is the embedded one
	drop  func()
}

func (b *bench) kinds(on string) []kind {
	var kinds []kind
	if _, err := exec.LookPath("redis-server"); err == nil {
		kinds = append(kinds, kind{"Redis, everysec", "redis", b.newRedis})
	} else {
		b.say("redis-server is not on the PATH: only the embedded store is measured")
		b.report.note("Redis was not measured: there was no redis-server.")
	}
	kinds = append(kinds, kind{"embedded, fsync", "embedded", b.newEmbedded})
	var wanted []kind
	for _, k := range kinds {
		if strings.Contains(k.short, on) {
			wanted = append(wanted, k)
		}
	}
	return wanted
}

func (b *bench) newEmbedded() (*place, error) {
	dir, err := os.MkdirTemp(b.dir, "embedded-")
	if err != nil {
		return nil, err
	}
	return &place{url: dir, drop: func() { _ = os.RemoveAll(dir) }}, nil // all of b.dir goes at the end
}

// newRedis starts a redis-server that nothing else uses.
func (b *bench) newRedis() (p *place, err error) {
	dir, err := os.MkdirTemp(b.dir, "redis-")
	if err != nil {
		return nil, err
	}
	tb := &outsider{dir: dir}
	defer func() {
		if fault, ok := recover().(fatal); ok {
			err = errors.New(string(fault))
		}
	}()
	server := redistest.Start(tb, redistest.EverySec)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), Protocol: 2, DisableIdentity: true})
	return &place{url: server.URL(), redis: client, drop: func() {
		_ = client.Close() // the server dies anyway
		tb.end()
		_ = os.RemoveAll(dir) // all of b.dir goes at the end
	}}, nil
}

// number reads one figure of INFO.
func (p *place) number(ctx context.Context, section, key string) (float64, error) {
	text, err := p.info(ctx, section, key)
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(text, 64)
}

func (p *place) info(ctx context.Context, section, key string) (string, error) {
	all, err := p.redis.Info(ctx, section).Result()
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(all) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), key+":"); ok {
			return value, nil
		}
	}
	return "", fmt.Errorf("INFO %s has no %s", section, key)
}

// cpu is the CPU time that the Redis server has used, in seconds; 0 for the embedded store,
// whose work is the gateway's.
func (p *place) cpu(ctx context.Context) float64 {
	if p.redis == nil {
		return 0
	}
	user, _ := p.number(ctx, "cpu", "used_cpu_user") // a figure less when it cannot be read
	sys, _ := p.number(ctx, "cpu", "used_cpu_sys")
	return user + sys
}

// outsider lets redistest run outside of a test.
type outsider struct {
	testing.TB // for its unexported method; nothing else of it is called
	dir        string
	cleanups   []func()
}

type fatal string

// Helper does nothing.
func (o *outsider) Helper() {}

// TempDir is the server's folder.
func (o *outsider) TempDir() string { return o.dir }

// Cleanup keeps what end does.
func (o *outsider) Cleanup(f func()) { o.cleanups = append(o.cleanups, f) }

// Errorf is for trouble at the end, which changes no figure.
func (o *outsider) Errorf(string, ...any) {}

// Fatal ends newRedis.
func (o *outsider) Fatal(args ...any) { panic(fatal(fmt.Sprint(args...))) }

// Fatalf ends newRedis.
func (o *outsider) Fatalf(format string, args ...any) { panic(fatal(fmt.Sprintf(format, args...))) }

func (o *outsider) end() {
	for _, f := range o.cleanups {
		f()
	}
}
