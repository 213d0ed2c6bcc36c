package schedules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Ensures that a layer which uses the rotation of another, whose place a rollout has moved, may
// become one of its own and back without moving anybody now.
func TestRollOfBecomesOwn(t *testing.T) {
	of := Layer{Name: "secondary", Rotation: Rotation{Of: "primary", Offset: 1}}
	own := weekly("secondary", "dana ana ben chidi")
	own.Rotation.Offset = 1
	old := berlin(weekly("primary", "ana ben chidi"), of)
	pinned, _ := rolled(t, old, berlin(weekly("primary", "dana ana ben chidi"), of), RolloutNow, wednesday)
	assert.Equal(t, 1, pinned.Layers[0].Rotation.First, "who serves is not where the list begins")
	later := wednesday.AddDate(0, 0, 7)
	for _, mode := range []Rollout{RolloutNow, RolloutAfterShift, RolloutAfterRotation} {
		alone, notes := rolled(t, pinned, berlin(weekly("primary", "dana ana ben chidi"), own), mode, later)
		assert.Empty(t, notes)
		assert.Empty(t, Handovers(compiled(t, pinned), compiled(t, alone), wednesday.AddDate(0, 0, -30), later.AddDate(1, 0, 0)), "the same, written out")
		back, notes := rolled(t, alone, berlin(weekly("primary", "dana ana ben chidi"), of), mode, later.Add(time.Hour))
		assert.Empty(t, notes)
		assert.Empty(t, Handovers(compiled(t, pinned), compiled(t, back), wednesday.AddDate(0, 0, -30), later.AddDate(1, 0, 0)), "and back")

		turned := own
		turned.Rotation.Offset = 2
		other, _ := rolled(t, pinned, berlin(weekly("primary", "dana ana ben chidi"), turned), RolloutNow, later)
		turned.Rotation.Offset = 1
		moved, notes := rolled(t, other, berlin(weekly("primary", "dana ana ben chidi"), of), mode, later)
		assert.Empty(t, Handovers(compiled(t, other), compiled(t, moved), wednesday.AddDate(0, 0, -30), later.Add(time.Minute)), notes)
	}
}

// Ensures that when a waiting change of a layer is taken back while the rotation that it uses
// has changed and goes back too, but later, its holder stays until then.
func TestRollOfTakenBack(t *testing.T) {
	of := Layer{Name: "secondary", Rotation: Rotation{Of: "primary", Offset: 1}}
	before := berlin(weekly("primary", "ana ben chidi"), of)
	// ana stays in her place, but who follows her is another
	after := berlin(weekly("primary", "ana chidi ben"), of)
	spec, notes := rolled(t, before, after, RolloutNow, wednesday)
	assert.Contains(t, notes[1], "ben keeps the shift until")
	for _, mode := range []Rollout{RolloutNow, RolloutAfterShift, RolloutAfterRotation} {
		back, notes := rolled(t, spec, before, mode, wednesday.Add(time.Hour))
		assert.Empty(t, Handovers(compiled(t, spec), compiled(t, back), wednesday.AddDate(0, 0, -30), wednesday.AddDate(0, 0, 4)), notes)
		assert.Equal(t, "ben", told(compiled(t, back).On("secondary", wednesday.Add(2*time.Hour), nil)))
	}
}

// Ensures that the notes name whoever loses the shift with somebody removed at once, because an
// override had put them in that place.
func TestRollRelieves(t *testing.T) {
	old, next := berlin(weekly("primary", "ana ben chidi")), berlin(weekly("primary", "ben chidi"))
	cover := []Override{{Type: Replace, Remove: "ana", Add: "dana", From: Civil{2026, 11, 25, 0, 0, 0}, To: Civil{2026, 11, 26, 0, 0, 0}}}
	for _, story := range []struct {
		cover []Override
		mode  Rollout
		want  string
	}{
		{cover, RolloutNow, "layer primary: ana leaves at once; now on call: ben; the override by which dana served has nobody to replace now"},
		{nil, RolloutNow, "layer primary: ana leaves at once; now on call: ben"},
		{cover, RolloutAfterShift, "layer primary: ana keeps the shift until Mon 30 Nov 2026 09:00 CET; then the new order begins with ben"},
	} {
		old.Overrides, next.Overrides = story.cover, story.cover
		_, notes := rolled(t, old, next, story.mode, wednesday)
		assert.Equal(t, []string{story.want}, notes)
	}
}
