package schedules

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sequencesOfAPlainRun is how many sequences of changes a plain run tries; TOCSIN_SEQUENCES or
// -rapid.checks say otherwise.
const sequencesOfAPlainRun = "100"

// Ensures that over ten changes in a row, conversions between `of` and own rotations,
// calendars, cancellations and rollbacks among them, each in any mode and with its pins stored
// in between, nobody on call now is moved but who was removed with "now", that the past stays,
// and that a change which Compile takes is never refused.
func TestRollSequences(t *testing.T) {
	checkOften(t, sequencesOfAPlainRun, rollSequence)
}

func rollSequence(t *rapid.T) {
	home := rapid.SampledFrom(trickyZones).Draw(t, "zone")
	now := at(drawAround(t, home))
	spec := drawRollSpec(t, home, now.Unix())
	written := []Spec{spec}
	for range 10 {
		next := drawSequel(t, written, now.Unix())
		mode := rapid.SampledFrom([]Rollout{RolloutNow, RolloutAfterShift, RolloutAfterRotation}).Draw(t, "mode")
		pinned, notes := rolled(t, spec, next, mode, now)
		t.Log(now, mode, notes)
		c := rollCheck{T: t, old: spec, new: pinned, mode: mode, now: now, was: compiled(t, spec), is: compiled(t, pinned)}
		c.stays()
		c.past()
		again, notes := rolled(t, pinned, next, mode, now)
		require.Equal(t, pinned, again, "what did not change keeps its pins")
		require.Empty(t, notes)
		spec, written = pinned, append(written, next)
		if rapid.Bool().Draw(t, "later") {
			now = now.Add(time.Duration(rapid.Int64Range(1, 9*daySeconds).Draw(t, "wait")) * time.Second)
		}
	}
}

// stays: on each layer, and together, who is on call now is so afterwards, unless the change
// removes with "now" one of those who have the layer's turn.
func (c rollCheck) stays() {
	moved := false
	for _, l := range c.new.Layers {
		old, next := inForce(c.old, l.Name, c.now), c.new.plain(l)
		held := c.bare(old).On("", c.now, nil)
		if old.Fixed != nil && len(held) == 0 { // between the shifts of a calendar there is nobody to keep
			moved = true
			continue
		}
		if c.mode == RolloutNow && slices.ContainsFunc(held, func(u UserID) bool { return !next.names(u) }) {
			moved = true
			continue
		}
		before, after := c.was.On(l.Name, c.now, nil), c.is.On(l.Name, c.now, nil)
		require.True(c, samePeople(before, after), "layer %s: %v became %v", l.Name, before, after)
	}
	if !moved {
		before, after := c.was.On("", c.now, nil), c.is.On("", c.now, nil)
		require.True(c, samePeople(before, after), "all: %v became %v", before, after)
	}
}

// drawSequel draws what an admin writes after all that was written before, the layers as before.
func drawSequel(t *rapid.T, written []Spec, now int64) Spec {
	last := written[len(written)-1]
	switch rapid.SampledFrom([]string{"conversion", "change", "conversion", "change", "back"}).Draw(t, "sequel") {
	case "back": // a rollback, such as one that cancels the change before
		back := rapid.IntRange(1, min(3, len(written))).Draw(t, "back")
		return written[len(written)-back]
	case "change":
		return drawRollChange(t, last, now)
	}
	next := last
	next.Layers = slices.Clone(last.Layers)
	for i := range next.Layers {
		l := &next.Layers[i]
		if i == 0 {
			drawCalendarOfFirst(t, &next, now)
			continue
		}
		switch change := rapid.SampledFrom([]string{"own", "of", "back", "twin", "calendar", "nothing"}).Draw(t, "change"); change {
		case "own": // the same, written out
			*l = next.plain(*l)
		case "of":
			if next.Layers[0].Fixed != nil {
				continue
			}
			l.Fixed, l.Rotation = nil, Rotation{Of: "a", Offset: rapid.IntRange(0, 3).Draw(t, "offset")}
		case "twin":
			if next.Layers[0].Fixed != nil {
				continue
			}
			// as the first layer, perhaps in another order
			of := *l
			of.Fixed, of.Rotation = nil, Rotation{Of: "a", Offset: rapid.IntRange(0, 3).Draw(t, "offset")}
			*l = next.plain(of)
			if rapid.Bool().Draw(t, "moved") {
				l.Rotation.Participants = rapid.Permutation(slices.Clone(l.Rotation.Participants)).Draw(t, "order")
			}
		case "back": // this layer alone is as it was
			back := written[rapid.IntRange(0, len(written)-1).Draw(t, "which")].Layers[i]
			if back.Rotation.Of == "" || next.Layers[0].Fixed == nil {
				*l = back
			}
		case "calendar":
			l.Rotation, l.Fixed = Rotation{}, drawCalendar(t, now)
		}
	}
	return settled(next)
}

// drawCalendarOfFirst makes the first layer a calendar, if no other uses it, or a rotation again.
func drawCalendarOfFirst(t *rapid.T, next *Spec, now int64) {
	l := &next.Layers[0]
	switch used := slices.ContainsFunc(next.Layers, func(l Layer) bool { return l.Rotation.Of != "" }); {
	case l.Fixed != nil && rapid.Bool().Draw(t, "again a rotation"):
		drawRollLayer(t, l, 0, now)
	case !used && rapid.Bool().Draw(t, "a calendar"):
		l.Rotation, l.Fixed = Rotation{}, drawCalendar(t, now)
	}
}

// drawCalendar draws shifts around now, with and without gaps between them.
func drawCalendar(t *rapid.T, now int64) []Fixed {
	out := []Fixed{}
	from := now - rapid.Int64Range(0, 5*daySeconds).Draw(t, "calendar from")
	for range rapid.IntRange(0, 4).Draw(t, "events") {
		to := from + rapid.Int64Range(3600, 5*daySeconds).Draw(t, "event")
		users := rapid.SliceOfNDistinct(rapid.SampledFrom(rollPeople), 1, 2, rapid.ID).Draw(t, "users")
		out = append(out, Fixed{From: at(from), To: at(to), Users: users})
		from = to + rapid.SampledFrom([]int64{0, 0, 7200}).Draw(t, "gap")
	}
	return out
}
