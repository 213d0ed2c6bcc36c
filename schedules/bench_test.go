package schedules

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ages are first hand-offs some 10 and 1000 years before what is asked.
var ages = []struct{ name, start string }{{"age=10y", "2016-01-04T08:00"}, {"age=1000y", "1026-01-04T08:00"}}

// busy has ten layers, each with its own hand-off hour, and a hundred overrides.
func busy(b *testing.B, start string, zones ...string) *Schedule {
	spec := Spec{Name: "busy", TimeZone: "Europe/Berlin"}
	for i := range 10 {
		first := civil(b, start)
		first.Hour += i
		spec.Layers = append(spec.Layers, Layer{Name: fmt.Sprint("layer", i), TimeZone: zones[i%len(zones)], Rotation: Rotation{
			Every: Every{1, Week}, Start: first, Participants: [][]UserID{{"ana"}, {"ben"}, {"chidi"}, {"dana", "erin"}},
		}})
	}
	for i := range 100 {
		from := civil(b, "2026-01-01T00:00").seconds() + int64(i)*daySeconds
		spec.Overrides = append(spec.Overrides, Override{Type: Replace, Remove: "ana", Add: "finn",
			From: civilOf(from), To: civilOf(from + daySeconds/2), Layers: []string{fmt.Sprint("layer", i%10)}})
	}
	s, err := Compile(spec)
	require.NoError(b, err)
	return s
}

// fifty is a schedule of 50 people: two lines around the clock, the second with
// the offset, a line by day and one for nights in another zone; four weeks of time
// off a year for everybody, holidays, and an override in most weeks.
func fifty(b *testing.B, start string) *Schedule {
	spec := Spec{Name: "fifty", TimeZone: "Europe/Berlin", Fallback: []UserID{"boss"}}
	var groups [][]UserID
	for i := range 50 {
		groups = append(groups, []UserID{UserID(fmt.Sprint("user", i))})
	}
	every := func(e Every) Rotation { return Rotation{Every: e, Start: civil(b, start), Participants: groups} }
	spec.Layers = []Layer{
		{Name: "primary", Priority: 10, Rotation: every(Every{1, Day})},
		{Name: "secondary", Priority: 10, Rotation: Rotation{Of: "primary", Offset: 1}},
		{Name: "day", Priority: 10, Rotation: every(Every{12, Hour}), Windows: []Window{{Days: []time.Weekday{1, 2, 3, 4, 5}, From: 8 * 3600, To: 18 * 3600}}},
		{Name: "night", TimeZone: "America/New_York", Rotation: every(Every{1, Week}), Windows: []Window{{From: 17 * 3600, To: 9 * 3600}}},
	}
	r := rand.New(rand.NewPCG(1, 2))
	year := civil(b, "2020-01-01T00:00").seconds()
	for range 10 { // years
		for i := range 50 {
			for range 2 {
				from := year + r.Int64N(350)*daySeconds
				spec.Away = append(spec.Away, Away{Users: groups[i], Kind: "vacation", From: civilOf(from), To: civilOf(from + 14*daySeconds)})
			}
		}
		for week := range int64(45) {
			from := year + week*weekSeconds + r.Int64N(7)*daySeconds
			spec.Overrides = append(spec.Overrides, Override{ID: fmt.Sprint("o", week), Type: Replace, Remove: groups[r.IntN(50)][0], Add: groups[r.IntN(50)][0],
				From: civilOf(from), To: civilOf(from + daySeconds)})
		}
		year += 365 * daySeconds
	}
	s, err := Compile(spec)
	require.NoError(b, err)
	return s
}

// instants are random ones of 2026.
func instants() []time.Time {
	r := rand.New(rand.NewPCG(3, 4))
	out := make([]time.Time, 4096)
	for i := range out {
		out[i] = time.Unix(1767225600+r.Int64N(365*daySeconds), 0)
	}
	return out
}

func BenchmarkLookup(b *testing.B) {
	at := instants()
	for _, age := range ages {
		for name, s := range map[string]*Schedule{
			"":          busy(b, age.start, ""),
			"/zones=4":  busy(b, age.start, "", "America/New_York", "Asia/Tokyo", "Australia/Sydney"),
			"/users=50": fifty(b, age.start),
		} {
			layer, buf, i := s.Layers()[len(s.Layers())-1], make([]UserID, 0, 16), 0
			run := func(what string, f func(at time.Time)) {
				b.Run(what+"/"+age.name+name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						f(at[i%len(at)])
						i++
					}
				})
			}
			run("On/all", func(at time.Time) { buf = s.On("", at, buf[:0]) })
			run("On/one", func(at time.Time) { buf = s.On(layer, at, buf[:0]) })
			run("OnCall/all", func(at time.Time) { _, _ = s.OnCall("", at) })
			run("OnCall/one", func(at time.Time) { _, _ = s.OnCall(layer, at) })
			run("Next/all", func(at time.Time) { s.Next("", at) })
		}
	}
}

func BenchmarkFinal(b *testing.B) {
	from := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	for _, age := range ages {
		s := fifty(b, age.start)
		for name, to := range map[string]time.Time{"month": from.AddDate(0, 1, 0), "year": from.AddDate(1, 0, 0)} {
			b.Run(name+"/"+age.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					s.Final(from, to)
				}
				b.ReportMetric(float64(len(s.Final(from, to))), "shifts")
			})
		}
		b.Run("month/cold/"+age.name, func(b *testing.B) { // every plan is made anew
			for b.Loop() {
				b.StopTimer()
				s := fifty(b, age.start)
				b.StartTimer()
				s.Final(from, from.AddDate(0, 1, 0))
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	b.Run("busy", func(b *testing.B) {
		for b.Loop() {
			busy(b, ages[0].start, "")
		}
	})
	b.Run("users=50", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			fifty(b, ages[0].start)
		}
	})
}
