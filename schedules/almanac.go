package schedules

import (
	"slices"
	"sort"
	"sync/atomic"
)

const (
	// monthBits makes a month of the almanac 2^22 s, some 48 days.
	monthBits = 22
	// almanacMonths is how many months are kept, 17 years; another takes the place of one
	// that lies a multiple of them away.
	almanacMonths = 128
	// worthKeeping is how often a month is asked about before it is worked out, which costs as
	// much as a look-up for each of its shifts.
	worthKeeping = 16
	// crowded is more shifts than a month is kept with.
	crowded = 2000
)

// almanac keeps the shifts of months that were asked about, ready-made: schedules are asked
// about the present time and again, and nothing in them ever changes.
type almanac [almanacMonths]atomic.Pointer[month]

// month is the shifts that meet one month, whole and in order; none while it is not worked out.
type month struct {
	number int64
	asked  atomic.Int32
	starts []int64
	shifts []Shift
}

// lookup is the shift around u, false when the almanac does not have it.
func (s *Schedule) lookup(v *view, u int64) (Shift, bool) {
	number := u >> monthBits
	place := &v.almanac[number&(almanacMonths-1)]
	m := place.Load()
	switch {
	case m == nil || m.number != number:
		place.Store(&month{number: number})
		return Shift{}, false
	case len(m.shifts) > 0:
	case m.asked.Add(1) == worthKeeping:
		place.Store(s.month(v, number))
		return Shift{}, false
	default:
		return Shift{}, false
	}
	x := m.shifts[sort.Search(len(m.starts), func(i int) bool { return m.starts[i] > u })-1]
	x.Users, x.Duties = slices.Clone(x.Users), slices.Clone(x.Duties)
	return x, true
}

// month asks for one shift after the other.
func (s *Schedule) month(v *view, number int64) *month {
	m := &month{number: number}
	for u := number << monthBits; u < (number+1)<<monthBits; {
		if len(m.shifts) == crowded {
			m = &month{number: number}
			m.asked.Store(worthKeeping) // and never again
			return m
		}
		x, end := s.around(v, u)
		m.starts, m.shifts = append(m.starts, u), append(m.shifts, x)
		u = end
	}
	return m
}
