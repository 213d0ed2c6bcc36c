package schedules

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func at(u int64) time.Time { return time.Unix(u, 0).UTC() }

// same says whether two shifts differ at most in time.
func same(a, b Shift) bool {
	return slices.Equal(a.Users, b.Users) && a.Source == b.Source && slices.Equal(a.Duties, b.Duties)
}

func onUTC(shifts []Shift) []Shift {
	for i := range shifts {
		shifts[i].Start, shifts[i].End = shifts[i].Start.UTC(), shifts[i].End.UTC()
	}
	return shifts
}

// instantsEach is at how many instants each drawn schedule is asked.
const instantsEach = 10

// Ensures that every look-up agrees with a reference that knows nothing of tables
// and steps from the first hand-off, and that the ways to ask agree with each
// other, with everything that a schedule can have mixed, mostly around changes of
// clocks. Schedules are as many as TOCSIN_SEQUENCES says, instants ten times that.
func TestLookupsAgree(t *testing.T) {
	checkOften(t, "500", agree)
}

func agree(t *rapid.T) {
	home := rapid.SampledFrom(trickyZones).Draw(t, "zone")
	centre := drawAround(t, home)
	spec := drawSpec(t, home, centre)
	s, err := Compile(spec)
	require.NoError(t, err)
	from := centre + rapid.Int64Range(-5*daySeconds, daySeconds).Draw(t, "from")
	to := from + rapid.Int64Range(instantsEach, 5*daySeconds).Draw(t, "span")
	instants := rapid.SliceOfN(rapid.Int64Range(from, to-1), instantsEach, instantsEach).Draw(t, "asked")

	names := append(s.Layers(), "")
	if s.views["first"] != nil {
		names = append(names, "first")
	}
	for _, name := range names {
		for _, asked := range instants {
			checkPoint(t, s, spec, name, asked)
		}
		shifts, asked := s.Final(at(from), at(to)), instants[0]
		if name != "" {
			shifts = s.Shifts(name, at(from), at(to))
		}
		onUTC(shifts)
		checkLine(t, spec, name, shifts, from, to)
		shift, err := s.OnCall(name, at(asked))
		require.NoError(t, err)
		checkSpan(t, s, name, shift, shifts, asked, from, to)
		checkSplit(t, s, name, shifts, from, asked, to)
		checkNext(t, s, name, shifts, asked, to)
		checkGaps(t, s, name, shifts, from, to)
	}
}

// checkPoint: at an instant, all ways to ask say what the reference does.
func checkPoint(t *rapid.T, s *Schedule, spec Spec, name string, asked int64) {
	r := newReference(spec, asked)
	duties, source := r.answer(name)
	shift, err := s.OnCall(name, at(asked))
	require.NoError(t, err)
	require.Equal(t, duties, shift.Duties, "layer %q at %s", name, at(asked))
	require.Equal(t, source, shift.Source)
	require.Equal(t, usersOf(duties), shift.Users)
	require.Equal(t, usersOf(duties), s.On(name, at(asked), nil))
	require.Equal(t, r.shadows(), s.Shadows(at(asked), nil))
}

func usersOf(duties []Duty) (users []UserID) {
	for _, d := range duties {
		users = append(users, d.User)
	}
	return users
}

// checkLine: the shifts cover the span without holes, neighbours differ, the
// reference agrees at both ends of each, and they are as much longer than the
// clock says as the offsets at their ends differ.
func checkLine(t *rapid.T, spec Spec, name string, shifts []Shift, from, to int64) {
	require.Equal(t, at(from), shifts[0].Start)
	require.Equal(t, at(to), shifts[len(shifts)-1].End)
	for i, x := range shifts {
		require.True(t, x.Start.Before(x.End))
		if i > 0 {
			require.Equal(t, shifts[i-1].End, x.Start)
			require.False(t, same(shifts[i-1], x))
		}
		if i > 8 {
			continue // the reference is slow
		}
		for _, u := range []int64{x.Start.Unix(), x.End.Unix() - 1} {
			duties, source := newReference(spec, u).answer(name)
			require.Equal(t, duties, x.Duties, "layer %q at %s", name, at(u))
			require.Equal(t, source, x.Source)
		}
	}
}

// checkGaps: they are the shifts without anybody.
func checkGaps(t *rapid.T, s *Schedule, name string, shifts []Shift, from, to int64) {
	gaps := slices.DeleteFunc(slices.Clone(shifts), func(x Shift) bool { return len(x.Users) > 0 })
	require.Equal(t, gaps, append([]Shift{}, onUTC(s.Gaps(name, at(from), at(to)))...))
}

// checkSpan: OnCall is the shift of Shifts that holds the instant, but not clipped.
func checkSpan(t *rapid.T, s *Schedule, layer string, got Shift, shifts []Shift, asked, from, to int64) {
	i := slices.IndexFunc(shifts, func(x Shift) bool { return x.End.After(at(asked)) })
	if want := shifts[i]; want.Start.Unix() > from {
		require.Equal(t, want.Start, got.Start.UTC())
	} else {
		require.False(t, got.Start.After(want.Start))
	}
	if want := shifts[i]; want.End.Unix() < to {
		require.Equal(t, want.End, got.End.UTC())
	} else {
		require.True(t, got.End.IsZero() || !got.End.Before(want.End))
	}
	if !got.Start.IsZero() && got.Start.Unix() > asked-400*daySeconds { // farther back the search may have ended
		before, err := s.OnCall(layer, got.Start.Add(-time.Nanosecond))
		require.NoError(t, err)
		require.True(t, before.End.Equal(got.Start))
		require.False(t, same(before, got), "the span is not maximal")
	}
}

// checkSplit: rendering in two parts and joining them is rendering in one.
func checkSplit(t *rapid.T, s *Schedule, layer string, whole []Shift, from, middle, to int64) {
	render := s.Final
	if layer != "" {
		render = func(from, to time.Time) []Shift { return s.Shifts(layer, from, to) }
	}
	parts := onUTC(render(at(from), at(middle)))
	for _, x := range onUTC(render(at(middle), at(to))) {
		if n := len(parts); n > 0 && same(parts[n-1], x) {
			parts[n-1].End = x.End
			parts[n-1].Skew += x.Skew
		} else {
			parts = append(parts, x)
		}
	}
	require.Equal(t, whole, parts)
}

// checkNext: Next is later than the instant, and where the people change first.
func checkNext(t *rapid.T, s *Schedule, layer string, shifts []Shift, asked, to int64) {
	next, ok := s.Next(layer, at(asked))
	now := s.On(layer, at(asked), nil)
	for _, x := range shifts {
		if x.Start.After(at(asked)) && !slices.Equal(x.Users, now) {
			require.True(t, ok)
			require.Equal(t, x.Start, next.UTC())
			return
		}
	}
	require.True(t, !ok || next.Unix() >= to)
}

// Ensures, at every clock change of every zone from 2024 to 2028 and of the tricky
// ones from 1970 to 2080, that wall clocks resolve as the reference says (tricky
// ones) and the same by [Civil.In] and [Civil.LastIn], that first and shown mirror each other, that both are monotone, and that
// offsets are true.
func TestWallClocksAtEveryTransition(t *testing.T) {
	for _, name := range everyZone(t) {
		z, err := newZone(name)
		require.NoError(t, err)
		tricky := slices.Contains(trickyZones, name)
		from, to := year2024, year2029
		if tricky && !testing.Short() { // beyond both ends of the offset table
			from, to = 0, 3471292800
		}
		for _, change := range transitions(z.loc, from, to) {
			checkTransition(t, z, change, tricky)
		}
	}
}

func checkTransition(t *testing.T, z *zone, change int64, reference bool) {
	fail := func(what string, u int64) { t.Fatalf("%s: %s at %d, near %s", z.loc, what, u, at(change)) }
	before, after := offsetAt(z.loc, change-1), offsetAt(z.loc, change)
	lo, hi := min(before, after), max(before, after)
	var walls []int64
	for _, d := range []int64{-daySeconds, -1801, -1, 0, 1, 900, (hi - lo) / 2, hi - lo - 1, hi - lo, hi - lo + 1, daySeconds} {
		walls = append(walls, change+lo+d)
	}
	slices.Sort(walls)
	for i, wall := range walls {
		first, last := z.first(wall), z.last(wall)
		if first > last || i > 0 && (first < z.first(walls[i-1]) || last < z.last(walls[i-1])) {
			fail("not monotone", wall)
		}
		if z.shown(first) < wall || z.shown(first-1) >= wall {
			fail("first and shown do not mirror", wall)
		}
		if reference && (first != naiveFirst(z.loc, wall) || last != naiveLast(z.loc, wall)) {
			fail("differs from the reference", wall)
		}
		if c := civilOf(wall); c.In(z.loc).Unix() != first || c.LastIn(z.loc).Unix() != last {
			fail("a wall clock alone differs", wall)
		}
	}
	for _, d := range []int64{-daySeconds, -1, 0, 1, daySeconds} {
		if offset, end := z.offset(change + d); offset != offsetAt(z.loc, change+d) || end <= change+d || offsetAt(z.loc, end-1) != offset {
			fail("wrong offset", change+d)
		}
	}
}
