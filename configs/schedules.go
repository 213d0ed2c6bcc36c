package configs

import (
	"slices"
	"strings"

	"tocsin/schedules"
)

// people are those who can ever be on call: per schedule, and per "schedule/layer" and
// "schedule/role".
type people map[string][]schedules.UserID

// schedules reads and compiles all schedules.
func (r *reader) schedules(c *Config) people {
	found := people{}
	for _, item := range r.items["schedules"] {
		before := len(r.problems.Errors())
		spec, places, ok := r.schedule(item, c)
		if !ok {
			continue
		}
		found.add(spec)
		if len(r.problems.Errors()) > before {
			continue // the compiler would tell of the same faults again
		}
		c.specs[spec.Name] = spec
		schedule, err := schedules.Compile(withTimeOff(spec, c.timeOff))
		if err != nil {
			r.locate(item, spec, places, err)
			continue
		}
		c.book.Schedules[spec.Name] = schedule
	}
	c.compiled = c.book.Schedules
	return found
}

// add learns who can be on call in a schedule.
func (p people) add(spec schedules.Spec) {
	for _, layer := range spec.Layers {
		if layer.Role == schedules.RoleShadow {
			continue
		}
		serve := serving(spec, layer)
		for _, o := range spec.Overrides {
			if len(o.Layers) == 0 || slices.Contains(o.Layers, layer.Name) || layer.Role != "" && slices.Contains(o.Layers, layer.Role) {
				serve = append(serve, steppingIn(o)...)
			}
		}
		p[spec.Name+"/"+layer.Name] = serve
		p[spec.Name] = append(p[spec.Name], serve...)
		if layer.Role != "" && layer.Role != layer.Name {
			p[spec.Name+"/"+layer.Role] = append(p[spec.Name+"/"+layer.Role], serve...)
		}
	}
	p[spec.Name] = append(p[spec.Name], spec.Fallback...)
}

// serving are the people of a layer, overrides aside.
func serving(spec schedules.Spec, layer schedules.Layer) (users []schedules.UserID) {
	rotation := layer.Rotation
	if i := layerNamed(spec.Layers, rotation.Of); rotation.Of != "" && i >= 0 {
		rotation = spec.Layers[i].Rotation
	}
	users = slices.Concat(rotation.Participants...)
	for _, shift := range layer.Fixed {
		users = append(users, shift.Users...)
	}
	for _, before := range layer.Before {
		users = append(users, serving(spec, before)...)
	}
	return users
}

// steppingIn are the people whom an override puts on call.
func steppingIn(o schedules.Override) (users []schedules.UserID) {
	for _, u := range []schedules.UserID{o.Add, o.A.User, o.B.User} {
		if u != "" {
			users = append(users, u)
		}
	}
	for _, shift := range o.Shifts {
		users = append(users, shift.Users...)
	}
	return users
}

func layerNamed(layers []schedules.Layer, name string) int {
	return slices.IndexFunc(layers, func(l schedules.Layer) bool { return l.Name == name })
}

// parts are the places of what a schedule is made of.
type parts struct{ layers, away, overrides []node }

func (r *reader) schedule(item node, c *Config) (spec schedules.Spec, places parts, ok bool) {
	f, ok := r.mapping(item, "name", "owner", "time_zone", "require_coverage", "fallback", "layers", "away", "overrides")
	if !ok {
		return spec, places, false
	}
	spec.Name, spec.Owner = f.name(), f.owner()
	var zone zoned
	spec.TimeZone, zone.loc = f.zone("time_zone")
	zone.teams = c.book.Teams
	if f.flag("require_coverage") {
		c.promised[spec.Name] = f.m["require_coverage"]
	}
	spec.Fallback = r.persons(f.list("fallback"), zone.teams)
	for _, n := range f.needList("layers", "add a layer with a rotation") {
		if layer, ok := r.layer(n, spec, zone.loc); ok {
			if layerNamed(spec.Layers, layer.Name) >= 0 {
				r.fail(n, "layer %q is defined twice in this schedule", layer.Name)
			}
			spec.Layers, places.layers = append(spec.Layers, layer), append(places.layers, n)
		}
	}
	r.together(spec, places.layers)
	for _, n := range f.list("away") {
		if away, ok := r.scheduleAway(n, zone); ok {
			spec.Away, places.away = append(spec.Away, away), append(places.away, n)
		}
	}
	for _, n := range f.list("overrides") {
		if override, ok := r.override(n, spec); ok {
			spec.Overrides, places.overrides = append(spec.Overrides, override), append(places.overrides, n)
		}
	}
	return spec, places, spec.Name != ""
}

// together checks what layers say of each other.
func (r *reader) together(spec schedules.Spec, places []node) {
	for i, layer := range spec.Layers {
		if layer.Role == schedules.RoleShadow {
			r.shadows = append(r.shadows, spec.Name+"/"+layer.Name, spec.Name+"/"+layer.Role)
		}
		if role, ok := places[i].peek("role"); ok {
			if same := layerNamed(spec.Layers, layer.Role); same >= 0 && same != i && spec.Layers[same].Role != layer.Role {
				r.fail(role, "role %q is also the name of a layer that has another role; rename one, or give that layer the role", layer.Role)
			}
		}
		rotation, _ := places[i].peek("rotation")
		of, ok := rotation.peek("of")
		if base := layerNamed(spec.Layers, layer.Rotation.Of); ok && base >= 0 {
			switch b := spec.Layers[base]; {
			case b.Rotation.Of != "":
				r.fail(of, "layer %q uses the rotation of %q itself; name that one, and add up the offsets", b.Name, b.Rotation.Of)
			case len(b.Rotation.Participants) == 0:
				r.fail(of, "layer %q has no rotation to use; name one that has", b.Name)
			}
		}
	}
}

// persons reads a list of people: dana, user:dana or team:everyone, each person once.
func (r *reader) persons(items []node, teams map[string][]schedules.UserID) (users []schedules.UserID) {
	r.unique(items, "person")
	add := func(found ...schedules.UserID) {
		for _, u := range found {
			if !slices.Contains(users, u) {
				users = append(users, u)
			}
		}
	}
	for _, n := range items {
		s, ok := r.text(n)
		if !ok {
			continue
		}
		kind, name, prefixed := strings.Cut(s, ":")
		switch {
		case prefixed && kind == "team":
			if r.known(n, "teams", name) {
				add(teams[name]...)
			}
		case prefixed && kind != "user":
			r.fail(n, "%q is nobody; write a user's name, user:NAME or team:NAME", s)
		default:
			if u, ok := r.user(n); ok {
				add(u)
			}
		}
	}
	return users
}
