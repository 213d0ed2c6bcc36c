package escalation

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/paging"
	"tocsin/schedules"
)

// TestNextReport ensures that the next report is at 09:00 on the owner's clock, after now, also
// where the clock changes or a day does not exist.
func TestNextReport(t *testing.T) {
	for _, c := range []struct{ zone, now, want string }{
		{"UTC", "2026-11-22T08:59:59Z", "2026-11-22T09:00:00Z"},
		{"UTC", "2026-11-22T09:00:00Z", "2026-11-23T09:00:00Z"},
		{"Europe/Berlin", "2026-10-24T08:00:00Z", "2026-10-25T08:00:00Z"}, // 25 hours later
		{"America/New_York", "2026-11-22T01:00:00Z", "2026-11-22T14:00:00Z"},
		{"Asia/Kathmandu", "2026-11-22T03:15:00Z", "2026-11-23T03:15:00Z"},
		{"Pacific/Apia", "2011-12-29T20:00:00Z", "2011-12-30T19:00:00Z"}, // there is no 30 December
	} {
		zone := must(time.LoadLocation(c.zone))
		require.Equal(t, c.want, NextReport(must(time.Parse(time.RFC3339, c.now)), zone).UTC().Format(time.RFC3339), c.zone)
	}
}

// TestReportTime ensures that day is on the owner's own clock, and for an owner who names no zone
// on that of the first schedule by name that they own or serve on.
func TestReportTime(t *testing.T) {
	in := func(zone string, s schedules.Spec) schedules.Spec { s.TimeZone = zone; return s }
	owned := in("America/Los_Angeles", spec("b", rota("x", "1 week", "2026-01-05T09:00", "ana")))
	owned.Owner = "chidi"
	b := readyBook("user:ana", owned, in("Asia/Kathmandu", spec("a", rota("x", "1 week", "2026-01-05T09:00", "ben"))),
		in("Europe/Berlin", spec("c", rota("x", "1 week", "2026-01-05T09:00", "ana", "chidi"))))
	b.Users = map[schedules.UserID]*paging.User{"ana": {Location: time.UTC}, "ben": {}, "chidi": {}, "dana": {}}
	now := must(time.Parse(time.RFC3339, "2026-11-23T09:30:00Z")) // 01:30 in Los Angeles
	for user, c := range map[schedules.UserID]struct {
		zone, next string
		open       bool
	}{
		"ana":     {"UTC", "2026-11-24T09:00:00Z", true}, // named, though her schedules are elsewhere
		"ben":     {"Asia/Kathmandu", "2026-11-24T03:15:00Z", true},
		"chidi":   {"America/Los_Angeles", "2026-11-23T17:00:00Z", false},
		"dana":    {"UTC", "2026-11-24T09:00:00Z", true},
		"nobody?": {"UTC", "2026-11-24T09:00:00Z", true},
	} {
		zone, open, next := b.ReportTime(user, now)
		require.Equal(t, c.zone, zone.String(), user)
		require.Equal(t, c.open, open, user)
		require.Equal(t, c.next, next.UTC().Format(time.RFC3339), user)
	}
}

// TestNewReport ensures that an owner is told by day, of what is near, once; and of all on Mondays.
func TestNewReport(t *testing.T) {
	zone := must(time.LoadLocation("Europe/Berlin"))
	away := spec("rota", rota("primary", "1 week", "2026-01-05T09:00", "ana"))
	for _, o := range [][2]string{{"2026-11-24T09:00", "2026-11-24T17:00"}, {"2026-12-02T18:00", "2026-12-03T09:00"}, {"2026-12-27T09:00", "2027-01-02T09:30"}} {
		away.Overrides = append(away.Overrides, override(schedules.Override{Type: schedules.Removal, Remove: "ana"}, o[0], o[1]))
	}
	b := readyBook("schedule:rota user:dana", away)
	near := "rota has nobody on call Tue 24 Nov 09:00-17:00"
	next := "rota has nobody on call Wed 2 Dec 18:00 - Thu 3 Dec 09:00"
	for _, c := range []struct {
		name, now string
		owner     schedules.UserID
		told      bool // of all, the day before
		want      string
	}{
		{"Saturday, nothing begins", "2026-11-21T12:00", "ben", false, ""},
		{"Sunday, it begins in two days", "2026-11-22T12:00", "ben", false, near + ". See tocsin check."},
		{"Sunday, told", "2026-11-22T12:00", "ben", true, ""},
		{"Monday, all", "2026-11-23T09:00", "ben", false, near + ", and 2 more. See tocsin check."},
		{"Monday, told", "2026-11-23T09:00", "ben", true, near + ", and 2 more. See tocsin check."},
		{"Monday, too early", "2026-11-23T08:59", "ben", false, ""},
		{"Monday, too late", "2026-11-23T17:00", "ben", false, ""},
		{"Wednesday, what is near", "2026-11-25T16:59", "ben", false, next + ". See tocsin check."},
		{"Wednesday, told", "2026-11-25T16:59", "ben", true, ""},
		{"somebody else", "2026-11-23T09:00", "ana", false, ""},
		{"Monday, when it lies in another year", "2026-12-07T09:00", "ben", false, "rota has nobody on call Sun 27 Dec 09:00 - Sat 2 Jan 2027 09:30. See tocsin check."},
	} {
		now := berlin(c.now)
		var told []string
		if c.told {
			for _, f := range Readiness(b, now.Add(-24*time.Hour), ReadinessOptions{}) {
				told = append(told, f.ID)
			}
		}
		r, ok := NewReport(Readiness(b, now, ReadinessOptions{}), c.owner, now, zone, told)
		require.Equal(t, c.want, r.Title, c.name)
		require.Equal(t, c.want != "", ok, c.name)
		if ok {
			require.Equal(t, "readiness/ben/"+c.now[:10], r.Key, c.name)
			require.NotEmpty(t, r.Told, c.name)
		}
	}
	now := berlin("2026-11-23T09:00")
	r, ok := NewReport(Readiness(b, now, ReadinessOptions{}), "ben", now, must(time.LoadLocation("Asia/Kathmandu")), nil)
	require.True(t, ok)
	require.Contains(t, r.Title, "Tue 24 Nov 13:45-21:45", "on the owner's own clock")
}

// TestReportIsShort ensures that a report is at most two segments, however long the names are.
func TestReportIsShort(t *testing.T) {
	long := strings.Repeat("a very long name ", 20)
	s := spec(long, rota(long, "1 week", "2026-01-05T09:00", "-"))
	b := readyBook("schedule:"+long+"/"+long, s)
	r, ok := NewReport(Readiness(b, sunday, ReadinessOptions{}), "ben", sunday, time.UTC, nil)
	require.True(t, ok)
	text := r.Title
	require.True(t, strings.HasSuffix(text, "... See tocsin check."), text)
	sms := paging.MemoText(paging.Attempt{Title: text})
	require.LessOrEqual(t, paging.Segments(sms), 2)
	require.True(t, strings.HasSuffix(sms, "See tocsin check."), sms)
}

// TestOwners ensures that all owners are known, each once.
func TestOwners(t *testing.T) {
	b := readyBook("user:ana", spec("a", rota("x", "1 week", "2026-01-05T09:00", "ana")), spec("b", rota("x", "1 week", "2026-01-05T09:00", "ana")))
	b.Policies["other"] = &Policy{Name: "other"}
	require.Equal(t, []schedules.UserID{"ana", "ben"}, b.Owners())
}
