package schedules

import "slices"

// The values of [Shift.Source].
const (
	SourceRotation = "rotation" // as the rotation says
	SourceOverride = "override" // an override changed who serves
	SourceGap      = "gap"      // nobody is on call
)

// duty is who serves, and why.
type duty struct {
	users  []UserID
	source string
}

func (d duty) equal(other duty) bool {
	return d.source == other.source && slices.Equal(d.users, other.users)
}

// plan is who serves in each turn of a rotation while one set of overrides is
// active. As turns repeat, so do the distances to the next and previous change.
type plan struct {
	before duty   // until the first hand-off
	turns  []duty // turn i is turns[i mod len]
	ahead  []int  // turns from i to the next different one; 0 if all are equal
	behind []int  // turns from i back to the first equal one
	steady bool   // the same people in every turn, whatever the source
}

func newPlan(groups [][]UserID, active []Override) *plan {
	p := &plan{before: serve(nil, active), turns: make([]duty, len(groups)), steady: true}
	for i, group := range groups {
		p.turns[i] = serve(group, active)
		p.steady = p.steady && slices.Equal(p.turns[i].users, p.turns[0].users)
	}
	p.measure()
	return p
}

// measure fills ahead and behind, going round twice because runs wrap around.
func (p *plan) measure() {
	n := len(p.turns)
	p.ahead, p.behind = make([]int, n), make([]int, n)
	if !slices.ContainsFunc(p.turns, func(d duty) bool { return !d.equal(p.turns[0]) }) {
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

// at is who serves in a turn; -1 is the time before the first.
func (p *plan) at(turn int64) duty {
	if turn < 0 {
		return p.before
	}
	return p.turns[turn%int64(len(p.turns))]
}

// serve applies the active overrides, in order, to a group.
func serve(group []UserID, active []Override) duty {
	users := group
	for _, o := range active {
		users = o.apply(users)
	}
	switch {
	case len(users) == 0:
		return duty{source: SourceGap}
	case slices.Equal(users, group):
		return duty{users: group, source: SourceRotation}
	default:
		return duty{users: users, source: SourceOverride}
	}
}

// apply returns who serves of users under the override; users stays as it is.
func (o Override) apply(users []UserID) []UserID {
	switch {
	case o.Type == Replace && o.Remove == "":
		return []UserID{o.Add}
	case o.Type == Addition:
		return join(slices.Clone(users), o.Add)
	case !slices.Contains(users, o.Remove):
		return users
	}
	var out []UserID
	for _, u := range users {
		switch {
		case u != o.Remove:
			out = join(out, u)
		case o.Type == Replace:
			out = join(out, o.Add)
		}
	}
	return out
}

// join appends those who are not yet in the list.
func join(list []UserID, users ...UserID) []UserID {
	for _, u := range users {
		if !slices.Contains(list, u) {
			list = append(list, u)
		}
	}
	return list
}
