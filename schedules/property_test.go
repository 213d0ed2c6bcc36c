package schedules

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var (
	year2024 = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	year2029 = time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
)

// drawAround draws an instant, most often near a clock change of the zone.
func drawAround(t *rapid.T, zone string) int64 {
	loc, err := time.LoadLocation(zone)
	require.NoError(t, err)
	if at := transitions(loc, year2024, year2029); len(at) > 0 && rapid.IntRange(0, 3).Draw(t, "near") > 0 {
		return rapid.SampledFrom(at).Draw(t, "transition") + rapid.Int64Range(-3*daySeconds, 3*daySeconds).Draw(t, "shift")
	}
	return rapid.Int64Range(year2024, year2029).Draw(t, "instant")
}

func drawGroup(t *rapid.T, name string) []UserID {
	return rapid.SliceOfNDistinct(rapid.SampledFrom([]UserID{"ana", "ben", "chidi"}), 0, 2, rapid.ID).Draw(t, name)
}

// quarter rounds to a quarter of an hour of the wall clock, where clock changes are.
func quarter(wall int64) Civil { return civilOf(wall - wall%900) }

// drawSpec draws a schedule whose changes cluster around centre.
func drawSpec(t *rapid.T, home string, centre int64) Spec {
	spec := Spec{Name: "drawn", TimeZone: home}
	lengths := map[Unit]int64{Hour: 3600, Day: daySeconds, Week: 7 * daySeconds, Month: 30 * daySeconds}
	for i := range rapid.IntRange(1, 3).Draw(t, "layers") {
		l := Layer{Name: string(rune('a' + i))}
		if rapid.Bool().Draw(t, "own zone") {
			l.TimeZone = rapid.SampledFrom(trickyZones).Draw(t, "layer zone")
		}
		l.Rotation.Every = Every{rapid.SampledFrom([]int{1, 1, 2, 3, 12}).Draw(t, "n"), rapid.SampledFrom([]Unit{Hour, Day, Week, Month}).Draw(t, "unit")}
		back := rapid.Int64Range(-2, 60).Draw(t, "turns ago") * lengths[l.Rotation.Every.Unit] * int64(l.Rotation.Every.N)
		l.Rotation.Start = quarter(centre - back + rapid.Int64Range(0, 3*daySeconds).Draw(t, "start"))
		for range rapid.IntRange(1, 4).Draw(t, "groups") {
			l.Rotation.Participants = append(l.Rotation.Participants, drawGroup(t, "group"))
		}
		spec.Layers = append(spec.Layers, l)
	}
	for range rapid.IntRange(0, 4).Draw(t, "overrides") {
		from := centre + rapid.Int64Range(-3*daySeconds, 3*daySeconds).Draw(t, "from")
		o := Override{From: quarter(from), To: quarter(from + rapid.Int64Range(900, 4*daySeconds).Draw(t, "length"))}
		o.Type = rapid.SampledFrom([]OverrideType{Replace, Addition, Removal}).Draw(t, "type")
		if o.Type != Removal {
			o.Add = rapid.SampledFrom([]UserID{"ana", "ben", "erin"}).Draw(t, "add")
		}
		if o.Type == Removal || o.Type == Replace && rapid.Bool().Draw(t, "one") {
			o.Remove = rapid.SampledFrom([]UserID{"ana", "ben", "erin"}).Draw(t, "remove")
		}
		if rapid.Bool().Draw(t, "only a") {
			o.Layers = []string{"a"}
		}
		spec.Overrides = append(spec.Overrides, o)
	}
	return spec
}

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

// Ensures that every look-up agrees with a reference that steps from the first
// hand-off, and that the ways to ask agree with each other, over many zones,
// rotations and overrides around clock changes.
func TestLookupsAgree(t *testing.T) {
	for part := range 20 { // of rapid's 100 each
		t.Run(fmt.Sprint(part), func(t *testing.T) { rapid.Check(t, agree) })
	}
}

func agree(t *rapid.T) {
	home := rapid.SampledFrom(trickyZones).Draw(t, "zone")
	centre := drawAround(t, home)
	spec := drawSpec(t, home, centre)
	s, err := Compile(spec)
	require.NoError(t, err)
	from := centre + rapid.Int64Range(-5*daySeconds, daySeconds).Draw(t, "from")
	to := from + rapid.Int64Range(1, 5*daySeconds).Draw(t, "span")
	asked := from + rapid.Int64Range(0, to-from-1).Draw(t, "asked")

	var union []UserID
	why := SourceGap
	for _, l := range spec.Layers {
		users, source := naiveOn(spec, l, asked)
		shift, err := s.OnCall(l.Name, at(asked))
		require.NoError(t, err)
		require.Equal(t, users, shift.Users)
		require.Equal(t, source, shift.Source)
		require.Equal(t, users, s.On(l.Name, at(asked), nil))
		union = naiveUnique(append(union, users...))
		if source == SourceOverride || why == SourceGap {
			why = source
		}
		shifts := onUTC(s.Shifts(l.Name, at(from), at(to)))
		checkLine(t, spec, l, shifts, from, to)
		checkSpan(t, s, l.Name, shift, shifts, asked, from, to)
		checkSplit(t, s, l.Name, shifts, from, asked, to)
		checkNext(t, s, l.Name, shifts, asked, to)
	}
	require.Equal(t, union, s.On("", at(asked), nil))
	checkMerged(t, s, why, asked, from, to)
}

// checkLine: the shifts cover the span without holes, neighbours differ, and the
// reference agrees at both ends of each.
func checkLine(t *rapid.T, spec Spec, l Layer, shifts []Shift, from, to int64) {
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
			users, source := naiveOn(spec, l, u)
			require.Equal(t, users, x.Users)
			require.Equal(t, source, x.Source)
		}
	}
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
	if !got.Start.IsZero() {
		before, err := s.OnCall(layer, got.Start.Add(-time.Nanosecond))
		require.NoError(t, err)
		require.True(t, before.End.Equal(got.Start))
		require.False(t, same(before, got), "the span is not maximal")
	}
}

// checkSplit: rendering in two parts and joining them is rendering in one.
func checkSplit(t *rapid.T, s *Schedule, layer string, whole []Shift, from, middle, to int64) {
	parts := onUTC(s.Shifts(layer, at(from), at(middle)))
	for _, x := range onUTC(s.Shifts(layer, at(middle), at(to))) {
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

// checkMerged: all layers together change only where a layer does, and the gaps
// are where none has anybody.
func checkMerged(t *rapid.T, s *Schedule, why string, asked, from, to int64) {
	shift, err := s.OnCall("", at(asked))
	require.NoError(t, err)
	require.Equal(t, s.On("", at(asked), nil), shift.Users)
	require.Equal(t, why, shift.Source)
	edges := []time.Time{}
	for _, x := range s.Shifts("", at(from), at(to)) {
		edges = append(edges, x.Start.UTC())
	}
	for _, edge := range edges {
		inside := !edge.Before(shift.Start) && (shift.End.IsZero() || edge.Before(shift.End))
		same := slices.Equal(s.On("", edge, nil), shift.Users)
		require.True(t, !inside || same, "the people change inside the shift, at %s", edge)
		empty := len(s.On("", edge, nil)) == 0
		inGap := slices.ContainsFunc(s.Gaps("", at(from), at(to)), func(g Shift) bool {
			return !edge.Before(g.Start) && edge.Before(g.End)
		})
		require.Equal(t, empty, inGap)
	}
	merged := onUTC(s.Final(at(from), at(to)))
	checkSpan(t, s, "", shift, merged, asked, from, to)
	checkNext(t, s, "", merged, asked, to)
}

// Ensures, at every clock change of every zone from 2024 to 2028 and of the tricky
// ones from 1970 to 2080, that wall clocks resolve as the reference says (tricky
// ones), that first and shown mirror each other, that both are monotone, and that
// offsets are true.
func TestWallClocksAtEveryTransition(t *testing.T) {
	for _, name := range everyZone() {
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
	}
	for _, d := range []int64{-daySeconds, -1, 0, 1, daySeconds} {
		if offset, end := z.offset(change + d); offset != offsetAt(z.loc, change+d) || end <= change+d || offsetAt(z.loc, end-1) != offset {
			fail("wrong offset", change+d)
		}
	}
}
