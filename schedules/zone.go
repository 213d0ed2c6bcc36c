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
// instant; the table only spares time package look-ups.
type zone struct {
	loc     *time.Location
	starts  []int64 // of each table entry, ascending from tableFrom
	offsets []int64 // seconds east of UTC from that start on
}

func newZone(name string) (*zone, error) {
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("time zone %q is unknown; use an IANA name such as Europe/Berlin or UTC", name)
	}
	z := &zone{loc: loc}
	for u := int64(tableFrom); u < tableTo; {
		offset, end := z.probe(u)
		if n := len(z.offsets); n == 0 || z.offsets[n-1] != offset {
			z.starts, z.offsets = append(z.starts, u), append(z.offsets, offset)
		}
		u = end
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

// offset is the seconds east of UTC at u, and an instant after u until which
// they hold at least.
func (z *zone) offset(u int64) (offset, end int64) {
	if u < tableFrom || u >= tableTo {
		return z.probe(u)
	}
	lo, hi := 0, len(z.starts)
	for hi-lo > 1 {
		if mid := int(uint(lo+hi) >> 1); z.starts[mid] <= u {
			lo = mid
		} else {
			hi = mid
		}
	}
	if hi == len(z.starts) {
		return z.offsets[lo], tableTo
	}
	return z.offsets[lo], z.starts[hi]
}

// first is the first instant at which the local clock shows wall or later.
func (z *zone) first(wall int64) int64 {
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
	for v, high := u-shadow, int64(never); ; {
		offset, end := z.offset(v)
		if end > u {
			return max(high, u+offset)
		}
		high = max(high, end-1+offset)
		v = end
	}
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
