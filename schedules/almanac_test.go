package schedules

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// It ensures that the almanac gives exactly what a look-up works out, however often and by how
// many goroutines a month is asked about, before 1970 and where months are too crowded to keep.
func TestAlmanac(t *testing.T) {
	for name, every := range map[string]Every{"weeks": {1, Week}, "hours": {1, Hour}} {
		t.Run(name, func(t *testing.T) {
			s, err := Compile(Spec{Name: "s", TimeZone: "Europe/Berlin", Layers: []Layer{
				{Name: "a", Rotation: Rotation{Every: every, Start: civil(t, "1960-01-04T09:00"), Participants: [][]UserID{{"ana"}, {"ben"}, {}}}},
				{Name: "b", Rotation: Rotation{Every: every, Start: civil(t, "1961-01-04T09:30"), Participants: [][]UserID{{"chidi"}, {"dana"}}}},
			}})
			require.NoError(t, err)
			var asking sync.WaitGroup
			for seed := range uint64(4) {
				asking.Go(func() {
					r := rand.New(rand.NewPCG(seed, 1))
					for range 3000 {
						u := int64(r.IntN(10)-3)*123456789 + r.Int64N(2<<monthBits)
						got, err := s.OnCall("", time.Unix(u, 0))
						want, _ := s.around(s.all, u)
						if !assert.NoError(t, err) || !assert.Equal(t, want, got, "at %d", u) {
							return
						}
					}
				})
			}
			asking.Wait()
			kept := 0
			for i := range s.all.almanac {
				if m := s.all.almanac[i].Load(); m != nil && m.number > 0 { // before the start there is one shift
					assert.LessOrEqual(t, len(m.shifts), crowded)
					kept += len(m.shifts)
				}
			}
			assert.Equal(t, name == "weeks", kept > 0)
		})
	}
}

// It ensures that nobody can change a kept shift by what was handed out.
func TestAlmanacHandsOutCopies(t *testing.T) {
	s, err := Compile(Spec{Name: "s", TimeZone: "UTC", Layers: []Layer{
		{Name: "a", Rotation: Rotation{Every: Every{1, Week}, Start: civil(t, "2026-01-05T09:00"), Participants: [][]UserID{{"ana"}}}},
	}})
	require.NoError(t, err)
	for range 3 * worthKeeping {
		x, err := s.OnCall("a", time.Unix(1800000000, 0))
		require.NoError(t, err)
		require.Equal(t, []UserID{"ana"}, x.Users)
		x.Users[0], x.Duties[0].User = "mallory", "mallory"
	}
}
