package schedules

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Ensures that the effects found at an instant are those whose span holds it, whatever overlaps.
func TestStabs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		edge := rapid.OneOf(rapid.Int64Range(0, 12), rapid.SampledFrom([]int64{never, forever}))
		var effects []effect
		for range rapid.IntRange(0, 20).Draw(t, "effects") {
			if from, to := edge.Draw(t, "from"), edge.Draw(t, "to"); from < to {
				effects = append(effects, effect{from: from, to: to})
			}
		}
		s := newStabs(effects)
		for _, u := range []int64{never, -1, 0, 1, 5, 6, 11, 12, 13, forever - 1} {
			var want []int32
			for i, e := range effects {
				if e.from <= u && u < e.to {
					want = append(want, int32(i))
				}
			}
			require.Equal(t, want, s.at(effects, u), "at %d", u)
		}
	})
}

// overlapping is a schedule with so many overrides and so much time off, all active at once in the middle.
func overlapping(t *testing.T, overrides, off int) Spec {
	spec := Spec{Name: "s", TimeZone: "UTC", Layers: []Layer{{Name: "l", Rotation: daily(t, "ana ben")}}}
	middle := civil(t, "2026-06-01T00:00").seconds()
	around := func(i int) (from, to Civil) { return civilOf(middle - int64(i) - 1), civilOf(middle + int64(i) + 1) }
	for i := range overrides {
		o := Override{Type: Replace, Remove: "ana", Add: UserID(fmt.Sprint("user", i))}
		o.From, o.To = around(i)
		spec.Overrides = append(spec.Overrides, o)
	}
	for i := range off {
		a := Away{Users: []UserID{"ben"}}
		a.From, a.To = around(i)
		spec.Away = append(spec.Away, a)
	}
	return spec
}

// Ensures that as many overrides and as much time off as may be need little room, also when all
// overlap, and that more are refused with a sentence.
func TestManyOverlap(t *testing.T) {
	spec := overlapping(t, maxOverrides, maxTimeOff)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s, err := Compile(spec)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
	middle := utc(t, "2026-06-01 00:00")
	require.Equal(t, []UserID{"user0"}, s.On("", middle, nil))
	require.Equal(t, []UserID{"user1000"}, s.On("", middle.Add(1000*time.Second), nil), "the first that is active")
	require.Equal(t, []UserID{"ana"}, s.On("", middle.Add(maxOverrides*time.Second), nil), "ben is off")

	_, err = Compile(overlapping(t, maxOverrides+1, 0))
	require.EqualError(t, err, `schedule "s": it has 5001 overrides, more than 5000; delete those that are over`)
	_, err = Compile(overlapping(t, 0, maxTimeOff+1))
	require.EqualError(t, err, `schedule "s": it has 20001 entries of time off, more than 20000; delete those that are over`)
}
