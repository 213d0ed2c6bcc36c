package routing

import (
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"
)

// muteHorizon is how far ahead the end of a mute is looked for. What is muted for longer
// is judged again then.
const muteHorizon = 400 * 24 * time.Hour

// Intervals are the configured time intervals by name, in Alertmanager's own type. A
// time is in an interval when any of its parts contains it; a part without a location is in UTC.
type Intervals map[string][]timeinterval.TimeInterval

// Muted says why a route with these lists is quiet at now, and until when: the first
// instant, exact to the second, at which it is not, or 400 days from now when that is
// further away. Why is empty when the route is not quiet.
//
// As in Alertmanager a route is quiet inside any mute interval, and outside all of its
// active intervals when it names at least one. A name that is not configured never
// mutes; [Compile] refuses it.
func (in Intervals) Muted(mute, active []string, now time.Time) (why string, until time.Time) {
	if len(mute) == 0 && len(active) == 0 {
		return "", time.Time{}
	}
	now = now.UTC()
	by, quiet := in.quiet(mute, active, now)
	if !quiet {
		return "", time.Time{}
	}
	why = "outside time interval " + quoteAll(active)
	if by != "" {
		why = "muted by time interval " + strconv.Quote(by)
	}
	limit := now.Add(muteHorizon)
	for t := now; ; {
		t = in.nextEdge(mute, active, t)
		if !t.Before(limit) {
			return why, limit
		}
		if _, quiet := in.quiet(mute, active, t); !quiet {
			return why, t
		}
	}
}

// quiet judges one instant. By is the mute interval; without one the instant is outside
// all active intervals.
func (in Intervals) quiet(mute, active []string, t time.Time) (by string, quiet bool) {
	for _, name := range mute {
		if in.contains(name, t) {
			return name, true
		}
	}
	for _, name := range active {
		if _, known := in[name]; !known || in.contains(name, t) {
			return "", false
		}
	}
	return "", len(active) > 0
}

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strconv.Quote(name)
	}
	return strings.Join(quoted, ", ")
}

func (in Intervals) contains(name string, t time.Time) bool {
	for i := range in[name] {
		if in[name][i].ContainsTime(t) {
			return true
		}
	}
	return false
}

// nextEdge is the first instant after t at which the answer can change.
func (in Intervals) nextEdge(mute, active []string, t time.Time) time.Time {
	next := t.Add(muteHorizon)
	for _, names := range [][]string{mute, active} {
		for _, name := range names {
			for i := range in[name] {
				if edge := partEdge(&in[name][i], t); edge.Before(next) {
					next = edge
				}
			}
		}
	}
	return next
}

// partEdge is the first instant after t at which the part may begin or end: the edge of a
// time range or midnight, as long as the location's clock runs evenly, else the instant
// at which that clock is changed. So no wall-clock time is ever turned back into an
// instant, which is ambiguous or impossible on the nights when clocks change.
func partEdge(part *timeinterval.TimeInterval, t time.Time) time.Time {
	if part.Location != nil {
		t = t.In(part.Location.Location)
	}
	const day = 24 * 60 * 60
	_, offset := t.Zone()
	second := int((t.Unix() + int64(offset)) % day)
	if second < 0 { // before 1970
		second += day
	}
	wait := day - second
	for _, r := range part.Times {
		for _, minute := range [...]int{r.StartMinute, r.EndMinute} {
			if d := minute*60 - second; d > 0 && d < wait {
				wait = d
			}
		}
	}
	next := time.Unix(t.Unix()+int64(wait), 0).UTC()
	if _, change := t.ZoneBounds(); !change.IsZero() && change.Before(next) {
		return change.UTC()
	}
	return next
}
