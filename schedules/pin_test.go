package schedules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func named(users ...UserID) func(UserID) bool {
	return func(u UserID) bool { return common([]UserID{u}, users) > 0 }
}

// Ensures that whoever is gone is replaced by the next of the order in all that held before,
// that gaps on purpose, hand-offs and the order of the others stay, and that the pin given is
// left as it was.
func TestPinWithout(t *testing.T) {
	for _, story := range []struct {
		before string
		gone   []UserID
		want   string
		out    []UserID
	}{
		{"ana ben chidi", []UserID{"ana"}, "ben ben chidi", []UserID{"ana"}},
		{"ana ben chidi", []UserID{"ana", "ben"}, "chidi chidi chidi", []UserID{"ana", "ben"}},
		{"ana ben chidi", []UserID{"chidi"}, "ana ben ana", []UserID{"chidi"}},
		{"ana+ben chidi", []UserID{"ana"}, "ben chidi", []UserID{"ana"}},
		{"ana none ben+dana none", []UserID{"ana", "dana"}, "ben none ben none", []UserID{"ana", "dana"}},
		{"ana ben ana", []UserID{"ana", "ben"}, "none none none", []UserID{"ana", "ben"}},
		{"ana ben", []UserID{"erin"}, "ana ben", nil},
	} {
		l := weekly("primary", story.before)
		pin := Pin{Layer: "primary", Since: wednesday, First: 2, Before: []Layer{l}}
		got, out := pin.Without(time.Time{}, named(story.gone...))
		assert.Equal(t, story.out, out, story.before)
		assert.Equal(t, story.want, told(got.Before[0].Rotation.Participants...))
		assert.Equal(t, story.before, told(pin.Before[0].Rotation.Participants...), "the pin given stays")
		l.Rotation.Participants = got.Before[0].Rotation.Participants
		assert.Equal(t, Pin{Layer: "primary", Since: wednesday, First: 2, Before: []Layer{l}}, got, "nothing else changes")
	}
	shift := Fixed{From: wednesday, To: wednesday.Add(time.Hour), Users: []UserID{"ana", "ben"}}
	pin := Pin{Before: []Layer{{Fixed: []Fixed{shift}}}}
	got, out := pin.Without(time.Time{}, named("ana"))
	assert.Equal(t, []UserID{"ana"}, out)
	assert.Equal(t, []UserID{"ben"}, got.Before[0].Fixed[0].Users)
	assert.Len(t, pin.Before[0].Fixed[0].Users, 2)
	_, out = Pin{Since: wednesday}.Without(time.Time{}, named("ana"))
	assert.Empty(t, out)
}

// Ensures that somebody who leaves the company in the middle of a shift is followed by the next
// in turn until the change takes effect, that what has been stays with those who served, and
// that doing it again changes nothing.
func TestPinWithoutLaterOn(t *testing.T) {
	old, next := berlin(weekly("primary", "ana ben chidi")), berlin(weekly("primary", "dana ben chidi"))
	before := wednesday.AddDate(0, 0, -1)
	old, _ = rolled(t, berlin(weekly("primary", "ana chidi ben")), old, RolloutNow, before) // ana was in what is over, too
	pins, _, err := Roll(old, next, RolloutAfterShift, wednesday)
	require.NoError(t, err)
	for _, at := range []time.Time{wednesday, {}} {
		pin, out := pins[0].Without(at, named("ana"))
		assert.Equal(t, []UserID{"ana"}, out)
		spec := next.Pinned([]Pin{pin})
		s := compiled(t, spec)
		assert.Equal(t, "ben", told(s.On("primary", wednesday, nil)))
		assert.Empty(t, Handovers(compiled(t, next.Pinned(pins)), s, pin.Since, pin.Since.AddDate(0, 0, 60)), "the new order begins as it would have")
		was := Handovers(compiled(t, old), s, wednesday.AddDate(0, 0, -2), wednesday)
		if at.IsZero() {
			assert.Len(t, was, 4, "ana is gone from the past too: on two days of two descriptions, once for the layer, once for all")
		} else {
			assert.Empty(t, was)
		}
		again, out := pin.Without(at.Add(time.Minute), named("ana"))
		assert.Empty(t, out)
		assert.Equal(t, pin, again)
		kept, notes := rolled(t, spec, next, RolloutNow, wednesday.Add(time.Hour))
		assert.Empty(t, notes)
		assert.Empty(t, Handovers(s, compiled(t, kept), wednesday.AddDate(0, 0, -30), wednesday.AddDate(0, 0, 60)))
	}
}
