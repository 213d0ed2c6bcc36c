// Command bench measures Tocsin: how many alerts it takes in, how soon it pages, how late its
// timers are and what it costs, on Redis and on the embedded store. It prints progress to
// stderr and Markdown tables to stdout.
//
//	go run ./cmd/internal/bench -short            # a few minutes, to see that it works
//	go run ./cmd/internal/bench -readme README.md # the real thing, into the README
//
// # Method
//
// The gateway is a process of its own (this program again, with -gateway), so that its CPU and
// memory are told apart from the load's. The load comes over loopback sockets with keep-alive,
// in closed loop. Everything runs side by side on one machine in one run, since only what was
// measured together may be compared: the limit of a store is measured in the same round, by
// committing exactly the changes that the engine makes of the same alerts (limit.go), without
// HTTP, routing or judging. Several rounds are run and the median of each figure is shown.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"tocsin/cmd/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// sizes say how much of everything is measured.
type sizes struct {
	rounds    int           // of ingest; medians are shown
	window    time.Duration // of one measurement of ingest
	limit     int           // changes committed to find a store's limit
	pages     int           // single alerts, each to another phone
	pending   []int         // timers that are not due, one run each
	due       time.Duration // how long timers come due, 500 a second
	incidents int           // open ones, for memory
	cpu       time.Duration // of each measurement without a store
}

func small() sizes {
	return sizes{rounds: 1, window: time.Second, limit: 20_000, pages: 200, pending: []int{1000, 100_000},
		due: 5 * time.Second, incidents: 20_000, cpu: 200 * time.Millisecond}
}

func full() sizes {
	return sizes{rounds: 3, window: 5 * time.Second, limit: 100_000, pages: 1000, pending: []int{1000, 100_000, 1_000_000},
		due: 10 * time.Second, incidents: 100_000, cpu: time.Second}
}

// bench is one run.
type bench struct {
	sizes
	dir     string // everything on disk is below it
	profile string // folder for CPU profiles of the gateway, "" for none
	stores  []kind
	report  report
	log     io.Writer
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.log, format+"\n", args...) }

// measure is one part of the run.
type measure struct {
	name string
	run  func(*bench, context.Context) error
}

func measures() []measure {
	return []measure{
		{"ingest", (*bench).ingest},
		{"page", (*bench).page},
		{"timers", (*bench).timers},
		{"memory", (*bench).memory},
		{"cpu", (*bench).cpuOnly},
		{"growth", (*bench).growth},
		{"takeover", (*bench).takeover},
		{"rival", (*bench).rival},
	}
}

func run(ctx context.Context, args []string, out, log io.Writer) (err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(log)
	short := flags.Bool("short", false, "small sizes: about a minute")
	readme := flags.String("readme", "", "`file` whose part between "+benchStart+" and "+benchEnd+" is replaced")
	only := flags.String("only", "", "comma-separated `parts`: ingest, page, timers, memory, cpu, growth, takeover, rival")
	on := flags.String("on", "", "only the stores whose name contains this `text`: redis, embedded")
	profile := flags.String("profile", "", "existing `folder` for CPU profiles of the gateway")
	folder := flags.String("dir", "", "`folder` on the disk to measure; the system's temporary one when absent")
	kept := flags.String("history", "", "`file` that gets a line of JSON for the run, and is compared with")
	gateway := flags.String("gateway", "", "used by bench itself: run a gateway with this configuration")
	url := flags.String("store", "", "used by bench itself: the gateway's store")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *gateway != "" {
		return serve(ctx, *gateway, *url, *profile, os.Stdin, log)
	}
	b := &bench{sizes: full(), profile: *profile, log: log}
	if *short {
		b.sizes = small()
	}
	if b.dir, err = os.MkdirTemp(*folder, "tocsin-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	b.stores = b.kinds(*on)
	app.TuneHeap() // as a gateway does, for what is measured in this process
	began, busy := time.Now(), loadAverage()
	if err := b.all(ctx, *only); err != nil {
		return err
	}
	b.machine(ctx, *short, busy, time.Since(began))
	return b.publish(out, *readme, *kept, past{At: began.UTC(), Short: *short, Load: busy})
}

// publish prints the tables and then a line a measure, and keeps both where it was asked to.
func (b *bench) publish(out io.Writer, readme, history string, run past) error {
	text := b.report.markdown()
	fmt.Fprintln(out, text)
	if readme != "" {
		if err := replaceIn(readme, text); err != nil {
			return err
		}
	}
	if history != "" {
		if err := b.report.remember(history, run, out); err != nil {
			return err
		}
	}
	b.report.lines(out)
	return nil
}

// all runs the measures that only names, or all.
func (b *bench) all(ctx context.Context, only string) error {
	wanted := strings.FieldsFunc(only, func(r rune) bool { return r == ',' })
	for _, name := range wanted {
		if !slices.ContainsFunc(measures(), func(m measure) bool { return m.name == name }) {
			return fmt.Errorf("-only %s: there is no such part; there are ingest, page, timers, memory, cpu, growth, takeover and rival", name)
		}
	}
	for _, m := range measures() {
		if len(wanted) > 0 && !slices.Contains(wanted, m.name) {
			continue
		}
		if err := m.run(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}
