package routing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/routing"
)

// TestPagesAlone ensures that without a word only the most urgent severity is paged while the
// store is away, and that a word decides for its own step alone.
func TestPagesAlone(t *testing.T) {
	scale := routing.Scale{Default: "P2", Levels: []routing.Level{{Name: "P0"}, {Name: "P1", Degraded: routing.DegradedPage}, {Name: "P2"}}}
	require.True(t, scale.PagesAlone("P0"))
	require.True(t, scale.PagesAlone("P1"))
	require.False(t, scale.PagesAlone("P2"))
	require.False(t, scale.PagesAlone("gone"), "a name that the scale no longer has counts as the default step")
	scale.Levels[0].Degraded = routing.DegradedKeep
	require.False(t, scale.PagesAlone("P0"))
}
