package schedules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Compile checks a spec and makes it ready for look-ups. The error joins all
// that is wrong; each part names the layer or override and what to do.
func Compile(spec Spec) (*Schedule, error) {
	c := compiler{spec: spec, zones: zones{}, out: &Schedule{name: spec.Name, owner: spec.Owner}}
	c.schedule()
	overrides := c.overrides()
	for i := range spec.Layers {
		c.layer(i, overrides)
	}
	for _, o := range spec.Overrides {
		if o.Add != "" {
			c.out.users = join(c.out.users, o.Add)
		}
	}
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	return c.out, nil
}

// compiler gathers what a spec turns into, and what is wrong with it.
type compiler struct {
	spec  Spec
	zones zones
	out   *Schedule
	errs  []error
}

func (c *compiler) fail(where string, err error) {
	if where != "" {
		where = ", " + where
	}
	c.errs = append(c.errs, fmt.Errorf("schedule %q%s: %w", c.spec.Name, where, err))
}

// schedule checks what belongs to no layer.
func (c *compiler) schedule() {
	if c.spec.Name == "" {
		c.fail("", errors.New("name is missing; give the schedule one"))
	}
	if c.spec.TimeZone == "" {
		c.fail("", errors.New("time zone is missing; name an IANA zone such as Europe/Berlin"))
	} else if z, err := c.zones.get(c.spec.TimeZone); err != nil {
		c.fail("", err)
	} else {
		c.out.zone = z
	}
	if len(c.spec.Layers) == 0 {
		c.fail("", errors.New("there are no layers; add one with a rotation"))
	}
}

// layer checks layer i and compiles it with the overrides that touch it.
func (c *compiler) layer(i int, overrides []bounded) {
	spec, before := c.spec.Layers[i], len(c.errs)
	where := fmt.Sprintf("layer %q", spec.Name)
	switch {
	case spec.Name == "":
		where = fmt.Sprintf("layer %d", i+1)
		c.fail(where, errors.New("name is missing; give the layer one"))
	case slices.ContainsFunc(c.spec.Layers[:i], func(l Layer) bool { return l.Name == spec.Name }):
		c.fail(where, errors.New("the name is taken by an earlier layer; choose another"))
	}
	z := c.out.zone
	if spec.TimeZone != "" {
		var err error
		if z, err = c.zones.get(spec.TimeZone); err != nil {
			c.fail(where, err)
		}
	}
	for _, err := range spec.Rotation.check() {
		c.fail(where, err)
	}
	if len(c.errs) > before || z == nil {
		return
	}
	groups := make([][]UserID, len(spec.Rotation.Participants))
	for g, group := range spec.Rotation.Participants {
		groups[g] = slices.Clone(group)
		c.out.users = join(c.out.users, group...)
	}
	overrides = slices.DeleteFunc(slices.Clone(overrides), func(o bounded) bool {
		return len(o.Layers) > 0 && !slices.Contains(o.Layers, spec.Name)
	})
	c.out.all = append(c.out.all, &layer{
		name: spec.Name, zone: z, cycle: newCycle(spec.Rotation), cells: cut(groups, overrides),
	})
}

func (r Rotation) check() (errs []error) {
	if err := r.Every.check(); err != nil {
		errs = append(errs, err)
	}
	if err := r.Start.check(); err != nil {
		errs = append(errs, fmt.Errorf("start: %w; write the first hand-off, such as 2026-01-05T09:00", err))
	}
	if len(r.Participants) == 0 {
		errs = append(errs, errors.New("there are no participants; name who serves in turn"))
	}
	for i, group := range r.Participants {
		for j, u := range group {
			if u == "" {
				errs = append(errs, fmt.Errorf("participant %d has an empty user name; write a user", i+1))
			} else if slices.Contains(group[:j], u) {
				errs = append(errs, fmt.Errorf("participant %d names %q twice; once is enough", i+1, u))
			}
		}
	}
	return errs
}

// overrides checks all overrides and returns them with their instants.
func (c *compiler) overrides() []bounded {
	var out []bounded
	for i, o := range c.spec.Overrides {
		where := fmt.Sprintf("override %d (%s, from %s)", i+1, o.Type, o.From)
		errs := o.check()
		for _, name := range o.Layers {
			if !slices.ContainsFunc(c.spec.Layers, func(l Layer) bool { return l.Name == name }) {
				errs = append(errs, fmt.Errorf("layer %q does not exist; the layers are %s", name, layerNames(c.spec.Layers)))
			}
		}
		for _, err := range errs {
			c.fail(where, err)
		}
		if z := c.out.zone; len(errs) == 0 && z != nil {
			out = append(out, bounded{o, z.first(o.From.seconds()), z.last(o.To.seconds())})
		}
	}
	return out
}

func (o Override) check() (errs []error) {
	switch {
	case o.Type != Replace && o.Type != Addition && o.Type != Removal:
		errs = append(errs, fmt.Errorf("type %q is unknown; use replace, add or remove", o.Type))
	case o.Type == Removal && (o.Remove == "" || o.Add != ""):
		errs = append(errs, errors.New("a remove override names exactly one person, in remove; to put somebody in, use replace"))
	case o.Type == Addition && (o.Add == "" || o.Remove != ""):
		errs = append(errs, errors.New("an add override names exactly one person, in add; to take somebody out, use replace"))
	case o.Type == Replace && o.Add == "":
		errs = append(errs, errors.New("a replace override needs the person who serves instead, in add; to only take somebody out, use remove"))
	}
	from, to := o.From.check(), o.To.check()
	if from != nil {
		errs = append(errs, fmt.Errorf("from: %w", from))
	}
	if to != nil {
		errs = append(errs, fmt.Errorf("to: %w", to))
	}
	if from == nil && to == nil && o.From.seconds() >= o.To.seconds() {
		errs = append(errs, fmt.Errorf("it ends at %s, not after it begins; set a later to", o.To))
	}
	return errs
}

func layerNames(layers []Layer) string {
	names := make([]string, len(layers))
	for i, l := range layers {
		names[i] = l.Name
	}
	return strings.Join(names, ", ")
}
