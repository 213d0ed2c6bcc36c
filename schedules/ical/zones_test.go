package ical

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Ensures that each name in the tables leads to a zone that exists.
func TestTablesLoad(t *testing.T) {
	assert.GreaterOrEqual(t, len(windows), 139)
	for name, iana := range windows {
		assert.NotNil(t, load(iana), "%s → %s", name, iana)
		assert.NotNil(t, known(name), name)
	}
	for name, iana := range regions {
		assert.NotNil(t, load(iana), "%s → %s", name, iana)
	}
}

// Ensures that names of zones are understood as programs write them, and others are not guessed.
func TestKnownZones(t *testing.T) {
	for id, want := range map[string]string{
		"Europe/Berlin": "Europe/Berlin",
		"/mozilla.org/20050126_1/America/Argentina/Ushuaia": "America/Argentina/Ushuaia",
		"/freeassociation.sourceforge.net/Europe/Berlin":    "Europe/Berlin",
		"GMT Standard Time": "Europe/London",
		"UTC":               "Etc/UTC",
		"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm": "Europe/Amsterdam",
		"(UTC-08:00) Pacific Time (US & Canada)":               "America/Los_Angeles",
		"(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi":      "Asia/Kolkata",
		"(UTC+09:30) Adelaide":                                 "Australia/Adelaide",
		"(UTC-07:00) Chihuahua, La Paz, Mazatlan":              "America/Mazatlan",
		"(UTC) Dublin, Edinburgh, Lisbon, London":              "Europe/Dublin",
		"(UTC) Coordinated Universal Time":                     "Etc/UTC",
		"(GMT+02:00) Helsinki, Kyiv, Riga, Sofia, Tallinn":     "Europe/Helsinki",
		"(UTC+05:00) Berlin":                                   "", // no such standard time
		"Local":                                                "",
		"../etc/passwd":                                        "",
		"/etc/passwd":                                          "",
		"Customized":                                           "",
	} {
		loc := known(id)
		if want == "" {
			assert.Nil(t, loc, id)
		} else if assert.NotNil(t, loc, id) {
			assert.Equal(t, want, loc.String(), id)
		}
	}
}

// Ensures that a VTIMEZONE with the rules of Berlin gives the offsets of Berlin all through
// the years that matter, and that its end is followed.
func TestOwnZone(t *testing.T) {
	block := `BEGIN:VTIMEZONE
TZID:Ours
BEGIN:DAYLIGHT
DTSTART:19810329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Ended
BEGIN:DAYLIGHT
DTSTART:20200329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20210328T010000Z
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20201025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+013015
RDATE:20211031T030000
END:STANDARD
END:VTIMEZONE`
	cals, err := parse(calendar(block))
	require.NoError(t, err)
	z, err := newZones(cals[0], nil, newBudget())
	require.NoError(t, err)
	ours, err := z.find("Ours")
	require.NoError(t, err)
	berlin := zone(t, "Europe/Berlin")
	for at := time.Date(1997, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2037; at = at.Add(time.Hour) {
		_, want := at.In(berlin).Zone()
		_, got := at.In(ours).Zone()
		require.Equal(t, want, got, at)
	}
	ended, err := z.find("Ended")
	require.NoError(t, err)
	for date, want := range map[string]int{
		"2019-07-01": 3600, "2020-07-01": 7200, "2020-12-01": 5415, "2021-07-01": 7200, "2021-12-01": 5415, "2022-07-01": 5415,
	} {
		at, err := time.Parse(time.DateOnly, date)
		require.NoError(t, err)
		_, got := at.In(ended).Zone()
		assert.Equal(t, want, got, date)
	}
}

// Ensures that a wall clock becomes the instant that package schedules documents: the first
// valid one after a gap, the first occurrence in a fold, east and west of Greenwich, and
// where midnight is missing.
func TestFirst(t *testing.T) {
	for _, c := range []struct{ zone, wall, want string }{
		{"Europe/Berlin", "20260329T023000", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "20261025T023000", "2026-10-25T00:30:00Z"},
		{"America/New_York", "20260308T023000", "2026-03-08T07:00:00Z"},
		{"America/New_York", "20261101T013000", "2026-11-01T05:30:00Z"},
		{"America/Santiago", "20260906", "2026-09-06T04:00:00Z"},
		{"Africa/Cairo", "20260424", "2026-04-23T22:00:00Z"},
		{"Australia/Lord_Howe", "20261004T021500", "2026-10-03T15:30:00Z"},
		{"Pacific/Apia", "20111230T120000", "2011-12-30T10:00:00Z"},
		{"Asia/Kathmandu", "20260101T090000", "2026-01-01T03:15:00Z"},
		{"Europe/Berlin", "20281231T120000", "2028-12-31T11:00:00Z"},
	} {
		loc := zone(t, c.zone)
		s, err := parseStamp(c.wall, loc, loc)
		require.NoError(t, err)
		assert.Equal(t, c.want, s.instant().UTC().Format(time.RFC3339), c)
	}
}
