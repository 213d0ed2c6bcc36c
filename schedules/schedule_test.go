package schedules

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// platform is the schedule of the example configuration, with more overrides.
func platform(t *testing.T, overrides ...Override) *Schedule {
	t.Helper()
	weekly := func(groups ...[]UserID) Rotation {
		return Rotation{Every: Every{1, Week}, Start: civil(t, "2026-01-05T09:00"), Participants: groups}
	}
	s, err := Compile(Spec{Name: "platform", Owner: "ana", TimeZone: "Europe/Berlin", Overrides: overrides, Layers: []Layer{
		{Name: "primary", Rotation: weekly([]UserID{"ana"}, []UserID{"ben", "chidi"}, nil)},
		{Name: "secondary", Rotation: weekly([]UserID{"ben"}, []UserID{"dana"}, nil)},
	}})
	require.NoError(t, err)
	return s
}

// Ensures that each kind of override does what it says, in order, on its layers
// only, and that a shift is called "override" only where somebody changed.
func TestOverrides(t *testing.T) {
	from, to := civil(t, "2026-01-06T09:00"), civil(t, "2026-01-07T09:00")
	over := func(kind OverrideType, remove, add UserID, layers ...string) Override {
		return Override{Type: kind, From: from, To: to, Remove: remove, Add: add, Layers: layers}
	}
	for _, c := range []struct {
		name      string
		overrides []Override
		at        string
		primary   []UserID
		source    string
		all       []UserID
	}{
		{"none", nil, "2026-01-06 12:00", []UserID{"ana"}, SourceRotation, []UserID{"ana", "ben"}},
		{"replace", []Override{over(Replace, "ana", "erin")}, "2026-01-06 12:00", []UserID{"erin"}, SourceOverride, []UserID{"erin", "ben"}},
		{"replace on another layer", []Override{over(Replace, "ben", "erin", "secondary")}, "2026-01-06 12:00", []UserID{"ana"}, SourceRotation, []UserID{"ana", "erin"}},
		{"replace somebody who does not serve", []Override{over(Replace, "dana", "erin")}, "2026-01-06 12:00", []UserID{"ana"}, SourceRotation, []UserID{"ana", "ben"}},
		{"replace everybody", []Override{over(Replace, "", "erin")}, "2026-01-06 12:00", []UserID{"erin"}, SourceOverride, []UserID{"erin"}},
		{"replace by one who serves already", []Override{over(Replace, "", "ana")}, "2026-01-06 12:00", []UserID{"ana"}, SourceRotation, []UserID{"ana"}},
		{"add", []Override{over(Addition, "", "erin", "primary")}, "2026-01-06 12:00", []UserID{"ana", "erin"}, SourceOverride, []UserID{"ana", "erin", "ben"}},
		{"remove leaves a gap", []Override{over(Removal, "ana", "")}, "2026-01-06 12:00", nil, SourceGap, []UserID{"ben"}},
		{"in order: replaced twice", []Override{over(Replace, "ana", "erin"), over(Replace, "erin", "finn")}, "2026-01-06 12:00", []UserID{"finn"}, SourceOverride, []UserID{"finn", "ben"}},
		{"the last wins", []Override{over(Replace, "", "erin"), over(Replace, "", "finn")}, "2026-01-06 12:00", []UserID{"finn"}, SourceOverride, []UserID{"finn"}},
		{"the end is not part", []Override{over(Replace, "ana", "erin")}, "2026-01-07 08:00", []UserID{"ana"}, SourceRotation, []UserID{"ana", "ben"}},
		{"the start is part", []Override{over(Replace, "ana", "erin")}, "2026-01-06 08:00", []UserID{"erin"}, SourceOverride, []UserID{"erin", "ben"}},
		{"a group serves together", nil, "2026-01-13 12:00", []UserID{"ben", "chidi"}, SourceRotation, []UserID{"ben", "chidi", "dana"}},
		{"a deliberate gap", nil, "2026-01-20 12:00", nil, SourceGap, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, at := platform(t, c.overrides...), utc(t, c.at)
			shift, err := s.OnCall("primary", at)
			require.NoError(t, err)
			require.Equal(t, c.primary, shift.Users)
			require.Equal(t, c.source, shift.Source)
			require.Equal(t, c.all, s.On("", at, nil))
		})
	}
}

// Ensures that nobody serves before the first hand-off unless an override says
// so, and that what never changes has no start or end.
func TestUnbounded(t *testing.T) {
	s := platform(t, Override{Type: Addition, Add: "erin", Layers: []string{"primary"},
		From: civil(t, "2025-12-01T00:00"), To: civil(t, "2025-12-02T00:00")})
	shift, err := s.OnCall("primary", utc(t, "2020-01-01 00:00"))
	require.NoError(t, err)
	require.True(t, shift.Start.IsZero())
	require.Equal(t, "2025-12-01T00:00:00+01:00", shift.End.Format(time.RFC3339))
	require.Equal(t, SourceGap, shift.Source)
	require.Equal(t, []UserID{"erin"}, s.On("", utc(t, "2025-12-01 12:00"), nil))

	one, err := Compile(Spec{Name: "one", TimeZone: "UTC", Layers: []Layer{{Name: "l", Rotation: Rotation{
		Every: Every{1, Hour}, Start: civil(t, "2026-01-05T09:00"), Participants: [][]UserID{{"ana"}, {"ana"}}}}}})
	require.NoError(t, err)
	shift, err = one.OnCall("", utc(t, "2050-01-01 00:00"))
	require.NoError(t, err)
	require.Equal(t, utc(t, "2026-01-05 09:00"), shift.Start)
	require.True(t, shift.End.IsZero())
	_, ok := one.Next("l", utc(t, "2050-01-01 00:00"))
	require.False(t, ok)
}

// Ensures that Next sees people, not reasons: while an override makes every turn
// ana's, only its end counts, however many turns lie between.
func TestNextSkipsChangesOfSource(t *testing.T) {
	s, err := Compile(Spec{Name: "s", TimeZone: "UTC", Layers: []Layer{{Name: "l", Rotation: Rotation{
		Every: Every{1, Hour}, Start: civil(t, "2026-01-01T00:00"), Participants: [][]UserID{{"ana"}, {"ben"}}}}},
		Overrides: []Override{{Type: Replace, Remove: "ben", Add: "ana", From: civil(t, "2026-01-01T00:00"), To: civil(t, "3026-01-01T01:00")}}})
	require.NoError(t, err)
	next, ok := s.Next("l", utc(t, "2026-01-02 00:30"))
	require.True(t, ok)
	require.Equal(t, utc(t, "3026-01-01 01:00"), next)
	shift, err := s.OnCall("l", utc(t, "2026-01-02 00:30"))
	require.NoError(t, err)
	require.Equal(t, utc(t, "2026-01-02 01:00"), shift.End, "the reason changes at the hand-off")
}

// Ensures that Shifts clips to the span asked for, names every layer in order,
// and that Gaps finds what neither layer covers.
func TestShiftsAndGaps(t *testing.T) {
	s := platform(t)
	from, to := utc(t, "2026-01-10 00:30"), utc(t, "2026-01-21 00:00")
	var got []string
	for _, x := range s.Shifts("", from, to) {
		line := x.Start.UTC().Format("01-02 15:04 ") + x.End.UTC().Format("01-02 15:04 ") + x.Layer + " " + x.Source
		for _, u := range x.Users {
			line += " " + string(u)
		}
		got = append(got, line)
	}
	require.Equal(t, []string{
		"01-10 00:30 01-12 08:00 primary rotation ana",
		"01-10 00:30 01-12 08:00 secondary rotation ben",
		"01-12 08:00 01-19 08:00 primary rotation ben chidi",
		"01-12 08:00 01-19 08:00 secondary rotation dana",
		"01-19 08:00 01-21 00:00 primary gap",
		"01-19 08:00 01-21 00:00 secondary gap",
	}, got)
	gaps := s.Gaps("", from, to)
	require.Len(t, gaps, 1)
	require.Equal(t, utc(t, "2026-01-19 08:00"), gaps[0].Start.UTC())
	require.Empty(t, s.Shifts("", to, from))
}

// Ensures that the people, layers and names of a schedule can be listed, and that
// an unknown layer is answered with the names that exist.
func TestNames(t *testing.T) {
	s := platform(t, Override{Type: Addition, Add: "erin", From: civil(t, "2026-01-01T00:00"), To: civil(t, "2026-01-02T00:00")})
	require.Equal(t, "platform", s.Name())
	require.Equal(t, UserID("ana"), s.Owner())
	require.Equal(t, []string{"primary", "secondary"}, s.Layers())
	require.Equal(t, []UserID{"ana", "ben", "chidi", "dana", "erin"}, s.Users())
	_, err := s.OnCall("tertiary", time.Unix(0, 0))
	require.EqualError(t, err, `schedule "platform" has no layer "tertiary"; its layers are primary, secondary`)
	require.Empty(t, s.On("tertiary", time.Unix(0, 0), nil))
	require.Empty(t, s.Shifts("tertiary", time.Unix(0, 0), time.Unix(1, 0)))
}

// Ensures that no instant, however absurd, panics or hangs a look-up.
func TestAbsurdInstants(t *testing.T) {
	s := platform(t)
	for _, at := range []time.Time{{}, time.Unix(math.MaxInt64, 0), time.Unix(math.MinInt64, 0), time.Unix(1<<50, 1), time.Unix(-1<<50, 1)} {
		_, err := s.OnCall("", at)
		require.NoError(t, err)
		s.Next("", at)
		require.Len(t, s.Shifts("primary", at, at.Add(1)), 1)
	}
}

// Ensures that a bad spec is refused with everything that is wrong, where, and
// what to do about it.
func TestCompileErrors(t *testing.T) {
	good := Rotation{Every: Every{1, Week}, Start: civil(t, "2026-01-05T09:00"), Participants: [][]UserID{{"ana"}}}
	_, err := Compile(Spec{Name: "s", TimeZone: "Mars/Olympus",
		Layers: []Layer{
			{Name: "a", TimeZone: "Local", Rotation: good},
			{Name: "a", Rotation: Rotation{Every: Every{0, "week"}, Start: Civil{Year: 2026, Month: 2, Day: 30}}},
			{Rotation: Rotation{Every: Every{1, "fortnight"}, Start: good.Start, Participants: [][]UserID{{"ana", "ana"}, {""}}}},
		},
		Overrides: []Override{
			{Type: "trade", From: good.Start, To: good.Start, Layers: []string{"z"}},
			{Type: Replace, Remove: "ana", To: good.Start},
			{Type: Removal, Add: "ana", From: good.Start, To: civil(t, "2026-01-06T09:00")},
			{Type: Addition, Add: "ana", Remove: "ben", From: good.Start, To: civil(t, "2026-01-06T09:00")},
		}})
	for _, want := range []string{
		`schedule "s": time zone "Mars/Olympus" is unknown; use an IANA name`,
		`layer "a": time zone "Local" is unknown`,
		`layer "a": the name is taken by an earlier layer`,
		`layer "a": every: 0 weeks is out of range`,
		`layer "a": start: 2026-02-30T00:00 is not a date`,
		`layer "a": there are no participants`,
		`layer 3: name is missing`,
		`layer 3: every: unit "fortnight" is unknown`,
		`layer 3: participant 1 names "ana" twice`,
		`layer 3: participant 2 has an empty user name`,
		`override 1 (trade, from 2026-01-05T09:00): type "trade" is unknown`,
		`override 1 (trade, from 2026-01-05T09:00): layer "z" does not exist; the layers are a, a, `,
		`it ends at 2026-01-05T09:00, not after it begins`,
		`override 2 (replace, from 0000-00-00T00:00): a replace override needs the person`,
		`from: 0000-00-00T00:00 is not a date`,
		`a remove override names exactly one person`,
		`an add override names exactly one person`,
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = Compile(Spec{})
	for _, want := range []string{"name is missing", "time zone is missing", "there are no layers"} {
		require.ErrorContains(t, err, want)
	}
}

// Ensures that each thing a layer, time off or an override cannot mean is refused
// with its name and a way out.
func TestCompileErrorsOfParts(t *testing.T) {
	from, to, zero := civil(t, "2026-01-05T09:00"), civil(t, "2026-01-06T09:00"), time.Unix(0, 0)
	good := Rotation{Every: Every{1, Day}, Start: from, Participants: [][]UserID{{"ana"}}}
	with := func(change func(r *Rotation)) Layer {
		r := good
		change(&r)
		return Layer{Name: "x", Rotation: r}
	}
	nightly := with(func(r *Rotation) { r.Step = StepOccurrence })
	nightly.Name, nightly.Windows = "nightly", []Window{{From: 22 * 3600, To: 6 * 3600}}
	for want, l := range map[string]Layer{
		"both a rotation and fixed":                {Name: "x", Rotation: good, Fixed: []Fixed{}},
		"fixed shift 1: it ends when or before":    {Name: "x", Fixed: []Fixed{{From: zero, To: zero}}},
		"beside `of` set only the offset":          with(func(r *Rotation) { r.Of = "base" }),
		`layer "nowhere", which does not exist`:    {Name: "x", Rotation: Rotation{Of: "nowhere"}},
		"the rotation is its own":                  {Name: "x", Rotation: Rotation{Of: "x"}},
		"itself uses the rotation of":              {Name: "x", Rotation: Rotation{Of: "second"}},
		"has fixed shifts and no rotation":         {Name: "x", Rotation: Rotation{Of: "calendar"}},
		"both `every` and `sequence`":              with(func(r *Rotation) { r.Sequence = []Every{{1, Day}} }),
		"a month is no fixed number of hours":      with(func(r *Rotation) { r.Every, r.Elapsed = Every{1, Month}, true }),
		`step "often" is unknown`:                  with(func(r *Rotation) { r.Step = "often" }),
		"but has no windows":                       with(func(r *Rotation) { r.Step = StepOccurrence }),
		"window 1: day 7 is none of the week":      {Name: "x", Rotation: good, Windows: []Window{{Days: []time.Weekday{7}}}},
		"window 1: its times are not of one day":   {Name: "x", Rotation: good, Windows: []Window{{To: 86401}}},
		"effective: it ends at 2026-01-05T09:00":   {Name: "x", Rotation: good, Effective: Period{to, from}},
		`away: "vanish" is unknown`:                {Name: "x", Rotation: good, Away: AwayRule{Then: "vanish"}},
		`layer "x", before 1: what follows begins`: {Name: "x", Rotation: good, Since: zero, Before: []Layer{{Rotation: good, Since: zero.Add(time.Hour)}}},
		"give this layer windows too":              {Name: "x", Rotation: Rotation{Of: "nightly"}},
		"of layer \"changed\" stepped with each occurrence of a window until 2026-01-05T00:00:00Z; give": {Name: "x", Rotation: Rotation{Of: "changed"}},
		"a description that held before stands alone":                                                    {Name: "x", Rotation: good, Since: zero, Before: []Layer{{Rotation: Rotation{Of: "base"}}}},
	} {
		_, err := Compile(Spec{Name: "s", TimeZone: "UTC", Layers: []Layer{l, {Name: "base", Rotation: good},
			{Name: "second", Rotation: Rotation{Of: "base"}}, {Name: "calendar", Fixed: []Fixed{}}, nightly,
			{Name: "changed", Rotation: good, Since: utc(t, "2026-01-05 00:00"), Before: []Layer{nightly}}}})
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, `layer "x"`)
	}
	for want, o := range map[string]Override{
		"a and b belong to a swap":                {Type: Removal, Remove: "ana", From: from, To: to, A: SwapSide{User: "ben"}},
		"shifts belong to an only override":       {Type: Addition, Add: "ana", From: from, To: to, Shifts: []OnlyShift{{from, to, nil}}},
		"names either shifts, or in add":          {Type: Only, From: from, To: to},
		"shift 1: it reaches beyond the override": {Type: Only, From: from, To: to, Shifts: []OnlyShift{{from, civil(t, "2026-01-07T00:00"), nil}}},
		"a swap names two people":                 {Type: Swap, A: SwapSide{"ana", from, to}, B: SwapSide{"ana", from, to}},
		"b: it ends at":                           {Type: Swap, A: SwapSide{"ana", from, to}, B: SwapSide{"ben", to, from}},
		"has from and to in its sides":            {Type: Swap, From: from, A: SwapSide{"ana", from, to}, B: SwapSide{"ben", from, to}},
	} {
		_, err := Compile(Spec{Name: "s", TimeZone: "UTC", Layers: []Layer{{Name: "base", Rotation: good}}, Overrides: []Override{o}})
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "override 1 (")
	}
	for want, a := range map[string]Away{
		"it is nobody's":                     {From: from, To: to},
		"both from and to and spans":         {Users: []UserID{"ana"}, From: from, To: to, Spans: []Span{{zero, zero.Add(1)}}},
		"span 1 ends when or before":         {Users: []UserID{"ana"}, Spans: []Span{{zero, zero}}},
		"time off 1 (ana): it ends at":       {Users: []UserID{"ana"}, From: to, To: from},
		"time off 1 (ana): from: 0000-00-00": {Users: []UserID{"ana"}},
	} {
		_, err := Compile(Spec{Name: "s", TimeZone: "UTC", Layers: []Layer{{Name: "base", Rotation: good}}, Away: []Away{a}})
		require.ErrorContains(t, err, want)
	}
}

// Ensures that lengths of turns and wall clocks are read strictly and written back.
func TestParse(t *testing.T) {
	for in, want := range map[string]Every{"1 week": {1, Week}, "12 hours": {12, Hour}, " 2 days ": {2, Day}, "3  months": {3, Month}} {
		got, err := ParseEvery(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got)
		back, err := ParseEvery(got.String())
		require.NoError(t, err)
		require.Equal(t, want, back)
	}
	for _, in := range []string{"", "week", "1", "1week", "0 days", "-1 days", "1.5 days", "1 year", "10001 hours", "1 week 2 days"} {
		_, err := ParseEvery(in)
		require.Error(t, err, in)
	}
	for _, in := range []string{"2026-01-05T09:00", "2026-01-05T09:00:30"} {
		require.Equal(t, in, civil(t, in).String())
	}
	require.Equal(t, Civil{2026, 1, 5, 9, 0, 0}, civil(t, "2026-01-05T09:00:00"))
	for _, in := range []string{"", "2026-01-05", "2026-02-30T09:00", "2026-01-05T24:00", "2026-01-05T09:00Z", "2026-01-05T09:00:00.5", "2026-01-05 09:00", "2026-1-5T09:00"} {
		_, err := ParseCivil(in)
		require.ErrorContains(t, err, "write for example 2026-01-05T09:00", in)
	}
}
