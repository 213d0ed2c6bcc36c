package apptest

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/app"
	"tocsin/cmd/internal/client"
	"tocsin/cmd/internal/standin"
	"tocsin/escalation/store"
)

// stopTimeout bounds the end of a gateway; delivery drains for up to 15 s.
const stopTimeout = 30 * time.Second

// Gateway is one Tocsin process, in this process or the real binary.
type Gateway struct {
	*World
	URL string         // its own address; w.URL is the first one's
	API *client.Client // with the story's token

	app     *app.App
	stopped bool
}

// Run starts a gateway in this process. The first one, and after its Stop the next, has the
// address that public_url names; any other has one of its own.
func (w *World) Run() *Gateway {
	w.T.Helper()
	return w.RunWith(nil)
}

// RunWith is Run with routes added.
func (w *World) RunWith(home func(*echo.Echo)) *Gateway {
	w.T.Helper()
	a, err := app.New(w.T.Context(), app.Options{
		Files: w.Files, Build: w.Build, Look: w.Look, Store: w.Store, Spool: w.Alone, Socket: w.takeSocket(), Version: "test", Home: home, Pace: w.Pace,
		Logger: slog.New(slog.NewJSONHandler(w.Logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(w.T, err)
	g := &Gateway{World: w, app: a}
	w.T.Cleanup(func() { _ = g.Stop() }) // a story that cares has stopped it
	require.NoError(w.T, a.Start())
	g.connect(a.URL())
	return g
}

func (g *Gateway) connect(url string) {
	var err error
	g.URL = url
	g.API, err = client.New(url, g.Env[standin.EnvAPIToken])
	require.NoError(g.T, err)
}

// takeSocket listens on the first gateway's address when it is free, else on any.
func (w *World) takeSocket() net.Listener {
	if s := w.socket; s != nil {
		w.socket = nil
		return s
	}
	if s, err := net.Listen("tcp", w.address); err == nil {
		return s
	}
	s, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(w.T, err)
	return s
}

// For is the same gateway for a subtest: what fails, fails there.
func (g *Gateway) For(t testing.TB) *Gateway {
	w := *g.World
	w.T = t
	return &Gateway{World: &w, URL: g.URL, API: g.API, stopped: true} // who started it stops it
}

// Stop drains the gateway. A second call does nothing.
func (g *Gateway) Stop() error {
	if g.stopped {
		return nil
	}
	g.stopped = true
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout) // the test's own context has ended in a cleanup
	defer cancel()
	return g.app.Stop(ctx)
}

// OpenStore opens the store beside, or on the embedded one after, the gateways.
func (w *World) OpenStore() store.Store {
	w.T.Helper()
	s, err := app.OpenStore(w.T.Context(), w.Store)
	require.NoError(w.T, err)
	w.T.Cleanup(func() { _ = s.Close() }) // only read
	return s
}

// Peers is how many other gateways this one, in this process, knows of.
func (g *Gateway) Peers() int { return g.app.Peers() }
