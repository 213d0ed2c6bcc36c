package history

import (
	"maps"
	"slices"
	"time"

	"tocsin/configs"
	"tocsin/schedules"
)

// roll pins every schedule, so that the change moves nobody's shift.
func (d *draft) roll(base *configs.Config, now time.Time) error {
	if d.old == nil {
		if d.active.Head.Config != 0 {
			notef(d, "the active revision cannot be read any more: who is on call may change, and nothing can be compared")
		}
		return nil
	}
	d.next.Pins = map[string][]schedules.Pin{}
	before, after := d.old.Specs(), base.Specs()
	for _, name := range slices.Sorted(maps.Keys(after)) {
		spec, ok := before[name]
		if !ok {
			notef(d, "schedule %s is new", name)
			continue
		}
		was := spec.Pinned(d.active.Revision.Pins[name])
		if d.next.Hash == d.active.Revision.Hash { // what waits is rolled out anew, by another mode
			was = was.AsOf(now)
		}
		pins, notes, err := rollWith(d.active.Overlay.overrides()[name], was, after[name], d.next.Rollout, now)
		if err != nil {
			return &RefusedError{Message: err.Error()}
		}
		for _, n := range notes {
			notef(d, "%s: %s", name, n)
		}
		for i := range pins {
			var gone []schedules.UserID
			pins[i], gone = pins[i].Without(now, func(u schedules.UserID) bool { return base.Book().Users[u] == nil })
			for _, u := range gone {
				notef(d, "%s/%s: %s is no user any more; until the change takes effect the next in turn serves instead", name, pins[i].Layer, u)
			}
		}
		if len(pins) > 0 {
			d.next.Pins[name] = pins
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, ok := after[name]; !ok {
			notef(d, "schedule %s is gone", name)
		}
	}
	return nil
}

// rollWith rolls a schedule out with what is arranged beside it, or, when that no longer fits,
// without.
func rollWith(arranged []schedules.Override, was, next schedules.Spec, mode schedules.Rollout, now time.Time) ([]schedules.Pin, []string, error) {
	before, after := was, next
	before.Overrides, after.Overrides = slices.Concat(was.Overrides, arranged), slices.Concat(next.Overrides, arranged)
	if pins, notes, err := schedules.Roll(before, after, mode, now); err == nil {
		return pins, notes, nil
	}
	return schedules.Roll(was, next, mode, now)
}
