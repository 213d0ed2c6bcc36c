package configs

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/routing"
)

// It ensures that the word for a severity while the store is away arrives in the book.
func TestDegraded(t *testing.T) {
	scale := loadExample(t, "full.yaml").Book().Scale
	require.Equal(t, routing.DegradedPage, scale.Levels[0].Degraded)
	require.Empty(t, scale.Levels[1].Degraded)
	require.True(t, scale.PagesAlone("P0"))
	require.False(t, scale.PagesAlone("P1"))
}
