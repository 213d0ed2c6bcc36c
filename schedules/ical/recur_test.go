package ical

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Ensures that every rule that is not refused runs to an end without panic: its instances
// ascend strictly, stay within its bounds, and begin with the start.
func TestRulesEnd(t *testing.T) {
	day := rapid.Custom(func(t *rapid.T) string {
		n := rapid.SampledFrom([]string{"", "", "1", "-1", "5", "-5", "6", "53", "-53", "54"}).Draw(t, "nth")
		return n + rapid.SampledFrom([]string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}).Draw(t, "day")
	})
	numbers := func(low, high int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			list := rapid.SliceOfN(rapid.IntRange(low, high), 1, 3).Draw(t, "list")
			return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ","), "[]")
		})
	}
	parts := map[string]*rapid.Generator[string]{
		"BYDAY": rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(day, 1, 3).Draw(t, "days"), ",") }), "BYMONTH": numbers(1, 12),
		"BYMONTHDAY": numbers(-31, 31), "BYYEARDAY": numbers(-366, 366), "BYWEEKNO": numbers(-53, 53), "BYSETPOS": numbers(-5, 5),
		"BYHOUR": numbers(0, 23), "BYMINUTE": numbers(0, 59), "INTERVAL": numbers(1, 1000), "COUNT": numbers(1, 9), "WKST": day,
	}
	ran := 0
	rapid.Check(t, func(t *rapid.T) {
		text := "FREQ=" + rapid.SampledFrom([]string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"}).Draw(t, "freq")
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"BYDAY", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYHOUR", "BYMINUTE", "INTERVAL", "COUNT", "WKST"}), 0, 4, rapid.ID[string]).Draw(t, "parts") {
			text += ";" + name + "=" + parts[name].Draw(t, name)
		}
		r, err := parseRule(text, time.UTC, time.UTC)
		if err != nil {
			return
		}
		ran++
		start := stamp{wall: rapid.Int64Range(0, 2_000_000_000).Draw(t, "start"), loc: time.UTC}
		stop := start.wall + 1000*daySeconds
		var got []int64
		b := newBudget()
		if err := r.walls(start, stop, b, func(wall int64) bool { got = append(got, wall); return true }); err != nil {
			return
		}
		require.Equal(t, start.wall, got[0], text)
		for i := 1; i < len(got); i++ {
			require.Less(t, got[i-1], got[i], text)
		}
		require.LessOrEqual(t, got[len(got)-1], stop, text)
		require.True(t, r.count == 0 || len(got) <= r.count, text)
	})
	assert.Positive(t, ran, "some rules are not refused")
}
