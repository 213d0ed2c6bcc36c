package configs

import (
	"slices"
	"time"

	"tocsin/schedules"
)

// zoned is what entries of a schedule are read with.
type zoned struct {
	loc   *time.Location
	teams map[string][]schedules.UserID
}

// scheduleAway reads time off of people in a schedule, in its zone.
func (r *reader) scheduleAway(n node, z zoned) (away schedules.Away, ok bool) {
	f, ok := r.mapping(n, "user", "users", "kind", "from", "to", "calendar")
	if !ok {
		return away, false
	}
	one, single := f.get("user")
	_, several := f.get("users")
	switch {
	case single && several:
		r.fail(n, "names both user and users; keep one")
	case single:
		if u, ok := r.user(one); ok {
			away.Users = []schedules.UserID{u}
		}
	case several:
		away.Users = r.persons(f.needList("users", "name who is away"), z.teams)
	default:
		r.fail(n, "user is missing; name who is away")
	}
	away.Kind = r.awayKind(f)
	if spans, ok := r.daysOff(f, z.loc); ok {
		away.Spans = spans
	} else {
		away.From, away.To, _ = r.timeOffBetween(f)
	}
	return away, true
}

// ownTimeOff reads when people say that they are away, in their own zone, for every schedule.
func (r *reader) ownTimeOff(f fields, user schedules.UserID, zone *time.Location) {
	for _, n := range f.list("away") {
		f, ok := r.mapping(n, "kind", "from", "to", "calendar")
		if !ok {
			continue
		}
		away := schedules.Away{Users: []schedules.UserID{user}, Kind: r.awayKind(f)}
		if away.Spans, ok = r.daysOff(f, zone); !ok {
			from, to, ok := r.timeOffBetween(f)
			if !ok {
				continue
			}
			away.Spans = []schedules.Span{span(from, to, zone)}
		}
		if r.timeOff == nil {
			r.timeOff = map[schedules.UserID][]schedules.Away{}
		}
		r.timeOff[user] = append(r.timeOff[user], away)
	}
}

func (r *reader) awayKind(f fields) string {
	n, ok := f.get("kind")
	if !ok {
		return ""
	}
	s, ok := r.text(n)
	if !ok || !r.checkName(n, s) {
		return ""
	}
	return s
}

// daysOff reads the calendar of an entry, if it names one.
func (r *reader) daysOff(f fields, zone *time.Location) (spans []schedules.Span, named bool) {
	n, ok := f.get("calendar")
	if !ok {
		return nil, false
	}
	for _, key := range []string{"from", "to"} {
		if n, ok := f.get(key); ok {
			r.fail(n, "%s cannot stand beside calendar, which says when; keep one", key)
		}
	}
	data, file, ok := r.calendar(n)
	if !ok {
		return nil, true
	}
	spans, err := r.reg.Calendar.Spans(data, zone)
	lasting := []schedules.Span{} // not nil: the entry names a calendar, if an empty one
	for _, s := range spans {
		if s.End.After(s.Start) { // an event without length takes nobody away
			lasting = append(lasting, s)
		}
	}
	switch {
	case err != nil:
		r.fail(file, "the calendar cannot be read: %v", err)
	case len(lasting) == 0:
		r.warn(file, "the calendar has no event that lasts; nobody is away by it")
	}
	return lasting, true
}

func (r *reader) timeOffBetween(f fields) (from, to schedules.Civil, ok bool) {
	begin, hasFrom := f.need("from")
	end, hasTo := f.need("to")
	if hasFrom {
		from, hasFrom = r.moment(begin, false)
	}
	if hasTo {
		to, hasTo = r.moment(end, true)
	}
	return from, to, hasFrom && hasTo && r.inOrder(end, from, to)
}

// kinds warns of a kind of time off that looks like a typing error. One that nobody uses
// yet is none: vacations come later.
func (r *reader) kinds(items []node) {
	var used []string
	for _, section := range []string{"schedules", "users"} {
		for _, item := range r.items[section] {
			used = append(used, valuesIn(item, "away", "kind")...)
		}
	}
	used = sortedUnique(used)
	for _, n := range items {
		if n.kind() != "a single value" || slices.Contains(used, n.y.Value) {
			continue
		}
		if best := didYouMean(n.y.Value, used); best != "" {
			r.warn(n, "no time off is of kind %q%s", n.y.Value, best)
		}
	}
}

// withTimeOff adds what people say of themselves to a schedule in which they serve.
func withTimeOff(spec schedules.Spec, off map[schedules.UserID][]schedules.Away) schedules.Spec {
	var told []schedules.UserID
	for _, layer := range spec.Layers {
		told = append(told, serving(spec, layer)...)
	}
	told = append(told, spec.Fallback...)
	spec.Away = slices.Clone(spec.Away)
	for i, u := range told {
		if !slices.Contains(told[:i], u) {
			spec.Away = append(spec.Away, off[u]...)
		}
	}
	return spec
}

// away is everybody's time off, by any schedule.
func (c *Config) away() map[schedules.UserID][]schedules.Span {
	out := map[schedules.UserID][]schedules.Span{}
	for _, spec := range c.Specs() {
		for user, spans := range schedules.TimeOff(spec) {
			out[user] = append(out[user], spans...)
		}
	}
	return out
}
