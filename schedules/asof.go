package schedules

import "time"

// AsOf is the spec as it is at an instant, without what is still to come: rollouts that wait
// are taken back.
func (s Spec) AsOf(at time.Time) Spec {
	layers := make([]Layer, len(s.Layers))
	for i, l := range s.Layers {
		layers[i] = l
		for n := len(l.Before) - 1; n >= 0 && layers[i].Since.After(at); n-- {
			layers[i] = l.Before[n]
			layers[i].Before = l.Before[:n:n]
		}
	}
	s.Layers = layers
	return s
}

// Rollouts are the modes that there are.
func Rollouts() []Rollout { return []Rollout{RolloutNow, RolloutAfterShift, RolloutAfterRotation} }
