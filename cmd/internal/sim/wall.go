package sim

import (
	"time"
	"unsafe"
)

// reading is what time.Now returns on a machine whose wall clock shows wall after so much
// monotonic time. Inside a bubble time.Now has no monotonic part, and nothing in the time
// package can set one, so the words of a Time are written here; that they are understood as
// meant is checked.
func reading(wall time.Time, monotonic time.Duration) time.Time {
	var t time.Time
	words := (*struct {
		wall uint64 // 1, 33 bits of seconds since 1885, 30 bits of nanoseconds
		ext  int64  // the monotonic reading
		loc  *time.Location
	})(unsafe.Pointer(&t))
	seconds := wall.Unix() - time.Date(1885, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	words.wall = 1<<63 | uint64(seconds)<<30 | uint64(wall.Nanosecond())
	words.ext = int64(monotonic)
	if later := t.Add(time.Hour); !t.Round(0).Equal(wall) || later.Sub(t) != time.Hour {
		panic("sim: a time.Time is laid out differently")
	}
	return t
}
