package schedules

import (
	"slices"
	"time"
)

// What is naive here, and in reference_test.go, is slow and plain on purpose: it
// knows nothing of tables, cells or cycles, and steps from the first hand-off.

var trickyZones = []string{
	"UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Moscow", "Europe/Istanbul",
	"America/New_York", "America/Chicago", "America/St_Johns", "America/Sao_Paulo", "America/Santiago", "America/Havana",
	"America/Asuncion", "America/Nuuk", "America/Scoresbysund", "America/Caracas", "America/Mexico_City", "America/Adak",
	"Atlantic/Azores", "Africa/Casablanca", "Africa/El_Aaiun", "Africa/Cairo", "Africa/Lagos", "Africa/Juba",
	"Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem", "Asia/Tehran", "Asia/Amman", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Pyongyang",
	"Asia/Tokyo", "Australia/Lord_Howe", "Australia/Adelaide", "Australia/Sydney", "Pacific/Apia", "Pacific/Auckland",
	"Pacific/Chatham", "Pacific/Norfolk", "Pacific/Kiritimati", "Antarctica/Troll", "Antarctica/Casey",
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

// naiveBegun says whether a wall clock has first occurred by u; naiveOver whether
// it has last. Far away the offset does not matter.
func naiveBegun(loc *time.Location, wall, u int64) bool {
	if d := wall - u; d > 3*daySeconds || d < -3*daySeconds {
		return d < 0
	}
	return naiveFirst(loc, wall) <= u
}

func naiveOver(loc *time.Location, wall, u int64) bool {
	if d := wall - u; d > 3*daySeconds || d < -3*daySeconds {
		return d < 0
	}
	return naiveLast(loc, wall) <= u
}

func naiveInstants(loc *time.Location, wall int64) (found []int64) {
	tried := []int64{}
	for d := int64(-27); d <= 27; d++ {
		if offset := offsetAt(loc, wall+d*3600); !slices.Contains(tried, offset) {
			tried = append(tried, offset)
			if offsetAt(loc, wall-offset) == offset {
				found = append(found, wall-offset)
			}
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

// on is when a window begins and ends that begins on a day since 1970; negative if none does.
func (w Window) on(day int64) (from, to int64) {
	weekday := time.Unix(day*daySeconds, 0).UTC().Weekday()
	if len(w.Days) > 0 && !slices.Contains(w.Days, weekday) {
		return -1, -1
	}
	from, to = day*daySeconds+int64(w.From), day*daySeconds+int64(w.To)
	if to <= from {
		to += daySeconds
	}
	return from, to
}

// naiveTurn steps from the first hand-off to the turn at u; -1 is before it.
func naiveTurn(loc *time.Location, l Layer, u int64) int {
	start := l.Rotation.Start.seconds()
	if l.Rotation.Elapsed {
		loc, start = time.UTC, naiveFirst(loc, start)
	}
	for i := 0; ; i++ {
		if !naiveBegun(loc, naiveBoundary(l, start, i), u) {
			return i - 1
		}
	}
}

// naiveBoundary is the wall clock at which turn i begins.
func naiveBoundary(l Layer, first int64, i int) int64 {
	if l.Rotation.Step == StepOccurrence {
		return naiveOccurrence(l, first, i)
	}
	start := time.Unix(first, 0).UTC()
	lengths := l.Rotation.Sequence
	if lengths == nil {
		lengths = []Every{l.Rotation.Every}
	}
	months, days, hours := 0, 0, 0
	for k := range i {
		switch e := lengths[k%len(lengths)]; e.Unit {
		case Hour:
			hours += e.N
		case Day:
			days += e.N
		case Week:
			days += 7 * e.N
		case Month:
			months += e.N
		}
	}
	at := start.AddDate(0, months, 0)
	for at.Day() != start.Day() && at.Day() < 4 { // ran over the end of a short month
		at = at.AddDate(0, 0, -1)
	}
	return at.AddDate(0, 0, days).Unix() + int64(hours)*3600
}

// naiveOccurrence is when window number i·n begins, counted from that which is open
// at the first hand-off or, if none is, from the first after it.
func naiveOccurrence(l Layer, first int64, i int) int64 {
	if i == 0 {
		return first
	}
	var begins []int64
	open := false
	for day := first/daySeconds - 9; day <= first/daySeconds+9+8*int64(i*l.Rotation.Every.N); day++ {
		for _, w := range l.Windows {
			if from, to := w.on(day); from >= 0 {
				begins = append(begins, from)
				open = open || from <= first && first < to
			}
		}
	}
	slices.Sort(begins)
	begins = slices.Compact(begins)
	at := slices.IndexFunc(begins, func(b int64) bool { return b >= first })
	if open && begins[at] != first {
		at--
	}
	return begins[at+i*l.Rotation.Every.N]
}

func naiveUnique(users []UserID) (out []UserID) {
	for i, u := range users {
		if !slices.Contains(users[:i], u) {
			out = append(out, u)
		}
	}
	return out
}
