package schedules

import (
	"archive/zip"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// everyZone is all zones that come with Go, or the tricky ones where its source is
// not at hand.
func everyZone(t testing.TB) []string {
	//nolint:staticcheck // there is no other way to list what time/tzdata embeds
	archive, err := zip.OpenReader(filepath.Join(runtime.GOROOT(), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Logf("only the tricky zones are tried: %v", err)
		return trickyZones
	}
	defer func() { require.NoError(t, archive.Close()) }()
	var names []string
	for _, f := range archive.File {
		if !strings.HasSuffix(f.Name, "/") && f.Name != "Factory" {
			names = append(names, f.Name)
		}
	}
	require.Greater(t, len(names), 400)
	return names
}

// Ensures, for every zone, around every change of its clock from 2015 to 2035, that
// a rotation without empty places covers each instant once, that hand-offs are at
// the stated local time (or, if it is skipped or repeated, where the rule says),
// that rendered shifts equal point look-ups, that rendering in parts is rendering
// whole, and that Next is later.
func TestEveryZoneAtEveryChange(t *testing.T) {
	from := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	to := time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	zones, changes := everyZone(t), 0
	for i, name := range zones {
		if (testing.Short() || raceEnabled) && i%12 != 0 && !slices.Contains(trickyZones, name) {
			continue
		}
		loc, err := time.LoadLocation(name)
		require.NoError(t, err)
		fleet := newFleet(t, name)
		for _, change := range append(transitions(loc, from, to), from+180*daySeconds) {
			changes++
			for _, f := range fleet {
				f.around(t, loc, change)
			}
		}
	}
	t.Logf("%d zones, %d changes", len(zones), changes)
}

// craft is a schedule without gaps, and when its hand-offs are.
type craft struct {
	*Schedule
	start, every int64 // wall clock of the first hand-off; seconds between them
	windows      bool  // hand-offs are the edges of windows instead: there are two layers
}

// newFleet has a rotation by hours, days at four odd times, and weeks, and a day
// and a night layer whose windows meet.
func newFleet(t *testing.T, zone string) (fleet []craft) {
	for _, r := range []Rotation{
		{Every: Every{1, Hour}, Start: civil(t, "2014-12-29T00:00")},
		{Every: Every{1, Day}, Start: civil(t, "2014-12-29T00:00")},
		{Every: Every{1, Day}, Start: civil(t, "2014-12-29T01:45")},
		{Every: Every{1, Day}, Start: civil(t, "2014-12-29T02:30")},
		{Every: Every{1, Day}, Start: civil(t, "2014-12-29T23:15")},
		{Every: Every{1, Week}, Start: civil(t, "2014-12-28T02:30")},
	} {
		r.Participants = [][]UserID{{"ana"}, {"ben"}, {"chidi"}, {"dana"}, {"erin"}} // more than any gap has hours
		s, err := Compile(Spec{Name: "s", TimeZone: zone, Layers: []Layer{{Name: "l", Rotation: r}}})
		require.NoError(t, err)
		every := map[Unit]int64{Hour: 3600, Day: daySeconds, Week: weekSeconds}[r.Every.Unit]
		fleet = append(fleet, craft{Schedule: s, start: r.Start.seconds(), every: every})
	}
	alone := func(u UserID) Rotation {
		return Rotation{Every: Every{1, Week}, Start: civil(t, "2014-12-29T00:00"), Participants: [][]UserID{{u}}}
	}
	s, err := Compile(Spec{Name: "s", TimeZone: zone, Layers: []Layer{
		{Name: "day", Rotation: alone("ana"), Windows: []Window{{From: 2*3600 + 1800, To: 23*3600 + 900}}},
		{Name: "night", Rotation: alone("ben"), Windows: []Window{{From: 23*3600 + 900, To: 2*3600 + 1800}}},
	}})
	require.NoError(t, err)
	return append(fleet, craft{Schedule: s, windows: true})
}

func (f craft) around(t *testing.T, loc *time.Location, change int64) {
	const before, after = 2 * daySeconds, 2 * daySeconds
	from, to := change-before-1234, change+after
	shifts := f.Final(at(from), at(to))
	handOffs := f.handOffs(loc, from, to)
	end := at(from)
	for i, x := range shifts {
		if !x.Start.Equal(end) || !x.End.After(x.Start) || len(x.Users) == 0 || !f.windows && len(x.Users) != 1 {
			t.Fatalf("%s: not covered once at %s: %v", loc, x.Start, x.Users)
		}
		if i > 0 && (i > len(handOffs) || handOffs[i-1] != x.Start.Unix()) {
			t.Fatalf("%s: hand-off at %s, want one of %v", loc, x.Start, handOffs)
		}
		f.point(t, x)
		end = x.End
	}
	if !end.Equal(at(to)) || len(shifts) != len(handOffs)+1 {
		t.Fatalf("%s: %d shifts near %s until %s, want %d", loc, len(shifts), at(change), end, len(handOffs)+1)
	}
	parts := f.Final(at(from), at(change))
	rest := f.Final(at(change), at(to))
	if n := len(parts); same(parts[n-1], rest[0]) {
		parts[n-1].End, parts[n-1].Skew = rest[0].End, parts[n-1].Skew+rest[0].Skew
		rest = rest[1:]
	}
	if parts = append(parts, rest...); !slices.EqualFunc(shifts, parts, equalShift) {
		t.Fatalf("%s: parts differ at %s", loc, at(change))
	}
}

// point: first and last second of a shift are asked singly.
func (f craft) point(t *testing.T, x Shift) {
	var room [4]UserID
	for _, u := range []time.Time{x.Start, x.End.Add(-time.Second)} {
		next, ok := f.Next("", u)
		if !slices.Equal(f.On("", u, room[:0]), x.Users) || !ok || !next.After(u) || next.Before(x.End) {
			t.Fatalf("%s: at %s: %v until %s, rendered %v until %s", f.Zone(), u, f.On("", u, nil), next, x.Users, x.End)
		}
	}
}

// handOffs are the instants in (from, to) at which the wall clock first shows, or
// skips, the time of a hand-off, found second by second where it jumps. Windows
// also end when it last does.
func (f craft) handOffs(loc *time.Location, from, to int64) (at []int64) {
	add := func(u int64) {
		if from < u && u < to && !slices.Contains(at, u) {
			at = append(at, u)
		}
	}
	if f.windows {
		for day := floorDiv(from, daySeconds) - 2; day <= floorDiv(to, daySeconds)+2; day++ {
			for _, clock := range []int64{2*3600 + 1800, 23*3600 + 900} {
				add(naiveFirst(loc, day*daySeconds+clock))
				add(naiveLast(loc, day*daySeconds+clock))
			}
		}
		slices.Sort(at)
		return at
	}
	for wall := f.start + (from-f.start)/f.every*f.every - 2*daySeconds/f.every*f.every - f.every; wall < to+2*daySeconds; wall += f.every {
		add(naiveFirst(loc, wall))
	}
	slices.Sort(at)
	return at
}

func equalShift(a, b Shift) bool {
	return same(a, b) && a.Start.Equal(b.Start) && a.End.Equal(b.End) && a.Skew == b.Skew
}

// Ensures that an hour (or half, or two) that a shift has more or less than its
// ends say is marked, and that others are not.
func TestSkew(t *testing.T) {
	for _, c := range []struct {
		zone, at string
		want     time.Duration
	}{
		{"Europe/Berlin", "2026-03-28 12:00", -time.Hour},
		{"Europe/Berlin", "2026-10-25 00:10", time.Hour},
		{"Europe/Berlin", "2026-10-26 12:00", 0},
		{"Australia/Lord_Howe", "2026-04-04 12:00", time.Hour / 2},
		{"Antarctica/Troll", "2026-03-28 12:00", -2 * time.Hour},
		{"Asia/Kathmandu", "2026-03-28 12:00", 0},
	} {
		s := duo(t, c.zone, "1 day", "2026-01-05T09:00")
		shift, err := s.OnCall("", utc(t, c.at))
		require.NoError(t, err)
		require.Equal(t, c.want, shift.Skew, c)
		require.Equal(t, 24*time.Hour+c.want, shift.End.Sub(shift.Start))
		require.Equal(t, c.want, s.Final(shift.Start, shift.End)[0].Skew)
	}
}
