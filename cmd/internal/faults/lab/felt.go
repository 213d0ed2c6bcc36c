package lab

import (
	"net/http"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
)

// Refused is how many deliveries were told 503 so far.
func (l *Lab) Refused() int { return l.Stream.Answered(http.StatusServiceUnavailable) }

// Felt waits until trouble with the store is felt: a gateway works on its own, or more
// deliveries than before were told 503.
func (l *Lab) Felt(before int) {
	l.T.Helper()
	require.Eventually(l.T, func() bool { return l.Refused() > before || l.degraded() }, 30*time.Second, 20*time.Millisecond,
		"no gateway has noticed that its store is away")
}

// Back waits until every gateway takes alerts and works with its store again, everything that
// it kept meanwhile being there.
func (l *Lab) Back() {
	l.T.Helper()
	for _, g := range l.Gateways {
		g.Ready(StartUp)
	}
	require.Eventually(l.T, func() bool { return !l.degraded() }, Settled, 50*time.Millisecond, "a gateway does not go back to its store")
}

func (l *Lab) degraded() bool { return slices.ContainsFunc(l.Gateways, (*Gateway).Degraded) }
