package schedules

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// people reads groups such as "ana ben+chidi none".
func people(s string) [][]UserID {
	groups := [][]UserID{}
	for word := range strings.FieldsSeq(s) {
		var group []UserID
		if word != "none" {
			for name := range strings.SplitSeq(word, "+") {
				group = append(group, UserID(name))
			}
		}
		groups = append(groups, group)
	}
	return groups
}

// told writes groups as people reads them.
func told(groups ...[]UserID) string {
	var words []string
	for _, g := range groups {
		word := "none"
		for i, u := range g {
			if i == 0 {
				word = string(u)
			} else {
				word += "+" + string(u)
			}
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// weekly is a layer whose first group serves from Monday 23 November 2026 09:00 on.
func weekly(name, list string) Layer {
	return Layer{Name: name, Rotation: Rotation{
		Every: Every{1, Week}, Start: Civil{2026, 11, 23, 9, 0, 0}, Participants: people(list),
	}}
}

func berlin(layers ...Layer) Spec {
	return Spec{Name: "payments", TimeZone: "Europe/Berlin", Layers: layers}
}

// wednesday is in the first week of weekly.
var wednesday = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// rolled applies a change and returns what is in force then. The pins go through JSON, as in a store.
func rolled(t require.TestingT, old, next Spec, mode Rollout, now time.Time) (Spec, []string) {
	pins, notes, err := Roll(old, next, mode, now)
	require.NoError(t, err)
	text, err := json.Marshal(pins)
	require.NoError(t, err)
	pins = nil
	require.NoError(t, json.Unmarshal(text, &pins))
	return next.Pinned(pins), notes
}

func compiled(t require.TestingT, spec Spec) *Schedule {
	s, err := Compile(spec)
	require.NoError(t, err)
	return s
}

// served is who serves on a layer from an instant on, one word a shift.
func served(t require.TestingT, spec Spec, layer string, from time.Time, shifts int) string {
	var groups [][]UserID
	for _, x := range compiled(t, spec).Shifts(layer, from, from.AddDate(1, 0, 0)) {
		groups = append(groups, x.Users)
	}
	return told(groups[:min(shifts, len(groups))]...)
}

// Ensures that each rollout mode keeps the current shift with its holder, and lets the new
// order begin when and with whom it says.
func TestRollStories(t *testing.T) {
	for _, story := range []struct {
		name, old, new string
		mode           Rollout
		want           string // the shifts from now on
	}{
		{"somebody joins at the end", "ana ben chidi", "ana ben chidi dana", RolloutAfterShift, "ana ben chidi dana ana"},
		{"somebody joins before the holder", "ana ben chidi", "dana ana ben chidi", RolloutAfterShift, "ana ben chidi dana ana"},
		{"somebody joins behind the holder", "ana ben chidi", "ana dana ben chidi", RolloutAfterShift, "ana dana ben chidi ana"},
		{"the order turns round", "ana ben chidi dana", "dana chidi ben ana", RolloutAfterShift, "ana dana chidi ben ana"},
		{"the holder leaves after the shift", "ana ben chidi", "ben chidi", RolloutAfterShift, "ana ben chidi ben"},
		{"the holder and the next leave", "ana ben chidi dana", "dana chidi", RolloutAfterShift, "ana chidi dana chidi"},
		{"all leave", "ana ben", "erin chidi", RolloutAfterShift, "ana erin chidi erin"},
		{"another leaves", "ana ben chidi", "ana chidi", RolloutAfterShift, "ana chidi ana"},
		{"only the holder stays", "ana ben chidi", "ana", RolloutAfterShift, "ana"},
		{"a group grows", "ana+ben chidi", "ana+ben+dana chidi", RolloutAfterShift, "ana+ben chidi ana+ben+dana"},
		{"a gap on purpose comes", "ana ben", "ana none ben", RolloutAfterShift, "ana none ben ana"},
		{"a gap on purpose is over", "none ana ben", "ana ben", RolloutAfterShift, "none ana ben ana"},
		{"who serves twice a round", "ana ben ana chidi", "ana ben ana chidi dana", RolloutAfterShift, "ana ben ana chidi dana ana ben"},
		{"which of two turns", "ana chidi ana ben", "dana ana ben ana chidi", RolloutAfterShift, "ana chidi dana ana ben ana chidi"},

		{"the round ends first", "ana ben chidi", "dana chidi ben ana", RolloutAfterRotation, "ana ben chidi dana chidi ben ana"},
		{"nobody serves twice in a row between rounds", "ana ben chidi", "chidi ana ben", RolloutAfterRotation, "ana ben chidi ana ben chidi"},
		{"a group with the last of the round waits", "ana ben", "ben+dana ana", RolloutAfterRotation, "ana ben ana ben+dana"},
		{"the round of one is a turn", "ana", "ben ana", RolloutAfterRotation, "ana ben ana"},

		{"now: somebody joins before the holder", "ana ben chidi", "dana ana ben chidi", RolloutNow, "ana ben chidi dana ana"},
		{"now: the order turns round", "ana ben chidi", "chidi ben ana", RolloutNow, "ana chidi ben ana"},
		{"now: another leaves", "ana ben chidi", "chidi ana", RolloutNow, "ana chidi ana"},
		{"now: the holder leaves", "ana ben chidi", "chidi ben", RolloutNow, "ben chidi ben"},
		{"now: all leave", "ana ben", "erin chidi", RolloutNow, "erin chidi erin"},
		{"now: one of a group leaves", "ana+ben chidi", "chidi ana", RolloutNow, "ana chidi ana"},
		{"now: one of a group is replaced", "ana+ben chidi", "ana+dana chidi", RolloutNow, "ana+dana chidi"},
		{"now: a group that grows waits", "ana+ben chidi", "ana+ben+dana chidi", RolloutNow, "ana+ben chidi ana+ben+dana"},
		{"now: a group that parts waits", "ana+ben chidi", "chidi ana ben", RolloutNow, "ana+ben ben chidi ana"},
	} {
		t.Run(story.name, func(t *testing.T) {
			old, next := berlin(weekly("primary", story.old)), berlin(weekly("primary", story.new))
			spec, notes := rolled(t, old, next, story.mode, wednesday)
			assert.Equal(t, story.want, served(t, spec, "primary", wednesday, len(strings.Fields(story.want))), notes)
			was := compiled(t, old)
			assert.Empty(t, Handovers(was, compiled(t, spec), wednesday.AddDate(0, 0, -30), wednesday), "the past stays")

			again, notes := rolled(t, spec, next, story.mode, wednesday.Add(time.Hour))
			assert.Equal(t, spec, again, "what did not change stays as it is")
			assert.Empty(t, notes)
			if story.mode != RolloutNow {
				back, _ := rolled(t, spec, old, story.mode, wednesday.Add(time.Hour))
				assert.Empty(t, Handovers(was, compiled(t, back), wednesday.AddDate(0, 0, -30), wednesday.AddDate(1, 0, 0)),
					"taken back before it begins, the change leaves no trace")
			}
		})
	}
}

// Ensures that the notes say in plain words what happens.
func TestRollNotes(t *testing.T) {
	old := berlin(weekly("primary", "ana ben chidi"), weekly("night", "dana erin"))
	for _, story := range []struct {
		mode Rollout
		next Spec
		want []string
	}{
		{RolloutAfterShift, berlin(weekly("primary", "ben chidi"), weekly("night", "dana erin")), []string{
			"layer primary: ana keeps the shift until Mon 30 Nov 2026 09:00 CET; then the new order begins with ben"}},
		{RolloutAfterRotation, berlin(weekly("primary", "ben chidi"), weekly("night", "dana erin")), []string{
			"layer primary: the old order goes on to its end, until Mon 14 Dec 2026 09:00 CET; then the new order begins with ben"}},
		{RolloutNow, berlin(weekly("primary", "ben ana"), weekly("night", "erin")), []string{
			"layer primary: the change holds at once; ana keeps the current shift",
			"layer night: dana leaves at once; now on call: erin"}},
		{RolloutAfterShift, berlin(weekly("primary", "ana ben chidi"), weekly("day", "dana")), []string{
			"layer day: it is new and takes effect at once",
			"layer night: it is gone at once; dana leaves the shift"}},
	} {
		_, notes := rolled(t, old, story.next, story.mode, wednesday)
		assert.Equal(t, story.want, notes)
	}
}

// Ensures that a rotation with other turns keeps who is on call, and begins with the next.
func TestRollOtherTurns(t *testing.T) {
	old := berlin(weekly("primary", "ana ben chidi"))
	daily := weekly("primary", "ana ben chidi")
	daily.Rotation.Every, daily.Rotation.Start = Every{1, Day}, Civil{2026, 1, 1, 12, 0, 0}

	spec, _ := rolled(t, old, berlin(daily), RolloutAfterShift, wednesday)
	assert.Equal(t, "ana ben chidi ana", served(t, spec, "primary", wednesday, 4))
	shifts := compiled(t, spec).Shifts("primary", wednesday, wednesday.AddDate(0, 0, 9))
	assert.Equal(t, "2026-11-30T09:00:00+01:00", shifts[1].Start.Format(time.RFC3339), "the old turn ends as it would have")
	assert.Equal(t, "2026-11-30T12:00:00+01:00", shifts[2].Start.Format(time.RFC3339))

	spec, _ = rolled(t, old, berlin(daily), RolloutNow, wednesday)
	shifts = compiled(t, spec).Shifts("primary", wednesday, wednesday.AddDate(0, 0, 9))
	assert.Equal(t, "ana ben chidi", told(shifts[0].Users, shifts[1].Users, shifts[2].Users))
	assert.Equal(t, "2026-11-26T12:00:00+01:00", shifts[1].Start.Format(time.RFC3339))
}

// Ensures that a description with a start ahead begins only then, with its first, and leaves
// no gap before; and that one which had not begun gives way at once.
func TestRollStartsAhead(t *testing.T) {
	old, ahead := berlin(weekly("primary", "ana ben chidi")), weekly("primary", "chidi dana")
	ahead.Rotation.Start = Civil{2026, 12, 9, 9, 0, 0}
	for _, mode := range []Rollout{RolloutAfterShift, RolloutNow} {
		spec, notes := rolled(t, old, berlin(ahead), mode, wednesday)
		assert.Equal(t, "ana ben chidi dana chidi", served(t, spec, "primary", wednesday, 5))
		assert.Contains(t, notes[0], "the old one stays until Wed 9 Dec 2026 09:00 CET, when the new one starts")
	}
	spec, _ := rolled(t, berlin(ahead), old, RolloutAfterShift, wednesday)
	assert.Equal(t, "ana ben", served(t, spec, "primary", wednesday, 2))
}

// Ensures that pins forget what was over 90 days ago and keep all else, but for the shortest of
// more than 64 phases; and that the layer's past begins with the layer.
func TestRollForgets(t *testing.T) {
	lists := []string{"ana ben chidi dana", "dana chidi ana ben"}
	spec, now := berlin(weekly("primary", lists[0])), wednesday
	first := compiled(t, spec)
	for i := range 70 {
		was := compiled(t, spec)
		spec, _ = rolled(t, spec, berlin(weekly("primary", lists[(i+1)%2])), RolloutNow, now)
		from := now.AddDate(0, 0, -90)
		if i >= 64 {
			from = now
		}
		assert.Empty(t, Handovers(was, compiled(t, spec), from, now.Add(time.Minute)))
		now = now.Add(time.Duration(20+i%7) * time.Hour)
	}
	assert.Len(t, spec.Layers[0].Before, 64)
	assert.True(t, spec.Layers[0].Before[0].Since.IsZero(), "the long one before the first change stays")
	assert.Empty(t, Handovers(first, compiled(t, spec), wednesday.AddDate(0, 0, -20), wednesday))

	monday := time.Date(2027, 2, 8, 8, 0, 0, 0, time.UTC) // the hand-off
	late, _ := rolled(t, spec, berlin(weekly("primary", "fay erin")), RolloutNow, monday.Add(-time.Minute))
	was := compiled(t, late)
	late, _ = rolled(t, late, berlin(weekly("primary", "erin fay ana")), RolloutAfterShift, monday.Add(-time.Second))
	assert.Len(t, late.Layers[0].Before, 64)
	assert.Empty(t, Handovers(was, compiled(t, late), monday.Add(-time.Minute), monday), "what holds now stays, however short")
	twice, _ := rolled(t, berlin(weekly("primary", lists[0])), berlin(weekly("primary", lists[1])), RolloutNow, now)
	twice, _ = rolled(t, twice, berlin(weekly("primary", "ana dana")), RolloutNow, now.Add(time.Millisecond))
	assert.Len(t, twice.Layers[0].Before, 1, "what held for no second needs no room")

	plain := spec
	plain.Layers = []Layer{weekly("primary", lists[0])}
	spec, _ = rolled(t, spec, plain, RolloutNow, now.AddDate(0, 0, 91))
	assert.Empty(t, spec.Layers[0].Before)

	spec, _ = rolled(t, spec, berlin(spec.Layers[0], weekly("new", "erin")).Pinned(nil), RolloutNow, now.AddDate(0, 0, 91))
	assert.Equal(t, "none", told(compiled(t, spec).On("new", now.AddDate(0, 0, 90), nil)))
	assert.Equal(t, "erin", told(compiled(t, spec).On("new", now.AddDate(0, 0, 92), nil)))
}

// Ensures that only what does not compile, or a mode that does not exist, is refused.
func TestRollErrors(t *testing.T) {
	old := berlin(weekly("primary", "ana ben"))
	_, _, err := Roll(old, berlin(weekly("primary", "")), RolloutNow, wednesday)
	require.ErrorContains(t, err, "there are no participants")
	_, _, err = Roll(old, old, "soon", wednesday)
	require.EqualError(t, err, `rollout "soon" is unknown; use now, after-current-shift or after-full-rotation`)
	pins, notes, err := Roll(Spec{}, old, RolloutNow, wednesday)
	require.NoError(t, err)
	assert.Empty(t, fmt.Sprint(pins, notes)[len("[] []"):])
}

// Ensures that a layer which uses the rotation of another changes with it and keeps the
// distance; and that when the holder leaves at once, somebody free takes over.
func TestRollOfAnother(t *testing.T) {
	secondary := Layer{Name: "secondary", Rotation: Rotation{Of: "primary", Offset: 1}}
	old := berlin(weekly("primary", "ana ben chidi"), secondary)
	for _, story := range []struct {
		mode                     Rollout
		list, primary, secondary string
	}{
		{RolloutAfterShift, "ana dana ben chidi", "ana dana ben chidi", "ben ben chidi ana"},
		{RolloutNow, "ana dana ben chidi", "ana dana ben chidi", "ben ben chidi ana"},
		{RolloutAfterRotation, "dana ben ana chidi", "ana ben chidi dana", "ben chidi ana ben"},
		{RolloutNow, "ben chidi", "chidi ben chidi ben", "ben chidi ben chidi"},
	} {
		spec, notes := rolled(t, old, berlin(weekly("primary", story.list), secondary), story.mode, wednesday)
		var primary, second [][]UserID
		for week := range 4 {
			s := compiled(t, spec)
			primary = append(primary, s.On("primary", wednesday.AddDate(0, 0, 7*week), nil))
			second = append(second, s.On("secondary", wednesday.AddDate(0, 0, 7*week), nil))
		}
		assert.Equal(t, story.primary, told(primary...), notes)
		assert.Equal(t, story.secondary, told(second...), notes)
	}
	turned := berlin(weekly("primary", "chidi ben ana"))
	turned, _ = rolled(t, old, turned, RolloutAfterShift, wednesday)
	turned.Layers = append(turned.Layers, secondary) // without pins of its own it follows each description
	alone := turned
	alone.Layers = []Layer{turned.Layers[0], turned.alone(secondary)}
	assert.Len(t, alone.Layers[1].Before, 1)
	assert.Empty(t, Handovers(compiled(t, turned), compiled(t, alone), wednesday.AddDate(0, -1, 0), wednesday.AddDate(0, 1, 0)))

	next := berlin(weekly("primary", "ana ben chidi dana"), secondary)
	waiting, _ := rolled(t, old, next, RolloutAfterShift, wednesday)
	next.Layers = append(next.Layers, Layer{Name: "third", Rotation: Rotation{Of: "primary", Offset: 2}})
	spec, _ := rolled(t, waiting, next, RolloutAfterShift, wednesday)
	assert.Equal(t, "none", told(compiled(t, spec).On("third", wednesday.Add(-time.Hour), nil)))
	assert.Equal(t, "chidi dana ana", served(t, spec, "third", wednesday, 3), "it follows the rotation that is in force")
}

// Ensures that a layer may turn from a rotation into a calendar and back, and that a calendar
// may change: the present shift ends as it would have, or stays with "now".
func TestRollCalendar(t *testing.T) {
	monday := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	shift := func(days int, users ...UserID) Fixed {
		return Fixed{From: monday.AddDate(0, 0, days-7), To: monday.AddDate(0, 0, days), Users: users}
	}
	rotation := berlin(weekly("primary", "ana ben chidi"))
	calendar := berlin(Layer{Name: "primary", Fixed: []Fixed{shift(0, "dana"), shift(7, "erin"), shift(14, "ana")}})
	other := berlin(Layer{Name: "primary", Fixed: []Fixed{shift(0, "fay"), shift(7, "fay"), shift(14, "dana")}})
	for _, story := range []struct {
		name     string
		old, new Spec
		mode     Rollout
		want     string
	}{
		{"a rotation becomes a calendar", rotation, calendar, RolloutAfterShift, "ana erin ana"},
		{"now, it waits for who is on call", rotation, berlin(Layer{Name: "primary", Fixed: []Fixed{shift(0, "dana"), shift(7, "ana")}}), RolloutNow, "ana"},
		{"now, who is not in it leaves", rotation, other, RolloutNow, "fay dana"},
		{"after the round", rotation, calendar, RolloutAfterRotation, "ana ben chidi"},
		{"a calendar becomes a rotation", calendar, berlin(weekly("primary", "ana dana ben")), RolloutAfterShift, "dana ben ana dana"},
		{"now, with who is on call", calendar, berlin(weekly("primary", "ana dana ben")), RolloutNow, "dana ben ana dana"},
		{"a calendar without them becomes a rotation", calendar, rotation, RolloutAfterShift, "dana ana ben"},
		{"a calendar changes after the shift", calendar, other, RolloutAfterShift, "dana fay dana"},
		{"a calendar changes now, but for who is on call", calendar, other, RolloutNow, "dana fay dana"},
		{"an empty calendar comes", rotation, berlin(Layer{Name: "primary", Fixed: []Fixed{}}), RolloutAfterShift, "ana none"},
		{"an empty calendar goes", berlin(Layer{Name: "primary", Fixed: []Fixed{}}), rotation, RolloutAfterRotation, "ana ben"},
	} {
		t.Run(story.name, func(t *testing.T) {
			spec, notes := rolled(t, story.old, story.new, story.mode, wednesday)
			assert.Equal(t, story.want, served(t, spec, "primary", wednesday, len(strings.Fields(story.want))), notes)
			assert.Len(t, notes, 1)
			assert.Empty(t, Handovers(compiled(t, story.old), compiled(t, spec), wednesday.AddDate(0, 0, -30), wednesday))
		})
	}
	both := berlin(weekly("primary", "ana dana"), Layer{Name: "secondary", Rotation: Rotation{Of: "primary", Offset: 1}})
	spec, notes := rolled(t, calendar, both, RolloutAfterShift, wednesday)
	assert.Equal(t, "dana ana", served(t, spec, "primary", wednesday, 2), notes)
	assert.Equal(t, "none dana ana", served(t, spec, "secondary", wednesday, 3), notes)
	assert.Contains(t, notes, "layer secondary: it is new and begins Mon 30 Nov 2026 09:00 CET, with the rotation that it uses")
	alone, _ := rolled(t, calendar, berlin(both.Layers[0]), RolloutAfterShift, wednesday)
	spec, notes = rolled(t, alone, both, RolloutAfterShift, wednesday.Add(time.Hour))
	assert.Equal(t, "dana ana", served(t, spec, "primary", wednesday, 2), "somebody who uses the rotation to come moves nobody: %s", notes)
}

// Ensures that windows, priorities and the span in which a layer exists are part of its
// description: a change of them moves nobody now either.
func TestRollOtherThings(t *testing.T) {
	office := []Window{{Days: []time.Weekday{1, 2, 3, 4, 5}, From: 9 * 3600, To: 17 * 3600}}
	at := func(spec Spec, layer string, d time.Duration) string {
		return told(compiled(t, spec).On(layer, wednesday.Add(d), nil))
	}
	open := weekly("primary", "ana ben")
	closed := open
	closed.Windows = office
	night := 8 * time.Hour // 21:00 on Wednesday
	for _, mode := range []Rollout{RolloutNow, RolloutAfterShift} {
		spec, _ := rolled(t, berlin(open), berlin(closed), mode, wednesday.Add(night))
		assert.Equal(t, "ana", at(spec, "primary", night+time.Minute), "windows would end the shift")
		assert.Equal(t, "none", at(spec, "primary", night+7*24*time.Hour))
		spec, _ = rolled(t, berlin(closed), berlin(open), mode, wednesday.Add(night))
		assert.Equal(t, "none", at(spec, "primary", night+time.Minute), "nobody is called who was not")
		assert.Equal(t, "ben", at(spec, "primary", night+7*24*time.Hour))
	}
	spec, _ := rolled(t, berlin(closed), berlin(open), RolloutNow, wednesday)
	assert.Equal(t, "ana", at(spec, "primary", night), "in hours the holder keeps on")

	high := weekly("second", "chidi dana")
	old := berlin(open, high)
	high.Priority = 1
	for _, mode := range []Rollout{RolloutNow, RolloutAfterShift} {
		spec, _ := rolled(t, old, berlin(open, high), mode, wednesday)
		assert.Equal(t, "ana+chidi", at(spec, "", 0))
		assert.Equal(t, "dana", at(spec, "", 7*24*time.Hour))
	}

	over := open
	over.Effective.Until = Civil{2026, 11, 26, 0, 0, 0}
	next := weekly("primary", "chidi ben")
	spec, notes := rolled(t, berlin(over), berlin(next), RolloutAfterShift, wednesday)
	assert.Equal(t, "none", told(compiled(t, spec).On("primary", wednesday.AddDate(0, 0, 8).Add(-14*24*time.Hour), nil)))
	assert.Equal(t, "ana ben chidi", served(t, spec, "primary", wednesday, 3), "it follows at once when the old one is over: %s", notes)
	spec, _ = rolled(t, berlin(over), berlin(next), RolloutAfterShift, wednesday.AddDate(0, 0, 2))
	assert.Equal(t, "chidi", at(spec, "primary", 49*time.Hour))
}

// Ensures that who is on call in place of somebody away keeps the shift, that the turn stays
// that of the one away, and that a change of time off is not part of a rollout.
func TestRollTimeOff(t *testing.T) {
	old, next := berlin(weekly("primary", "ana ben chidi")), berlin(weekly("primary", "dana ana ben chidi"))
	off := []Away{{Users: []UserID{"ana"}, From: Civil{2026, 11, 20, 0, 0, 0}, To: Civil{2026, 12, 1, 0, 0, 0}}}
	old.Away, next.Away = off, off
	for _, mode := range []Rollout{RolloutNow, RolloutAfterShift} {
		spec, _ := rolled(t, old, next, mode, wednesday)
		assert.Equal(t, "ben chidi dana ana", served(t, spec, "primary", wednesday, 4), "ben serves twice: for ana and himself")
	}
	next = berlin(weekly("primary", "ana chidi"))
	next.Away = off
	spec, _ := rolled(t, old, next, RolloutNow, wednesday)
	assert.Equal(t, "chidi ana chidi", served(t, spec, "primary", wednesday, 3), "ben leaves, and ana is away still")
	next = old
	next.Away = nil
	pins, notes, err := Roll(old, next, RolloutAfterShift, wednesday)
	require.NoError(t, err)
	assert.Empty(t, pins)
	assert.Empty(t, notes)
}
