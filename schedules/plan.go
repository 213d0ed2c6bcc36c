package schedules

import "slices"

// The values of [Shift.Source] and [Duty.Source].
const (
	SourceRotation = "rotation" // as the rotation says, time off considered
	SourceCalendar = "calendar" // as a layer's fixed shifts say
	SourceOverride = "override" // an override changed who serves
	SourceSwap     = "swap"     // two have taken each other's duty
	SourceOnly     = "only"     // an override that hides everything else
	SourceFallback = "fallback" // the layers leave nobody on call
	SourceGap      = "gap"      // nobody is on call
)

// source is one of the sources; of several in one shift, the greatest names it.
type source uint8

const (
	sourceGap source = iota
	sourceCalendar
	sourceRotation
	sourceSwap
	sourceOverride
	sourceOnly
	sourceFallback
)

func (s source) String() string {
	return [...]string{SourceGap, SourceCalendar, SourceRotation, SourceSwap, SourceOverride, SourceOnly, SourceFallback}[s]
}

// entry is a [Duty] in numbers.
type entry struct {
	user   person
	layer  int32 // or -1
	by     int32 // number of the first override with its ID, or -1
	source source
}

// duty is who serves on a line, and why.
type duty struct {
	entries []entry
	added   []entry // those of whom priority hides nobody; in entries they may serve for another reason
	source  source
	present bool // hides lower layers
}

func (d *duty) equal(other *duty) bool {
	return d == other || d.source == other.source && d.present == other.present && slices.Equal(d.entries, other.entries) && slices.Equal(d.added, other.added)
}

// alike says whether the people are the same, whatever the reasons.
func (d *duty) alike(other *duty) bool {
	return d == other || d.present == other.present && sameUsers(d.entries, other.entries) && sameUsers(d.added, other.added)
}

func sameUsers(a, b []entry) bool {
	return slices.EqualFunc(a, b, func(x, y entry) bool { return x.user == y.user })
}

// plan is who serves in each turn of a line while one set of effects is active. As
// turns repeat, so do the distances to the next and previous change.
type plan struct {
	turns  []*duty // turn i is turns[i mod len]
	closed *duty   // outside the windows
	ahead  []int32 // turns from i to the next different one; 0 if all are equal
	behind []int32 // turns from i back to the first equal one
	// The same in every turn, and outside windows too: in all, or as far as people go.
	constant, steady bool
	level            bool // as steady, but inside windows only
}

// newPlan settles who serves under a situation.
func (l *line) newPlan(s situation) *plan {
	p := &plan{}
	switch {
	case s.absent:
		p.closed = &duty{}
	case s.only >= 0:
		d := duty{entries: s.shift, present: len(s.shift) > 0}
		if d.present {
			d.source = sourceOnly
		}
		p.closed = &d
	default:
		p.closed = l.serve(nil, nil, s)
	}
	switch {
	case s.absent || s.off || s.only >= 0:
		p.turns = []*duty{p.closed}
	case l.cycle == nil:
		p.turns = []*duty{l.serve(s.fixed, s.away, s)}
	default:
		p.turns = l.turns(s)
	}
	p.measure()
	return p
}

// turns is who serves in each turn of a rotation.
func (l *line) turns(s situation) []*duty {
	turns := make([]*duty, len(l.groups))
	for i := range turns {
		if len(s.away) == 0 && len(s.changes) == 0 && len(s.adds) == 0 && l.base != nil {
			turns[i] = l.base.turns[i]
			continue
		}
		d := l.serve(l.groups[l.place(i, s.away)], s.away, s)
		if l.base != nil && d.equal(l.base.turns[i]) {
			d = l.base.turns[i]
		}
		turns[i] = d
	}
	return turns
}

// place is whose turn it is: the group in turn, or that at the line's offset from
// it. If time off is skipped, instead of those away the next serve who are there.
func (l *line) place(turn int, away []person) int {
	n := len(l.groups)
	at := (turn + l.first) % n
	if l.away != AwaySkip || len(away) == 0 {
		return (at + l.offset) % n
	}
	at = l.there(at, away)
	for range l.offset {
		at = l.there((at+1)%n, away)
	}
	return at
}

// there is the place itself if it is empty on purpose or somebody of it is there;
// else the next at which somebody is. If nobody is anywhere it stays.
func (l *line) there(at int, away []person) int {
	n := len(l.groups)
	if len(l.groups[at]) == 0 || anyThere(l.groups[at], away) {
		return at
	}
	for i := 1; i < n; i++ {
		if next := (at + i) % n; anyThere(l.groups[next], away) {
			return next
		}
	}
	return at
}

func anyThere(group, away []person) bool {
	return slices.ContainsFunc(group, func(p person) bool { return !slices.Contains(away, p) })
}

// serve is who serves of a group when some are away: changes apply to them in order, and then
// others are added, who keep their place if they serve already.
func (l *line) serve(group, away []person, s situation) *duty {
	why := sourceRotation
	if l.cycle == nil {
		why = sourceCalendar
	}
	var base []entry
	for _, p := range group {
		if !slices.Contains(away, p) {
			base = append(base, entry{user: p, layer: l.layer, by: -1, source: why})
		}
	}
	own := base
	for i := range s.changes {
		own = s.changes[i].apply(own, l.layer)
	}
	same := sameUsers(own, base)
	if same {
		own = base
	}
	d := &duty{entries: slices.Clip(own), added: s.adds, source: why}
	for i := range s.adds {
		d.entries = enter(d.entries, &s.adds[i])
	}
	switch {
	case len(d.entries) == 0:
		d.source = sourceGap
	case !same || len(d.entries) > len(own):
		d.source = changed(d.entries)
	}
	d.present = len(own) > 0 || l.away == AwayGap && len(group) > 0 && len(base) == 0
	return d
}

// changed is the source of a shift that overrides changed.
func changed(entries []entry) source {
	most := sourceGap
	for _, x := range entries {
		most = max(most, x.source)
	}
	if most < sourceSwap { // somebody was removed
		return sourceOverride
	}
	return most
}

// measure fills ahead and behind, going round twice because runs wrap around.
func (p *plan) measure() {
	n, one := len(p.turns), p.turns[0]
	p.level = !slices.ContainsFunc(p.turns, func(d *duty) bool { return !d.alike(one) })
	p.steady = p.level && p.closed.alike(one)
	p.ahead, p.behind = make([]int32, n), make([]int32, n)
	if !slices.ContainsFunc(p.turns, func(d *duty) bool { return !d.equal(one) }) {
		p.constant = p.closed.equal(one)
		return
	}
	for i := range 2 * n {
		here, back := i%n, (i+n-1)%n
		if p.turns[here].equal(p.turns[back]) {
			p.behind[here] = p.behind[back] + 1
		} else {
			p.behind[here] = 0
		}
	}
	for i := 2*n - 1; i >= 0; i-- {
		here, next := i%n, (i+1)%n
		if p.turns[here].equal(p.turns[next]) {
			p.ahead[here] = p.ahead[next] + 1
		} else {
			p.ahead[here] = 1
		}
	}
}
