package schedules

import "slices"

// view is the layers that a question is about: one, or all of them together.
type view []*layer

// farthest bounds how many changes of single layers a search for a change of the
// whole answer passes. Only people who rotate in several layers so that their
// union stays the same could make it longer.
const farthest = 1000

// clock keeps what zones have shown at u, as neighbouring layers mostly share one.
type clock struct {
	u, wall int64
	zone    *zone
}

func (c *clock) shown(z *zone) int64 {
	if c.zone != z {
		c.zone, c.wall = z, z.shown(c.u)
	}
	return c.wall
}

// duty is who serves at u on any of the layers, in layer order, appended to buf.
func (v view) duty(u int64, buf []UserID) duty {
	c := clock{u: u}
	out := duty{users: buf, source: SourceGap}
	for _, l := range v {
		d := l.duty(u, c.shown(l.zone))
		if d.source == SourceOverride || out.source == SourceGap {
			out.source = d.source
		}
		for _, user := range d.users {
			if !slices.Contains(out.users[len(buf):], user) {
				out.users = append(out.users, user)
			}
		}
	}
	return out
}

// next is the next instant after u at which the answer may change, or forever.
func (v view) next(u int64, peopleOnly bool) int64 {
	at, c := int64(forever), clock{u: u}
	for _, l := range v {
		at = min(at, l.next(u, c.shown(l.zone), peopleOnly))
	}
	return at
}

// previous is the last instant up to u at which the answer may have changed, or never.
func (v view) previous(u int64) int64 {
	at, c := int64(never), clock{u: u}
	for _, l := range v {
		at = max(at, l.previous(u, c.shown(l.zone)))
	}
	return at
}

// end is the first instant after u at which the answer is not d, or forever.
func (v view) end(u int64, d duty, peopleOnly bool) int64 {
	var room [8]UserID
	for range farthest {
		u = v.next(u, peopleOnly)
		if u == forever {
			return u
		}
		then := v.duty(u, room[:0])
		if !slices.Equal(then.users, d.users) || !peopleOnly && then.source != d.source {
			return u
		}
	}
	return u
}

// start is the first instant from which on the answer is d until u, or never.
func (v view) start(u int64, d duty) int64 {
	var room [8]UserID
	for range farthest {
		u = v.previous(u)
		if u == never || !v.duty(u-1, room[:0]).equal(d) {
			return u
		}
		u--
	}
	return u + 1
}
