package configs

import (
	"slices"

	"tocsin/schedules"
)

// overrideKeys are the keys that each type of override takes, beside name and type.
var overrideKeys = map[schedules.OverrideType][]string{
	schedules.Replace:  {"from", "to", "add", "remove", "layers"},
	schedules.Addition: {"from", "to", "add", "layers"},
	schedules.Removal:  {"from", "to", "remove", "layers"},
	schedules.Only:     {"from", "to", "add", "shifts"},
	schedules.Swap:     {"a", "b", "layers"},
}

// override reads an exception of the schedule spec.
func (r *reader) override(n node, spec schedules.Spec) (o schedules.Override, ok bool) {
	f, ok := r.mapping(n, "name", "type", "from", "to", "add", "remove", "layers", "shifts", "a", "b")
	if !ok {
		return o, false
	}
	if _, named := f.get("name"); named {
		o.ID = f.name()
		if o.ID != "" && slices.ContainsFunc(spec.Overrides, func(other schedules.Override) bool { return other.ID == o.ID }) {
			r.fail(f.m["name"], "override %q is defined twice in this schedule", o.ID)
		}
	}
	if o.Type, ok = r.overrideType(f); !ok {
		return o, true
	}
	timed := false
	if o.Type != schedules.Swap {
		o.From, o.To, timed = r.duty(f)
	}
	for key, into := range map[string]*schedules.UserID{"add": &o.Add, "remove": &o.Remove} {
		if u, ok := f.get(key); ok {
			*into, _ = r.user(u)
		}
	}
	if layers, ok := f.get("layers"); ok {
		o.Layers = r.layersOf(spec.Name, layers)
	}
	switch o.Type {
	case schedules.Swap:
		r.swap(f, &o)
	case schedules.Only:
		r.only(f, &o, timed)
	}
	return o, true
}

// layersOf reads layers and roles of a schedule.
func (r *reader) layersOf(schedule string, n node) (names []string) {
	lines, items := r.lines(schedule), r.listOrOne(n)
	r.unique(items, "layer")
	for _, l := range items {
		name, ok := r.text(l)
		if ok && !slices.Contains(lines, name) {
			r.fail(l, "schedule %q has no layer %q%s", schedule, name, suggestion(name, lines))
		}
		names = append(names, name)
	}
	return names
}

// overrideType reads type and refuses the keys that it does not take.
func (r *reader) overrideType(f fields) (t schedules.OverrideType, ok bool) {
	n, ok := f.need("type")
	if !ok {
		return t, false
	}
	s, ok := r.text(n)
	if !ok {
		return t, false
	}
	t = schedules.OverrideType(s)
	keys, ok := overrideKeys[t]
	if !ok {
		types := make([]string, 0, len(overrideKeys))
		for t := range overrideKeys {
			types = append(types, string(t))
		}
		r.fail(n, "type %q is unknown%s", s, suggestion(s, sortedUnique(types)))
		return t, false
	}
	for key := range f.m {
		if key != "name" && key != "type" && !slices.Contains(keys, key) {
			r.fail(f.m[key], "%s is no key of an override of type %s, which takes %s", key, t, alternatives(keys))
			delete(f.m, key)
		}
	}
	return t, true
}

// only reads the shifts that are all there is; timed says whether from and to are known.
func (r *reader) only(f fields, o *schedules.Override, timed bool) {
	shifts, listed := f.get("shifts")
	_, added := f.get("add")
	switch {
	case listed && added:
		r.fail(shifts, "shifts cannot stand beside add, who serves the whole time; keep one")
		return
	case !listed && !added:
		r.fail(f.self, "shifts is missing; write who serves when, [] for nobody, or add for one person")
		return
	case listed && shifts.emptyList():
		o.Shifts = []schedules.OnlyShift{{From: o.From, To: o.To}} // all the time, of nobody
		if timed {
			r.deserted(shifts, o.From, o.To)
		}
		return
	}
	for _, n := range f.list("shifts") {
		f, ok := r.mapping(n, "from", "to", "users")
		if !ok {
			continue
		}
		from, to, ok := r.duty(f)
		shift := schedules.OnlyShift{From: from, To: to}
		users, named := f.get("users")
		switch {
		case !named:
			r.fail(n, "users is missing; name who serves, or write [] for nobody")
		case ok && users.emptyList():
			r.deserted(users, from, to)
		default:
			shift.Users = r.group(r.list(users), "user")
		}
		if ok && timed && (from.Before(o.From) || o.To.Before(to)) {
			r.fail(n, "the shift lies outside the override, from %s to %s; cut it or widen the override", o.From, o.To)
		}
		o.Shifts = append(o.Shifts, shift)
	}
}

// deserted warns of a time that is left to nobody on purpose: the admin said so, but others
// who read it may not see what follows.
func (r *reader) deserted(n node, from, to schedules.Civil) {
	r.warn(n, "nobody is on call from %s to %s; the fallback of the schedule or of the policy is paged", from, to)
}

// swap reads the two duties that change hands.
func (r *reader) swap(f fields, o *schedules.Override) {
	for key, into := range map[string]*schedules.SwapSide{"a": &o.A, "b": &o.B} {
		n, ok := f.need(key)
		if !ok {
			continue
		}
		side, ok := r.mapping(n, "user", "from", "to")
		if !ok {
			continue
		}
		if u, ok := side.need("user"); ok {
			into.User, _ = r.user(u)
		}
		into.From, into.To, _ = r.duty(side)
	}
	if o.A.User != "" && o.A.User == o.B.User {
		r.fail(f.m["b"], "%s cannot swap with oneself; name two people", o.A.User)
	}
}

// duty reads from and to of a shift or of an override.
func (r *reader) duty(f fields) (from, to schedules.Civil, ok bool) {
	begin, hasFrom := f.need("from")
	end, hasTo := f.need("to")
	if hasFrom {
		from, hasFrom = r.civil(begin)
	}
	if hasTo {
		to, hasTo = r.civil(end)
	}
	return from, to, hasFrom && hasTo && r.inOrder(end, from, to)
}
