package configs

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const officeHours = "schedules:\n  - name: office\n    require_coverage: true\n    layers:\n      - name: day\n" +
	"        rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [ana] }\n" +
	"        windows: [{ days: ['mo:fr'], from: '09:00', to: '17:00' }]\n"

// It ensures that a schedule that requires coverage makes a fault of a gap, counted for
// 14 and 90 days, by windows and with its fallback.
func TestCoverage(t *testing.T) {
	now := date("2026-06-01T00:00:00Z") // a Monday
	text := strings.ReplaceAll(minimal(t), "page: ['user:ana']", "page: ['schedule:office/day', 'user:ana']") + officeHours
	c, err := Parse("x.yaml", []byte(text), registry(), anyEnv)
	require.NoError(t, err)
	faults := c.Coverage(now)
	require.Len(t, faults, 1)
	assert.False(t, faults[0].Warning)
	assert.Equal(t, "schedules[0].require_coverage", faults[0].Path)
	// 90 days have 65 working days, each with a night or weekend after it, beside the first morning.
	assert.Equal(t, `schedule "office" requires coverage: nobody is on call from Mon 2026-06-01 00:00 UTC to Mon 2026-06-01 09:00 UTC, and in 10 more gaps of the next 14 days (65 of 90)`, faults[0].Message)
	all := Problems(c.Weaknesses(now))
	assert.Equal(t, faults, all.Errors())
	require.Len(t, all.Warnings(), 2, "every night, every weekend")
	for _, w := range all.Warnings() {
		assert.Equal(t, "policies[0].tiers[0].page[0]", w.Path, "at the target")
	}

	c, err = Parse("x.yaml", []byte(text+"    fallback: [ana]\n"), registry(), anyEnv)
	require.NoError(t, err)
	assert.Empty(t, c.Coverage(now))
	c, err = Parse("x.yaml", []byte(strings.Replace(text, "    require_coverage: true\n", "", 1)), registry(), anyEnv)
	require.NoError(t, err)
	assert.Empty(t, c.Coverage(now))
	assert.Empty(t, Problems(c.Weaknesses(now)).Errors())
}

// It ensures that a gap beyond the first 14 days is told of while there is time.
func TestFarGaps(t *testing.T) {
	text := strings.ReplaceAll(minimal(t), "page: ['user:ana']", "page: ['schedule:s', 'user:ana']") +
		"schedules: [{ name: s, layers: [{ name: l, rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [ana] }, effective: { until: 2026-08-01T00:00 } }] }]\n"
	c, err := Parse("x.yaml", []byte(text), registry(), anyEnv)
	require.NoError(t, err)
	assert.Empty(t, c.Weaknesses(date("2026-05-01T00:00:00Z")))
	found := c.Weaknesses(date("2026-06-01T00:00:00Z"))
	require.Len(t, found, 1)
	assert.Equal(t, "s has nobody on call from Sat 1 Aug 00:00 on (UTC): add an override, or let a layer or the schedule's fallback cover it", found[0].Message)
}
