package crash_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/client"
)

// buildGateway makes the binary that is killed.
func buildGateway(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "tocsin")
	out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", binary, "tocsin/cmd/tocsin").CombinedOutput()
	require.NoError(t, err, "go build: %s", out)
	return binary
}

// gateway is the process under test. It keeps its port and its store over all of its lives.
type gateway struct {
	t      *testing.T
	binary string
	args   []string
	env    []string
	url    string
	log    *os.File
	cmd    *exec.Cmd
	lives  int
}

// newGateway prepares a process that is not started yet.
func newGateway(t *testing.T, binary, store string, phones *phones) *gateway {
	t.Helper()
	folder := t.TempDir()
	listen := net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t)))
	url := "http://" + listen
	config := filepath.Join(folder, "tocsin.yaml")
	require.NoError(t, os.WriteFile(config, []byte(configuration(url, phones.url)), 0o600))
	log, err := os.Create(filepath.Join(folder, "log"))
	require.NoError(t, err)
	g := &gateway{
		t: t, binary: binary, url: url, log: log,
		args: []string{"serve", "--config", config, "--store", store, "--listen", listen},
		env:  append(os.Environ(), "API_TOKEN="+apiToken, "HOOK_TOKEN="+hookToken, "ACCOUNT_SID="+accountSID, "AUTH_TOKEN="+authToken),
	}
	t.Cleanup(func() {
		g.kill()
		_ = log.Close()
		if t.Failed() {
			t.Logf("the end of the gateway's log:\n%s", g.lastWords())
		}
	})
	return g
}

// freePort is below the range that the system gives to outgoing connections: those would take
// the port while the gateway is down.
func freePort(t *testing.T) int {
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

// start begins a new life, which may not take requests yet.
func (g *gateway) start() {
	g.t.Helper()
	g.cmd = exec.Command(g.binary, g.args...)
	g.cmd.Env, g.cmd.Stdout, g.cmd.Stderr = g.env, g.log, g.log
	g.cmd.SysProcAttr = dieWithTest()
	require.NoError(g.t, g.cmd.Start())
	g.lives++
}

// ready waits until the gateway takes alerts.
func (g *gateway) ready(wait time.Duration) {
	g.t.Helper()
	require.Eventually(g.t, func() bool {
		answer, err := http.Get(g.url + "/readyz")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, wait, 5*time.Millisecond, "the gateway does not get ready")
}

// kill is SIGKILL; it returns when the process is gone and its port is free.
func (g *gateway) kill() {
	if g.cmd == nil {
		return
	}
	_ = g.cmd.Process.Kill() // it may have ended by itself, which Wait tells
	err := g.cmd.Wait()
	g.cmd = nil
	status, ok := g.waitStatus(err)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		g.t.Errorf("the gateway ended by itself (%v), in life %d", err, g.lives)
	}
}

func (g *gateway) waitStatus(err error) (syscall.WaitStatus, bool) {
	exit, ok := err.(*exec.ExitError) //nolint:errorlint // Wait's own
	if !ok {
		return 0, false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return status, ok
}

func (g *gateway) lastWords() string {
	b, err := os.ReadFile(g.log.Name())
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-25):], []byte("\n")))
}

func (g *gateway) client() *client.Client {
	g.t.Helper()
	c, err := client.New(g.url, apiToken)
	require.NoError(g.t, err)
	return c
}

const (
	apiToken   = "an-api-token-of-a-test"
	hookToken  = "a-webhook-token-of-a-test"
	accountSID = "AC0123456789abcdef0123456789abcdef"
	authToken  = "an-auth-token-of-a-test"
	ourNumber  = "+12025550100"
	policies   = 4
	tiers      = 3
)

func numberOf(user int) string { return fmt.Sprintf("+1202555%04d", 110+user) }

// configuration spreads pages over twelve phones. Every alert has an incident of its own, and
// all are of the most urgent severity, which is never bundled; deadlines are seconds.
func configuration(public, twilio string) string {
	var routes, ladders, users strings.Builder
	for p := range policies {
		fmt.Fprintf(&routes, "    - { matchers: ['lane=\"%d\"'], policy: p%d }\n", p, p)
		fmt.Fprintf(&ladders, "  - name: p%d\n    tiers:\n", p)
		for i, within := range []string{"1s", "2s", "2s"} {
			fmt.Fprintf(&ladders, "      - { name: tier%d, page: ['user:u%d'], acknowledge_within: %s }\n", i, p*tiers+i, within)
			fmt.Fprintf(&users, "  - { name: u%d, contacts: [{ name: mobile, sms: '%s' }] }\n", p*tiers+i, numberOf(p*tiers+i))
		}
		fmt.Fprintf(&ladders, "    fallback_every: 1h\n    fallback: ['user:u%d']\n", p*tiers)
	}
	return fmt.Sprintf(`public_url: %s
api_tokens: [{ name: test, token: { env: API_TOKEN } }]
severities: [{ name: P0, words: [critical], urgency: urgent, respond_within: 5m, acknowledge_expires: 1h }]
default_severity: P0
integrations:
  - { name: events, source: generic, auth: { bearer: { env: HOOK_TOKEN } } }
  - { name: prometheus, source: alertmanager, auth: { bearer: { env: HOOK_TOKEN } } }
route:
  policy: p0
  group_by: [case]
  routes:
%spolicies:
%susers:
%sproviders:
  - { name: twilio, type: twilio, account_sid: { env: ACCOUNT_SID }, auth_tokens: [{ env: AUTH_TOKEN }], from: ['%s'], base_url: '%s' }
`, public, routes.String(), ladders.String(), users.String(), ourNumber, twilio)
}
