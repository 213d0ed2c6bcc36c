package schedules

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// words are groups: "ana ben+chidi none".
func groups(words string) (out [][]UserID) {
	for _, w := range strings.Fields(words) {
		var g []UserID
		for _, u := range strings.Split(w, "+") {
			if u != "none" {
				g = append(g, UserID(u))
			}
		}
		out = append(out, g)
	}
	return out
}

// daily hands over every day at 09:00 from Monday 2026-01-05 on.
func daily(t testing.TB, words string) Rotation {
	return Rotation{Every: Every{1, Day}, Start: civil(t, "2026-01-05T09:00"), Participants: groups(words)}
}

func on(users []UserID) string {
	if len(users) == 0 {
		return "nobody"
	}
	out := make([]string, len(users))
	for i, u := range users {
		out[i] = string(u)
	}
	return strings.Join(out, "+")
}

// noons is who is on call at noon (UTC) from a day on, once a day.
func noons(s *Schedule, layer, day string, days int) string {
	at, _ := time.Parse("2006-01-02", day)
	var out []string
	for i := range days {
		out = append(out, on(s.On(layer, at.AddDate(0, 0, i).Add(12*time.Hour), nil)))
	}
	return strings.Join(out, " ")
}

// Ensures, each by a small story of days from Monday 2026-01-05 on, what priority,
// roles, offsets, time off, fixed shifts, windows and phases do.
func TestFeatures(t *testing.T) {
	vacation := func(u UserID, from, to string) Away {
		return Away{Users: []UserID{u}, Kind: "vacation", From: civil(t, from+"T00:00"), To: civil(t, to+"T00:00")}
	}
	weekdays := []Window{{Days: []time.Weekday{1, 2, 3, 4, 5}, From: 9 * 3600, To: 17 * 3600}}
	every := func(layers ...Layer) []Layer { return layers }
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	two := func(then AwayThen, offset int) []Layer {
		return every(Layer{Name: "a", Priority: 1, Rotation: daily(t, "ana ben chidi"), Away: AwayRule{Then: then}},
			Layer{Name: "b", Rotation: Rotation{Of: "a", Offset: offset}, Away: AwayRule{Then: then}})
	}
	for _, c := range []struct {
		name   string
		layers []Layer
		away   []Away
		all    string // who is on call at noon on six days from Monday on
		of     string // another layer or role …
		want   string // … and who is on it
	}{
		{"equal priorities together", every(Layer{Name: "a", Rotation: daily(t, "ana ben")}, Layer{Name: "b", Rotation: daily(t, "chidi dana")}), nil,
			"ana+chidi ben+dana ana+chidi ben+dana ana+chidi ben+dana", "b", "chidi dana chidi dana chidi dana"},
		{"higher hides while it has somebody", every(Layer{Name: "a", Rotation: daily(t, "ana")}, Layer{Name: "b", Priority: 1, Rotation: daily(t, "ben none")}), nil,
			"ben ana ben ana ben ana", "a", "ana ana ana ana ana ana"},
		{"a role asks its layers, with priority", every(Layer{Name: "a", Role: "r", Rotation: daily(t, "ana")}, Layer{Name: "b", Role: "r", Priority: 1, Rotation: daily(t, "ben none")}, Layer{Name: "c", Priority: 2, Rotation: daily(t, "chidi")}), nil,
			"chidi chidi chidi chidi chidi chidi", "r", "ben ana ben ana ben ana"},
		{"shadows are not on call", every(Layer{Name: "a", Rotation: daily(t, "ana")}, Layer{Name: "b", Role: RoleShadow, Priority: 5, Rotation: daily(t, "ben")}), nil,
			"ana ana ana ana ana ana", RoleShadow, "ben ben ben ben ben ben"},
		{"primary and secondary from one rotation", two(AwaySkip, 1), nil, "ana ben chidi ana ben chidi", "b", "ben chidi ana ben chidi ana"},
		{"skip moves both on, the order stays", two(AwaySkip, 1), []Away{vacation("ben", "2026-01-05", "2026-01-08")},
			"ana chidi chidi ana ben chidi", "b", "chidi ana ana ben chidi ana"},
		{"with one left, that one", two(AwaySkip, 1), []Away{vacation("ben", "2026-01-05", "2026-01-08"), vacation("ana", "2026-01-06", "2026-01-08")},
			"ana chidi chidi ana ben chidi", "b", "chidi chidi chidi ben chidi ana"},
		{"gap: nobody, and the fallback serves", two(AwayGap, 1), []Away{vacation("ben", "2026-01-05", "2026-01-08")},
			"ana boss chidi ana ben chidi", "b", "nobody chidi ana ben chidi ana"},
		{"next-layer: lower ones show", two(AwayNextLayer, 1), []Away{vacation("ben", "2026-01-05", "2026-01-08")},
			"ana chidi chidi ana ben chidi", "b", "nobody chidi ana ben chidi ana"},
		{"of a group the others serve alone", every(Layer{Name: "a", Rotation: daily(t, "ana+ben")}), []Away{vacation("ben", "2026-01-06", "2026-01-08")},
			"ana+ben ana ana ana+ben ana+ben ana+ben", "", "ana+ben ana ana ana+ben ana+ben ana+ben"},
		{"an empty place stays empty, and is nobody's substitute", every(Layer{Name: "a", Rotation: daily(t, "ana none ben")}), []Away{vacation("ana", "2026-01-05", "2026-01-09")},
			"ben boss ben ben boss ben", "a", "ben nobody ben ben nobody ben"},
		{"only some kinds count", every(Layer{Name: "a", Rotation: daily(t, "ana ben"), Away: AwayRule{Use: []string{"holidays"}}}), []Away{vacation("ana", "2026-01-05", "2026-01-09")},
			"ana ben ana ben ana ben", "", "ana ben ana ben ana ben"},
		{"time off by instants", every(Layer{Name: "a", Rotation: daily(t, "ana ben")}), []Away{{Users: []UserID{"ana"}, Spans: []Span{{day(5), day(6)}, {day(9), day(10)}}}},
			"ben ben ana ben ben ben", "", "ben ben ana ben ben ben"},
		{"fixed shifts, overlapping", every(Layer{Name: "a", Fixed: []Fixed{{day(6), day(8), groups("ana")[0]}, {day(7), day(9), groups("ben")[0]}}}), nil,
			"boss ana ana+ben ben boss boss", "a", "nobody ana ana+ben ben nobody nobody"},
		{"fixed shifts and time off", every(Layer{Name: "a", Priority: 1, Fixed: []Fixed{{day(5), day(9), groups("ana")[0]}}, Away: AwayRule{Then: AwayGap}}, Layer{Name: "b", Rotation: daily(t, "ben")}),
			[]Away{vacation("ana", "2026-01-06", "2026-01-08")}, "ana boss boss ana ben ben", "a", "ana nobody nobody ana nobody nobody"},
		{"windows hide, turns go on", every(Layer{Name: "a", Windows: weekdays, Rotation: daily(t, "ana ben chidi")}, Layer{Name: "b", Priority: -1, Rotation: daily(t, "dana")}), nil,
			"ana ben chidi ana ben dana", "a", "ana ben chidi ana ben nobody"},
		{"a sequence", every(Layer{Name: "a", Rotation: Rotation{Sequence: []Every{{2, Day}, {1, Day}}, Start: civil(t, "2026-01-05T09:00"), Participants: groups("ana ben chidi")}}), nil,
			"ana ana ben chidi chidi ana", "", "ana ana ben chidi chidi ana"},
		{"effective", every(Layer{Name: "a", Rotation: daily(t, "ana"), Effective: Period{civil(t, "2026-01-06T00:00"), civil(t, "2026-01-08T12:00")}}), nil,
			"boss ana ana boss boss boss", "", "boss ana ana boss boss boss"},
		{"phases", every(Layer{Name: "a", Since: day(9), Rotation: daily(t, "erin"), Before: []Layer{{Rotation: daily(t, "ana"), Since: day(6)}, {Rotation: daily(t, "ben dana"), Since: day(7), Role: "r"}}}), nil,
			"ana ana ben dana erin erin", "r", "nobody nobody ben dana nobody nobody"},
		{"the rotation of a layer with phases", every(Layer{Name: "a", Since: day(7), Priority: 1, Rotation: daily(t, "ben dana"), Before: []Layer{{Priority: 1, Rotation: daily(t, "ana erin")}}}, Layer{Name: "b", Rotation: Rotation{Of: "a", Offset: 1}}), nil,
			"ana erin ben dana ben dana", "b", "erin ana dana ben dana ben"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Compile(Spec{Name: "s", TimeZone: "UTC", Fallback: []UserID{"boss"}, Layers: c.layers, Away: c.away})
			require.NoError(t, err)
			require.Equal(t, c.all, noons(s, "", "2026-01-05", 6))
			require.Equal(t, c.want, noons(s, c.of, "2026-01-05", 6))
		})
	}
}

// Ensures what the kinds of overrides do where layers hide each other, by whom
// each serves, and that a swap is one exchange even where both sides overlap.
func TestOverrideSources(t *testing.T) {
	from, to := civil(t, "2026-01-05T00:00"), civil(t, "2026-01-07T00:00")
	noon := civil(t, "2026-01-05T12:00")
	layers := []Layer{{Name: "a", Priority: 1, Rotation: daily(t, "ana+ben")}, {Name: "b", Role: "low", Rotation: daily(t, "chidi")}}
	for _, c := range []struct {
		name   string
		o      []Override
		want   string // layer/source/ID of each on call at noon on Monday
		source string
	}{
		{"none", nil, "ana=a/rotation/ ben=a/rotation/", SourceRotation},
		{"add on a hidden layer", []Override{{ID: "x", Type: Addition, Add: "erin", Layers: []string{"low"}, From: from, To: to}}, "ana=a/rotation/ ben=a/rotation/ erin=b/override/x", SourceOverride},
		{"add on all", []Override{{ID: "x", Type: Addition, Add: "erin", From: from, To: to}}, "ana=a/rotation/ ben=a/rotation/ erin=/override/x", SourceOverride},
		{"an addition hides nobody", []Override{{Type: Removal, Remove: "ana", From: from, To: to}, {Type: Removal, Remove: "ben", From: from, To: to}, {ID: "x", Type: Addition, Add: "erin", Layers: []string{"a"}, From: from, To: to}}, "erin=a/override/x chidi=b/rotation/", SourceOverride},
		{"add on a hidden layer of whom it is the turn there", []Override{{ID: "x", Type: Addition, Add: "chidi", Layers: []string{"low"}, From: from, To: to}}, "ana=a/rotation/ ben=a/rotation/ chidi=b/override/x", SourceOverride},
		{"add of somebody on call changes nothing", []Override{{ID: "x", Type: Addition, Add: "ana", From: from, To: to}}, "ana=a/rotation/ ben=a/rotation/", SourceRotation},
		{"add twice: the first says why", []Override{{ID: "x", Type: Addition, Add: "erin", From: from, To: to}, {ID: "y", Type: Addition, Add: "erin", From: from, To: to}}, "ana=a/rotation/ ben=a/rotation/ erin=/override/x", SourceOverride},
		{"who was added is not removed", []Override{{Type: Addition, Add: "erin", From: from, To: to}, {Type: Removal, Remove: "erin", From: from, To: to}}, "ana=a/rotation/ ben=a/rotation/ erin=/override/", SourceOverride},
		{"removed and added: serves, and hides nobody", []Override{{Type: Addition, Add: "ana", Layers: []string{"a"}, From: from, To: to}, {Type: Removal, Remove: "ana", From: from, To: to}, {Type: Removal, Remove: "ben", From: from, To: to}}, "ana=a/override/ chidi=b/rotation/", SourceOverride},
		{"removed and added: comes last", []Override{{ID: "x", Type: Addition, Add: "ana", Layers: []string{"a"}, From: from, To: to}, {Type: Removal, Remove: "ana", From: from, To: to}}, "ben=a/rotation/ ana=a/override/x", SourceOverride},
		{"who was added is not replaced", []Override{{Type: Addition, Add: "erin", Layers: []string{"a"}, From: from, To: to}, {ID: "y", Type: Replace, Remove: "erin", Add: "finn", From: from, To: to}}, "ana=a/rotation/ ben=a/rotation/ erin=a/override/", SourceOverride},
		{"replacing everybody leaves who was added", []Override{{ID: "x", Type: Addition, Add: "erin", Layers: []string{"a"}, From: from, To: to}, {ID: "y", Type: Replace, Add: "finn", Layers: []string{"a"}, From: from, To: to}}, "finn=a/override/y erin=a/override/x", SourceOverride},
		{"who was added does not swap", []Override{{ID: "x", Type: Addition, Add: "erin", Layers: []string{"a"}, From: from, To: to}, {ID: "s", Type: Swap, A: SwapSide{"erin", from, to}, B: SwapSide{"ana", from, to}}}, "erin=a/swap/s ben=a/rotation/", SourceSwap},
		{"swap", []Override{{ID: "s", Type: Swap, A: SwapSide{"ana", from, to}, B: SwapSide{"dana", to, civil(t, "2026-01-09T00:00")}}}, "dana=a/swap/s ben=a/rotation/", SourceSwap},
		{"swap, both at once", []Override{{ID: "s", Type: Swap, A: SwapSide{"ana", from, to}, B: SwapSide{"ben", from, to}}}, "ben=a/swap/s ana=a/swap/s", SourceSwap},
		{"only hides everything", []Override{{ID: "o", Type: Only, Add: "erin", From: from, To: to}, {Type: Addition, Add: "finn", From: from, To: to}}, "erin=/only/o", SourceOnly},
		{"only on one layer", []Override{{ID: "o", Type: Only, Add: "erin", Layers: []string{"a"}, From: from, To: to}}, "erin=a/only/o", SourceOnly},
		{"only with shifts: between them the fallback", []Override{{ID: "o", Type: Only, Shifts: []OnlyShift{{noon, to, []UserID{"erin"}}}, From: from, To: to}}, "erin=/only/o", SourceOnly},
		{"only with a shift that is over", []Override{{ID: "o", Type: Only, Shifts: []OnlyShift{{from, noon, []UserID{"erin"}}}, From: from, To: to}}, "boss=/fallback/", SourceFallback},
		{"nobody left", []Override{{Type: Removal, Remove: "ana", From: from, To: to}, {Type: Removal, Remove: "ben", From: from, To: to}, {Type: Removal, Remove: "chidi", From: from, To: to}}, "boss=/fallback/", SourceFallback},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Compile(Spec{Name: "s", TimeZone: "UTC", Fallback: []UserID{"boss"}, Layers: layers, Overrides: c.o})
			require.NoError(t, err)
			shift, err := s.OnCall("", utc(t, "2026-01-05 12:00"))
			require.NoError(t, err)
			var got []string
			for _, d := range shift.Duties {
				got = append(got, string(d.User)+"="+d.Layer+"/"+d.Source+"/"+d.By)
			}
			require.Equal(t, c.want, strings.Join(got, " "))
			require.Equal(t, c.source, shift.Source)
		})
	}
}

// Ensures when windows open and close in UTC: over midnight, over changes of the
// clock, with edges in gaps and folds, touching, and all week.
func TestWindows(t *testing.T) {
	const hour = 3600
	for _, c := range []struct {
		name, zone, from string
		windows          []Window
		want             string // changes from that instant on
	}{
		{"over midnight, in spring 11 hours", "Europe/Berlin", "2026-03-28 12:00", []Window{{From: 20 * hour, To: 8 * hour}}, "03-28 19:00 03-29 06:00 03-29 18:00"},
		{"over midnight, in autumn 13 hours", "Europe/Berlin", "2026-10-24 12:00", []Window{{From: 20 * hour, To: 8 * hour}}, "10-24 18:00 10-25 07:00 10-25 19:00"},
		{"begins in the gap", "Europe/Berlin", "2026-03-28 12:00", []Window{{From: 2*hour + 1800, To: 5 * hour}}, "03-29 01:00 03-29 03:00 03-30 00:30"},
		{"lies in the gap", "Europe/Berlin", "2026-03-28 12:00", []Window{{From: 2*hour + 900, To: 2*hour + 1800}}, "03-30 00:15 03-30 00:30 03-31 00:15"},
		{"ends in the fold: the last time", "Europe/Berlin", "2026-10-24 22:00", []Window{{From: hour, To: 2*hour + 1800}}, "10-24 23:00 10-25 01:30 10-26 00:00"},
		{"begins in the fold: the first time", "Europe/Berlin", "2026-10-24 22:00", []Window{{From: 2*hour + 1800, To: 4 * hour}}, "10-25 00:30 10-25 03:00 10-26 01:30"},
		{"in a fold one begins before the other ends", "Europe/Berlin", "2026-10-24 22:00", []Window{{From: hour, To: 2*hour + 900}, {From: 2*hour + 2700, To: 4 * hour}}, "10-24 23:00 10-25 03:00 10-26 00:00"},
		{"weekdays", "UTC", "2026-01-09 00:00", []Window{{Days: []time.Weekday{1, 2, 3, 4, 5}, From: 9 * hour, To: 17 * hour}}, "01-09 09:00 01-09 17:00 01-12 09:00"},
		{"they overlap and touch", "UTC", "2026-01-09 00:00", []Window{{From: 9 * hour, To: 12 * hour}, {From: 11 * hour, To: 13 * hour}, {From: 13 * hour, To: 14 * hour}}, "01-09 09:00 01-09 14:00 01-10 09:00"},
		{"24 hours of a Saturday", "UTC", "2026-01-09 00:00", []Window{{Days: []time.Weekday{6}}}, "01-10 00:00 01-11 00:00 01-17 00:00"},
		{"until 24:00, then on", "UTC", "2026-01-09 00:00", []Window{{Days: []time.Weekday{6}, From: 12 * hour, To: 24 * hour}, {Days: []time.Weekday{0}, To: 6 * hour}}, "01-10 12:00 01-11 06:00 01-17 12:00"},
		{"always", "UTC", "2026-01-09 00:00", []Window{{}}, ""},
		{"Lord Howe, half an hour twice", "Australia/Lord_Howe", "2026-04-04 12:30", []Window{{From: hour, To: 2 * hour}}, "04-04 14:00 04-04 15:30 04-05 14:30"},
		{"Santiago, from midnight that is not", "America/Santiago", "2026-09-06 02:00", []Window{{Days: []time.Weekday{0}, To: 6 * hour}}, "09-06 04:00 09-06 09:00 09-13 03:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Compile(Spec{Name: "s", TimeZone: c.zone, Layers: []Layer{{Name: "l", Windows: c.windows, Rotation: Rotation{
				Every: Every{1, Week}, Start: civil(t, "2016-01-04T00:00"), Participants: groups("ana")}}}})
			require.NoError(t, err)
			var got []string
			for at, ok := s.Next("", utc(t, c.from)); ok && len(got) < 3; at, ok = s.Next("", at) {
				got = append(got, at.UTC().Format("01-02 15:04"))
			}
			require.Equal(t, c.want, strings.Join(got, " "))
		})
	}
}

// Ensures that hours that pass drift over the change of the clock, and that turns
// by occurrence count windows, not days.
func TestOtherSteps(t *testing.T) {
	elapsed := Rotation{Every: Every{1, Day}, Elapsed: true, Start: civil(t, "2026-03-28T09:00"), Participants: groups("ana ben")}
	s, err := Compile(Spec{Name: "s", TimeZone: "Europe/Berlin", Layers: []Layer{{Name: "l", Rotation: elapsed}}})
	require.NoError(t, err)
	next, _ := s.Next("", utc(t, "2026-03-28 12:00"))
	require.Equal(t, "2026-03-29T10:00:00+02:00", next.Format(time.RFC3339))

	windows := []Window{{Days: []time.Weekday{1, 2, 3}, From: 9 * 3600, To: 17 * 3600}, {Days: []time.Weekday{6}, From: 9 * 3600, To: 17 * 3600}}
	for n, want := range map[int]string{ // Monday to Monday
		1: "ana ben chidi nobody nobody ana nobody ben",
		2: "ana ana ben nobody nobody ben nobody chidi",
	} {
		r := daily(t, "ana ben chidi")
		r.Every.N, r.Step = n, StepOccurrence
		s, err := Compile(Spec{Name: "s", TimeZone: "UTC", Layers: []Layer{{Name: "l", Rotation: r, Windows: windows}}})
		require.NoError(t, err)
		require.Equal(t, want, noons(s, "", "2026-01-05", 8))
	}
}
