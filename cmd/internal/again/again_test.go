package again_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/again"
)

// TestAfter ensures that a chore runs after the first time and then whenever it said, counted
// from its end, that one which asks for the past does not spin, and that all ends with ctx.
func TestAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		var at []time.Duration
		says := []time.Duration{time.Second, -time.Hour, time.Minute, time.Hour}
		again.After(ctx, 10*time.Second, func(context.Context) time.Duration {
			at = append(at, time.Since(began))
			<-time.After(time.Second) // the chore takes its time
			if len(at) == len(says) {
				cancel()
			}
			return says[len(at)-1]
		})
		require.Equal(t, []time.Duration{10 * time.Second, 12 * time.Second, 13*time.Second + time.Millisecond, 74*time.Second + time.Millisecond}, at)
		require.Equal(t, 75*time.Second+time.Millisecond, time.Since(began), "nothing waits once ctx is over")
	})
}
