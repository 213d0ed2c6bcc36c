package schedules

import (
	"fmt"
	"math"
	"time"
	_ "time/tzdata" // so that a binary alone knows the zones
)

const (
	daySeconds = 24 * 60 * 60
	// reach exceeds every offset from UTC (RFC 8536 §3.2: −25 h to +26 h).
	reach = 27 * 60 * 60
	// shadow exceeds the longest fold: while it lasts the clock repeats itself.
	shadow = 48 * 60 * 60

	// An unbounded past and future, on the line of Unix seconds.
	never   = math.MinInt64
	forever = math.MaxInt64

	// The years in which offsets come from a table; others are only slower.
	tableFrom = 631152000  // 1990-01-01
	tableTo   = 3155760000 // 2070-01-01
)

// zone resolves wall clocks of one location. Offsets in it are exact at every
// instant; the table only spares time package look-ups, and may be missing.
type zone struct {
	loc   *time.Location
	table []stretch
	hints []uint16 // for each 2^hintBits seconds from tableFrom, the stretch at their beginning
}

// stretch is a time of one offset, until the start of the next.
type stretch struct {
	start  int64
	offset int64 // seconds east of UTC
	high   int64 // the highest wall clock shown before
	low    int64 // the lowest wall clock shown after
}

const hintBits = 22 // seven weeks

func newZone(name string) (*zone, error) {
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("time zone %q is unknown; use an IANA name such as Europe/Berlin or UTC", name)
	}
	z := &zone{loc: loc}
	high := int64(never)
	for u := int64(tableFrom); u < tableTo; {
		offset, end := z.probe(u)
		if n := len(z.table); n == 0 || z.table[n-1].offset != offset {
			z.table = append(z.table, stretch{start: u, offset: offset, high: high, low: forever})
		}
		end = min(end, tableTo)
		high, u = max(high, end-1+offset), end
	}
	for i := len(z.table) - 1; i > 0; i-- {
		z.table[i-1].low = min(z.table[i].low, z.table[i].start+z.table[i].offset)
	}
	i := 0
	for u := int64(tableFrom); u < tableTo; u += 1 << hintBits {
		for i+1 < len(z.table) && z.table[i+1].start <= u {
			i++
		}
		z.hints = append(z.hints, uint16(i))
	}
	return z, nil
}

// probe asks the time package for the offset at u and for an instant after u up
// to which it surely holds. Of ZoneBounds only the end is used, since its start
// may lie before the true one; and for rule-based years (the last day of a leap
// year) even the end may lie in the past: then the offset holds for the UTC day.
func (z *zone) probe(u int64) (offset, end int64) {
	t := time.Unix(u, 0).In(z.loc)
	_, seconds := t.Zone()
	_, bound := t.ZoneBounds()
	switch {
	case bound.IsZero():
		end = forever
	case bound.Unix() <= u:
		end = (floorDiv(u, daySeconds) + 1) * daySeconds
	default:
		end = bound.Unix()
	}
	return int64(seconds), end
}

// at is the number of the table's stretch at u, which the table must cover.
func (z *zone) at(u int64) int {
	i := int(z.hints[(u-tableFrom)>>hintBits])
	for i+1 < len(z.table) && z.table[i+1].start <= u {
		i++
	}
	return i
}

// tabled says whether the table covers all that matters at u, or at that wall clock.
func tabled(u int64) bool { return u >= tableFrom+2*shadow && u < tableTo-2*shadow }

// offset is the seconds east of UTC at u, and an instant after u until which
// they hold at least.
func (z *zone) offset(u int64) (offset, end int64) {
	if u < tableFrom || u >= tableTo || z.table == nil {
		return z.probe(u)
	}
	i := z.at(u)
	if i+1 == len(z.table) {
		return z.table[i].offset, tableTo
	}
	return z.table[i].offset, z.table[i+1].start
}

// first is the first instant at which the local clock shows wall or later.
func (z *zone) first(wall int64) int64 {
	if tabled(wall) && z.table != nil {
		for i := z.at(wall - reach); ; i++ {
			s := &z.table[i]
			if at := max(s.start, wall-s.offset); i+1 == len(z.table) || at < z.table[i+1].start {
				return at
			}
		}
	}
	for u := wall - reach; ; {
		offset, end := z.offset(u)
		if at := max(u, wall-offset); at < end {
			return at
		}
		u = end
	}
}

// last is the last instant at which the local clock shows wall; if wall is in a
// gap, the first instant after it.
func (z *zone) last(wall int64) int64 {
	at := wall - reach
	for u := at; u <= wall+reach; {
		offset, end := z.offset(u)
		if u <= wall-offset {
			at = min(end, wall-offset)
		}
		u = end
	}
	return at
}

// shown is the highest wall clock that was shown up to and including u. It
// mirrors first: first(wall) <= u exactly when wall <= shown(u).
func (z *zone) shown(u int64) int64 {
	if tabled(u) {
		s := &z.table[z.at(u)]
		return max(s.high, u+s.offset)
	}
	for v, high := u-shadow, int64(never); ; {
		offset, end := z.offset(v)
		if end > u {
			return max(high, u+offset)
		}
		high = max(high, end-1+offset)
		v = end
	}
}

// ahead is the lowest wall clock of an end that is still to come at u. It mirrors
// last: last(wall) > u exactly when wall >= ahead(u).
func (z *zone) ahead(u int64) int64 {
	if tabled(u) {
		s := &z.table[z.at(u)]
		return min(s.low, u+1+s.offset)
	}
	offset, end := z.offset(u)
	low := u + 1 + offset
	for end <= u+shadow {
		v := end
		offset, end = z.offset(v)
		low = min(low, v+offset)
	}
	return low
}

// zones loads each zone of a schedule once.
type zones map[string]*zone

func (zs zones) get(name string) (*zone, error) {
	if z, ok := zs[name]; ok {
		return z, nil
	}
	z, err := newZone(name)
	if err == nil {
		zs[name] = z
	}
	return z, err
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// newUTC is the clock that never changes.
func newUTC() *zone {
	z, _ := newZone("UTC") // which is always known
	return z
}
