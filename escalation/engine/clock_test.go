package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/engine"
)

// The clock follows a store that is really off, is not moved by an answer that was only slow,
// and keeps what it knew when the store cannot be asked.
func TestClockMeasuresTheStore(t *testing.T) {
	start := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		there, back time.Duration // on the way
		ahead       time.Duration // of the store
		want        time.Duration
	}{
		"the same clock, at once":     {0, 0, 0, 0},
		"the same clock, slow there":  {100 * time.Millisecond, time.Millisecond, 0, 0},
		"the same clock, slow back":   {time.Millisecond, 100 * time.Millisecond, 0, 0},
		"ahead, both ways alike":      {10 * time.Millisecond, 10 * time.Millisecond, 3 * time.Second, 3 * time.Second},
		"behind, both ways alike":     {10 * time.Millisecond, 10 * time.Millisecond, -3 * time.Second, -3 * time.Second},
		"ahead by less than is known": {10 * time.Millisecond, 10 * time.Millisecond, 9 * time.Millisecond, 0},
	} {
		t.Run(name, func(t *testing.T) {
			now := start
			c := engine.NewClock(func() time.Time { return now })
			require.NoError(t, c.Measure(t.Context(), func(context.Context, time.Time) (time.Time, error) {
				now = now.Add(test.there)
				answer := now.Add(test.ahead)
				now = now.Add(test.back)
				return answer, nil
			}))
			require.Equal(t, test.want, c.Offset())
			trouble := errors.New("no answer")
			require.ErrorIs(t, c.Measure(t.Context(), func(context.Context, time.Time) (time.Time, error) { return time.Time{}, trouble }), trouble)
			require.Equal(t, now.Add(test.want), c.Now())
		})
	}
}
