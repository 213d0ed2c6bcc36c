package schedules

import (
	"cmp"
	"slices"
)

// stabs finds the effects that are active at an instant, however many overlap, in room that
// grows with their number only: a balanced tree of the effects by their beginning, laid out in
// order, in which every node knows the latest end below it.
type stabs struct {
	order  []int32 // of effects
	latest []int64
}

func newStabs(effects []effect) stabs {
	s := stabs{order: make([]int32, len(effects)), latest: make([]int64, len(effects))}
	for i := range effects {
		s.order[i] = int32(i)
	}
	slices.SortStableFunc(s.order, func(a, b int32) int { return cmp.Compare(effects[a].from, effects[b].from) })
	s.measure(effects, 0, len(effects))
	return s
}

// measure fills latest for the nodes in [lo, hi), whose root is in the middle.
func (s *stabs) measure(effects []effect, lo, hi int) int64 {
	if lo == hi {
		return never
	}
	mid := lo + (hi-lo)/2
	s.latest[mid] = max(effects[s.order[mid]].to, s.measure(effects, lo, mid), s.measure(effects, mid+1, hi))
	return s.latest[mid]
}

// at is the effects that are active at u, ascending.
func (s *stabs) at(effects []effect, u int64) []int32 {
	found := s.find(effects, u, 0, len(effects), nil)
	slices.Sort(found)
	return found
}

func (s *stabs) find(effects []effect, u int64, lo, hi int, found []int32) []int32 {
	if lo == hi {
		return found
	}
	mid := lo + (hi-lo)/2
	if s.latest[mid] <= u {
		return found
	}
	found = s.find(effects, u, lo, mid, found)
	e := &effects[s.order[mid]]
	if e.from > u { // and so are all behind it
		return found
	}
	if u < e.to {
		found = append(found, s.order[mid])
	}
	return s.find(effects, u, mid+1, hi, found)
}
