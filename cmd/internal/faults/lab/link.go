package lab

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// Link is a connection between two processes that can be cut, slowed and spoiled. It is a
// toxiproxy (https://github.com/Shopify/toxiproxy#toxics) in the test's own process.
type Link struct {
	t     testing.TB
	proxy *toxiproxy.Proxy
	names []string // of the toxics in force
}

// NewLink passes on what comes to Addr to that address, until the test ends.
func NewLink(t testing.TB, to string) *Link { return NewLinkAt(t, "127.0.0.1:0", to) }

// NewLinkAt is NewLink on a port that others know already.
func NewLinkAt(t testing.TB, listen, to string) *Link {
	t.Helper()
	log := zerolog.Nop()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), log)
	l := &Link{t: t, proxy: toxiproxy.NewProxy(server, fmt.Sprint("link-", rand.Uint32()), listen, to)}
	require.NoError(t, l.proxy.Start())
	t.Cleanup(l.proxy.Stop)
	return l
}

// Addr is host and port where the link begins.
func (l *Link) Addr() string { return l.proxy.Listen }

// URL is the address for redisstore.Open.
func (l *Link) URL() string { return "redis://" + l.Addr() + "/0" }

// Cut ends all connections and takes no new ones; Mend ends that.
func (l *Link) Cut() { l.proxy.Stop() }

// Mend opens the link again, as it was. An open one stays as it is.
func (l *Link) Mend() {
	l.t.Helper()
	if err := l.proxy.Start(); !errors.Is(err, toxiproxy.ErrProxyAlreadyStarted) {
		require.NoError(l.t, err)
	}
}

// Drop ends all connections once; new ones are taken at once.
func (l *Link) Drop() {
	l.t.Helper()
	l.Cut()
	l.Mend()
}

// Spoil adds a toxic: its type ("latency", "timeout", "reset_peer", "limit_data", …), the
// direction ("upstream" to the server or "downstream" from it), the share of connections that
// suffer it, from 0 to 1, and its attributes.
func (l *Link) Spoil(kind, direction string, share float64, attributes string) {
	l.t.Helper()
	name := fmt.Sprint(kind, "-", direction, "-", len(l.names))
	_, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
		`{"name": %q, "type": %q, "stream": %q, "toxicity": %g, "attributes": %s}`, name, kind, direction, share, attributes)))
	require.NoError(l.t, err)
	l.names = append(l.names, name)
}

// Heal removes all that Spoil added.
func (l *Link) Heal() {
	l.t.Helper()
	for _, name := range l.names {
		require.NoError(l.t, l.proxy.Toxics.RemoveToxic(l.t.Context(), name))
	}
	l.names = nil
}
