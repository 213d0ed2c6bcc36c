package schedules

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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

func BenchmarkLookup(b *testing.B) {
	now := time.Date(2026, 4, 15, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, start string
		zones       []string
	}{
		{"age=10y", "2016-01-04T08:00", []string{""}},
		{"age=3m", "2026-01-05T08:00", []string{""}},
		{"age=10y/zones=4", "2016-01-04T08:00", []string{"", "America/New_York", "Asia/Tokyo", "Australia/Sydney"}},
	} {
		s := busy(b, c.start, c.zones...)
		buf := make([]UserID, 0, 16)
		b.Run("On/all/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				buf = s.On("", now, buf[:0])
			}
		})
		b.Run("On/one/"+c.name, func(b *testing.B) {
			for b.Loop() {
				buf = s.On("layer9", now, buf[:0])
			}
		})
		b.Run("OnCall/one/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = s.OnCall("layer9", now)
			}
		})
		b.Run("OnCall/all/"+c.name, func(b *testing.B) {
			for b.Loop() {
				_, _ = s.OnCall("", now)
			}
		})
	}
}

func BenchmarkMonthOfShifts(b *testing.B) {
	s, from := busy(b, "2016-01-04T08:00", ""), time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		s.Shifts("", from, from.AddDate(0, 1, 0))
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		busy(b, "2016-01-04T08:00", "")
	}
}
