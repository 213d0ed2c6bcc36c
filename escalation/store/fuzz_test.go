package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/store"
)

// FuzzDecode ensures that no bytes in a store make a process panic, and that what is read is
// written and read again as the same.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{}`, `{"v":99}`, `{"v":1,"id":"x","members":null}`, `[]`, `{"id":1}`, "\xff", `{"at":"2026-01-01T00:00:00Z"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if i, err := store.DecodeIncident(data); err == nil {
			first, err := store.EncodeIncident(i)
			require.NoError(t, err)
			again, err := store.DecodeIncident(first)
			require.NoError(t, err)
			second, err := store.EncodeIncident(again)
			require.NoError(t, err)
			require.Equal(t, string(first), string(second))
		}
		if a, err := store.DecodeAttempt(data); err == nil {
			first, err := store.EncodeAttempt(a)
			require.NoError(t, err)
			_, err = store.DecodeAttempt(first)
			require.NoError(t, err)
		}
		_, _ = store.DecodeMember(data) // must not panic
		_, _ = store.DecodeEntry(data)
	})
}
