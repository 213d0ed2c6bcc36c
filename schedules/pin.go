package schedules

import (
	"slices"
	"time"
)

const (
	// recent is how long what held before stays in a pin, so that the past renders as it was.
	recent = 90 * 24 * time.Hour
	// maxPhases bounds what a pin keeps of it: far more changes than people make in that time,
	// far fewer than a script could.
	maxPhases = 64
)

// Rollout says when a change of a layer takes effect. No mode moves who is on call now, but for
// somebody whom the change removes, with [RolloutNow].
type Rollout string

// The modes of a rollout.
const (
	RolloutNow           Rollout = "now"                 // at once; the holder of the current shift keeps it
	RolloutAfterShift    Rollout = "after-current-shift" // from the next hand-off on; the next in the new order follows
	RolloutAfterRotation Rollout = "after-full-rotation" // once everybody of the old order has served
)

// Pin is what a rollout fixes for one layer, beside what the admin wrote. It is plain data.
type Pin struct {
	Layer  string    `json:"layer"`
	Since  time.Time `json:"since"`
	First  int       `json:"first"`
	Before []Layer   `json:"before,omitempty"`
}

// Pinned returns the spec with pins applied; a pin of a layer that is gone changes nothing.
func (s Spec) Pinned(pins []Pin) Spec {
	layers := make([]Layer, len(s.Layers))
	copy(layers, s.Layers)
	for _, p := range pins {
		for i := range layers {
			if layers[i].Name == p.Layer {
				layers[i].Since, layers[i].Rotation.First, layers[i].Before = p.Since, p.First, p.Before
			}
		}
	}
	s.Layers = layers
	return s
}

// Without takes people who no longer exist out of what held before, from an instant on, as a
// description that stays until the end of a turn may still name them: a group loses them, one of
// which nobody is left has the next group of the order serve in its place, and fixed shifts lose
// them. The order and the times of hand-offs stay, and so does whoever served before at. It
// returns who was taken out.
func (p Pin) Without(at time.Time, gone func(UserID) bool) (Pin, []UserID) {
	var out []UserID
	var before []Layer
	for i, l := range p.Before {
		until := p.Since
		if i+1 < len(p.Before) {
			until = p.Before[i+1].Since
		}
		rest, taken := l.without(gone)
		switch {
		case len(taken) == 0 || !at.IsZero() && !until.After(at):
			before = append(before, l)
			continue
		case at.After(l.Since): // it goes on without them
			before = append(before, l)
			rest.Since = at
		}
		before, out = append(before, rest), join(out, taken...)
	}
	p.Before = before
	return p, out
}

// without is one description without those who are gone, and who of them it named.
func (l Layer) without(gone func(UserID) bool) (Layer, []UserID) {
	var out []UserID
	left := func(users []UserID) []UserID {
		return slices.DeleteFunc(slices.Clone(users), func(u UserID) bool {
			if gone(u) {
				out = join(out, u)
				return true
			}
			return false
		})
	}
	groups, fixed := slices.Clone(l.Rotation.Participants), slices.Clone(l.Fixed)
	for i := range groups {
		groups[i] = left(groups[i])
	}
	for i := range fixed {
		fixed[i].Users = left(fixed[i].Users)
	}
	remaining := lineup(slices.Clone(groups))
	for i := range groups {
		for k := 1; len(l.Rotation.Participants[i]) > 0 && len(groups[i]) == 0 && k < len(groups); k++ {
			groups[i] = remaining.group(i + k)
		}
	}
	l.Rotation.Participants, l.Fixed = groups, fixed
	return l, out
}

// keep is the phases, each until the next, the last until end, that ended less than 90 days ago.
// When there are too many, those that were over soonest make room: the one before stands for them.
func keep(phases []Layer, end, now time.Time) []Layer {
	phases = slices.Clone(phases)
	until := func(i int) time.Time {
		if i+1 < len(phases) {
			return phases[i+1].Since
		}
		return end
	}
	for len(phases) > 0 && until(0).Before(now.Add(-recent)) {
		phases = phases[1:]
	}
	for i := len(phases) - 1; i >= 0; i-- {
		phases[i].Before = nil
		if i > 0 && until(i).Equal(phases[i].Since) { // two changes in one second
			phases = slices.Delete(phases, i, i+1)
		}
	}
	for len(phases) > maxPhases {
		shortest := 1
		for i := 1; i < len(phases); i++ {
			if until(i).Sub(phases[i].Since) < until(shortest).Sub(phases[shortest].Since) && !until(i).After(now) {
				shortest = i
			}
		}
		phases = slices.Delete(phases, shortest, shortest+1)
	}
	return phases
}
