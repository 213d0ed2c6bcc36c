package ical_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/schedules/ical"
)

// FuzzVerify ensures that a feed's token opens its own subject under its own key and nothing
// else, and that nothing opens without a key.
func FuzzVerify(f *testing.F) {
	f.Add([]byte("key"), "schedule:platform", "user:ana", "token")
	f.Add([]byte{}, "", "", "")
	f.Fuzz(func(t *testing.T, key []byte, subject, other, guess string) {
		token := ical.Sign(key, subject)
		require.Equal(t, len(key) > 0, ical.Verify(key, subject, token))
		require.Equal(t, len(key) > 0 && guess == token, ical.Verify(key, subject, guess))
		if other != subject {
			require.False(t, ical.Verify(key, other, token))
		}
		require.False(t, ical.Verify(nil, subject, token))
	})
}
