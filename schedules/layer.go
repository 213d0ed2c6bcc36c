package schedules

import (
	"cmp"
	"slices"
	"sort"
)

// layer is a compiled [Layer]: a clockwork, and cells of time in each of which
// one set of overrides is active. All instants are Unix seconds.
type layer struct {
	name  string
	zone  *zone
	cycle cycle
	cells []cell // ascending; the first begins at never
}

// cell runs from its start to the start of the next.
type cell struct {
	start int64
	plan  *plan
}

// bounded is an override with its instants.
type bounded struct {
	Override
	from, to int64
}

// cut divides time into cells at the edges of the overrides, which keep their order.
func cut(groups [][]UserID, overrides []bounded) []cell {
	type edge struct {
		at    int64
		index int
	}
	var edges []edge
	for i, o := range overrides {
		if o.from < o.to { // else it lies inside a gap of the clock
			edges = append(edges, edge{o.from, i}, edge{o.to, i})
		}
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return cmp.Compare(a.at, b.at) })

	base := newPlan(groups, nil)
	cells := []cell{{never, base}}
	var active []int
	for i, e := range edges {
		if at, found := slices.BinarySearch(active, e.index); found {
			active = slices.Delete(active, at, at+1)
		} else {
			active = slices.Insert(active, at, e.index)
		}
		if i+1 < len(edges) && edges[i+1].at == e.at {
			continue
		}
		p := base
		if len(active) > 0 {
			now := make([]Override, len(active))
			for j, index := range active {
				now[j] = overrides[index].Override
			}
			p = newPlan(groups, now)
		}
		cells = append(cells, cell{e.at, p})
	}
	return cells
}

// find returns the cell and the turn at u, when the zone's clock has shown wall.
func (l *layer) find(u, wall int64) (cell int, turn int64) {
	cell = len(l.cells) - 1
	if l.cells[cell].start > u {
		cell = sort.Search(len(l.cells), func(i int) bool { return l.cells[i].start > u }) - 1
	}
	return cell, l.cycle.turn(wall)
}

// duty is who serves at u, when the zone's clock has shown wall.
func (l *layer) duty(u, wall int64) duty {
	cell, turn := l.find(u, wall)
	return l.cells[cell].plan.at(turn)
}

// next is the next instant after u at which who serves may change, or forever.
// If peopleOnly, a change of the source alone does not count.
func (l *layer) next(u, wall int64, peopleOnly bool) int64 {
	i, turn := l.find(u, wall)
	end := int64(forever)
	if i+1 < len(l.cells) {
		end = l.cells[i+1].start
	}
	p := l.cells[i].plan
	if turn < 0 {
		return min(end, l.zone.first(l.cycle.anchor))
	}
	step := p.ahead[turn%int64(len(p.ahead))]
	if step == 0 || peopleOnly && p.steady {
		return end
	}
	return min(end, l.zone.first(l.cycle.boundary(turn+int64(step))))
}

// previous is the last instant up to u at which who serves may have changed, or never.
func (l *layer) previous(u, wall int64) int64 {
	i, turn := l.find(u, wall)
	start, p := l.cells[i].start, l.cells[i].plan
	if turn < 0 {
		return start
	}
	at := turn % int64(len(p.turns))
	first := turn - int64(p.behind[at])
	if p.ahead[at] == 0 {
		first = 0
	}
	return max(start, l.zone.first(l.cycle.boundary(max(0, first))))
}
