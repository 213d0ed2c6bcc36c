package schedules

import (
	"flag"
	"os"
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

// quarter rounds to a quarter of an hour of the wall clock, where clock changes are.
func quarter(wall int64) Civil { return civilOf(floorDiv(wall, 900) * 900) }

// drawSpec draws a schedule with anything in it, whose changes cluster around centre.
func drawSpec(t *rapid.T, home string, centre int64) Spec { return drawer{t, centre}.spec(home) }

// drawer draws parts of it.
type drawer struct {
	*rapid.T
	centre int64
}

func (d drawer) chance(one int, what string) bool { return rapid.IntRange(1, one).Draw(d.T, what) == 1 }

func (d drawer) users(what string, least, most int) []UserID {
	return rapid.SliceOfNDistinct(rapid.SampledFrom([]UserID{"ana", "ben", "chidi", "dana"}), least, most, rapid.ID).Draw(d.T, what)
}

func (d drawer) user(what string) UserID {
	return rapid.SampledFrom([]UserID{"ana", "ben", "erin"}).Draw(d.T, what)
}

func (d drawer) between(days int64) (from, to Civil) {
	at := d.centre + rapid.Int64Range(-days*daySeconds, days*daySeconds).Draw(d.T, "from")
	from = quarter(at)
	return from, quarter(from.seconds() + rapid.Int64Range(900, (days+1)*daySeconds).Draw(d.T, "length"))
}

func (d drawer) span(days int64) Span {
	from, to := d.between(days)
	return Span{time.Unix(from.seconds(), 0), time.Unix(to.seconds(), 0)}
}

func (d drawer) spec(home string) Spec {
	spec := Spec{Name: "drawn", TimeZone: home}
	for i := range rapid.IntRange(1, 4).Draw(d.T, "layers") {
		spec.Layers = append(spec.Layers, d.layer(string(rune('a'+i)), spec.Layers))
	}
	if d.chance(4, "fallback") {
		spec.Fallback = d.users("fallback", 1, 2)
	}
	for range rapid.IntRange(0, 3).Draw(d.T, "time off") {
		a := Away{Users: d.users("away", 1, 3), Kind: rapid.SampledFrom([]string{"", "vacation", "holidays"}).Draw(d.T, "kind")}
		if d.chance(3, "spans") {
			a.Spans = []Span{d.span(3), d.span(5)}
		} else {
			a.From, a.To = d.between(4)
		}
		spec.Away = append(spec.Away, a)
	}
	for range rapid.IntRange(0, 4).Draw(d.T, "overrides") {
		spec.Overrides = append(spec.Overrides, d.override(len(spec.Layers)))
	}
	return spec
}

// layer draws a layer, perhaps with descriptions that held before.
func (d drawer) layer(name string, others []Layer) Layer {
	l := d.phase(name)
	var bases []Layer
	for _, o := range others {
		if o.Rotation.Of == "" && o.Fixed == nil && !slices.ContainsFunc(o.Before, func(b Layer) bool { return b.Fixed != nil }) {
			bases = append(bases, o)
		}
	}
	var base Layer
	if len(bases) > 0 && d.chance(3, "of") {
		base = rapid.SampledFrom(bases).Draw(d.T, "base")
		l.Rotation, l.Fixed = Rotation{Of: base.Name, Offset: rapid.IntRange(0, 4).Draw(d.T, "offset")}, nil
	}
	if d.chance(4, "before") {
		since := d.centre - rapid.Int64Range(0, 3*daySeconds).Draw(d.T, "since")
		for range rapid.IntRange(1, 2).Draw(d.T, "phases") {
			p := d.phase(name)
			p.Since = time.Unix(since, 0)
			l.Before = append(l.Before, p)
			since += rapid.Int64Range(1, 2*daySeconds).Draw(d.T, "phase")
		}
		l.Since = time.Unix(since, 0)
	}
	if l.Windows == nil && countsWindows(base, l) {
		l.Windows = append(l.Windows, d.window())
	}
	return l
}

// countsWindows says whether the rotation of base steps by windows while l uses it.
func countsWindows(base, l Layer) bool {
	if base.Rotation.Step == StepOccurrence {
		return true
	}
	until := base.Since // of the description before
	for i, b := range slices.Backward(base.Before) {
		if b.Rotation.Step == StepOccurrence && (len(l.Before) == 0 || l.Since.Before(until)) && (i == 0 || b.Since.Before(until)) {
			return true
		}
		until = b.Since
	}
	return false
}

func (d drawer) phase(name string) Layer {
	l := Layer{Name: name, Role: rapid.SampledFrom([]string{"", "", "", "first", RoleShadow}).Draw(d.T, "role")}
	l.Priority = rapid.IntRange(-1, 1).Draw(d.T, "priority")
	if d.chance(2, "own zone") {
		l.TimeZone = rapid.SampledFrom(trickyZones).Draw(d.T, "layer zone")
	}
	if d.chance(2, "windows") {
		for range rapid.IntRange(1, 3).Draw(d.T, "windows") {
			l.Windows = append(l.Windows, d.window())
		}
	}
	if d.chance(6, "fixed") {
		l.Fixed = []Fixed{}
		for range rapid.IntRange(0, 5).Draw(d.T, "shifts") {
			s := d.span(3)
			l.Fixed = append(l.Fixed, Fixed{s.Start, s.End, d.users("fixed", 0, 2)})
		}
	} else {
		l.Rotation = d.rotation(l.Windows)
	}
	if d.chance(5, "effective") {
		l.Effective.From, l.Effective.Until = d.between(4)
		if d.chance(3, "open") {
			l.Effective.Until = Civil{}
		}
	}
	l.Away.Then = rapid.SampledFrom([]AwayThen{AwaySkip, AwaySkip, AwayGap, AwayNextLayer}).Draw(d.T, "then")
	if d.chance(4, "use") {
		l.Away.Use = []string{"vacation"}
	}
	return l
}

func (d drawer) window() (w Window) {
	hour := rapid.SampledFrom([]int{0, 1, 2, 3, 8, 12, 17, 22, 23})
	w.From, w.To = hour.Draw(d.T, "from")*3600, hour.Draw(d.T, "to")*3600
	if d.chance(3, "minutes") {
		w.From, w.To = w.From+1800, w.To+900
	}
	if w.To == 0 && d.chance(2, "24:00") {
		w.To = daySeconds
	}
	if d.chance(2, "days") {
		w.Days = rapid.SliceOfNDistinct(rapid.Map(rapid.IntRange(0, 6), func(i int) time.Weekday { return time.Weekday(i) }), 1, 5, rapid.ID).Draw(d.T, "weekdays")
	}
	return w
}

func (d drawer) rotation(windows []Window) (r Rotation) {
	every := func() Every {
		return Every{rapid.SampledFrom([]int{1, 1, 2, 3, 12}).Draw(d.T, "n"), rapid.SampledFrom([]Unit{Hour, Day, Week, Month}).Draw(d.T, "unit")}
	}
	lengths := map[Unit]int64{Hour: 3600, Day: daySeconds, Week: weekSeconds, Month: 30 * daySeconds}
	turns := int64(60)
	switch {
	case windows != nil && d.chance(3, "occurrence"):
		r.Step, r.Every, turns = StepOccurrence, Every{rapid.IntRange(1, 3).Draw(d.T, "n"), Day}, 12
	case d.chance(3, "sequence"):
		for range rapid.IntRange(1, 4).Draw(d.T, "sequence") {
			r.Sequence = append(r.Sequence, every())
		}
	default:
		r.Every = every()
	}
	length, month := lengths[r.Every.Unit]*int64(r.Every.N), r.Every.Unit == Month
	for _, e := range r.Sequence {
		length, month = max(length, lengths[e.Unit]*int64(e.N)), month || e.Unit == Month
	}
	r.Elapsed = r.Step == StepPeriod && !month && d.chance(4, "elapsed")
	back := rapid.Int64Range(-2, turns).Draw(d.T, "turns ago") * length
	r.Start = quarter(d.centre - back + rapid.Int64Range(0, 3*daySeconds).Draw(d.T, "start"))
	for range rapid.IntRange(1, 4).Draw(d.T, "groups") {
		r.Participants = append(r.Participants, d.users("group", 0, 2))
	}
	r.First, r.Offset = rapid.IntRange(0, 3).Draw(d.T, "first"), rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(d.T, "offset")
	return r
}

func (d drawer) override(layers int) (o Override) {
	o.Type = rapid.SampledFrom([]OverrideType{Replace, Addition, Removal, Swap, Only}).Draw(d.T, "type")
	o.ID = rapid.SampledFrom([]string{"", "x", "y"}).Draw(d.T, "id")
	switch {
	case d.chance(2, "some layers"):
		o.Layers = []string{string(rune('a' + rapid.IntRange(0, layers-1).Draw(d.T, "layer")))}
	}
	if o.Type == Swap {
		o.A.User, o.B.User = "ana", rapid.SampledFrom([]UserID{"ben", "erin"}).Draw(d.T, "swaps")
		o.A.From, o.A.To = d.between(3)
		o.B.From, o.B.To = d.between(3)
		return o
	}
	o.From, o.To = d.between(3)
	if o.Type == Only && d.chance(2, "shifts") {
		half := quarter((o.From.seconds() + o.To.seconds()) / 2)
		if o.From.seconds() < half.seconds() {
			o.Shifts = []OnlyShift{{o.From, half, d.users("only", 0, 2)}, {half, o.To, d.users("only", 0, 2)}}
			return o
		}
	}
	if o.Type != Removal {
		o.Add = d.user("add")
	}
	if o.Type == Removal || o.Type == Replace && d.chance(2, "one") {
		o.Remove = d.user("remove")
	}
	return o
}

// checkOften draws as often as TOCSIN_SEQUENCES or -rapid.checks say, and in a plain run as
// often as plain does.
func checkOften(t *testing.T, plain string, property func(*rapid.T)) {
	checks, given := flag.Lookup("rapid.checks"), false
	before := checks.Value.String()
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == checks.Name })
	if n := os.Getenv("TOCSIN_SEQUENCES"); n != "" {
		plain = n
	}
	if !given {
		require.NoError(t, checks.Value.Set(plain))
	}
	t.Cleanup(func() { require.NoError(t, checks.Value.Set(before)) })
	rapid.Check(t, property)
}
