package lab

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/client"
	"tocsin/escalation/store/redistest"
)

// Build makes the binary that is run. Several labs can share it.
func Build(t testing.TB) string { return BuildVersion(t, "") }

// BuildVersion makes one that says it is of that version.
func BuildVersion(t testing.TB, version string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "tocsin")
	out, err := exec.Command("go", "build", "-ldflags=-s -w -X main.version="+version, "-o", binary, "tocsin/cmd/tocsin").CombinedOutput()
	require.NoError(t, err, "go build: %s", out)
	return binary
}

// Gateway is a process under test. It keeps its port and its store over all of its lives. Its
// methods are for the test's own goroutine.
type Gateway struct {
	URL   string
	Lives int // how often it was started

	t      testing.TB
	binary string
	args   []string
	extra  []string // flags of this binary alone
	env    []string
	log    *os.File
	cmd    *exec.Cmd
}

// newGateway prepares a process that is not started yet. Without a public address its own is it.
func newGateway(t testing.TB, o Options, store, public, twilio string) *Gateway {
	t.Helper()
	folder := t.TempDir()
	listen := net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t)))
	url := "http://" + listen
	if public == "" {
		public = url
	}
	config := filepath.Join(folder, "tocsin.yaml")
	require.NoError(t, os.WriteFile(config, []byte(configuration(public, twilio, o.Within)+o.Config), 0o600))
	log, err := os.Create(filepath.Join(folder, "log"))
	require.NoError(t, err)
	g := &Gateway{
		t: t, binary: o.Binary, URL: url, log: log,
		args: []string{"serve", "--config", config, "--store", store, "--listen", listen},
		env:  append(os.Environ(), "API_TOKEN="+apiToken, "HOOK_TOKEN="+hookToken, "ACCOUNT_SID="+accountSID, "AUTH_TOKEN="+authToken),
	}
	if !o.Spoolless {
		g.args = append(g.args, "--spool", filepath.Join(folder, "spool"))
	}
	g.args = append(g.args, o.Flags...)
	t.Cleanup(func() {
		g.Kill()
		_ = log.Close()
		if t.Failed() {
			t.Logf("the end of the log of the gateway at %s:\n%s", g.URL, g.lastWords())
		}
	})
	return g
}

// freePort is below the range that the system gives to outgoing connections: those would take
// the port while the gateway is down.
func freePort(t testing.TB) int {
	t.Helper()
	for range 200 {
		port := 10000 + rand.IntN(9000)
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			_ = l.Close() // free again, for the gateway
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// Start begins a new life, which may not take requests yet.
func (g *Gateway) Start() {
	g.t.Helper()
	g.cmd = exec.Command(g.binary, slices.Concat(g.args, g.extra)...)
	g.cmd.Env, g.cmd.Stdout, g.cmd.Stderr = g.env, g.log, g.log
	g.cmd.SysProcAttr = redistest.DieWithTest()
	require.NoError(g.t, g.cmd.Start())
	g.Lives++
}

// Ready waits until the gateway takes alerts.
func (g *Gateway) Ready(wait time.Duration) {
	g.t.Helper()
	require.Eventually(g.t, func() bool {
		answer, err := http.Get(g.URL + "/readyz")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, wait, 20*time.Millisecond, "the gateway does not get ready")
}

// Degraded says whether it works on its own, since its store is away, or is just merging what it
// kept meanwhile. One that does not answer may be so.
func (g *Gateway) Degraded() bool {
	answer, err := http.Get(g.URL + "/metrics")
	if err != nil {
		return true
	}
	defer func() { _ = answer.Body.Close() }() // only read
	text, err := io.ReadAll(answer.Body)
	return err != nil || bytes.Contains(text, []byte("\ntocsin_degraded 1\n"))
}

// Kill is SIGKILL; it returns when the process is gone and its port is free.
func (g *Gateway) Kill() {
	if g.cmd == nil {
		return
	}
	_ = g.cmd.Process.Kill() // it may have ended by itself, which Wait tells
	err := g.cmd.Wait()
	g.cmd = nil
	status, ok := g.waitStatus(err)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		g.t.Errorf("the gateway ended by itself (%v), in life %d", err, g.Lives)
	}
}

// Use has the next life run that binary, with further flags.
func (g *Gateway) Use(binary string, flags ...string) { g.binary, g.extra = binary, flags }

// Signal sends a signal and does not wait: SIGSTOP and SIGCONT, say.
func (g *Gateway) Signal(sig syscall.Signal) {
	g.t.Helper()
	require.NoError(g.t, g.cmd.Process.Signal(sig))
}

// Stop is SIGTERM, and waits until the gateway has drained and ended by itself.
func (g *Gateway) Stop() {
	g.t.Helper()
	g.Signal(syscall.SIGTERM)
	err := g.cmd.Wait()
	g.cmd = nil
	require.NoError(g.t, err, "the gateway's end after SIGTERM")
}

func (g *Gateway) waitStatus(err error) (syscall.WaitStatus, bool) {
	exit, ok := err.(*exec.ExitError) //nolint:errorlint // Wait's own
	if !ok {
		return 0, false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return status, ok
}

func (g *Gateway) lastWords() string {
	b, err := os.ReadFile(g.log.Name())
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-25):], []byte("\n")))
}

// Client speaks its API.
func (g *Gateway) Client() *client.Client {
	g.t.Helper()
	c, err := client.New(g.URL, apiToken)
	require.NoError(g.t, err)
	return c
}
