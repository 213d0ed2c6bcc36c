package configs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"tocsin/schedules"
)

// people are those who can ever be on call: per schedule, and per "schedule/layer".
type people map[string][]schedules.UserID

func (r *reader) schedules(into map[string]*schedules.Schedule) people {
	found := people{}
	for _, item := range r.items["schedules"] {
		before := len(r.problems.Errors())
		spec, parts, ok := r.schedule(item)
		if !ok {
			continue
		}
		for _, layer := range spec.Layers {
			serve := slices.Concat(layer.Rotation.Participants...)
			for _, o := range spec.Overrides {
				if o.Add != "" && (len(o.Layers) == 0 || slices.Contains(o.Layers, layer.Name)) {
					serve = append(serve, o.Add)
				}
			}
			found[spec.Name+"/"+layer.Name] = serve
			found[spec.Name] = append(found[spec.Name], serve...)
		}
		if len(r.problems.Errors()) > before {
			continue // the compiler would tell of the same faults again
		}
		schedule, err := schedules.Compile(spec)
		if err != nil {
			r.locate(item, spec, parts, err)
			continue
		}
		into[spec.Name] = schedule
	}
	return found
}

// parts are the places of what a schedule is made of.
type parts struct{ layers, overrides []node }

func (r *reader) schedule(item node) (spec schedules.Spec, places parts, ok bool) {
	f, ok := r.mapping(item, "name", "owner", "time_zone", "layers", "overrides")
	if !ok {
		return spec, places, false
	}
	spec.Name, spec.Owner = f.name(), f.owner()
	spec.TimeZone, _ = f.zone("time_zone")
	for _, n := range f.needList("layers", "add a layer with a rotation") {
		if layer, ok := r.layer(n); ok {
			if slices.ContainsFunc(spec.Layers, func(l schedules.Layer) bool { return l.Name == layer.Name }) {
				r.fail(n, "layer %q is defined twice in this schedule", layer.Name)
			}
			spec.Layers, places.layers = append(spec.Layers, layer), append(places.layers, n)
		}
	}
	for _, n := range f.list("overrides") {
		if override, ok := r.override(n, spec.Name); ok {
			spec.Overrides, places.overrides = append(spec.Overrides, override), append(places.overrides, n)
		}
	}
	return spec, places, spec.Name != ""
}

func (r *reader) layer(n node) (layer schedules.Layer, ok bool) {
	f, ok := r.mapping(n, "name", "time_zone", "rotation")
	if !ok {
		return layer, false
	}
	layer.Name = f.name()
	if z, ok := f.get("time_zone"); ok {
		layer.TimeZone, _, _ = r.zone(z)
	}
	rotation, ok := f.need("rotation")
	if !ok {
		return layer, layer.Name != ""
	}
	if f, ok = r.mapping(rotation, "every", "start", "participants"); !ok {
		return layer, layer.Name != ""
	}
	if every, ok := f.need("every"); ok {
		if s, ok := r.text(every); ok {
			var err error
			if layer.Rotation.Every, err = schedules.ParseEvery(s); err != nil {
				r.fail(every, "%v", err)
			}
		}
	}
	if start, ok := f.need("start"); ok {
		layer.Rotation.Start, _ = r.civil(start)
	}
	for _, p := range f.needList("participants", "name who serves in turn") {
		layer.Rotation.Participants = append(layer.Rotation.Participants, r.participant(p))
	}
	return layer, layer.Name != ""
}

// participant reads one person, a group that serves together, or "none".
func (r *reader) participant(n node) (group []schedules.UserID) {
	if n.y.Kind == yaml.SequenceNode {
		items := r.list(n)
		r.unique(items, "user")
		for _, item := range items {
			if u, ok := r.user(item); ok {
				group = append(group, u)
			}
		}
		return group
	}
	if n.y.Value == nobody {
		return nil
	}
	if u, ok := r.user(n); ok {
		group = append(group, u)
	}
	return group
}

// civil reads a date and time of the local clock.
func (r *reader) civil(n node) (schedules.Civil, bool) {
	s, ok := r.text(n)
	if !ok {
		return schedules.Civil{}, false
	}
	c, err := schedules.ParseCivil(s)
	if err != nil {
		r.fail(n, "%v", err)
	}
	return c, err == nil
}

func (r *reader) override(n node, schedule string) (o schedules.Override, ok bool) {
	f, ok := r.mapping(n, "type", "from", "to", "add", "remove", "layers")
	if !ok {
		return o, false
	}
	if t, ok := f.need("type"); ok {
		types := []string{string(schedules.Replace), string(schedules.Addition), string(schedules.Removal)}
		s, ok := r.text(t)
		if o.Type = schedules.OverrideType(s); ok && !slices.Contains(types, s) {
			r.fail(t, "type %q is unknown%s", s, suggestion(s, types))
		}
	}
	if from, ok := f.need("from"); ok {
		o.From, _ = r.civil(from)
	}
	if to, ok := f.need("to"); ok {
		o.To, _ = r.civil(to)
	}
	for key, into := range map[string]*schedules.UserID{"add": &o.Add, "remove": &o.Remove} {
		if u, ok := f.get(key); ok {
			*into, _ = r.user(u)
		}
	}
	for _, l := range f.list("layers") {
		name, ok := r.text(l)
		if ok && !slices.Contains(r.layers[schedule], name) {
			r.fail(l, "schedule %q has no layer %q%s", schedule, name, suggestion(name, r.layers[schedule]))
		}
		o.Layers = append(o.Layers, name)
	}
	return o, true
}

// locate finds the part of a schedule that the compiler refuses, by compiling each
// part alone: its errors know no line.
func (r *reader) locate(item node, spec schedules.Spec, places parts, whole error) {
	found := false
	alone := spec
	alone.Overrides = nil
	for i, layer := range spec.Layers {
		alone.Layers = []schedules.Layer{layer}
		if _, err := schedules.Compile(alone); err != nil {
			found = true
			r.refuse(places.layers[i], spec.Name, err)
		}
	}
	if alone.Layers = spec.Layers; !found {
		for i, override := range spec.Overrides {
			alone.Overrides = []schedules.Override{override}
			if _, err := schedules.Compile(alone); err != nil {
				found = true
				r.refuse(places.overrides[i], spec.Name, err)
			}
		}
	}
	if !found {
		r.refuse(item, spec.Name, whole)
	}
}

// refuse notes each of the errors that were joined, without the place in words, which
// the problem has in numbers.
func (r *reader) refuse(n node, schedule string, err error) {
	var joined interface{ Unwrap() []error }
	faults := []error{err}
	if errors.As(err, &joined) {
		faults = joined.Unwrap()
	}
	for _, fault := range faults {
		text := strings.TrimPrefix(fault.Error(), fmt.Sprintf("schedule %q", schedule))
		if inner := errors.Unwrap(fault); inner != nil {
			text = inner.Error()
		}
		r.fail(n, "%s", text)
	}
}
