package app

import (
	"os"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHeapLimit ensures that a process stays well within what its container may use, and within
// a gigabyte anywhere.
func TestHeapLimit(t *testing.T) {
	for text, want := range map[string]int64{
		"": 1 << 30, "max\n": 1 << 30, "0": 1 << 30, "-1": 1 << 30,
		"268435456\n": 192 << 20, "137438953472\n": 1 << 30,
	} {
		require.Equal(t, want, heapLimit(text), "%q", text)
	}
}

// TestTuneHeap ensures that what the environment says stands, and that else both limits are set.
func TestTuneHeap(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetGCPercent(percent); debug.SetMemoryLimit(limit) })
	t.Setenv("GOGC", "100")
	t.Setenv("GOMEMLIMIT", "off")
	TuneHeap()
	require.Equal(t, limit, debug.SetMemoryLimit(-1))
	require.Equal(t, 100, debug.SetGCPercent(100))
	require.NoError(t, os.Unsetenv("GOGC"))
	require.NoError(t, os.Unsetenv("GOMEMLIMIT"))
	TuneHeap()
	require.LessOrEqual(t, debug.SetMemoryLimit(-1), int64(heapMost))
	require.Equal(t, heapGrowth, debug.SetGCPercent(100))
}
