package configs

import (
	"fmt"
	"maps"
	"slices"

	"tocsin/schedules"
)

// Extra is what operations add to a configuration, by schedule.
type Extra struct {
	Pins      map[string][]schedules.Pin
	Overrides map[string][]schedules.Override // after those of the files, in this order
	Revision  string                          // instead of the digest of the files, unless empty
}

// Skipped is an override that [Config.With] left out, wholly or for some layers, because
// what it names is gone.
type Skipped struct {
	Schedule string
	Override schedules.Override
	Why      string // names what is gone
}

// Specs are the schedules as the files say: with the calendars that they name and with
// everybody's own time off, without anything of [Config.With].
func (c *Config) Specs() map[string]schedules.Spec {
	specs := make(map[string]schedules.Spec, len(c.specs))
	for name, spec := range c.specs {
		specs[name] = withTimeOff(spec, c.timeOff)
	}
	return specs
}

// Skipped are the overrides that this configuration could not take from [Extra].
func (c *Config) Skipped() []Skipped { return slices.Clone(c.skipped) }

// With returns a copy with a new book in which the schedules are compiled with x. What an
// earlier With added is not kept. c stays as it is. An override that names a schedule,
// layer or user that is gone is left out ([Config.Skipped]); one of several layers holds
// for those that are left. Any other fault of x is an error that names the schedule.
func (c *Config) With(x Extra) (*Config, error) {
	copied, book := *c, *c.book
	copied.skipped = nil
	book.Schedules = maps.Clone(c.compiled)
	for _, name := range slices.Sorted(maps.Keys(x.Overrides)) {
		if _, ok := c.specs[name]; !ok {
			for _, o := range x.Overrides[name] {
				copied.skipped = append(copied.skipped, Skipped{name, o, fmt.Sprintf("schedule %q is gone", name)})
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.specs)) {
		if len(x.Pins[name])+len(x.Overrides[name]) == 0 {
			continue
		}
		spec := c.specs[name].Pinned(x.Pins[name])
		spec.Overrides = slices.Clone(spec.Overrides)
		for _, o := range x.Overrides[name] {
			kept, why := fitting(o, spec, c.book.Users)
			if why != "" {
				copied.skipped = append(copied.skipped, Skipped{name, o, why})
			}
			if kept != nil {
				spec.Overrides = append(spec.Overrides, *kept)
			}
		}
		schedule, err := schedules.Compile(withTimeOff(spec, c.timeOff))
		if err != nil {
			return nil, err
		}
		book.Schedules[name] = schedule
	}
	if x.Revision != "" {
		book.Revision = x.Revision
	} else {
		book.Revision = c.digest
	}
	copied.book = &book
	return &copied, nil
}

// fitting is the override without the layers that are gone, nil when nothing is left or a
// person is gone. why says what is.
func fitting[U any](o schedules.Override, spec schedules.Spec, users map[schedules.UserID]U) (kept *schedules.Override, why string) {
	for _, u := range o.People() {
		if _, ok := users[u]; !ok {
			return nil, fmt.Sprintf("user %q is gone", u)
		}
	}
	layers := slices.DeleteFunc(slices.Clone(o.Layers), func(name string) bool {
		gone := !slices.ContainsFunc(spec.Layers, func(l schedules.Layer) bool { return l.Name == name || hasRole(l, name) })
		if gone && why == "" {
			why = fmt.Sprintf("layer %q is gone", name)
		}
		return gone
	})
	if len(layers) == 0 && len(o.Layers) > 0 {
		return nil, why
	}
	o.Layers = layers
	return &o, why
}

// String says what was left out and why.
func (s Skipped) String() string {
	o := s.Override
	name := o.ID
	if name == "" {
		from := o.From
		if o.Type == schedules.Swap {
			from = o.A.From
		}
		name = string(o.Type) + " from " + from.String()
	}
	return fmt.Sprintf("schedule %s, override %s: %s", s.Schedule, name, s.Why)
}

// hasRole says whether a layer has that role, or had it before a rollout.
func hasRole(l schedules.Layer, role string) bool {
	return role != "" && (l.Role == role || slices.ContainsFunc(l.Before, func(b schedules.Layer) bool { return b.Role == role }))
}
