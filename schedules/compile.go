package schedules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Compile checks a spec and makes it ready for look-ups. The error joins all
// that is wrong; each part names the layer or override and what to do.
func Compile(spec Spec) (*Schedule, error) {
	c := compiler{spec: spec, zones: zones{}, people: map[UserID]person{}, ids: map[string]int32{},
		out: &Schedule{name: spec.Name, owner: spec.Owner}}
	c.check()
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	c.register()
	var lines []*line
	for i := range spec.Layers {
		c.out.layers = append(c.out.layers, spec.Layers[i].Name)
		lines = append(lines, c.lines(i)...)
	}
	c.views(lines)
	return c.out, nil
}

// compiler gathers what a spec turns into, and what is wrong with it.
type compiler struct {
	spec   Spec
	zones  zones
	people map[UserID]person
	ids    map[string]int32 // of overrides: the first with that ID
	out    *Schedule
	errs   []error
}

func (c *compiler) fail(where string, err error) {
	if where != "" {
		where = ", " + where
	}
	c.errs = append(c.errs, fmt.Errorf("schedule %q%s: %w", c.spec.Name, where, err))
}

// register numbers all who can ever be on call, in order of appearance.
func (c *compiler) register() {
	for _, l := range c.spec.Layers {
		for _, p := range append(slices.Clone(l.Before), l) {
			for _, group := range p.Rotation.Participants {
				c.numbers(group...)
			}
			for _, f := range p.Fixed {
				c.numbers(f.Users...)
			}
		}
	}
	for _, o := range c.spec.Overrides {
		for _, u := range []UserID{o.Add, o.A.User, o.B.User} {
			if u != "" {
				c.numbers(u)
			}
		}
		for _, s := range o.Shifts {
			c.numbers(s.Users...)
		}
	}
	c.numbers(c.spec.Fallback...)
	for i, o := range c.spec.Overrides {
		c.out.overrides = append(c.out.overrides, o.ID)
		if _, ok := c.ids[o.ID]; !ok {
			c.ids[o.ID] = int32(i)
		}
	}
}

func (c *compiler) numbers(users ...UserID) []person {
	out := make([]person, len(users))
	for i, u := range users {
		n, ok := c.people[u]
		if !ok {
			n = person(len(c.out.users))
			c.people[u], c.out.users = n, append(c.out.users, u)
		}
		out[i] = n
	}
	return out
}

// known is the numbers of those users who have one.
func (c *compiler) known(users []UserID) (out []person) {
	for _, u := range users {
		if n, ok := c.people[u]; ok {
			out = append(out, n)
		}
	}
	return out
}

// phase is a description of a layer and the instants between which it holds.
type phase struct {
	Layer
	from, to int64
}

func (l Layer) phases() []phase {
	all := append(slices.Clone(l.Before), l)
	out := make([]phase, len(all))
	for i, p := range all {
		out[i] = phase{p, seconds(p.Since), forever}
		if i > 0 {
			out[i-1].to = out[i].from
		}
	}
	out[0].from = never
	return out
}

// lines compiles layer i: a line for each of its phases, and of the phases of the
// layer whose rotation it uses.
func (c *compiler) lines(i int) (out []*line) {
	for _, p := range c.spec.Layers[i].phases() {
		if p.Rotation.Of == "" {
			out = append(out, c.line(i, p))
			continue
		}
		for _, of := range c.spec.Layers[c.layerNamed(p.Rotation.Of)].phases() {
			part := p
			part.Rotation = of.Rotation
			part.Rotation.Offset += p.Rotation.Offset
			if part.from, part.to = max(p.from, of.from), min(p.to, of.to); part.from < part.to {
				out = append(out, c.line(i, part))
			}
		}
	}
	return out
}

func (c *compiler) layerNamed(name string) int {
	return slices.IndexFunc(c.spec.Layers, func(l Layer) bool { return l.Name == name })
}

// zoneOf is the zone of a layer; both were found good.
func (c *compiler) zoneOf(l Layer) *zone { return c.zones[cmp.Or(l.TimeZone, c.spec.TimeZone)] }

// line compiles a phase of layer i, its rotation its own.
func (c *compiler) line(i int, p phase) *line {
	l := &line{
		name: c.spec.Layers[i].Name, layer: int32(i), role: p.Role, priority: p.Priority,
		zone: c.zoneOf(p.Layer), windows: newPattern(p.Windows), away: p.Away.Then,
	}
	l.from, l.to = p.from, p.to
	l.span(kindAbsent, p.from, p.to)
	if p.Fixed == nil {
		r := p.Rotation
		l.cycle = newCycle(r, l.zone, p.Windows)
		n := len(r.Participants)
		l.first, l.offset = ((r.First%n)+n)%n, ((r.Offset%n)+n)%n
		for _, group := range r.Participants {
			l.groups = append(l.groups, c.numbers(group...))
		}
		l.span(kindOff, l.cycle.instant(0), forever)
	}
	if from := p.Effective.From; from != (Civil{}) {
		l.span(kindOff, l.zone.first(from.seconds()), forever)
	}
	if until := p.Effective.Until; until != (Civil{}) {
		l.span(kindOff, never, l.zone.last(until.seconds()))
	}
	for _, f := range p.Fixed {
		l.effect(effect{kind: kindFixed, from: seconds(f.From), to: seconds(f.To), people: c.numbers(f.Users...)})
	}
	c.timeOff(l, p)
	for j := range c.spec.Overrides {
		if o := &c.spec.Overrides[j]; o.touches(l) {
			c.override(l, o, int32(j))
		}
	}
	l.cut()
	return l
}

// effect adds an effect that lasts while the line holds; one that does not last at all lies
// inside a gap of the clock.
func (l *line) effect(e effect) {
	if e.from < e.to && (e.kind == kindAbsent || e.from < l.to && e.to > l.from) {
		l.effects = append(l.effects, e)
	}
}

// span adds an effect of the time outside [from, to).
func (l *line) span(k kind, from, to int64) {
	l.effect(effect{kind: k, from: never, to: from})
	l.effect(effect{kind: k, from: to, to: forever})
}

// timeOff adds the time off of those who take part in a line, as its rule says.
func (c *compiler) timeOff(l *line, p phase) {
	members := map[person]bool{}
	for _, group := range l.groups {
		for _, n := range group {
			members[n] = true
		}
	}
	for _, f := range p.Fixed {
		for _, n := range c.known(f.Users) {
			members[n] = true
		}
	}
	for _, a := range c.spec.Away {
		if len(p.Away.Use) > 0 && !slices.Contains(p.Away.Use, a.Kind) {
			continue
		}
		people := slices.DeleteFunc(c.known(a.Users), func(n person) bool { return !members[n] })
		if len(people) == 0 {
			continue
		}
		for _, s := range a.Spans {
			l.effect(effect{kind: kindAway, from: seconds(s.Start), to: seconds(s.End), people: people})
		}
		if len(a.Spans) == 0 {
			from, to := c.between(a.From, a.To)
			l.effect(effect{kind: kindAway, from: from, to: to, people: people})
		}
	}
}

// between is the instants of two wall clocks of the schedule: a span that never ends early.
func (c *compiler) between(from, to Civil) (start, end int64) {
	return c.out.zone.first(from.seconds()), c.out.zone.last(to.seconds())
}

// touches says whether an override is about a line; if it names none, about all but shadows.
func (o *Override) touches(l *line) bool {
	if len(o.Layers) == 0 {
		return l.role != RoleShadow
	}
	return slices.Contains(o.Layers, l.name) || l.role != "" && slices.Contains(o.Layers, l.role)
}

// override adds what override number n does to a line.
func (c *compiler) override(l *line, o *Override, n int32) {
	e := effect{source: sourceOverride, override: n, by: -1, layer: l.layer}
	if o.ID != "" {
		e.by = c.ids[o.ID]
	}
	if len(o.Layers) == 0 {
		e.layer = -1
	}
	add := func(k kind, from, to Civil, users ...UserID) {
		e.kind, e.people = k, make([]person, len(users))
		for i, u := range users {
			e.people[i] = nobody
			if p, ok := c.people[u]; ok {
				e.people[i] = p
			}
		}
		e.from, e.to = c.between(from, to)
		l.effect(e)
	}
	switch {
	case o.Type == Replace && o.Remove == "":
		add(kindAll, o.From, o.To, o.Add)
	case o.Type == Replace || o.Type == Removal:
		if _, ok := c.people[o.Remove]; ok { // else never on call
			add(kindReplace, o.From, o.To, o.Remove, o.Add)
		}
	case o.Type == Addition:
		add(kindAdd, o.From, o.To, o.Add)
		l.adds = true
	case o.Type == Swap:
		e.source = sourceSwap
		add(kindReplace, o.A.From, o.A.To, o.A.User, o.B.User)
		add(kindReplace, o.B.From, o.B.To, o.B.User, o.A.User)
	case o.Type == Only:
		add(kindOnly, o.From, o.To)
		for _, s := range o.Shifts {
			add(kindShift, s.From, s.To, s.Users...)
		}
		if len(o.Shifts) == 0 {
			add(kindShift, o.From, o.To, o.Add)
		}
	}
}

// views sorts the lines into what can be asked for.
func (c *compiler) views(lines []*line) {
	slices.SortStableFunc(lines, func(a, b *line) int { return cmp.Compare(b.priority, a.priority) })
	s := c.out
	s.all, s.shadows, s.views = &view{zone: s.zone}, &view{zone: s.zone, flat: true}, map[string]*view{}
	for _, n := range c.numbers(c.spec.Fallback...) {
		s.all.fallback = append(s.all.fallback, entry{user: n, layer: -1, by: -1, source: sourceFallback})
	}
	for _, l := range c.spec.Layers {
		s.views[l.Name] = &view{name: l.Name, zone: c.zoneOf(l)}
	}
	roles := map[string]*view{}
	for _, l := range lines {
		v := s.views[l.name]
		v.lines = append(v.lines, l)
		if l.role == RoleShadow {
			s.shadows.lines = append(s.shadows.lines, l)
		} else {
			s.all.lines = append(s.all.lines, l)
		}
		if l.role != "" && s.views[l.role] == nil {
			if roles[l.role] == nil {
				roles[l.role] = &view{name: l.role, zone: s.zone}
			}
			roles[l.role].lines = append(roles[l.role].lines, l)
		}
	}
	for role, v := range roles {
		s.views[role] = v
	}
}

// seconds is the Unix time of t, held within some 30 000 years so that no
// arithmetic overflows, whatever time a caller brings.
func seconds(t time.Time) int64 {
	const limit = 1 << 40
	return min(max(t.Unix(), -limit), limit)
}
