// Package standin plays the world around Tocsin when there is none: the built-in example
// configuration with random tokens, and a telephone that stands in for Twilio. `tocsin demo`
// and `tocsin serve` without a configuration run on it; both stay on loopback.
package standin

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"time"

	"tocsin/cmd/internal/registry"
	"tocsin/configs"
	"tocsin/paging/twilio/telephone"
)

// Number is the example's own number, that texts come from. It is fictitious.
const Number = "+12025550100"

// Names of the variables that the built-in example asks for.
const (
	EnvPublicURL  = "TOCSIN_DEMO_PUBLIC_URL"
	EnvAPIToken   = "TOCSIN_DEMO_API_TOKEN"
	EnvPrometheus = "TOCSIN_DEMO_PROMETHEUS_TOKEN"
	EnvSentry     = "TOCSIN_DEMO_SENTRY_SECRET"
	EnvScans      = "TOCSIN_DEMO_SCANS_TOKEN"
	EnvGitHub     = "TOCSIN_DEMO_GITHUB_SECRET"
	EnvEvents     = "TOCSIN_DEMO_EVENTS_TOKEN"
	EnvAccount    = "TOCSIN_DEMO_ACCOUNT_SID"
	EnvAuthToken  = "TOCSIN_DEMO_AUTH_TOKEN"
	EnvTwilioURL  = "TOCSIN_DEMO_TWILIO_URL"
)

// World is a telephone on a loopback port and the example's secrets.
type World struct {
	Phone  *telephone.Telephone
	Env    map[string]string
	server *http.Server
}

// New starts a telephone. publicURL is where it reaches Tocsin; pause is the time between two
// receipts of a text.
func New(publicURL string, now func() time.Time, pause time.Duration) (*World, error) {
	w := &World{Env: map[string]string{EnvPublicURL: publicURL}}
	for _, name := range []string{EnvAPIToken, EnvPrometheus, EnvSentry, EnvScans, EnvGitHub, EnvEvents, EnvAuthToken} {
		w.Env[name] = rand.Text()
	}
	var sid [16]byte
	_, _ = rand.Read(sid[:]) // crypto/rand.Read never fails
	w.Env[EnvAccount] = "AC" + hex.EncodeToString(sid[:])
	var err error
	w.Phone, err = telephone.New(telephone.Options{
		AccountSID: w.Env[EnvAccount], AuthToken: w.Env[EnvAuthToken], Numbers: []string{Number},
		SMSURL: publicURL + "/twilio/sms", Clock: now, Pause: pause,
	})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the telephone cannot listen: %w", err), w.Phone.Close())
	}
	w.Env[EnvTwilioURL] = "http://" + listener.Addr().String()
	w.server = &http.Server{Handler: w.Phone, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = w.server.Serve(listener) }() // ends with Close
	return w, nil
}

// Files reads the built-in example, again at every call.
func (w *World) Files(example fs.FS, name string) func() (configs.Bundle, error) {
	return func() (configs.Bundle, error) {
		data, err := fs.ReadFile(example, name)
		return configs.Bundle{Files: []configs.File{{Name: name, Data: data}}}, err
	}
}

// Build makes a configuration with this world's secrets.
func (w *World) Build(b configs.Bundle) (*configs.Config, error) {
	return b.Config(configs.Options{Registry: registry.Config(), Env: func(key string) (string, bool) {
		v, ok := w.Env[key]
		return v, ok
	}})
}

// Load is the built-in example with this world's secrets.
func (w *World) Load(example fs.FS, name string) (*configs.Config, error) {
	files, err := w.Files(example, name)()
	if err != nil {
		return nil, err
	}
	return w.Build(files)
}

// Close hangs up.
func (w *World) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return errors.Join(w.Phone.Close(), w.server.Shutdown(ctx))
}
