package schedules

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// change is that of one layer which both specs have. Both descriptions are plain.
type change struct {
	*roller
	old, new Layer
	inherits bool      // the new one uses the rotation of another: its place is given
	floor    time.Time // from when on that rotation holds
	note     string
}

const vacant = "nobody was on call by it, so the change takes effect at once"

// decide says from when on the new description holds, and its first.
func (c *change) decide() (since time.Time, first int) {
	held := c.serving(c.old, c.now)
	if !c.underway() {
		c.note = vacant
		return later(c.now, c.floor), 0
	}
	mode, why, begins := c.mode, "", c.begins()
	if mode == RolloutNow && !begins.After(c.now) && !c.floor.After(c.now) {
		if first, ok := c.atOnce(held); ok {
			return c.now, first
		}
		mode, why = RolloutAfterShift, "it cannot change now without moving who is on call; "
	}
	since = c.boundary(mode)
	if c.floor.After(c.now) {
		since = c.floor
	}
	if begins.After(since) && c.new.Fixed == nil {
		c.note = why + fmt.Sprintf("the old one stays until %s, when the new one starts", c.clock(begins))
		return begins, 0
	}
	place := c.place(mode, held)
	first = c.first(place, since)
	c.describe(why, mode, since, place, held)
	return since, first
}

// describe puts the note of a change that waits.
func (c *change) describe(why string, mode Rollout, since time.Time, place int, held []UserID) {
	switch {
	case !since.After(c.now): // between the shifts of a calendar
		c.note = vacant
		return
	case mode == RolloutAfterRotation && !c.inherits:
		c.note = "the old order goes on to its end, until " + c.clock(since)
	case len(held) == 0:
		c.note = "nobody is on call; the old one stays until " + c.clock(since)
	default:
		c.note = fmt.Sprintf("%s keep%s the shift until %s", names(held), plural(held), c.clock(since))
	}
	switch {
	case c.new.Fixed != nil:
		c.note = why + c.note + "; then the calendar holds"
	case c.inherits:
		c.note = why + c.note + "; then it follows the layer whose rotation it uses"
	default:
		c.note = why + c.note + "; then the new order begins with " + names(lineup(c.new.Rotation.Participants).group(place))
	}
}

// underway says whether the old description has begun and is not over.
func (c *change) underway() bool {
	from, until := c.effective(c.old)
	if c.now.Before(from) || !until.IsZero() && !c.now.Before(until) {
		return false
	}
	if c.old.Fixed != nil {
		return true
	}
	t, err := turnsOf(c.old)
	if err != nil {
		return false
	}
	_, ok := t.at(c.now)
	return ok
}

// effective is the instants between which a layer exists; a zero end is open.
func (c *change) effective(l Layer) (from, until time.Time) {
	z, err := newZone(l.TimeZone)
	if err != nil {
		return from, until
	}
	if l.Effective.From != (Civil{}) {
		from = time.Unix(z.first(l.Effective.From.seconds()), 0).UTC()
	}
	if l.Effective.Until != (Civil{}) {
		until = time.Unix(z.last(l.Effective.Until.seconds()), 0).UTC()
	}
	return from, until
}

// begins is when the new description starts by itself.
func (c *change) begins() time.Time {
	from, _ := c.effective(c.new)
	if z, err := newZone(c.new.TimeZone); err == nil && c.new.Fixed == nil {
		from = later(from, time.Unix(z.first(c.new.Rotation.Start.seconds()), 0).UTC())
	}
	return from
}

// boundary is the instant up to which the old description stays.
func (c *change) boundary(mode Rollout) time.Time {
	end := c.hand(mode)
	if _, until := c.effective(c.old); !until.IsZero() && until.Before(end) {
		return until
	}
	return end
}

// hand is the end of the current turn, or of the current round of turns. If that cannot be
// told, it is now.
func (c *change) hand(mode Rollout) time.Time {
	if c.old.Fixed != nil {
		s, err := c.only(c.old)
		if err != nil || len(s.On("", c.now, nil)) == 0 {
			return c.now
		}
		shift, _ := s.OnCall("", c.now)
		return later(c.now, shift.End)
	}
	t, err := turnsOf(c.old)
	if err != nil {
		return c.now
	}
	at, ok := t.end(c.now)
	for range c.old.Rotation.Participants {
		if n, _ := t.at(at); mode != RolloutAfterRotation || !ok || c.oldPlace(n) == 0 {
			break
		}
		at, ok = t.end(at)
	}
	if !ok {
		return c.now
	}
	return at.UTC()
}

// oldPlace is the place of the old order that serves in a turn.
func (c *change) oldPlace(turn int) int {
	r := c.old.Rotation
	return lineup(r.Participants).place(turn + r.First + r.Offset)
}

// place is where the new order begins.
func (c *change) place(mode Rollout, held []UserID) int {
	list := lineup(c.new.Rotation.Participants)
	if len(list) == 0 || c.new.Fixed != nil || c.inherits {
		return 0
	}
	if c.old.Fixed != nil {
		return list.place(list.overlapping(held) + 1)
	}
	old, at := lineup(c.old.Rotation.Participants), c.turnPlace()
	if mode == RolloutAfterRotation {
		return list.opening(old.group(-1))
	}
	return list.after(old, at)
}

// turnPlace is the place of the old order whose turn it is now.
func (c *change) turnPlace() int {
	if t, err := turnsOf(c.old); err == nil {
		if n, ok := t.at(c.now); ok {
			return c.oldPlace(n)
		}
	}
	return 0
}

// first is the Rotation.First with which the group at a place of the new order serves at an
// instant, or next.
func (c *change) first(place int, at time.Time) int {
	r := c.new.Rotation
	if c.inherits || c.new.Fixed != nil {
		return 0
	}
	t, err := turnsOf(c.new)
	if err != nil {
		return 0
	}
	n, _ := t.coming(at)
	return lineup(r.Participants).place(place - n - r.Offset)
}

// atOnce looks for a first of the new description that moves nobody who serves now, but for
// those whom it does not know.
func (c *change) atOnce(held []UserID) (first int, ok bool) {
	stay := slices.DeleteFunc(slices.Clone(held), func(u UserID) bool { return !c.new.names(u) })
	if len(stay) == 0 && len(held) > 0 {
		return c.succeed(held), true
	}
	for _, place := range c.candidates(held) {
		first := c.first(place, c.now)
		on := c.serving(c.with(first), c.now)
		if len(stay) == len(held) && samePeople(on, stay) && c.unseen(first) || len(stay) < len(held) && common(stay, on) == len(stay) {
			c.note = "the change holds at once"
			switch {
			case len(stay) < len(held):
				c.note += fmt.Sprintf("; now on call: %s", names(on)) + c.relieved(held, first)
			case len(held) > 0:
				c.note += fmt.Sprintf("; %s keep%s the current shift", names(held), plural(held))
			}
			return first, true
		}
	}
	return 0, false
}

// unseen says whether the layer and the whole schedule have the same people on call now if only
// this layer changes: its priority, and its role and with it the overrides, may matter too.
func (c *change) unseen(first int) bool {
	before, after, err := c.around(first)
	if err != nil {
		return true
	}
	for _, layer := range []string{"", c.new.Name} {
		if !samePeople(before.On(layer, c.now, nil), after.On(layer, c.now, nil)) {
			return false
		}
	}
	return true
}

// around is the old schedule, overrides included, without and with the change of this layer.
func (c *change) around(first int) (before, after *Schedule, err error) {
	spec := c.seen
	if before, err = Compile(spec); err != nil {
		return nil, nil, err
	}
	spec.Layers = slices.Clone(spec.Layers)
	spec.Layers[spec.layer(c.new.Name)] = c.with(first)
	after, err = Compile(spec)
	return before, after, err
}

// relieved tells who is on call by an override of somebody who leaves, and so leaves too.
func (c *change) relieved(held []UserID, first int) string {
	before, after, err := c.around(first)
	if err != nil {
		return ""
	}
	on := after.On(c.new.Name, c.now, nil)
	lost := slices.DeleteFunc(before.On(c.new.Name, c.now, nil), func(u UserID) bool {
		return slices.Contains(on, u) || slices.Contains(held, u)
	})
	if len(lost) == 0 {
		return ""
	}
	return fmt.Sprintf("; the override by which %s served has nobody to replace now", names(lost))
}

// succeed is the first with which others take over from those who are gone.
func (c *change) succeed(held []UserID) int {
	busy, best, fewest := c.elsewhere(), 0, -1
	var takers []UserID
	for _, place := range c.candidates(held) {
		first := c.first(place, c.now)
		on := c.serving(c.with(first), c.now)
		n := common(on, busy)
		if len(on) == 0 {
			n = len(busy) + 1
		}
		if fewest < 0 || n < fewest {
			best, fewest, takers = first, n, on
		}
	}
	c.note = fmt.Sprintf("%s leave%s at once; now on call: %s", names(held), plural(held), names(takers)) + c.relieved(held, best)
	return best
}

// candidates are places of the new order, the best first: that of the group whose turn it is,
// that of those who really serve, those who follow them.
func (c *change) candidates(held []UserID) []int {
	list, old := lineup(c.new.Rotation.Participants), lineup(c.old.Rotation.Participants)
	if c.inherits || c.new.Fixed != nil {
		return []int{0}
	}
	var out []int
	add := func(places ...int) {
		for _, at := range places {
			if at >= 0 && !slices.Contains(out, at) {
				out = append(out, at)
			}
		}
	}
	if c.old.Fixed != nil {
		add(list.overlapping(held))
		add(list.heirs(list, -1)...)
		return out
	}
	at := c.turnPlace()
	add(list.find(old, at), list.overlapping(held))
	add(list.heirs(old, at)...)
	return out
}

// names says whether the layer knows somebody.
func (l Layer) names(u UserID) bool {
	if l.Fixed == nil {
		return lineup(l.Rotation.Participants).has(u)
	}
	return slices.ContainsFunc(l.Fixed, func(f Fixed) bool { return slices.Contains(f.Users, u) })
}

// with is the new description with its first, unless that is given.
func (c *change) with(first int) Layer {
	l := c.new
	if !c.inherits {
		l.Rotation.First = first
	}
	return l
}

// elsewhere is who is on call now on other layers of the old spec.
func (c *change) elsewhere() (users []UserID) {
	s, err := Compile(c.roller.old)
	if err != nil {
		return nil
	}
	for _, l := range c.roller.old.Layers {
		if l.Name != c.new.Name && l.Role != RoleShadow {
			users = s.On(l.Name, c.now, users)
		}
	}
	return users
}

// clock writes an instant for people, on the wall clock of the new layer.
func (c *change) clock(at time.Time) string {
	if z, err := newZone(c.new.TimeZone); err == nil {
		at = at.In(z.loc)
	}
	return at.Format("Mon 2 Jan 2006 15:04 MST")
}

func names(users []UserID) string {
	if len(users) == 0 {
		return "nobody"
	}
	out := make([]string, len(users))
	for i, u := range users {
		out[i] = string(u)
	}
	return strings.Join(out, " and ")
}

// plural is the ending of the verb.
func plural(users []UserID) string {
	if len(users) > 1 {
		return ""
	}
	return "s"
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
