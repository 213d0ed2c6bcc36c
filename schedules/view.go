package schedules

import "slices"

// view is the lines that a question is about, the highest priority first and
// equal ones in the order of layers; and what holds when they leave nobody.
type view struct {
	name     string // "" for all together
	zone     *zone
	lines    []*line
	fallback []entry
	flat     bool // priorities do not count
	almanac  almanac
}

// farthest bounds how many changes of single layers a search for a change of the
// whole answer passes. Only people who rotate in several layers so that their
// union stays the same could make it longer.
const farthest = 10_000

// answer is who is on call at an instant, gathered from the lines in order.
type answer struct {
	entries []entry
	source  source
	settled bool // by a line that hides those of lower priority
	level   int  // its priority
}

// hides says whether only what is added on a line can still show.
func (a *answer) hides(l *line) bool { return a.settled && l.priority < a.level }

// take adds what a line says to entries, which are those of the answer: they are
// handed on by value, so that their room stays on the stack.
func (a *answer) take(v *view, l *line, d *duty, entries []entry) []entry {
	if a.hides(l) {
		for i := range d.added {
			n := len(entries)
			if entries = enter(entries, &d.added[i]); len(entries) > n {
				a.source = max(a.source, d.added[i].source)
			}
		}
		return entries
	}
	for i := range d.entries {
		entries = enter(entries, &d.entries[i])
	}
	a.source = max(a.source, d.source)
	if d.present && !a.settled && !v.flat {
		a.settled, a.level = true, l.priority
	}
	return entries
}

// finish lets the fallback serve if nobody does.
func (a answer) finish(v *view, entries []entry) answer {
	if len(entries) == 0 && len(v.fallback) > 0 {
		entries, a.source = append(entries, v.fallback...), sourceFallback
	}
	a.entries = entries
	return a
}

// on is who is on call at u, for callers that need no span.
func (v *view) on(u int64, room []entry) answer {
	a, c, s := answer{}, clock{u: u}, spot{}
	for _, l := range v.lines {
		if l.adds || !a.hides(l) {
			l.find(&c, &s)
			room = a.take(v, l, s.duty, room)
		}
	}
	return a.finish(v, room)
}

// equal says whether two answers are the same: in people, or in all.
func (a *answer) equal(b *answer, peopleOnly bool) bool {
	if peopleOnly {
		return slices.EqualFunc(a.entries, b.entries, func(x, y entry) bool { return x.user == y.user })
	}
	return a.source == b.source && slices.Equal(a.entries, b.entries)
}

// cursor walks through time from change to change, and looks again only at lines
// that may have changed.
type cursor struct {
	view       *view
	spots      []known
	peopleOnly bool
	back       bool
}

// known is a spot and the instant, in the direction of the walk, up to which it holds.
type known struct {
	spot
	edge  int64
	shows bool // when last read, it counted
}

// cursorRoom is how many lines a cursor knows without allocating.
const cursorRoom = 16

func (v *view) cursor(room *[cursorRoom]known, peopleOnly bool) cursor {
	c := cursor{view: v, peopleOnly: peopleOnly}
	if len(v.lines) <= cursorRoom {
		c.spots = room[:len(v.lines)]
	} else {
		c.spots = make([]known, len(v.lines))
	}
	for i := range c.spots {
		c.spots[i].edge = never // stale at every instant
	}
	return c
}

// turned is a cursor that walks back from the one instant that c has read, and the
// instant from which on its answer surely holds.
func (c *cursor) turned(room *[cursorRoom]known) (cursor, int64) {
	back := c.view.cursor(room, c.peopleOnly)
	back.back = true
	since := int64(never)
	for i, l := range c.view.lines {
		k := &back.spots[i]
		*k = c.spots[i]
		if k.duty == nil {
			k.edge = forever
			continue
		}
		k.edge = l.start(&k.spot)
		since = max(since, k.edge)
	}
	return back, since
}

// stale says whether what is known of a line does not hold at u.
func (c *cursor) stale(k *known, u int64) bool { return c.back && u < k.edge || !c.back && u >= k.edge }

// look brings line i up to an instant, and says whether its people or their
// reasons changed.
func (c *cursor) look(i int, now *clock) (changed bool) {
	k, l, was := &c.spots[i], c.view.lines[i], c.spots[i].duty
	l.find(now, &k.spot)
	if c.back {
		k.edge = l.start(&k.spot)
	} else {
		k.edge = l.end(&k.spot, c.peopleOnly)
	}
	return was == nil || !k.duty.equal(was)
}

// read is the answer at u and the instant of its next possible change: the first
// at which the answer may be another, or walking back, the first at which it is
// this one.
func (c *cursor) read(u int64, room []entry) (a answer, edge int64) {
	edge = c.horizon()
	now := clock{u: u}
	for i, l := range c.view.lines {
		k := &c.spots[i]
		if k.shows = l.adds || !a.hides(l); !k.shows {
			continue
		}
		if c.stale(k, u) {
			c.look(i, &now)
		}
		edge = c.nearer(edge, k.edge)
		room = a.take(c.view, l, k.duty, room)
	}
	return a.finish(c.view, room), edge
}

// still says whether at u, the edge of what was read last, nothing changes after
// all, and if so the next edge. It spares putting the same answer together again.
func (c *cursor) still(u int64) (edge int64, ok bool) {
	edge = c.horizon()
	now := clock{u: u}
	for i := range c.spots {
		if k := &c.spots[i]; k.shows {
			if c.stale(k, u) && c.look(i, &now) {
				return 0, false
			}
			edge = c.nearer(edge, k.edge)
		}
	}
	return edge, true
}

func (c *cursor) horizon() int64 {
	if c.back {
		return never
	}
	return forever
}

func (c *cursor) nearer(a, b int64) int64 {
	if c.back {
		return max(a, b)
	}
	return min(a, b)
}

// end is the first instant after the edge of a at which the answer is not a, or forever.
func (c *cursor) end(a *answer, edge int64) int64 {
	var room [entryRoom]entry
	for range farthest {
		if edge == forever {
			return edge
		}
		next, ok := c.still(edge)
		if !ok {
			var then answer
			if then, next = c.read(edge, room[:0]); !then.equal(a, c.peopleOnly) {
				return edge
			}
		}
		edge = next
	}
	return edge
}

// start is the first instant from which on the answer is a until now, or never.
func (c *cursor) start(a *answer, edge int64) int64 {
	var room [entryRoom]entry
	for range farthest {
		if edge == never {
			return edge
		}
		next, ok := c.still(edge - 1)
		if !ok {
			var then answer
			if then, next = c.read(edge-1, room[:0]); !then.equal(a, false) {
				return edge
			}
		}
		edge = next
	}
	return edge
}

// entryRoom is how many people an answer holds without allocating.
const entryRoom = 32
