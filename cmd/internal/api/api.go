// Package api is Tocsin's HTTP surface: the whole route table stands in routes.go, one
// handler file per action. Handlers only translate: they read, call the engine or the store
// once, and write. What an error means in HTTP is decided in errors.go and nowhere else.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"tocsin/cmd/internal/admission"
	"tocsin/cmd/internal/auditor"
	"tocsin/cmd/internal/watch"
	"tocsin/configs"
	"tocsin/configs/history"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/paging/twilio"
	"tocsin/routing/source"
)

const (
	// formLimit bounds Twilio's forms and the API's own bodies.
	formLimit = 64 << 10
	// ingestTimeout bounds how long a sender waits for its 2xx.
	ingestTimeout = 15 * time.Second
)

// Deps is what the surface needs from the rest of the process.
type Deps struct {
	Engine  *engine.Engine
	Front   Front      // what comes in from outside goes here
	Peers   *PeerFront // what other processes say; nil without a shared store
	Store   store.Store
	Config  func() *configs.Config          // in force now
	Reload  func(ctx context.Context) error // a bad configuration is refused with its faults
	History *history.History
	Audit   *auditor.Log                    // may be nil
	Follow  func(ctx context.Context) error // puts the last revision and overlay in force here
	// Standing is how this process stands to what is active in the store.
	Standing func() Standing
	// Heard is told of every sign of life of an integration that must be heard of.
	Heard    func(ctx context.Context, i configs.Integration) error
	Watching func() watch.Report
	Ready    func(ctx context.Context) error // nil when alerts can be taken and pages sent
	// Degraded says that the store is away and what that means; "" when it is not.
	Degraded func() string
	Metrics  http.Handler
	Home     func(e *echo.Echo)                    // adds the demo page; nil without one
	Refused  func(integration string, kind string) // counts deliveries that were not taken; may be nil
	Version  string
	Logger   *slog.Logger

	Admission *admission.Control // who may come in; nil: with [Capacity]
}

// Capacity is what all senders share: the bodies held at one time, and about as many alerts as
// the engine's lanes let wait.
func Capacity() admission.Capacity {
	return admission.Capacity{Bytes: 256 << 20, Alerts: 32 << 10}
}

// Standing is what is in force in a process, and what should be.
type Standing struct {
	history.Head              // in force; zero when the process runs on its own files alone
	Wanted       history.Head // active in the store, when that cannot be in force here
	Trouble      string       // why it cannot
}

// Server answers HTTP.
type Server struct {
	Deps
}

// New returns the handler of everything that Tocsin serves.
func New(d Deps) http.Handler {
	s := &Server{Deps: d}
	if s.Admission == nil {
		s.Admission = admission.New(Capacity())
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.writeError
	e.Use(headers)
	s.routes(e)
	return e
}

func (s *Server) refused(integration, kind string) {
	if kind == string(Unauthorized) {
		s.Audit.Refused(integration)
	}
	if s.Refused != nil {
		s.Refused(integration, kind)
	}
}

// tokenName is the name of a bearer token, "" when it is nobody's. All tokens are compared, so
// that the time taken tells nothing.
func (s *Server) tokenName(token string) string {
	name := ""
	for _, t := range s.Config().APITokens {
		if source.Equal(token, t.Token.Reveal()) {
			name = t.Name
		}
	}
	return name
}

// validator checks Twilio's signatures with every token of every Twilio account configured.
func (s *Server) validator() twilio.Validator {
	c := s.Config()
	v := twilio.Validator{PublicURL: c.PublicURL}
	for _, p := range c.Providers {
		for _, t := range p.AuthTokens {
			v.Tokens = append(v.Tokens, t.Reveal())
		}
	}
	return v
}
