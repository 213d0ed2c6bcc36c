package schedules

import (
	"slices"
	"time"
)

// absence is the time off of some people, with its instants.
type absence struct {
	Away
	spans []Span
}

type absences []absence

// TimeOff is when each person is off by the schedule's time off, in no order; spans may overlap.
func TimeOff(spec Spec) map[UserID][]Span {
	out := map[UserID][]Span{}
	for _, a := range timeOff(spec) {
		for _, u := range a.Users {
			out[u] = append(out[u], a.spans...)
		}
	}
	return out
}

// timeOff is all time off of a spec. From is the first instant at which the local clock shows
// it, To the last, as for overrides.
func timeOff(spec Spec) (out absences) {
	z, err := newZone(spec.TimeZone)
	if err != nil {
		return nil
	}
	for _, a := range spec.Away {
		spans := mergeSpans(a.Spans)
		if len(a.Spans) == 0 {
			spans = mergeSpans([]Span{{
				Start: time.Unix(z.first(a.From.seconds()), 0), End: time.Unix(z.last(a.To.seconds()), 0),
			}})
		}
		out = append(out, absence{a, spans})
	}
	return out
}

// of is when somebody is off, in no order.
func (as absences) of(u UserID) (out []Span) {
	for _, a := range as {
		if slices.Contains(a.Users, u) {
			out = append(out, a.spans...)
		}
	}
	return out
}
