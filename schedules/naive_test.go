package schedules

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// The reference in this file is slow and plain on purpose: it knows nothing of
// tables, cells or cycles, and steps from the first hand-off.

var trickyZones = []string{
	"UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Moscow", "Europe/Istanbul",
	"America/New_York", "America/Chicago", "America/St_Johns", "America/Sao_Paulo", "America/Santiago", "America/Havana",
	"America/Asuncion", "America/Nuuk", "America/Scoresbysund", "America/Caracas", "America/Mexico_City", "America/Adak",
	"Atlantic/Azores", "Africa/Casablanca", "Africa/El_Aaiun", "Africa/Cairo", "Africa/Lagos", "Africa/Juba",
	"Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem", "Asia/Tehran", "Asia/Amman", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Pyongyang",
	"Asia/Tokyo", "Australia/Lord_Howe", "Australia/Adelaide", "Australia/Sydney", "Pacific/Apia", "Pacific/Auckland",
	"Pacific/Chatham", "Pacific/Norfolk", "Pacific/Kiritimati", "Antarctica/Troll", "Antarctica/Casey",
}

// everyZone is all zones of this machine's database, or the tricky ones.
func everyZone() []string {
	var names []string
	_ = fs.WalkDir(os.DirFS("/usr/share/zoneinfo"), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || path == ".":
		case d.IsDir() && (path == "posix" || path == "right"):
			return fs.SkipDir
		case !d.IsDir() && strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZ", rune(path[0])):
			if _, err := time.LoadLocation(path); err == nil {
				names = append(names, path)
			}
		}
		return nil
	})
	if len(names) < len(trickyZones) {
		return trickyZones
	}
	return names
}

func offsetAt(loc *time.Location, u int64) int64 {
	_, offset := time.Unix(u, 0).In(loc).Zone()
	return int64(offset)
}

// transitions finds by bisection where the offset changes in [from, to).
func transitions(loc *time.Location, from, to int64) (at []int64) {
	const step = 6 * 60 * 60
	for u := from; u < to; u += step {
		if offsetAt(loc, u) == offsetAt(loc, u+step) {
			continue
		}
		lo, hi := u, u+step
		for hi-lo > 1 {
			if mid := (lo + hi) / 2; offsetAt(loc, mid) == offsetAt(loc, u) {
				lo = mid
			} else {
				hi = mid
			}
		}
		at = append(at, hi)
	}
	return at
}

// naiveFirst and naiveLast try every offset that holds within a day or so; if
// none shows the wall clock it is in a gap, whose end is then looked for.
func naiveFirst(loc *time.Location, wall int64) int64 { return slices.Min(naiveInstants(loc, wall)) }
func naiveLast(loc *time.Location, wall int64) int64  { return slices.Max(naiveInstants(loc, wall)) }

func naiveInstants(loc *time.Location, wall int64) (found []int64) {
	for d := int64(-27); d <= 27; d++ {
		u := wall - offsetAt(loc, wall+d*3600)
		if u+offsetAt(loc, u) == wall {
			found = append(found, u)
		}
	}
	if found != nil {
		return found
	}
	for _, u := range transitions(loc, wall-27*3600, wall+27*3600) {
		if u-1+offsetAt(loc, u-1) < wall && u+offsetAt(loc, u) > wall {
			return []int64{u}
		}
	}
	panic("a wall clock that neither occurs nor is skipped")
}

// naiveTurn steps from the first hand-off to the turn at u; -1 is before it.
func naiveTurn(loc *time.Location, r Rotation, u int64) int {
	for i := 0; ; i++ {
		if naiveFirst(loc, naiveBoundary(r, i)) > u {
			return i - 1
		}
	}
}

func naiveBoundary(r Rotation, i int) int64 {
	start := time.Date(r.Start.Year, r.Start.Month, r.Start.Day, r.Start.Hour, r.Start.Minute, r.Start.Second, 0, time.UTC)
	n := i * r.Every.N
	switch r.Every.Unit {
	case Hour:
		return start.Add(time.Duration(n) * time.Hour).Unix()
	case Day:
		return start.AddDate(0, 0, n).Unix()
	case Week:
		return start.AddDate(0, 0, 7*n).Unix()
	}
	at := start.AddDate(0, n, 0)
	for at.Day() != start.Day() && at.Day() < 4 { // ran over the end of a short month
		at = at.AddDate(0, 0, -1)
	}
	return at.Unix()
}

// naiveOn is who serves on a layer at u, and why.
func naiveOn(spec Spec, l Layer, u int64) ([]UserID, string) {
	home, _ := time.LoadLocation(spec.TimeZone)
	loc := home
	if l.TimeZone != "" {
		loc, _ = time.LoadLocation(l.TimeZone)
	}
	var group []UserID
	if i := naiveTurn(loc, l.Rotation, u); i >= 0 {
		group = l.Rotation.Participants[i%len(l.Rotation.Participants)]
	}
	users := slices.Clone(group)
	for _, o := range spec.Overrides {
		if len(o.Layers) > 0 && !slices.Contains(o.Layers, l.Name) ||
			u < naiveFirst(home, o.From.seconds()) || u >= naiveLast(home, o.To.seconds()) {
			continue
		}
		at := slices.Index(users, o.Remove)
		switch {
		case o.Type == Replace && o.Remove == "":
			users = []UserID{o.Add}
		case o.Type == Addition:
			users = append(users, o.Add)
		case o.Type == Removal && at >= 0:
			users = slices.Delete(users, at, at+1)
		case o.Type == Replace && at >= 0:
			users[at] = o.Add
		}
		users = naiveUnique(users)
	}
	switch {
	case len(users) == 0:
		return nil, SourceGap
	case slices.Equal(users, group):
		return users, SourceRotation
	}
	return users, SourceOverride
}

func naiveUnique(users []UserID) (out []UserID) {
	for i, u := range users {
		if !slices.Contains(users[:i], u) {
			out = append(out, u)
		}
	}
	return out
}
