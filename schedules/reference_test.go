package schedules

import (
	"cmp"
	"slices"
	"time"
)

// reference answers for one spec at one instant, straight from the description
// of the model.
type reference struct {
	Spec
	home *time.Location
	u    int64
}

// refLine is what one layer says.
type refLine struct {
	Layer
	duties  []Duty
	added   []Duty // whom priority cannot hide
	source  string
	present bool // lower layers stay hidden
}

func newReference(spec Spec, u int64) reference {
	home, _ := time.LoadLocation(spec.TimeZone)
	return reference{spec, home, u}
}

func rank(source string) int {
	return slices.Index([]string{SourceGap, SourceCalendar, SourceRotation, SourceSwap, SourceOverride, SourceOnly, SourceFallback}, source)
}

// answer is who serves by the layers that a name means, and why.
func (r reference) answer(name string) (duties []Duty, source string) {
	isLayer := slices.ContainsFunc(r.Layers, func(l Layer) bool { return l.Name == name })
	lines := r.lines(func(l Layer, now Layer) bool {
		switch {
		case name == "":
			return now.Role != RoleShadow
		case isLayer:
			return l.Name == name
		}
		return now.Role == name
	})
	source, top := SourceGap, -1000
	for _, l := range lines {
		if l.present {
			top = max(top, l.Priority)
		}
	}
	for _, l := range lines {
		if l.Priority < top {
			n := len(duties)
			if duties = refUnique(append(duties, l.added...)); len(duties) > n && rank(SourceOverride) > rank(source) {
				source = SourceOverride
			}
			continue
		}
		duties = refUnique(append(duties, l.duties...))
		if rank(l.source) > rank(source) {
			source = l.source
		}
	}
	if name == "" && len(duties) == 0 {
		for _, u := range r.Fallback {
			duties, source = append(duties, Duty{User: u, Source: SourceFallback}), SourceFallback
		}
	}
	return duties, source
}

// shadows is who learns.
func (r reference) shadows() (users []UserID) {
	for _, l := range r.lines(func(_, now Layer) bool { return now.Role == RoleShadow }) {
		for _, d := range l.duties {
			users = append(users, d.User)
		}
	}
	return naiveUnique(users)
}

// lines is what the layers say that a test takes, the highest priority first.
func (r reference) lines(take func(l, now Layer) bool) (out []refLine) {
	for _, l := range r.Layers {
		if now := r.phase(l); take(l, now) {
			out = append(out, r.line(l.Name, now))
		}
	}
	slices.SortStableFunc(out, func(a, b refLine) int { return cmp.Compare(b.Priority, a.Priority) })
	return out
}

// phase is the description of a layer that holds, with the rotation that it uses.
func (r reference) phase(l Layer) Layer {
	all := append(slices.Clone(l.Before), l)
	now := all[0]
	for _, p := range all[1:] {
		if r.u >= p.Since.Unix() {
			now = p
		}
	}
	if now.Rotation.Of != "" {
		for _, other := range r.Layers {
			if other.Name == now.Rotation.Of {
				offset := now.Rotation.Offset
				now.Rotation = r.phase(other).Rotation
				now.Rotation.Offset += offset
				break
			}
		}
	}
	return now
}

func (r reference) active(from, to Civil) bool {
	return naiveBegun(r.home, from.seconds(), r.u) && !naiveOver(r.home, to.seconds(), r.u)
}

func (r reference) touches(o Override, name, role string) bool {
	if len(o.Layers) == 0 {
		return role != RoleShadow
	}
	return slices.Contains(o.Layers, name) || role != "" && slices.Contains(o.Layers, role)
}

// line is what a layer says by the description that holds.
func (r reference) line(name string, l Layer) refLine {
	out := refLine{Layer: l, source: SourceGap}
	var overrides []Override
	only := -1
	for _, o := range r.Overrides {
		if r.touches(o, name, l.Role) {
			overrides = append(overrides, o)
			if o.Type == Only && r.active(o.From, o.To) {
				only = len(overrides) - 1
			}
		}
	}
	if only >= 0 {
		out.duties = r.only(overrides[only], name)
		if out.present = len(out.duties) > 0; out.present {
			out.source = SourceOnly
		}
		return out
	}
	users, why, hold := r.base(l)
	var base []Duty
	for _, u := range users {
		base = append(base, Duty{User: u, Layer: name, Source: why})
	}
	own := base
	for _, o := range overrides {
		if o.Type != Addition {
			own = refUnique(r.apply(o, name, own))
		} else if r.active(o.From, o.To) {
			added := Duty{User: o.Add, Layer: name, Source: SourceOverride, By: o.ID}
			if len(o.Layers) == 0 {
				added.Layer = ""
			}
			out.added = refUnique(append(out.added, added))
		}
	}
	changed := !slices.Equal(usersOf(own), usersOf(base))
	if !changed {
		own = base
	}
	out.duties, out.present = refUnique(slices.Concat(own, out.added)), hold || len(own) > 0
	switch {
	case len(out.duties) == 0:
	case !changed && len(out.duties) == len(own):
		out.source = why
	default:
		out.source = SourceOverride
		swapped := slices.ContainsFunc(out.duties, func(d Duty) bool { return d.Source == SourceSwap })
		if swapped && !slices.ContainsFunc(out.duties, func(d Duty) bool { return d.Source == SourceOverride }) {
			out.source = SourceSwap
		}
	}
	return out
}

func (r reference) only(o Override, name string) (out []Duty) {
	if len(o.Layers) == 0 {
		name = ""
	}
	shifts := o.Shifts
	if len(shifts) == 0 {
		shifts = []OnlyShift{{From: o.From, To: o.To, Users: []UserID{o.Add}}}
	}
	for _, s := range shifts {
		if r.active(s.From, s.To) {
			for _, u := range s.Users {
				out = append(out, Duty{User: u, Layer: name, Source: SourceOnly, By: o.ID})
			}
		}
	}
	return refUnique(out)
}

func (r reference) apply(o Override, name string, duties []Duty) (out []Duty) {
	by := Duty{User: o.Add, Layer: name, Source: SourceOverride, By: o.ID}
	exchange := map[UserID]UserID{}
	switch {
	case o.Type == Swap:
		by.Source = SourceSwap
		if r.active(o.A.From, o.A.To) {
			exchange[o.A.User] = o.B.User
		}
		if r.active(o.B.From, o.B.To) {
			exchange[o.B.User] = o.A.User
		}
	case o.Type == Only || !r.active(o.From, o.To):
		return duties
	case o.Type == Replace && o.Remove == "":
		return []Duty{by}
	default:
		exchange[o.Remove] = o.Add
	}
	for _, d := range duties {
		if other, ok := exchange[d.User]; ok {
			d = by
			d.User = other
		}
		if d.User != "" {
			out = append(out, d)
		}
	}
	return out
}

// base is who serves before overrides, why, and whether nobody does so on purpose.
func (r reference) base(l Layer) (users []UserID, why string, hold bool) {
	loc := r.home
	if l.TimeZone != "" {
		loc, _ = time.LoadLocation(l.TimeZone)
	}
	group, why := r.group(loc, l)
	zero := Civil{}
	if l.Effective.From != zero && !naiveBegun(loc, l.Effective.From.seconds(), r.u) ||
		l.Effective.Until != zero && naiveOver(loc, l.Effective.Until.seconds(), r.u) || !r.open(loc, l.Windows) {
		return nil, why, false
	}
	for _, u := range group {
		if !r.off(l, u) {
			users = append(users, u)
		}
	}
	return users, why, l.Away.Then == AwayGap && len(group) > 0 && len(users) == 0
}

// group is whose turn it is, those away included.
func (r reference) group(loc *time.Location, l Layer) (group []UserID, why string) {
	if l.Fixed != nil {
		for _, f := range l.Fixed {
			if f.From.Unix() <= r.u && r.u < f.To.Unix() {
				group = append(group, f.Users...)
			}
		}
		return naiveUnique(group), SourceCalendar
	}
	turn := naiveTurn(loc, l, r.u)
	if turn < 0 {
		return nil, SourceRotation
	}
	groups := l.Rotation.Participants
	n := len(groups)
	there := func(i int) bool {
		return slices.ContainsFunc(groups[i%n], func(u UserID) bool { return !r.off(l, u) })
	}
	at, offset := turn+l.Rotation.First, l.Rotation.Offset%n
	if l.Away.Then != AwaySkip {
		return groups[(at+offset)%n], SourceRotation
	}
	for k := 0; ; k++ { // the next who is there serves for those who are not
		for tries := 0; len(groups[at%n]) > 0 && !there(at); tries++ {
			at++
			for len(groups[at%n]) == 0 { // an empty place is nobody's substitute
				at++
			}
			if tries > n {
				return nil, SourceRotation // all are away
			}
		}
		if k == offset {
			return groups[at%n], SourceRotation
		}
		at++
	}
}

func (r reference) off(l Layer, u UserID) bool {
	for _, a := range r.Away {
		if !slices.Contains(a.Users, u) || len(l.Away.Use) > 0 && !slices.Contains(l.Away.Use, a.Kind) {
			continue
		}
		if a.Spans == nil && r.active(a.From, a.To) {
			return true
		}
		for _, s := range a.Spans {
			if s.Start.Unix() <= r.u && r.u < s.End.Unix() {
				return true
			}
		}
	}
	return false
}

// open says whether a window of the days around is open.
func (r reference) open(loc *time.Location, windows []Window) bool {
	today := (r.u + offsetAt(loc, r.u)) / daySeconds
	for day := today - 3; day <= today+3; day++ {
		for _, w := range windows {
			from, to := w.on(day)
			if from >= 0 && naiveBegun(loc, from, r.u) && !naiveOver(loc, to, r.u) {
				return true
			}
		}
	}
	return len(windows) == 0
}

func refUnique(duties []Duty) (out []Duty) {
	for _, d := range duties {
		if !slices.ContainsFunc(out, func(x Duty) bool { return x.User == d.User }) {
			out = append(out, d)
		}
	}
	return out
}
