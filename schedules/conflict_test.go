package schedules

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Ensures that somebody in two schedules, and on two layers of one, is found with the exact
// spans, in order, and that nobody is found twice for one place.
func TestDoubleBookings(t *testing.T) {
	one := berlin(weekly("primary", "ana ben"), weekly("secondary", "ben ana"))
	one.Overrides = []Override{{
		Type: Replace, From: civilAt(t, "2026-11-24T10:00"), To: civilAt(t, "2026-11-24T12:00"),
		Remove: "ben", Add: "ana", Layers: []string{"secondary"},
	}}
	two := berlin(weekly("all", "chidi ana"))
	two.Name = "search"
	three := berlin(weekly("all", "dana ana"))
	three.Name = "checkout"
	all := []*Schedule{compiled(t, one), compiled(t, two), compiled(t, three)}
	from, to := instant(t, "2026-11-23T09:00:00+01:00"), instant(t, "2026-12-02T12:00:00+01:00")
	got := DoubleBookings(all, from, to)
	for i := range got {
		got[i].From, got[i].To = got[i].From.UTC(), got[i].To.UTC()
	}
	assert.Equal(t, []Conflict{
		{
			User: "ana", From: instant(t, "2026-11-24T09:00:00Z"), To: instant(t, "2026-11-24T11:00:00Z"),
			Places: []Place{{"payments", "primary"}, {"payments", "secondary"}},
		},
		{
			User: "ana", From: instant(t, "2026-11-30T08:00:00Z"), To: instant(t, "2026-12-02T11:00:00Z"),
			Places: []Place{{"payments", ""}, {"search", ""}, {"checkout", ""}},
		},
	}, got)
	assert.Empty(t, DoubleBookings(all, from, from))
	assert.Empty(t, DoubleBookings(nil, from, to))
}

// Ensures that of two layers of which one hides the other somebody has one duty only, but two
// if they have roles that can be asked for; and that who learns is not booked.
func TestDoubleBookingsByPriority(t *testing.T) {
	from, to := instant(t, "2026-11-23T09:00:00+01:00"), instant(t, "2026-11-24T09:00:00+01:00")
	for _, c := range []struct {
		name       string
		high, low  string // roles
		difference int    // of priority
		want       int
	}{
		{"equal priority", "", "", 0, 1},
		{"hidden", "", "", 1, 0},
		{"hidden, of the same role", "primary", "primary", 1, 0},
		{"hidden, but asked for by role", "primary", "secondary", 1, 1},
		{"learning", "", RoleShadow, 0, 0},
	} {
		a, b := weekly("a", "ana"), weekly("b", "ana")
		a.Role, b.Role, a.Priority = c.high, c.low, c.difference
		assert.Len(t, DoubleBookings([]*Schedule{compiled(t, berlin(a, b))}, from, to), c.want, c.name)
	}
}

// Ensures that who serves during their time off is found, with what put them there, and that
// spans of one kind of time off are one.
func TestAwayOnCall(t *testing.T) {
	spec := berlin(weekly("primary", "ana ben"))
	spec.Layers[0].Away.Use = []string{"holidays"} // vacation is ignored
	spec.Away = []Away{
		{Users: []UserID{"ana", "chidi"}, Kind: "vacation", From: civilAt(t, "2026-11-26T00:00"), To: civilAt(t, "2026-11-27T00:00")},
		{Users: []UserID{"ana"}, Kind: "vacation", From: civilAt(t, "2026-11-26T12:00"), To: civilAt(t, "2026-11-28T00:00")},
	}
	spec.Overrides = []Override{{
		ID: "o1", Type: Replace, From: civilAt(t, "2026-11-26T10:00"), To: civilAt(t, "2026-11-26T11:00"), Remove: "ana", Add: "chidi",
	}}
	from, to := instant(t, "2026-11-23T09:00:00+01:00"), instant(t, "2026-12-07T09:00:00+01:00")
	got := AwayOnCall(compiled(t, spec), spec, from, to)
	for i := range got {
		got[i].From, got[i].To = got[i].From.UTC(), got[i].To.UTC()
	}
	assert.Equal(t, []OffDuty{
		{"ana", instant(t, "2026-11-25T23:00:00Z"), instant(t, "2026-11-26T09:00:00Z"), "vacation", "primary", SourceRotation, ""},
		{"chidi", instant(t, "2026-11-26T09:00:00Z"), instant(t, "2026-11-26T10:00:00Z"), "vacation", "primary", SourceOverride, "o1"},
		{"ana", instant(t, "2026-11-26T10:00:00Z"), instant(t, "2026-11-27T23:00:00Z"), "vacation", "primary", SourceRotation, ""},
	}, got)
}
