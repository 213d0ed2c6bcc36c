package schedules

import "time"

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
