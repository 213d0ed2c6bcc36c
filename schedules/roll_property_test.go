package schedules

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// rollsOfAPlainRun is how many random schedules a plain run changes; TOCSIN_SEQUENCES or
// -rapid.checks say otherwise.
const rollsOfAPlainRun = "400"

// Ensures, for random schedules, changes, modes and instants, that nobody on call is moved but
// who was removed with "now", that the old description holds until the new one begins, that
// the new order then goes round from the right place, that the past stays, and that all of it
// holds for the next changes too, among them taking one back.
func TestRollKeepsWhoIsOnCall(t *testing.T) {
	checkOften(t, rollsOfAPlainRun, rollOnAndOn)
}

func rollOnAndOn(t *rapid.T) {
	home := rapid.SampledFrom(trickyZones).Draw(t, "zone")
	now := at(drawAround(t, home))
	spec := drawRollSpec(t, home, now.Unix())
	written := spec
	for range rapid.IntRange(1, 4).Draw(t, "changes") {
		next := drawRollChange(t, written, now.Unix())
		mode := rapid.SampledFrom([]Rollout{RolloutNow, RolloutAfterShift, RolloutAfterRotation}).Draw(t, "mode")
		pinned, notes := rolled(t, spec, next, mode, now)
		c := rollCheck{T: t, old: spec, new: pinned, mode: mode, now: now, was: compiled(t, spec), is: compiled(t, pinned)}
		t.Log(now, mode, notes)
		c.holders()
		c.past()
		for _, l := range pinned.Layers {
			c.until(l)
			c.order(l)
		}
		again, _ := rolled(t, pinned, next, mode, now)
		require.Equal(t, pinned, again, "what did not change keeps its pins")
		if mode != RolloutNow {
			c.takenBack(written)
		}
		spec, written = pinned, next
		if rapid.Bool().Draw(t, "later") {
			now = now.Add(time.Duration(rapid.Int64Range(1, 40*daySeconds).Draw(t, "wait")) * time.Second)
		}
	}
}

// rollCheck holds one change against the rules.
type rollCheck struct {
	*rapid.T
	old, new Spec
	mode     Rollout
	now      time.Time
	was, is  *Schedule
}

// inForce is the plain description of a layer that holds at an instant.
func inForce(spec Spec, name string, at time.Time) Layer {
	phases := spec.history(spec.Layers[spec.layer(name)])
	for len(phases) > 1 && phases[len(phases)-1].Since.After(at) {
		phases = phases[:len(phases)-1]
	}
	return phases[len(phases)-1]
}

// bare is a schedule of only one description, without overrides.
func (c rollCheck) bare(l Layer) *Schedule {
	l.Since, l.Before, l.Role = time.Time{}, nil, ""
	return compiled(c, Spec{Name: "bare", TimeZone: c.old.TimeZone, Layers: []Layer{l}, Away: c.old.Away})
}

// numbered is the turns of a description: its people are their places in the list.
func (c rollCheck) numbered(l Layer) *Schedule {
	groups := make([][]UserID, len(l.Rotation.Participants))
	for i := range groups {
		groups[i] = []UserID{UserID(fmt.Sprint(i))}
	}
	l.Rotation.Participants, l.Away, l.Effective = groups, AwayRule{}, Period{}
	if l.Rotation.Step != StepOccurrence {
		l.Windows = nil
	}
	return c.bare(l)
}

// holders: on every layer the same people are on call now as before, but for those removed.
func (c rollCheck) holders() {
	moved := false
	for _, l := range c.new.Layers {
		before, after := c.was.On(l.Name, c.now, nil), c.is.On(l.Name, c.now, nil)
		held := c.bare(inForce(c.old, l.Name, c.now)).On("", c.now, nil)
		list := lineup(c.new.plain(l).Rotation.Participants)
		gone := slices.ContainsFunc(held, func(u UserID) bool { return !list.has(u) })
		if c.mode != RolloutNow || !gone {
			require.True(c, samePeople(before, after), "layer %s: %v became %v", l.Name, before, after)
			continue
		}
		moved = true
		stay := slices.DeleteFunc(slices.Clone(held), func(u UserID) bool { return !list.has(u) })
		serve := c.bare(inForce(c.new, l.Name, c.now)).On("", c.now, nil)
		require.Equal(c, len(stay), common(stay, serve), "layer %s: of %v, %v stay, but %v serve", l.Name, held, stay, serve)
	}
	if !moved {
		before, after := c.was.On("", c.now, nil), c.is.On("", c.now, nil)
		require.True(c, samePeople(before, after), "all: %v became %v", before, after)
	}
}

// past: the last 30 days render as before.
func (c rollCheck) past() {
	require.Empty(c, Handovers(c.was, c.is, c.now.AddDate(0, 0, -30), c.now))
}

// until: before it begins, the new description moves nothing of the old one.
func (c rollCheck) until(l Layer) {
	held := inForce(c.old, l.Name, c.now)
	if !l.Since.After(c.now) {
		return
	}
	require.True(c, c.mode != RolloutNow || !held.Since.Equal(c.now) || len(l.Before) > 0)
	end := l.Since
	if limit := c.now.AddDate(0, 3, 0); end.After(limit) {
		end = limit
	}
	whole := Spec{Name: c.old.Name, TimeZone: c.old.TimeZone, Away: c.old.Away, Layers: []Layer{held}}
	part := whole
	part.Layers = []Layer{c.new.plain(l)}
	held.Since = time.Time{}
	whole.Layers = []Layer{held}
	require.Empty(c, Handovers(compiled(c, whole), compiled(c, part), c.now, end), "layer %s", l.Name)
}

// order: from its beginning on the new list goes round, from the place that the mode says.
func (c rollCheck) order(l Layer) {
	next := c.new.plain(l)
	if l.Since.Before(c.now) || len(next.Fixed) > 0 {
		return
	}
	line := c.numbered(next)
	n := len(next.Rotation.Participants)
	at := l.Since
	place := c.placeAt(line, &at)
	old, latest := inForce(c.old, l.Name, c.now), c.old.plain(c.old.Layers[c.old.layer(l.Name)])
	fresh := !sameDescription(old, next) && !sameDescription(latest, next)
	if fresh && l.Rotation.Of == "" && c.mode != RolloutNow && distinct(old) && distinct(next) {
		require.Equal(c, c.want(old, next), place, "layer %s begins at the wrong place", l.Name)
	}
	for range min(2*n, 6) {
		next, ok := line.Next("", at)
		if !ok {
			require.Equal(c, 1, n)
			return
		}
		at = next
		following := c.placeAt(line, &at)
		if n > 1 && following != place {
			require.Equal(c, (place+1)%n, following, "layer %s goes on in another order", l.Name)
			place = following
		}
	}
}

// placeAt is the number that serves at an instant, or, moving it, at the next with somebody.
func (c rollCheck) placeAt(line *Schedule, at *time.Time) int {
	on := line.On("", *at, nil)
	if len(on) == 0 {
		next, ok := line.Next("", *at)
		require.True(c, ok)
		*at, on = next, line.On("", next, nil)
	}
	require.Len(c, on, 1)
	var place int
	_, err := fmt.Sscan(string(on[0]), &place)
	require.NoError(c, err)
	return place
}

// want is where the new list begins when each person of both is named once and alone.
func (c rollCheck) want(old, next Layer) int {
	was, is := slices.Concat(old.Rotation.Participants...), slices.Concat(next.Rotation.Participants...)
	if c.mode == RolloutAfterRotation {
		if is[0] == was[len(was)-1] && len(is) > 1 {
			return 1
		}
		return 0
	}
	line := c.numbered(old)
	at := c.now
	if len(line.On("", at, nil)) == 0 { // between the windows that make the turns
		gap, err := line.OnCall("", at)
		require.NoError(c, err)
		at = gap.Start.Add(-time.Second)
	}
	holder := c.placeAt(line, &at)
	if i := slices.Index(is, was[holder]); i >= 0 {
		return (i + 1) % len(is)
	}
	for k := range was {
		if i := slices.Index(is, was[(holder+k)%len(was)]); i >= 0 {
			return i
		}
	}
	return 0
}

func distinct(l Layer) bool {
	var seen []UserID
	for _, g := range l.Rotation.Participants {
		if len(g) != 1 || slices.Contains(seen, g[0]) {
			return false
		}
		seen = append(seen, g[0])
	}
	return len(l.Fixed) == 0
}

// takenBack: a change that waits can be taken back, and nothing has happened.
func (c rollCheck) takenBack(written Spec) {
	for _, l := range c.old.Layers {
		if l.Since.After(c.now) {
			return // then there was another one that waited
		}
	}
	back, _ := rolled(c, c.new, written, c.mode, c.now)
	require.Empty(c, Handovers(c.was, compiled(c, back), c.now.AddDate(0, 0, -30), c.now.AddDate(0, 0, 60)))
}

// The people of random rollouts.
var rollPeople = []UserID{"ana", "ben", "chidi", "dana", "erin", "fay"}

func drawRollGroups(t *rapid.T) [][]UserID {
	if rapid.IntRange(0, 2).Draw(t, "groups") > 0 { // mostly each alone
		var out [][]UserID
		for _, u := range rapid.SliceOfNDistinct(rapid.SampledFrom(rollPeople), 1, 5, rapid.ID).Draw(t, "order") {
			out = append(out, []UserID{u})
		}
		return out
	}
	group := rapid.SliceOfNDistinct(rapid.SampledFrom(rollPeople), 0, 2, rapid.ID)
	return rapid.SliceOfN(group, 1, 5).Draw(t, "order")
}

// drawTurns draws how long turns are, and since when, so that they have begun long before now.
func drawTurns(t *rapid.T, l *Layer, now int64) {
	r := &l.Rotation
	draw := func() Every {
		unit := rapid.SampledFrom([]Unit{Hour, Day, Day, Week, Month}).Draw(t, "unit")
		n := rapid.SampledFrom([]int{1, 1, 2, 12}).Draw(t, "n")
		if unit == Hour {
			n = max(6, n)
		}
		return Every{n, unit}
	}
	r.Every, r.Sequence, r.Elapsed, r.Step = draw(), nil, false, StepPeriod
	r.Start = quarter(now - rapid.Int64Range(100, 400).Draw(t, "days ago")*daySeconds + rapid.Int64Range(0, daySeconds).Draw(t, "start"))
	switch rapid.IntRange(0, 5).Draw(t, "kind of turns") {
	case 0:
		r.Sequence, r.Every = []Every{r.Every, draw()}, Every{}
	case 1:
		r.Elapsed = r.Every.Unit != Month
	case 2:
		r.Step, r.Every = StepOccurrence, Every{rapid.IntRange(1, 3).Draw(t, "windows a turn"), Day}
	}
}

// drawRollLayer draws all of a layer but its name.
func drawRollLayer(t *rapid.T, l *Layer, number int, now int64) {
	*l = Layer{Name: l.Name, Priority: rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "priority")}
	l.TimeZone = rapid.SampledFrom(append([]string{"", "", ""}, trickyZones...)).Draw(t, "layer zone")
	l.Role = rapid.SampledFrom([]string{"", "", "", RoleShadow}).Draw(t, "role")
	l.Away.Then = rapid.SampledFrom([]AwayThen{AwaySkip, AwayGap, AwayNextLayer}).Draw(t, "then")
	switch rapid.IntRange(0, 4).Draw(t, "windows") {
	case 0:
		l.Windows = []Window{{Days: []time.Weekday{1, 2, 3, 4, 5}, From: 9 * 3600, To: 17 * 3600}}
	case 1:
		l.Windows = []Window{{From: 20 * 3600, To: 8 * 3600}}
	}
	if number > 0 && rapid.IntRange(0, 2).Draw(t, "own") == 0 {
		l.Rotation = Rotation{Of: "a", Offset: rapid.IntRange(0, 3).Draw(t, "offset")}
		return
	}
	l.Rotation = Rotation{Participants: drawRollGroups(t), Offset: rapid.IntRange(0, 2).Draw(t, "offset")}
	drawTurns(t, l, now)
}

// settled gives windows to the layers that need them.
func settled(spec Spec) Spec {
	for i := range spec.Layers {
		l := &spec.Layers[i]
		step := l.Rotation.Step
		if l.Rotation.Of != "" {
			step = spec.Layers[0].Rotation.Step
		}
		if step == StepOccurrence && len(l.Windows) == 0 {
			l.Windows = []Window{{From: 8 * 3600, To: 8 * 3600}}
		}
	}
	return spec
}

func drawRollSpec(t *rapid.T, home string, now int64) Spec {
	spec := Spec{Name: "drawn", TimeZone: home}
	for i := range rapid.IntRange(1, 3).Draw(t, "layers") {
		l := Layer{Name: string(rune('a' + i))}
		drawRollLayer(t, &l, i, now)
		spec.Layers = append(spec.Layers, l)
	}
	for range rapid.IntRange(0, 2).Draw(t, "overrides") {
		from := now + rapid.Int64Range(-3*daySeconds, 3*daySeconds).Draw(t, "from")
		spec.Overrides = append(spec.Overrides, Override{
			Type: Replace, From: quarter(from), To: quarter(from + 3*daySeconds),
			Add: rapid.SampledFrom(rollPeople).Draw(t, "add"), Remove: rapid.SampledFrom(rollPeople).Draw(t, "remove"),
		})
	}
	for range rapid.IntRange(0, 2).Draw(t, "times off") {
		from := now + rapid.Int64Range(-20*daySeconds, 5*daySeconds).Draw(t, "off from")
		spec.Away = append(spec.Away, Away{
			Users: []UserID{rapid.SampledFrom(rollPeople).Draw(t, "off")}, From: quarter(from), To: quarter(from + 15*daySeconds),
		})
	}
	if rapid.Bool().Draw(t, "fallback") {
		spec.Fallback = []UserID{"gus"}
	}
	return settled(spec)
}

// drawRollChange draws what an admin writes next.
func drawRollChange(t *rapid.T, spec Spec, now int64) Spec {
	spec.Layers = slices.Clone(spec.Layers)
	for i := range spec.Layers {
		l := &spec.Layers[i]
		list := slices.Clone(l.Rotation.Participants)
		place := rapid.IntRange(0, max(0, len(list)-1)).Draw(t, "place")
		switch change := rapid.SampledFrom([]string{"nothing", "nothing", "join", "leave", "move", "list", "turns", "all"}).Draw(t, "change"); {
		case change == "all":
			drawRollLayer(t, l, i, now)
			if l.Rotation.Of != "" && spec.Layers[0].Fixed != nil {
				*l = spec.plain(*l)
				l.Rotation, l.Fixed = Rotation{}, spec.Layers[0].Fixed
			}
			continue
		case l.Fixed != nil:
			continue
		case l.Rotation.Of != "":
			l.Rotation.Offset = rapid.SampledFrom([]int{l.Rotation.Offset, l.Rotation.Offset, 1}).Draw(t, "offset")
		case change == "join":
			list = slices.Insert(list, place, []UserID{rapid.SampledFrom(rollPeople).Draw(t, "who")})
		case change == "leave" && len(list) > 1:
			list = slices.Delete(list, place, place+1)
		case change == "move":
			list = rapid.Permutation(list).Draw(t, "moved")
		case change == "list":
			list = drawRollGroups(t)
		case change == "turns":
			drawTurns(t, l, now)
		}
		l.Rotation.Participants = list
	}
	return settled(spec)
}
