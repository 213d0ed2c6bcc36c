package schedules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func instant(t require.TestingT, s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	require.NoError(t, err)
	return at
}

func civilAt(t require.TestingT, s string) Civil {
	c, err := ParseCivil(s)
	require.NoError(t, err)
	return c
}

// twoWeeks has ana from 19 October 2026, the week in which Berlin's clock goes back, and ben
// from the 26th, whose Wednesday evening (12 h) and Friday noon (1 h) chidi takes.
func twoWeeks(t require.TestingT) Spec {
	l := weekly("primary", "ana ben")
	l.Rotation.Start = civilAt(t, "2026-10-19T09:00")
	spec := berlin(l)
	spec.Overrides = []Override{
		{Type: Replace, From: civilAt(t, "2026-10-28T20:00"), To: civilAt(t, "2026-10-29T08:00"), Remove: "ben", Add: "chidi"},
		{Type: Replace, From: civilAt(t, "2026-10-30T12:00"), To: civilAt(t, "2026-10-30T13:00"), Remove: "ben", Add: "chidi"},
	}
	return spec
}

// Ensures that hours, nights, weekends, holidays, shifts and rests are those counted by hand,
// with the night of 25 hours, and nights by the clock of where somebody lives.
func TestFairness(t *testing.T) {
	from, to := instant(t, "2026-10-19T09:00:00+02:00"), instant(t, "2026-11-02T09:00:00+01:00")
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	require.NoError(t, err)
	loads := Fairness(compiled(t, twoWeeks(t)), from, to, FairnessOptions{
		Zones: map[UserID]*time.Location{"chidi": tokyo},
		Holidays: []Span{
			{instant(t, "2026-10-31T12:00:00+01:00"), instant(t, "2026-11-01T00:00:00+01:00")},
			{instant(t, "2026-10-31T00:00:00+01:00"), instant(t, "2026-10-31T18:00:00+01:00")},
		},
	})
	const h = time.Hour
	mean := 337.0 / 3
	assert.Equal(t, []Load{
		{User: "ana", Hours: 169 * h, Night: 64 * h, Weekend: 49 * h, Shifts: 1, Longest: 169 * h, Share: 169 / mean},
		// ben: Mon 09 – Wed 20 (59 h), Thu 08 – Fri 12 (28 h), Fri 13 – Mon 09 (68 h)
		{User: "ben", Hours: 155 * h, Night: 54 * h, Weekend: 48 * h, Holiday: 24 * h, Shifts: 3, Longest: 68 * h, ShortestRest: h, ShortRests: 1, Share: 155 / mean},
		// chidi in Tokyo: from 04:00 to 16:00, so three hours of night
		{User: "chidi", Hours: 13 * h, Night: 3 * h, Shifts: 2, Longest: 12 * h, ShortestRest: 28 * h, Share: 13 / mean},
	}, loads)

	spring := Fairness(compiled(t, twoWeeks(t)), instant(t, "2027-03-22T09:00:00+01:00"), instant(t, "2027-03-29T09:00:00+02:00"),
		FairnessOptions{Users: []UserID{"dana", "ben"}})
	require.Len(t, spring, 2+1, "who serves is always there")
	assert.Equal(t, Load{User: "dana"}, spring[0])
	assert.Zero(t, spring[1].Hours)
	assert.Equal(t, Load{User: "ana", Hours: 167 * h, Night: 62 * h, Weekend: 47 * h, Shifts: 1, Longest: 167 * h, Share: 3}, spring[2])
}

// Ensures that neither an empty span nor one without anybody divides by zero.
func TestFairnessOfNothing(t *testing.T) {
	at := instant(t, "2026-10-01T00:00:00Z")
	for _, l := range Fairness(compiled(t, twoWeeks(t)), at, at.Add(time.Hour), FairnessOptions{}) {
		assert.Equal(t, Load{User: l.User}, l)
	}
	assert.Len(t, Fairness(compiled(t, twoWeeks(t)), at, at, FairnessOptions{}), 3)
}

// Ensures that an open shift goes to the least loaded who is there, free and rested, that
// short rest comes last with its reason, and that who is away or busy is not asked.
func TestSuggest(t *testing.T) {
	spec := twoWeeks(t)
	spec.Away = []Away{
		{Users: []UserID{"erin"}, Kind: "vacation", From: civilAt(t, "2026-10-29T12:00"), To: civilAt(t, "2026-11-05T00:00")},
		{Users: []UserID{"fay"}, Spans: []Span{{instant(t, "2026-10-20T00:00:00Z"), instant(t, "2026-10-29T10:00:00Z")}}},
	}
	open := Span{instant(t, "2026-10-29T11:00:00+01:00"), instant(t, "2026-10-29T13:00:00+01:00")}
	loads := []Load{
		{User: "ana", Hours: 169 * time.Hour, Share: 1.5},
		{User: "ben", Hours: 1 * time.Hour}, // is on call
		{User: "chidi"},                     // was until 08:00
		{User: "dana", Hours: 30 * time.Minute, Share: 0.01},
		{User: "erin"}, // off from noon
		{User: "fay"},  // back at 11:00 local time
		{User: "gus", Weekend: time.Hour},
		{User: "fay"},
	}
	assert.Equal(t, []Suggestion{
		{"fay", "not on call so far"},
		{"gus", "not on call so far"},
		{"dana", "0.5 h on call so far, 1 % of the mean"},
		{"ana", "169 h on call so far, 150 % of the mean"},
		{"chidi", "not on call so far; but only 3 h of rest beside another shift"},
	}, Suggest(compiled(t, spec), spec, open, loads))
}
