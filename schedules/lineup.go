package schedules

import "slices"

// lineup is the groups of a rotation in turn. It goes round.
type lineup [][]UserID

// group is who serves at a place, counted round in both directions.
func (l lineup) group(i int) []UserID { return l[l.place(i)] }

func (l lineup) place(i int) int { return ((i % len(l)) + len(l)) % len(l) }

// has says whether somebody is in any group.
func (l lineup) has(u UserID) bool {
	return slices.ContainsFunc(l, func(g []UserID) bool { return slices.Contains(g, u) })
}

// find is the place in l that the group at place i of other has: that of an equal group (of
// several, the one with the most equal groups behind it), else of the first with the largest
// overlap, else -1.
func (l lineup) find(other lineup, i int) int {
	group, best, most := other.group(i), -1, 0
	for j := range l {
		if samePeople(l[j], group) {
			if n := 1 + l.alike(j, other, i); n > most {
				best, most = j, n
			}
		}
	}
	if best >= 0 {
		return best
	}
	return l.overlapping(group)
}

// overlapping is the place of the first group that shares the most people, or -1.
func (l lineup) overlapping(group []UserID) int {
	best, most := -1, 0
	for j := range l {
		if n := common(l[j], group); n > most {
			best, most = j, n
		}
	}
	return best
}

// alike counts the equal groups that follow place j of l and place i of other.
func (l lineup) alike(j int, other lineup, i int) int {
	n := 0
	for n+1 < max(len(l), len(other)) && samePeople(l.group(j+n+1), other.group(i+n+1)) {
		n++
	}
	return n
}

// after is the place in l that follows when the group at place i of other has served: behind
// the same group; if l has nobody of it, that of the next in the other's order who is in l; if
// there is none, the first.
func (l lineup) after(other lineup, i int) int {
	if at := l.find(other, i); at >= 0 {
		return l.place(at + 1)
	}
	return l.heirs(other, i)[0]
}

// heirs are all places of l in the order in which they may follow the group at place i of
// other, which is gone: in the order of other as far as it is in l, then in that of l.
func (l lineup) heirs(other lineup, i int) []int {
	var out []int
	add := func(at int) {
		if at >= 0 && !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	for k := 1; k < len(other); k++ {
		if len(other.group(i+k)) > 0 {
			add(l.find(other, i+k))
		}
	}
	for at := range l {
		add(at)
	}
	return out
}

// opening is the place that begins a new round when some have just served: the first, or, if
// it is theirs and others are in the list, the first one after it.
func (l lineup) opening(served []UserID) int {
	for at := range l {
		if common(l[at], served) == 0 {
			return at
		}
	}
	return 0
}
