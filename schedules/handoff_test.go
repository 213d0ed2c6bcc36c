package schedules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func civil(t require.TestingT, s string) Civil {
	c, err := ParseCivil(s)
	require.NoError(t, err)
	return c
}

func utc(t require.TestingT, s string) time.Time {
	at, err := time.Parse("2006-01-02 15:04", s)
	require.NoError(t, err)
	return at
}

// duo is a schedule with one layer, "primary", of two people in turn.
func duo(t *testing.T, zone, every, start string) *Schedule {
	t.Helper()
	e, err := ParseEvery(every)
	require.NoError(t, err)
	s, err := Compile(Spec{Name: "duo", TimeZone: zone, Layers: []Layer{{Name: "primary", Rotation: Rotation{
		Every: e, Start: civil(t, start), Participants: [][]UserID{{"ana"}, {"ben"}},
	}}}})
	require.NoError(t, err)
	return s
}

// Ensures that hand-offs happen at the right instants (UTC) over every kind of
// clock change: one hour, half an hour, at midnight, negative daylight saving, a
// skipped day, none at all; and that months are clamped from the first hand-off.
func TestHandOffs(t *testing.T) {
	for _, c := range []struct {
		name, zone, every, start, from string
		want                           []string // consecutive hand-offs at or after from
	}{
		{"Berlin weekly, spring", "Europe/Berlin", "1 week", "2026-01-05T09:00", "2026-03-20 00:00",
			[]string{"2026-03-23 08:00", "2026-03-30 07:00", "2026-04-06 07:00"}},
		{"Berlin weekly, autumn", "Europe/Berlin", "1 week", "2016-01-04T09:00", "2026-10-18 00:00",
			[]string{"2026-10-19 07:00", "2026-10-26 08:00"}},
		{"Berlin daily in the gap", "Europe/Berlin", "1 day", "2026-01-05T02:30", "2026-03-28 00:00",
			[]string{"2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30"}},
		{"Berlin daily in the fold", "Europe/Berlin", "1 day", "2026-01-05T02:30", "2026-10-24 00:00",
			[]string{"2026-10-24 00:30", "2026-10-25 00:30", "2026-10-26 01:30"}},
		{"Berlin day and night, autumn", "Europe/Berlin", "12 hours", "2026-01-05T08:00", "2026-10-24 00:00",
			[]string{"2026-10-24 06:00", "2026-10-24 18:00", "2026-10-25 07:00", "2026-10-25 19:00"}},
		{"Berlin hourly in the gap: one turn has no length", "Europe/Berlin", "1 hour", "2026-03-29T00:00", "2026-03-28 23:30",
			[]string{"2026-03-29 00:00", "2026-03-29 02:00"}}, // ana 01:00, (ben 02:00), ana 03:00, ben 04:00
		{"New York daily in the gap", "America/New_York", "1 day", "2026-01-05T02:30", "2026-03-07 00:00",
			[]string{"2026-03-07 07:30", "2026-03-08 07:00", "2026-03-09 06:30"}},
		{"New York two weeks", "America/New_York", "2 weeks", "2026-01-12T17:00", "2026-10-18 00:00",
			[]string{"2026-10-19 21:00", "2026-11-02 22:00"}},
		{"Lord Howe, half an hour, gap", "Australia/Lord_Howe", "1 day", "2026-01-05T02:15", "2026-10-02 00:00",
			[]string{"2026-10-02 15:45", "2026-10-03 15:30", "2026-10-04 15:15"}},
		{"Lord Howe, half an hour, fold", "Australia/Lord_Howe", "1 day", "2026-01-05T01:45", "2026-04-04 00:00",
			[]string{"2026-04-04 14:45", "2026-04-05 15:15"}},
		{"Sao Paulo, midnight gap", "America/Sao_Paulo", "1 day", "2018-01-01T00:00", "2018-11-03 00:00",
			[]string{"2018-11-03 03:00", "2018-11-04 03:00", "2018-11-05 02:00"}},
		{"Kathmandu, no daylight saving", "Asia/Kathmandu", "1 day", "2026-01-05T09:00", "2026-03-28 12:00",
			[]string{"2026-03-29 03:15", "2026-03-30 03:15"}},
		{"Casablanca, fold as Ramadan begins", "Africa/Casablanca", "1 day", "2026-01-05T02:30", "2026-02-14 00:00",
			[]string{"2026-02-14 01:30", "2026-02-15 01:30", "2026-02-16 02:30"}},
		{"Casablanca, gap as Ramadan ends", "Africa/Casablanca", "1 day", "2026-01-05T02:30", "2026-03-21 00:00",
			[]string{"2026-03-21 02:30", "2026-03-22 02:00", "2026-03-23 01:30"}},
		{"Santiago, over a midnight gap", "America/Santiago", "1 day", "2026-01-05T09:00", "2026-09-05 00:00",
			[]string{"2026-09-05 13:00", "2026-09-06 12:00", "2026-09-07 12:00"}},
		{"Santiago, in a midnight gap", "America/Santiago", "1 day", "2026-01-05T00:00", "2026-09-05 00:00",
			[]string{"2026-09-05 04:00", "2026-09-06 04:00", "2026-09-07 03:00"}},
		{"Havana, in a midnight gap", "America/Havana", "1 day", "2026-01-05T00:00", "2026-03-07 00:00",
			[]string{"2026-03-07 05:00", "2026-03-08 05:00", "2026-03-09 04:00"}},
		{"Havana, over a midnight gap", "America/Havana", "1 day", "2026-01-05T09:00", "2026-03-07 00:00",
			[]string{"2026-03-07 14:00", "2026-03-08 13:00", "2026-03-09 13:00"}},
		{"Troll, two hours", "Antarctica/Troll", "1 day", "2026-01-05T01:30", "2026-03-28 00:00",
			[]string{"2026-03-28 01:30", "2026-03-29 01:00", "2026-03-29 23:30"}},
		{"Apia, the day that never was: its turn has no length", "Pacific/Apia", "1 day", "2011-12-28T09:00", "2011-12-28 00:00",
			[]string{"2011-12-28 19:00", "2011-12-29 19:00", "2011-12-30 10:00", "2011-12-30 19:00"}},
		{"monthly, clamped", "UTC", "1 month", "2026-01-31T09:00", "2026-01-01 00:00",
			[]string{"2026-01-31 09:00", "2026-02-28 09:00", "2026-03-31 09:00", "2026-04-30 09:00", "2026-05-31 09:00"}},
		{"monthly, leap year", "Europe/Berlin", "1 month", "2023-12-30T09:00", "2024-01-01 00:00",
			[]string{"2024-01-30 08:00", "2024-02-29 08:00", "2024-03-30 08:00", "2024-04-30 07:00"}},
		{"quarterly over the year's end", "UTC", "3 months", "2025-11-30T09:00", "2025-11-01 00:00",
			[]string{"2025-11-30 09:00", "2026-02-28 09:00", "2026-05-30 09:00"}},
		{"beyond every table", "Europe/Berlin", "1 day", "2026-01-05T02:30", "2400-03-25 00:00",
			[]string{"2400-03-25 01:30", "2400-03-26 01:00", "2400-03-27 00:30"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := duo(t, c.zone, c.every, c.start)
			var got []string
			for at := utc(t, c.from).Add(-time.Second); len(got) < len(c.want); {
				next, ok := s.Next("primary", at)
				require.True(t, ok)
				got = append(got, next.UTC().Format("2006-01-02 15:04"))
				at = next
			}
			require.Equal(t, c.want, got)
		})
	}
}

// Ensures that an override begins at the first and ends at the last occurrence of
// a time that occurs twice, and that both ends move to the end of a gap.
func TestOverrideEdges(t *testing.T) {
	for _, c := range []struct{ name, from, to, wantFrom, wantTo string }{
		{"plain", "2026-03-01T09:00", "2026-03-02T09:00", "2026-03-01 08:00", "2026-03-02 08:00"},
		{"begins in the fold", "2026-10-25T02:30", "2026-10-25T12:00", "2026-10-25 00:30", "2026-10-25 11:00"},
		{"ends in the fold", "2026-10-24T12:00", "2026-10-25T02:30", "2026-10-24 10:00", "2026-10-25 01:30"},
		{"begins in the gap", "2026-03-29T02:30", "2026-03-29T12:00", "2026-03-29 01:00", "2026-03-29 10:00"},
		{"ends in the gap", "2026-03-28T12:00", "2026-03-29T02:30", "2026-03-28 11:00", "2026-03-29 01:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Compile(Spec{Name: "s", TimeZone: "Europe/Berlin",
				Layers: []Layer{{Name: "l", TimeZone: "Asia/Tokyo", Rotation: Rotation{
					Every: Every{1, Week}, Start: civil(t, "2020-01-06T09:00"), Participants: [][]UserID{{"ana"}}}}},
				Overrides: []Override{{Type: Replace, From: civil(t, c.from), To: civil(t, c.to), Remove: "ana", Add: "erin"}},
			})
			require.NoError(t, err)
			shift, err := s.OnCall("l", utc(t, c.wantFrom).Add(time.Hour/4))
			require.NoError(t, err)
			require.Equal(t, []UserID{"erin"}, shift.Users)
			require.Equal(t, SourceOverride, shift.Source)
			require.Equal(t, c.wantFrom, shift.Start.UTC().Format("2006-01-02 15:04"))
			require.Equal(t, c.wantTo, shift.End.UTC().Format("2006-01-02 15:04"))
		})
	}
}
