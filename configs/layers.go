package configs

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"tocsin/schedules"
)

// Bounds on numbers of a layer, far beyond any use.
const (
	maxPriority = 1000
	maxOffset   = 1000
)

// layer reads one line of duty of the schedule spec, whose own zone is zone.
func (r *reader) layer(n node, spec schedules.Spec, zone *time.Location) (layer schedules.Layer, ok bool) {
	f, ok := r.mapping(n, "name", "role", "priority", "time_zone", "rotation", "calendar", "windows", "effective", "away")
	if !ok {
		return layer, false
	}
	layer.Name = f.name()
	if role, ok := f.get("role"); ok {
		if layer.Role, ok = r.text(role); ok {
			r.checkName(role, layer.Role)
		}
	}
	layer.Priority = f.number("priority", maxPriority)
	if z, ok := f.get("time_zone"); ok {
		layer.TimeZone, zone, _ = r.zone(z)
	}
	rotation, rotates := f.get("rotation")
	calendar, fixed := f.get("calendar")
	switch {
	case rotates && fixed:
		r.fail(calendar, "a layer has a rotation or a calendar, not both; make a layer of each")
	case rotates:
		layer.Rotation = r.rotation(rotation, layer.Name, spec.Name)
	case fixed:
		layer.Fixed = r.fixed(calendar, zone)
	default:
		r.fail(n, "rotation is missing; say who serves in turn, or name a calendar of shifts")
	}
	layer.Windows = r.windows(f)
	if rotation, ok := rotation.peek("step"); ok && layer.Rotation.Step == schedules.StepOccurrence {
		r.occurrence(rotation, layer)
	}
	if n, ok := f.get("effective"); ok {
		layer.Effective = r.effective(n)
	}
	if n, ok := f.get("away"); ok {
		layer.Away = r.awayRule(n)
	}
	return layer, layer.Name != ""
}

// rotation reads who serves in turn, or that another layer's people do.
func (r *reader) rotation(n node, layer, schedule string) (rotation schedules.Rotation) {
	f, ok := r.mapping(n, "every", "start", "participants", "step", "elapsed", "of", "offset")
	if !ok {
		return rotation
	}
	rotation.Offset = f.number("offset", maxOffset)
	if of, ok := f.get("of"); ok {
		rotation.Of = r.follows(of, f, layer, schedule)
		return rotation
	}
	if every, ok := f.need("every"); ok {
		rotation.Every, rotation.Sequence = r.every(every)
	}
	if start, ok := f.need("start"); ok {
		rotation.Start, _ = r.civil(start)
	}
	for _, p := range f.needList("participants", "name who serves in turn") {
		rotation.Participants = append(rotation.Participants, r.participant(p))
	}
	if step, ok := f.get("step"); ok {
		rotation.Step = word(r, step, map[string]schedules.Step{"period": schedules.StepPeriod, "occurrence": schedules.StepOccurrence})
	}
	if rotation.Elapsed = f.flag("elapsed"); rotation.Elapsed {
		for _, e := range append(slices.Clone(rotation.Sequence), rotation.Every) {
			if e.Unit == schedules.Month {
				r.fail(f.m["elapsed"], "months are no number of hours; write every in hours, days or weeks")
			}
		}
	}
	return rotation
}

// follows reads the layer whose rotation is used.
func (r *reader) follows(of node, f fields, layer, schedule string) string {
	for _, key := range []string{"every", "start", "participants", "step", "elapsed"} {
		if n, ok := f.get(key); ok {
			r.fail(n, "%s cannot stand beside of: the rotation of that layer is used as it is, moved by offset", key)
		}
	}
	name, ok := r.text(of)
	switch {
	case !ok:
		return ""
	case name == layer:
		r.fail(of, "the layer uses its own rotation; name another layer, or write every, start and participants")
		return ""
	case !slices.Contains(r.layers[schedule], name):
		r.fail(of, "schedule %q has no layer %q%s", schedule, name, suggestion(name, r.layers[schedule]))
		return ""
	}
	return name
}

// occurrence checks what `step: occurrence` needs.
func (r *reader) occurrence(step node, layer schedules.Layer) {
	switch {
	case len(layer.Windows) == 0:
		r.fail(step, "occurrence moves on after so many windows, and the layer has none; add windows, or use period")
	case len(layer.Rotation.Sequence) > 0:
		r.fail(step, "occurrence counts windows of one number; write every as one text, such as 1 day")
	case layer.Rotation.Every.Unit != schedules.Day && layer.Rotation.Every.N > 0:
		r.fail(step, "occurrence counts windows, by day; write every in days, such as 1 day")
	case layer.Rotation.Elapsed:
		r.fail(step, "occurrence and elapsed exclude each other; keep one")
	}
}

// participant reads one person, a group that serves together, or "none".
func (r *reader) participant(n node) (group []schedules.UserID) {
	switch {
	case n.y.Kind == yaml.SequenceNode:
		return r.group(r.list(n), "user")
	case n.null():
		r.fail(n, "is empty; write a user, or none for a deliberate gap")
		return nil
	case n.y.Value == nobody:
		return nil
	}
	return r.group([]node{n}, "user")
}

// effective reads from when to when a layer exists.
func (r *reader) effective(n node) (p schedules.Period) {
	f, ok := r.mapping(n, "from", "until")
	if !ok {
		return p
	}
	from, hasFrom := f.get("from")
	until, hasUntil := f.get("until")
	if hasFrom {
		p.From, hasFrom = r.civil(from)
	}
	if hasUntil {
		p.Until, hasUntil = r.civil(until)
	}
	if hasFrom && hasUntil {
		r.inOrder(until, p.From, p.Until)
	}
	if len(n.y.Content) == 0 {
		r.fail(n, "is empty; write from, until or both")
	}
	return p
}

// awayRule reads what time off does to a layer.
func (r *reader) awayRule(n node) (rule schedules.AwayRule) {
	f, ok := r.mapping(n, "use", "then")
	if !ok {
		return rule
	}
	if use, ok := f.get("use"); ok {
		items := r.listOrOne(use)
		r.unique(items, "kind")
		rule.Use = r.texts(items)
		if len(items) == 0 && use.y.Kind == yaml.SequenceNode {
			r.fail(use, "the list is empty; name kinds of time off, or remove the key for all of them")
		}
		r.kinds(items)
	}
	if then, ok := f.get("then"); ok {
		rule.Then = word(r, then, map[string]schedules.AwayThen{
			"skip": schedules.AwaySkip, "gap": schedules.AwayGap, "next-layer": schedules.AwayNextLayer})
	}
	return rule
}

// word reads one of a few words and returns what it stands for.
func word[T any](r *reader, n node, meanings map[string]T) (meaning T) {
	s, ok := r.text(n)
	if !ok {
		return meaning
	}
	meaning, ok = meanings[s]
	if !ok {
		words := make([]string, 0, len(meanings))
		for w := range meanings {
			words = append(words, w)
		}
		r.fail(n, "%q is unknown here%s", s, suggestion(s, sortedUnique(words)))
	}
	return meaning
}
