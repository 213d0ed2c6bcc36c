//go:build !race

package schedules

// raceEnabled thins out long tests where each step is some ten times slower.
const raceEnabled = false
