package schedules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// EnoughRest is the rest between two shifts below which it counts as short: the daily rest of
// EU directive 2003/88/EC, article 3.
const EnoughRest = 11 * time.Hour

// FairnessOptions say what counts how in [Fairness].
type FairnessOptions struct {
	Users    []UserID                  // who is compared, also without a shift; none: all whom the schedule names
	Zones    map[UserID]*time.Location // where somebody lives, for nights and weekends; else the schedule's zone
	Holidays []Span                    // may overlap
}

// Load is what somebody bears over a span of time. Durations are real time, so that a night in
// which the clock goes back counts an hour more. Night, Weekend and Holiday overlap.
type Load struct {
	User    UserID
	Hours   time.Duration // on call
	Night   time.Duration // of it, from 22:00 to 07:00 local time
	Weekend time.Duration // of it, on a local Saturday or Sunday
	Holiday time.Duration // of it, in one of the holidays

	Shifts       int           // stretches on call without a break, which is also the number of hand-offs to this person
	Longest      time.Duration // the longest of them
	ShortestRest time.Duration // the shortest time between two of them; 0 if there are not two
	ShortRests   int           // rests below EnoughRest
	Share        float64       // Hours in relation to the mean of all: 1 is exactly the mean
}

// Fairness is the load of each person between from and to, by the final shifts: as pages see
// it. The order is that of the options' users, or of their appearance in the schedule; who else
// has a shift follows, and counts for the mean. Shifts are cut off at from and to.
func Fairness(s *Schedule, from, to time.Time, o FairnessOptions) []Load {
	duty := stretches(s.Final(from, to))
	users := slices.Clone(o.Users)
	if len(users) == 0 {
		users = s.Users()
	}
	users = join(users, duty.users...)
	holidays, calendars := mergeSpans(o.Holidays), map[string]localSpans{}
	loads := make([]Load, len(users))
	var total time.Duration
	for i, u := range users {
		loc := o.Zones[u]
		if loc == nil {
			loc = s.Zone()
		}
		local, ok := calendars[loc.String()]
		if !ok {
			local = nightsAndWeekends(loc, from, to)
			calendars[loc.String()] = local
		}
		loads[i] = loadOf(u, duty.spans[u])
		loads[i].Night = overlap(duty.spans[u], local.nights)
		loads[i].Weekend = overlap(duty.spans[u], local.weekends)
		loads[i].Holiday = overlap(duty.spans[u], holidays)
		total += loads[i].Hours
	}
	for i := range loads {
		if total > 0 {
			loads[i].Share = float64(loads[i].Hours) * float64(len(loads)) / float64(total)
		}
	}
	return loads
}

func loadOf(u UserID, spans []Span) Load {
	l := Load{User: u, Shifts: len(spans)}
	for i, sp := range spans {
		length := sp.End.Sub(sp.Start)
		l.Hours += length
		l.Longest = max(l.Longest, length)
		if i == 0 {
			continue
		}
		rest := sp.Start.Sub(spans[i-1].End)
		if l.ShortestRest == 0 || rest < l.ShortestRest {
			l.ShortestRest = rest
		}
		if rest < EnoughRest {
			l.ShortRests++
		}
	}
	return l
}

// stretched is when each person is on call without a break.
type stretched struct {
	users []UserID // in order of their first shift
	spans map[UserID][]Span
}

func stretches(shifts []Shift) stretched {
	out := stretched{spans: map[UserID][]Span{}}
	for _, x := range shifts {
		for _, u := range x.Users {
			spans := out.spans[u]
			if spans == nil {
				out.users = append(out.users, u)
			}
			out.spans[u] = appendSpan(spans, Span{x.Start, x.End})
		}
	}
	return out
}

// appendSpan adds a span that begins no earlier than those before, joining what touches.
func appendSpan(spans []Span, next Span) []Span {
	if n := len(spans); n > 0 && !next.Start.After(spans[n-1].End) {
		spans[n-1].End = later(spans[n-1].End, next.End)
		return spans
	}
	return append(spans, next)
}

// mergeSpans sorts spans and joins those that touch.
func mergeSpans(spans []Span) (out []Span) {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b Span) int { return a.Start.Compare(b.Start) })
	for _, sp := range spans {
		if sp.Start.Before(sp.End) {
			out = appendSpan(out, sp)
		}
	}
	return out
}

// overlap is how long two lists of spans, each in order and without overlap, are both there.
func overlap(a, b []Span) (sum time.Duration) {
	for _, sp := range intersect(a, b) {
		sum += sp.End.Sub(sp.Start)
	}
	return sum
}

// intersect is the spans that are in both lists, each in order and without overlap.
func intersect(a, b []Span) (out []Span) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		start, end := later(a[i].Start, b[j].Start), a[i].End
		if b[j].End.Before(end) {
			end = b[j].End
		}
		if start.Before(end) {
			out = append(out, Span{start, end})
		}
		if a[i].End.Equal(end) {
			i++
		} else {
			j++
		}
	}
	return out
}

// localSpans are the nights and weekends of one zone.
type localSpans struct{ nights, weekends []Span }

// nightsAndWeekends walks over [from, to) by steps in which neither the offset nor what the
// clock says about them changes.
func nightsAndWeekends(loc *time.Location, from, to time.Time) (out localSpans) {
	for at := from.In(loc); at.Before(to); {
		end := nextMark(at)
		if end.After(to) {
			end = to
		}
		if h := at.Hour(); h >= nightBegins || h < nightEnds {
			out.nights = appendSpan(out.nights, Span{at, end})
		}
		if day := at.Weekday(); day == time.Saturday || day == time.Sunday {
			out.weekends = appendSpan(out.weekends, Span{at, end})
		}
		at = end.In(loc)
	}
	return out
}

// The local hours of the night.
const (
	nightBegins = 22
	nightEnds   = 7
)

// nextMark is the first instant after at at which the local clock reaches 00:00, 07:00 or
// 22:00, or its offset may change.
func nextMark(at time.Time) time.Time {
	hour := 24
	switch h := at.Hour(); {
	case h < nightEnds:
		hour = nightEnds
	case h < nightBegins:
		hour = nightBegins
	}
	past := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute +
		time.Duration(at.Second())*time.Second + time.Duration(at.Nanosecond())
	mark := at.Add(time.Duration(hour)*time.Hour - past)
	// ZoneBounds may err on the last day of a leap year: a bound in the past is none.
	if _, bound := at.ZoneBounds(); bound.After(at) && bound.Before(mark) {
		return bound
	}
	return mark
}

// Suggestion is somebody who could take an open shift.
type Suggestion struct {
	User   UserID
	Reason string // why this place in the list, for people
}

// Suggest says who should take an open shift, the best first: the least loaded of those who are
// neither away, by the spec's time off, nor on call by the schedule at any time of it; behind
// them those who would have less than [EnoughRest] before or after it. loads are those of
// [Fairness], of all who may be asked.
func Suggest(s *Schedule, spec Spec, open Span, loads []Load) []Suggestion {
	wide := Span{open.Start.Add(-EnoughRest), open.End.Add(EnoughRest)}
	duty, off := stretches(s.Final(wide.Start, wide.End)), timeOff(spec)
	type candidate struct {
		Load
		rest time.Duration
	}
	var list []candidate
	for _, l := range loads {
		busy := overlap(duty.spans[l.User], []Span{open}) > 0
		away := overlap(mergeSpans(off.of(l.User)), []Span{open}) > 0
		if !busy && !away && !slices.ContainsFunc(list, func(c candidate) bool { return c.User == l.User }) {
			list = append(list, candidate{l, restAround(duty.spans[l.User], open)})
		}
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(short(a.rest), short(b.rest)), cmp.Compare(a.Hours, b.Hours),
			cmp.Compare(a.Night+a.Weekend+a.Holiday, b.Night+b.Weekend+b.Holiday),
			cmp.Compare(a.Shifts, b.Shifts), strings.Compare(string(a.User), string(b.User)))
	})
	out := make([]Suggestion, len(list))
	for i, c := range list {
		out[i] = Suggestion{c.User, c.Load.reason(c.rest)}
	}
	return out
}

// reason says what speaks for and against somebody.
func (l Load) reason(rest time.Duration) string {
	out := fmt.Sprintf("%s on call so far, %.0f %% of the mean", inHours(l.Hours), 100*l.Share)
	if l.Hours == 0 {
		out = "not on call so far"
	}
	if rest < EnoughRest {
		out += fmt.Sprintf("; but only %s of rest beside another shift", inHours(rest))
	}
	return out
}

func short(rest time.Duration) int {
	if rest < EnoughRest {
		return 1
	}
	return 0
}

// restAround is the shortest time between the open shift and one of the others, at most
// EnoughRest.
func restAround(spans []Span, open Span) time.Duration {
	rest := EnoughRest
	for _, sp := range spans {
		if !sp.End.After(open.Start) {
			rest = min(rest, open.Start.Sub(sp.End))
		} else if !sp.Start.Before(open.End) {
			rest = min(rest, sp.Start.Sub(open.End))
		}
	}
	return rest
}

func inHours(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}
