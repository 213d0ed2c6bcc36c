package apptest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/store/redistest"
)

// Build compiles the real binary into a folder of the test.
func Build(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tocsin")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, "tocsin/cmd/tocsin")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// Process is a child process.
type Process struct {
	t    testing.TB
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed at its end
	err  error         // of its end
}

// start runs a program until the test ends.
func start(t testing.TB, log io.Writer, env []string, path string, args ...string) *Process {
	t.Helper()
	p := &Process{t: t, name: filepath.Base(path), cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = append(os.Environ(), env...), log, log
	p.cmd.SysProcAttr = redistest.DieWithTest()
	require.NoError(t, p.cmd.Start())
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(p.Kill)
	return p
}

// Done is closed at its end.
func (p *Process) Done() <-chan struct{} { return p.done }

// Abort sends SIGKILL, to whatever is still there, and does not wait.
func (p *Process) Abort() { _ = p.cmd.Process.Kill() } // it may have ended by itself

// Signal sends a signal.
func (p *Process) Signal(s syscall.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

// Kill ends it at once, as kill -9 does, and waits for the end.
func (p *Process) Kill() {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("cannot kill %s %d: %v", p.name, p.cmd.Process.Pid, err)
	}
	<-p.done
}

// Wait waits for the end after a signal and returns its error.
func (p *Process) Wait() error {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		p.t.Fatalf("%s does not end", p.name)
	}
	return p.err
}

// answers waits until a URL answers 200, and fails when the process ends before.
func (p *Process) answers(url string) {
	p.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(2 * Patience); ; {
		if status(url) == http.StatusOK {
			return
		}
		select {
		case <-p.done:
			p.t.Fatalf("%s has ended: %v", p.name, p.err)
		case <-end:
			p.t.Fatalf("%s does not answer at %s", p.name, url)
		case <-tick.C:
		}
	}
}

func status(url string) int {
	res, err := http.Get(url)
	if err != nil {
		return 0
	}
	_ = res.Body.Close() // nothing is read
	return res.StatusCode
}

// Start runs another of the binary's commands on this world, and does not wait for its end.
func (w *World) Start(binary string, args ...string) *Process {
	w.T.Helper()
	return start(w.T, w.Logs, w.environ(), binary, args...)
}

// Serve runs the binary's `tocsin serve` on this world, at the address that public_url names.
func (w *World) Serve(binary string) (*Gateway, *Process) {
	w.T.Helper()
	if w.socket != nil {
		require.NoError(w.T, w.socket.Close()) // kept for the gateway until now
		w.socket = nil
	}
	p := start(w.T, w.Logs, w.environ(), binary, "serve", "--config", w.Config, "--store", w.Store, "--spool", w.Spool, "--listen", w.address)
	p.answers(w.URL + "/readyz")
	g := &Gateway{World: w, stopped: true} // the process is stopped, not the app
	g.connect(w.URL)
	return g, p
}

func (w *World) environ() []string {
	var env []string
	for name, value := range w.Env {
		env = append(env, name+"="+value)
	}
	return env
}

// Command runs another of the binary's commands on this world and returns what it printed.
func (w *World) Command(binary string, args ...string) string {
	w.T.Helper()
	cmd := exec.CommandContext(w.T.Context(), binary, append(args, "--config", w.Config)...)
	cmd.Env = append(os.Environ(), w.environ()...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		w.T.Fatalf("tocsin %s: %v: %s", strings.Join(args, " "), err, exit.Stderr)
	}
	require.NoError(w.T, err)
	return string(out)
}

// Alertmanager is a real one.
type Alertmanager struct {
	*Process
	world *World
	url   string
}

// alertmanagers are the names that distributions and the project give it.
var alertmanagers = [...]string{"prometheus-alertmanager", "alertmanager"}

// StartAlertmanager runs a real Alertmanager that posts to the world's gateway. Without one on
// the PATH the test is skipped, or fails when TOCSIN_REQUIRE_SERVERS=1.
func (w *World) StartAlertmanager(token string) *Alertmanager {
	w.T.Helper()
	dir := w.T.TempDir()
	config := filepath.Join(dir, "alertmanager.yml")
	require.NoError(w.T, os.WriteFile(config, fmt.Appendf(nil, `
route:
  receiver: tocsin
  group_by: [alertname]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 2s
receivers:
  - name: tocsin
    webhook_configs:
      - url: %s/webhooks/prometheus
        send_resolved: true
        http_config:
          authorization: { credentials: %s }
`, w.URL, token), 0o600))
	address := freeAddress(w.T)
	p := start(w.T, &Logs{}, nil, FindAlertmanager(w.T), "--config.file="+config, "--storage.path="+dir,
		"--cluster.listen-address=", "--web.listen-address="+address)
	p.answers("http://" + address + "/-/ready")
	return &Alertmanager{Process: p, world: w, url: "http://" + address}
}

// FindAlertmanager returns the path of a real Alertmanager.
func FindAlertmanager(t testing.TB) string {
	t.Helper()
	for _, name := range alertmanagers {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const say = "Alertmanager is not installed: install the package prometheus-alertmanager to run this test"
	if os.Getenv(redistest.RequireEnv) == "1" {
		t.Fatal(say)
	}
	t.Skip(say)
	return ""
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }() // free again, for the server
	return l.Addr().String()
}

// Alert is what Prometheus posts to an Alertmanager. A zero EndsAt means that it fires.
type Alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations,omitempty"`
	StartsAt    time.Time         `json:"startsAt,omitzero"`
	EndsAt      time.Time         `json:"endsAt,omitzero"`
}

// Post posts alerts to the Alertmanager's API v2.
func (a *Alertmanager) Post(alerts ...Alert) {
	a.world.T.Helper()
	g := Gateway{World: a.world, URL: a.url}
	answer := g.Post("/api/v2/alerts", a.world.JSON(alerts), nil)
	require.Equal(a.world.T, http.StatusOK, answer.Status, answer.Body)
}
