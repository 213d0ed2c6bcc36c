package history

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/schedules"
)

// Somebody who leaves the company is on call no more, whatever the rollout: until the change takes
// effect the next in turn serves, and the change says so.
func TestWhoLeavesIsOnCallNoMore(t *testing.T) {
	for _, mode := range schedules.Rollouts() {
		t.Run(string(mode), func(t *testing.T) {
			w := newWorld(t)
			w.applies(Proposal{Bundle: files()}, noon)
			change := w.applies(Proposal{Rollout: mode, Bundle: files(
				"[ana, ben, chidi]", "[ben, chidi]", "  - { name: ana, contacts: [{ name: mobile, sms: '+12025550101' }] }\n", "")}, noon)
			book := w.loads().Config.Book()
			for at := noon; at.Before(noon.Add(Ahead)); at = at.Add(6 * time.Hour) {
				for _, layer := range []string{"primary", "secondary"} {
					on := book.Schedules["team"].On(layer, at, nil)
					require.NotEmpty(t, on, "%s at %s", layer, at)
					require.NotContains(t, on, schedules.UserID("ana"))
				}
			}
			require.NotEmpty(t, change.Handovers)
			if mode != schedules.RolloutNow {
				require.Contains(t, change.Notes, "team/primary: ana is no user any more; until the change takes effect the next in turn serves instead")
			}
		})
	}
}

// The same files with another rollout hurry a change that waits; without one nothing happens.
func TestAWaitingChangeCanBeHurried(t *testing.T) {
	w := newWorld(t)
	w.applies(Proposal{Bundle: files()}, noon)
	next := rotation("[ben, chidi]")
	w.applies(Proposal{Bundle: next, Rollout: schedules.RolloutAfterRotation}, noon)
	require.Equal(t, []schedules.UserID{"ana"}, w.loads().Config.Book().Schedules["team"].On("primary", noon, nil))
	require.True(t, w.applies(Proposal{Bundle: next}, noon).Unchanged)
	require.False(t, w.applies(Proposal{Bundle: next, Rollout: schedules.RolloutNow}, noon).Unchanged)
	require.NotEqual(t, []schedules.UserID{"ana"}, w.loads().Config.Book().Schedules["team"].On("primary", noon, nil))
	require.True(t, w.applies(Proposal{Bundle: next, Rollout: schedules.RolloutNow}, noon.Add(time.Hour)).Unchanged, "nothing waits any more")
}

// A schedule that is renamed shows whom it takes off call, and whom it puts on.
func TestHandoversOfARename(t *testing.T) {
	w := newWorld(t)
	w.applies(Proposal{Bundle: files()}, noon)
	change, err := w.Plan(t.Context(), Proposal{Bundle: files("schedule:team/primary", "schedule:crew/primary", "  - name: team\n    time_zone", "  - name: crew\n    time_zone")}, noon)
	require.NoError(t, err)
	require.Contains(t, change.Notes, "schedule crew is new")
	require.Contains(t, change.Notes, "schedule team is gone")
	first := map[string]Handover{}
	for _, h := range change.Handovers {
		if _, ok := first[h.Schedule+"/"+h.Layer]; !ok {
			first[h.Schedule+"/"+h.Layer] = h
		}
	}
	require.Equal(t, []schedules.UserID{"ana"}, first["team/primary"].Before)
	require.Empty(t, first["team/primary"].After)
	require.Equal(t, []schedules.UserID{"ana"}, first["crew/primary"].After)
}

// A folder that was pulled elsewhere is refused although the number is the same.
func TestParentOfAnotherStore(t *testing.T) {
	w := newWorld(t)
	w.applies(Proposal{Bundle: files()}, noon)
	_, err := w.Apply(t.Context(), Proposal{Bundle: rotation("[ben]"), Parent: 1, ParentHash: "of another store"}, noon)
	require.ErrorContains(t, err, "is this the right store or server?")
}
