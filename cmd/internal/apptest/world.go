// Package apptest plays the world around a gateway for end-to-end tests: a telephone that
// stands in for Twilio, a configuration in a file, a store that is a folder or a real Redis,
// and the senders. A story reads
//
//	w := apptest.New(t, apptest.Redis, apptest.Base+`route: …`)
//	g := w.Run()
//	g.Event(apptest.Event{Key: "a", Title: "Disk full", Severity: "critical"})
//	page := w.Page("+12025550101", "Disk full")
//	w.Reply("+12025550101", apptest.Code(t, page))
//
// Time is real and ports are loopback. What a test starts ends with it, in the opposite
// order. When a world ends, everything that its gateways logged is searched for its secrets.
package apptest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/registry"
	"tocsin/cmd/internal/standin"
	"tocsin/cmd/internal/watch"
	"tocsin/configs"
	"tocsin/escalation/store/redistest"
	"tocsin/paging/twilio/telephone"
)

// EnvBasic is the variable with the password of the integration "basic" of [Base]; the others
// are named as in the built-in example, see [standin].
const EnvBasic = "TOCSIN_TEST_BASIC_PASSWORD"

// Base is the part of a configuration that most stories share. Every kind of credentials has
// an integration. A story adds route, policies, schedules, users and teams.
const Base = `
public_url: { env: TOCSIN_DEMO_PUBLIC_URL }
api_tokens:
  - { name: story, token: { env: TOCSIN_DEMO_API_TOKEN } }
severities:
  - { name: P0, words: [critical], urgency: urgent, respond_within: 1m, acknowledge_expires: 30m }
  - { name: P1, words: [high, error], urgency: urgent, respond_within: 10m, acknowledge_expires: 4h }
  - { name: P2, words: [medium, warning], urgency: normal }
  - { name: P3, words: [low, info], urgency: low }
default_severity: P2
integrations:
  - { name: prometheus, source: alertmanager, auth: { bearer: { env: TOCSIN_DEMO_PROMETHEUS_TOKEN } } }
  - { name: sentry, source: sentry, auth: { signing_secret: { env: TOCSIN_DEMO_SENTRY_SECRET } } }
  - { name: scans, source: sarif, auth: { url_token: { env: TOCSIN_DEMO_SCANS_TOKEN } } }
  - { name: code, source: github, auth: { signing_secret: { env: TOCSIN_DEMO_GITHUB_SECRET } } }
  - { name: events, source: generic, auth: { bearer: { env: TOCSIN_DEMO_EVENTS_TOKEN } } }
  - { name: basic, source: generic, auth: { basic: { user: monitor, password: { env: TOCSIN_TEST_BASIC_PASSWORD } } } }
providers:
  - name: twilio
    type: twilio
    account_sid: { env: TOCSIN_DEMO_ACCOUNT_SID }
    auth_tokens: [{ env: TOCSIN_DEMO_AUTH_TOKEN }]
    from: ['+12025550100']
    base_url: { env: TOCSIN_DEMO_TWILIO_URL }
`

// Kind is a kind of store.
type Kind string

// The kinds of stores that a story runs on.
const (
	Bolt  Kind = "embedded"
	Redis Kind = "redis"
)

// Both runs a story on each kind of store, in parallel.
func Both(t *testing.T, story func(t *testing.T, kind Kind)) {
	t.Helper()
	for _, kind := range []Kind{Bolt, Redis} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			story(t, kind)
		})
	}
}

// World is one telephone, one configuration and one store, for any number of gateways.
type World struct {
	T      testing.TB
	Phone  *telephone.Telephone
	Env    map[string]string // the variables that the configuration asks for
	URL    string            // where Twilio reaches the gateway: the address of the first one
	Config string            // path of the configuration
	Store  string            // for --store
	Spool  string            // for --spool of the real binary
	Alone  string            // for the spool of a gateway in this process; "" unless a story sets it
	Redis  *redistest.Server // nil on the embedded store
	Logs   *Logs
	Pace   watch.Pace // of what watches the gateways in this process

	address string
	socket  net.Listener // of the first gateway, until it is used
	gate    *atomic.Pointer[Gate]
}

// New makes a world. Without redis-server a story on Redis is skipped, or fails when
// TOCSIN_REQUIRE_SERVERS=1.
func New(t testing.TB, kind Kind, yaml string) *World {
	t.Helper()
	w := &World{T: t, Env: map[string]string{}, Logs: &Logs{}, gate: &atomic.Pointer[Gate]{}, Config: filepath.Join(t.TempDir(), "tocsin.yaml"), Spool: t.TempDir()}
	for _, name := range []string{
		standin.EnvAPIToken, standin.EnvPrometheus, standin.EnvSentry, standin.EnvScans, standin.EnvGitHub,
		standin.EnvEvents, standin.EnvAuthToken, EnvBasic,
	} {
		w.Env[name] = secret()
	}
	t.Cleanup(func() { w.Logs.check(t, w.Secrets()) }) // runs last, when all of it has been written
	var sid [16]byte
	_, _ = rand.Read(sid[:]) // crypto/rand.Read never fails
	w.Env[standin.EnvAccount] = "AC" + hex.EncodeToString(sid[:])
	w.listen()
	w.plugIn()
	w.Write(yaml)
	switch kind {
	case Redis:
		w.Redis = redistest.Start(t, redistest.EverySec)
		w.Store = w.Redis.URL()
	default:
		w.Store = t.TempDir()
	}
	return w
}

func secret() string {
	var b [18]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Secrets are the variables whose values nobody may ever see, by name.
func (w *World) Secrets() map[string]string {
	s := map[string]string{}
	for name, value := range w.Env {
		switch name {
		case standin.EnvPublicURL, standin.EnvTwilioURL, standin.EnvAccount:
		default:
			s[name] = value
		}
	}
	return s
}

// listen takes the address of the first gateway, which public_url names.
func (w *World) listen() {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(w.T, err)
	w.socket, w.address = socket, socket.Addr().String()
	w.T.Cleanup(func() { _ = socket.Close() }) // closed already when a gateway used it
	w.URL = "http://" + w.address
	w.Env[standin.EnvPublicURL] = w.URL
}

// plugIn connects the telephone.
func (w *World) plugIn() {
	var err error
	w.Phone, err = telephone.New(telephone.Options{
		AccountSID: w.Env[standin.EnvAccount], AuthToken: w.Env[standin.EnvAuthToken], Numbers: []string{standin.Number},
		SMSURL: w.URL + "/twilio/sms", Clock: time.Now,
	})
	require.NoError(w.T, err)
	server := httptest.NewServer(http.HandlerFunc(w.twilio))
	w.Env[standin.EnvTwilioURL] = server.URL
	w.T.Cleanup(func() {
		_ = w.Phone.Close() // always nil
		server.CloseClientConnections()
		server.Close()
	})
}

// twilio is the telephone, behind the gate when there is one.
func (w *World) twilio(rw http.ResponseWriter, r *http.Request) {
	if g := w.gate.Load(); g != nil && r.Method == http.MethodPost {
		g.pass(w.Phone, rw, r)
		return
	}
	w.Phone.ServeHTTP(rw, r)
}

// Gate holds Twilio's answers back: a text is taken, and whoever sent it does not know yet.
type Gate struct {
	Held chan struct{} // receives once for every answer that is being held
	open chan struct{}
}

// Shut puts a gate before the telephone.
func (w *World) Shut() *Gate {
	g := &Gate{Held: make(chan struct{}, 100), open: make(chan struct{})}
	w.gate.Store(g)
	return g
}

// Open lets everything through.
func (g *Gate) Open() { close(g.open) }

func (g *Gate) pass(phone http.Handler, rw http.ResponseWriter, r *http.Request) {
	answer := httptest.NewRecorder()
	phone.ServeHTTP(answer, r)
	select {
	case g.Held <- struct{}{}:
	default:
	}
	select {
	case <-g.open:
	case <-r.Context().Done():
		return
	}
	for name, values := range answer.Header() {
		rw.Header()[name] = values
	}
	rw.WriteHeader(answer.Code)
	_, _ = rw.Write(answer.Body.Bytes()) // the client may be gone
}

// Write replaces the configuration's file.
func (w *World) Write(yaml string) {
	w.T.Helper()
	require.NoError(w.T, os.WriteFile(w.Config, []byte(yaml), 0o600))
}

// Files reads the configuration's files as a gateway does.
func (w *World) Files() (configs.Bundle, error) { return configs.ReadBundle(w.Config) }

// Build makes a configuration as a gateway does.
func (w *World) Build(b configs.Bundle) (*configs.Config, error) {
	return b.Config(configs.Options{Registry: registry.Config(), Secrets: filepath.Dir(w.Config), Env: func(name string) (string, bool) {
		v, ok := w.Env[name]
		return v, ok
	}})
}

// Look makes a configuration without secrets.
func (w *World) Look(b configs.Bundle) (*configs.Config, error) {
	return b.Config(configs.Options{Registry: registry.Config(), NoSecrets: true})
}

// Load reads the configuration as a gateway does.
func (w *World) Load() (*configs.Config, error) {
	files, err := w.Files()
	if err != nil {
		return nil, err
	}
	return w.Build(files)
}
