package registry

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEverySourceIsRegisteredOnceAndComplete(t *testing.T) {
	// Ensures that no source hides another one and that each can decode and ends by silence.
	sources := Sources()
	reg := Config()
	require.Len(t, reg.Sources, len(sources), "two sources share a name")
	for _, s := range sources {
		require.NotEmpty(t, s.Name)
		require.NotNil(t, s.Decode, s.Name)
		require.Positive(t, s.ResolveAfter, s.Name)
		require.Equal(t, s.Name, reg.Sources[s.Name].Name)
	}
	require.NotEmpty(t, reg.Providers)
	require.NotEmpty(t, reg.Contacts)
	require.False(t, reg.AllowNoProvider, "a configuration that can page nobody must not pass as it is")
}
