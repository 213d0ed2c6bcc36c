package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"tocsin/cmd/internal/app"
	"tocsin/cmd/internal/registry"
	"tocsin/configs"
)

// stopTimeout bounds the wait for requests under way at the end.
const stopTimeout = 20 * time.Second

// serve is the other process: it runs the gateway on the socket that it inherits until in ends.
func serve(ctx context.Context, config, store, profile string, in io.Reader, log io.Writer) (err error) {
	app.TuneHeap()
	socket, err := net.FileListener(os.NewFile(3, "socket"))
	if err != nil {
		return fmt.Errorf("-gateway is for bench itself, which hands over a socket: %w", err)
	}
	a, err := app.New(ctx, app.Options{
		Files: func() (configs.Bundle, error) { return configs.ReadBundle(config) },
		Build: func(b configs.Bundle) (*configs.Config, error) {
			return b.Config(configs.Options{Registry: registry.Config(), Env: os.LookupEnv, Secrets: filepath.Dir(config)})
		},
		Store: store, Socket: socket, Version: "bench",
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return err
	}
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer func() { pprof.StopCPUProfile(); err = errors.Join(err, f.Close()) }()
	}
	if err := a.Start(); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, in) // ends when bench does
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return a.Stop(stopping)
}

// gateway is that process as bench sees it.
type gateway struct {
	addr    string
	secrets secrets
	cmd     *exec.Cmd
	hangUp  io.Closer
	ready   time.Duration // from its start to ready
	since   time.Time     // when all alerts that it gets began
}

// start runs a gateway on a store and waits until it is ready. The socket may be nil. name is
// that of its profile.
func (b *bench) start(ctx context.Context, socket *net.TCPListener, store, config string, s secrets, name string) (*gateway, error) {
	if socket == nil {
		var err error
		if socket, err = net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
			return nil, err
		}
	}
	file, err := socket.File()
	if err != nil {
		return nil, err
	}
	g := &gateway{addr: socket.Addr().String(), secrets: s, since: time.Now()}
	defer func() { _ = file.Close(); _ = socket.Close() }() // the other process has it
	path := filepath.Join(b.dir, "bench.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"-gateway", path, "-store", store}
	if b.profile != "" {
		args = append(args, "-profile", filepath.Join(b.profile, name+".cpu.pprof"))
	}
	g.cmd = exec.CommandContext(ctx, self, args...) //nolint:gosec // this program again
	g.cmd.Env, g.cmd.ExtraFiles, g.cmd.Stderr = s.environ(), []*os.File{file}, b.log
	if g.hangUp, err = g.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	if err := g.awaitReady(ctx); err != nil {
		return nil, errors.Join(err, g.stop())
	}
	g.ready = time.Since(began)
	return g, nil
}

func (g *gateway) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	// The socket takes connections before the process serves them, so the first request waits.
	_, err := g.get(ctx, "/readyz")
	return err
}

func (g *gateway) get(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+g.addr+path, nil)
	if err != nil {
		return "", err
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", path, res.Status)
	}
	return string(body), err
}

// outcome is how many alerts ended so, as the gateway's metrics tell.
func (g *gateway) outcome(ctx context.Context, outcome string) (int, error) {
	text, err := g.get(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), `tocsin_alerts_total{integration="prometheus",outcome="`+outcome+`"} `); ok {
			n, err := strconv.ParseFloat(rest, 64)
			return int(n), err
		}
	}
	return 0, nil
}

func (g *gateway) stop() error {
	_ = g.hangUp.Close() // the process notices
	return g.cmd.Wait()
}

// cpu is the CPU time of the process in seconds; false where there is no /proc.
func (g *gateway) cpu() (float64, bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", g.cmd.Process.Pid))
	if err != nil {
		return 0, false
	}
	_, after, _ := strings.Cut(string(data), ") ") // proc(5): the name may hold anything
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0, false
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	sys, _ := strconv.ParseFloat(fields[12], 64)
	const ticks = 100 // USER_HZ of Linux
	return (user + sys) / ticks, true
}

// resident is the process's memory in MiB: all, and the part that is not a mapped file.
func (g *gateway) resident() (all, anonymous float64) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.cmd.Process.Pid))
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kib, _ := strconv.ParseFloat(fields[1], 64)
		switch fields[0] {
		case "VmRSS:":
			all = kib / 1024
		case "RssAnon:":
			anonymous = kib / 1024
		}
	}
	return all, anonymous
}
