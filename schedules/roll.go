package schedules

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Roll decides when and where in its order each changed layer of a schedule begins, so that a
// change moves nobody's current shift. old is the spec in force, with its pins; next is what the
// admin wrote, without any. It returns the pins of next, for [Spec.Pinned], and what happens in
// words, for people. The error is that of [Compile] for next, or an unknown mode.
//
// Layers are the same if they have the same name. A layer whose description stays keeps its
// pins. A new layer begins now, and one that is gone ends now; so begins a changed layer that
// had nobody to keep, because it had not begun or was over. A layer that uses the rotation of
// another changes with it, and keeps the distance to it.
//
//   - [RolloutAfterShift]: the old description stays until the turn of the clock that it is in
//     ends, windows or not. From there on the new one holds, and who follows the holder of that
//     turn in the new order is the first to serve.
//   - [RolloutAfterRotation]: it stays until its order begins anew. The new order then begins
//     with its first, or with the one after if the first has just served.
//   - [RolloutNow]: it ends now, and who serves now does so in the current turn of the new one.
//     Who is not in the new list is followed by the next of the old order, if possible one who
//     is not on call on another layer already. A layer that would move somebody else waits
//     for the end of the turn instead.
//
// A description that starts later than this, by its start or effective, begins only then, with
// its first. What held before stays in the pin for 90 days.
func Roll(old, next Spec, mode Rollout, now time.Time) ([]Pin, []string, error) {
	if _, err := Compile(next); err != nil {
		return nil, nil, err
	}
	if mode != RolloutNow && mode != RolloutAfterShift && mode != RolloutAfterRotation {
		return nil, nil, fmt.Errorf("rollout %q is unknown; use %s, %s or %s", mode, RolloutNow, RolloutAfterShift, RolloutAfterRotation)
	}
	if len(old.Layers) == 0 {
		return nil, nil, nil // nothing was there before
	}
	r := roller{old: old, new: next.Pinned(nil), seen: old.Pinned(nil), mode: mode, now: time.Unix(seconds(now), 0).UTC()}
	for i, l := range old.Layers {
		r.seen.Layers[i] = old.alone(l)
	}
	r.pins, r.notes = make([]*Pin, len(next.Layers)), make([]string, len(next.Layers))
	for depth := range len(next.Layers) { // a rotation before those that use it
		for i, l := range r.new.Layers {
			if r.new.depth(l) == depth {
				r.layer(i)
			}
		}
	}
	pins, notes := r.result()
	if _, err := Compile(next.Pinned(pins)); err != nil {
		return nil, nil, fmt.Errorf("schedule %q cannot keep what held before: %w", next.Name, err)
	}
	return pins, notes, nil
}

// roller goes through the layers of one change.
type roller struct {
	old, new Spec // new with the pins found so far
	seen     Spec // the old layers, each alone, as far as they have changed
	mode     Rollout
	now      time.Time // in whole seconds, as the engine counts
	pins     []*Pin    // by layer of new; nil: none
	notes    []string  // by layer of new
}

func (r *roller) result() (pins []Pin, notes []string) {
	for i := range r.pins {
		if r.pins[i] != nil {
			pins = append(pins, *r.pins[i])
		}
		if r.notes[i] != "" {
			notes = append(notes, fmt.Sprintf("layer %s: %s", r.new.Layers[i].Name, r.notes[i]))
		}
	}
	for _, l := range r.old.Layers {
		if r.new.layer(l.Name) < 0 {
			notes = append(notes, fmt.Sprintf("layer %s: it is gone at once%s", l.Name, r.leaving(l)))
		}
	}
	return pins, notes
}

// layer finds the pin of layer i.
func (r *roller) layer(i int) {
	at := r.old.layer(r.new.Layers[i].Name)
	if at < 0 {
		r.added(i)
		return
	}
	inherits, next := r.new.Layers[i].Rotation.Of != "", r.new.plain(r.new.Layers[i])
	phases := r.old.history(r.old.Layers[at])
	held := len(phases) - 1
	for held > 0 && phases[held].Since.After(r.now) {
		held--
	}
	last := len(phases) - 1
	switch {
	case r.same(i, phases[last], next):
		r.resume(i, phases, last)
	case r.same(i, phases[held], next):
		r.resume(i, phases, held)
		r.notes[i] = "it goes on as it is; the change that was to come is off"
	default:
		c := change{roller: r, old: phases[held], new: next, inherits: inherits, floor: r.floor(i)}
		since, first := c.decide()
		r.pin(i, since, first, phases[:held+1])
		r.notes[i] = c.note
		r.seen.Layers[at] = r.new.alone(r.new.Layers[i])
	}
}

// same says whether the new layer i goes on as a phase does. One with a rotation of its own can
// always be pinned so; one that uses another's cannot choose who serves when.
func (r *roller) same(i int, phase, next Layer) bool {
	return sameDescription(phase, next) && (r.new.Layers[i].Rotation.Of == "" || phase.Rotation.First == next.Rotation.First)
}

// resume pins layer i to go on as phase k does. If the rotation that it uses holds only later,
// the phase stands for it until then.
func (r *roller) resume(i int, phases []Layer, k int) {
	since, first := phases[k].Since, phases[k].Rotation.First
	if r.new.Layers[i].Rotation.Of != "" {
		first = 0
		if at := r.floor(i); at.After(since) {
			since, k = at, k+1
		}
	}
	r.pin(i, since, first, phases[:k])
}

// added pins a layer that old does not have to begin now, so that the past stays without it.
func (r *roller) added(i int) {
	l := r.new.plain(r.new.Layers[i])
	since, before := r.now, []Layer{l}
	before[0].Effective = Period{Until: Civil{Year: 1970, Month: time.January, Day: 1}} // over since ever
	if at := r.floor(i); at.After(r.now) {                                              // until then the rotation that it uses is another
		for _, p := range r.new.Layers[r.new.layer(r.new.Layers[i].Rotation.Of)].Before {
			phase := l
			phase.Rotation, phase.Since = p.Rotation, later(p.Since, r.now)
			phase.Rotation.Offset += r.new.Layers[i].Rotation.Offset
			if len(before) > 1 && before[len(before)-1].Since.Equal(phase.Since) {
				before = before[:1]
			}
			if p.Fixed == nil && (phase.Rotation.Step != StepOccurrence || len(phase.Windows) > 0) {
				before = append(before, phase)
			}
		}
		since = at
	}
	r.pin(i, since, 0, before)
	r.notes[i] = "it is new and takes effect at once"
	if since.After(r.now) && len(before) == 1 {
		r.notes[i] = fmt.Sprintf("it is new and begins %s, with the rotation that it uses", (&change{new: l}).clock(since))
	}
}

// only is the schedule of one description, with the time off that is known, but without
// overrides and fallback.
func (r *roller) only(l Layer) (*Schedule, error) {
	l.Role, l.Priority, l.Since, l.Before = "", 0, time.Time{}, nil
	return Compile(Spec{Name: "one layer", TimeZone: r.old.TimeZone, Layers: []Layer{l}, Away: r.old.Away})
}

// serving is who serves by one description at an instant.
func (r *roller) serving(l Layer, at time.Time) []UserID {
	s, err := r.only(l)
	if err != nil {
		return nil
	}
	return s.On("", at, nil)
}

// leaving names whom a layer that is gone leaves without a shift.
func (r *roller) leaving(l Layer) string {
	s, err := Compile(r.old)
	if err != nil {
		return ""
	}
	if on := s.On(l.Name, r.now, nil); len(on) > 0 && l.Name != "" {
		return fmt.Sprintf("; %s leave%s the shift", names(on), plural(on))
	}
	return ""
}

// floor is since when the rotation holds that layer i uses; zero if it has its own.
func (r *roller) floor(i int) time.Time {
	if at := r.new.layer(r.new.Layers[i].Rotation.Of); at >= 0 {
		return r.new.Layers[at].Since
	}
	return time.Time{}
}

// pin fixes layer i, with what is recent of its earlier phases.
func (r *roller) pin(i int, since time.Time, first int, phases []Layer) {
	name := r.new.Layers[i].Name
	p := Pin{Layer: name, Since: since, First: first, Before: keep(phases, since, r.now)}
	if p.Since.IsZero() && p.First == 0 {
		return
	}
	r.pins[i] = &p
	l := &r.new.Layers[i]
	l.Since, l.Rotation.First, l.Before = p.Since, p.First, p.Before
}

// layer is the index of the layer with that name, or -1.
func (s Spec) layer(name string) int {
	return slices.IndexFunc(s.Layers, func(l Layer) bool { return l.Name == name })
}

// depth is over how many others the layer gets its rotation.
func (s Spec) depth(l Layer) int {
	n := 0
	for l.Rotation.Of != "" && n < len(s.Layers) && s.layer(l.Rotation.Of) >= 0 {
		l = s.Layers[s.layer(l.Rotation.Of)]
		n++
	}
	return n
}

// plain is the layer with its own copy of everything that it takes from elsewhere.
func (s Spec) plain(l Layer) Layer {
	if l.TimeZone == "" {
		l.TimeZone = s.TimeZone
	}
	for range s.Layers {
		at := s.layer(l.Rotation.Of)
		if l.Rotation.Of == "" || at < 0 {
			break
		}
		offset := l.Rotation.Offset
		l.Rotation = s.Layers[at].Rotation
		l.Rotation.Offset += offset
	}
	return l
}

// history is the descriptions of a layer, plain, oldest first, each until the next one's Since.
func (s Spec) history(l Layer) (out []Layer) {
	for _, p := range append(slices.Clone(l.Before), l) {
		p.Before = nil
		at := s.layer(p.Rotation.Of)
		if p.Rotation.Of == "" || at < 0 {
			out = append(out, s.plain(p))
			continue
		}
		base := s.Layers[at]
		for i, of := range append(slices.Clone(base.Before), base) { // as it uses them one after the other
			part := s.plain(p)
			part.Rotation = of.Rotation
			part.Rotation.Offset += p.Rotation.Offset
			if i > 0 && of.Since.After(p.Since) {
				part.Since = of.Since
			} else if i > 0 {
				out = out[:len(out)-1]
			}
			out = append(out, part)
		}
	}
	return out
}

// alone is the layer with its history, such that it needs no other.
func (s Spec) alone(l Layer) Layer {
	phases := s.history(l)
	last := len(phases) - 1
	phases[last].Before = phases[:last:last]
	return phases[last]
}

// sameDescription compares what an admin writes about two plain layers.
func sameDescription(a, b Layer) bool {
	return slices.Equal(a.description(), b.description())
}

// description is the layer without pins, in one form: instants in UTC, nothing for empty lists.
func (l Layer) description() []byte {
	l.Since, l.Before, l.Rotation.First = time.Time{}, nil, 0
	if l.Fixed != nil {
		l.Fixed = append([]Fixed{}, l.Fixed...)
	}
	l.Rotation.Participants = slices.Clone(l.Rotation.Participants)
	for i, group := range l.Rotation.Participants {
		l.Rotation.Participants[i] = append([]UserID{}, group...)
	}
	for i, f := range l.Fixed {
		l.Fixed[i] = Fixed{From: f.From.UTC(), To: f.To.UTC(), Users: append([]UserID{}, f.Users...)}
	}
	l.Windows = append([]Window{}, l.Windows...)
	for i, w := range l.Windows {
		l.Windows[i].Days = append([]time.Weekday{}, w.Days...)
	}
	l.Rotation.Sequence = append([]Every{}, l.Rotation.Sequence...)
	l.Away.Use = append([]string{}, l.Away.Use...)
	text, err := json.Marshal(l)
	if err != nil { // such as a year that JSON does not know: then it counts as changed
		return nil
	}
	return text
}
