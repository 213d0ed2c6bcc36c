//go:build race

package sim

// slower is how much less a run under the race detector plays: it takes ten times as long.
const slower = 5
