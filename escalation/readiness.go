package escalation

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/schedules"
)

// FindingKind is what is wrong with who will be on call.
type FindingKind string

// The kinds of findings, the gravest first.
const (
	Gap              FindingKind = "gap"               // nobody is on call where a tier or fallback looks
	EmptyTier        FindingKind = "empty_tier"        // a tier or fallback leads to nobody who can be paged
	Unreachable      FindingKind = "unreachable"       // somebody who would be paged has no contact
	AwayOnCall       FindingKind = "away_on_call"      // on call while off
	DoubleBooking    FindingKind = "double_booking"    // on call in several schedules at once
	ConsecutiveTiers FindingKind = "consecutive_tiers" // in a tier and in the next one
)

// Finding is one weakness ahead. What comes again at the same wall-clock times is one finding.
type Finding struct {
	ID       string             `json:"id"` // stays the same from day to day while the weakness does
	Kind     FindingKind        `json:"kind"`
	Owner    schedules.UserID   `json:"owner,omitempty"` // of the schedule or policy, else of the root policy
	Schedule string             `json:"schedule,omitempty"`
	Layer    string             `json:"layer,omitempty"`
	Policy   string             `json:"policy,omitempty"`
	Tier     string             `json:"tier,omitempty"`
	Also     string             `json:"also,omitempty"` // the next tier, or the other schedules
	Users    []schedules.UserID `json:"users,omitempty"`
	From     time.Time          `json:"from"`        // of the first occurrence that is not over; may have begun
	To       time.Time          `json:"to,omitzero"` // of that one; zero: no end within the horizon
	Every    string             `json:"every,omitempty"`
	Count    int                `json:"count"`          // occurrences within the horizon
	Until    time.Time          `json:"until,omitzero"` // the end of the last one, when there are several
	More     int                `json:"more,omitempty"` // further findings of this kind and place that are left out
	Soon     bool               `json:"soon"`           // begins within 14 days
	Text     string             `json:"text"`           // what, when (in the schedule's zone), and what to do
	brief    string             // the same for a text message, without when
}

// ReadinessOptions bound a look ahead; a zero field takes its default.
type ReadinessOptions struct {
	Horizon time.Duration // how far ahead; default 90 days
	Soon    time.Duration // what begins within it is Soon; default 14 days
}

// Defaults of ReadinessOptions.
const (
	DefaultHorizon = 90 * 24 * time.Hour
	DefaultSoon    = 14 * 24 * time.Hour
)

const (
	// margin is looked at before now and after the horizon, so that shifts at the edges have
	// their true ends and weekly ones their rhythm.
	margin = 15 * 24 * time.Hour
	// perPlace bounds how many findings one kind has about one place.
	perPlace = 5
)

// Readiness looks ahead for weaknesses of who will be paged: every schedule is rendered once
// and swept once. The order is: what begins first, then the gravest, then by name. For each kind
// and place there are at most five findings; the last one counts what is left out.
//
// A gap is looked for where a tier or fallback relies on a schedule or layer, and in schedules
// on which nobody relies as a whole: layers are meant to have gaps. In consecutive tiers people
// whom the later tier has only as members of a team do not count, unless it has nobody else:
// "then everyone" is a good last tier.
func Readiness(b *Book, now time.Time, o ReadinessOptions) []Finding {
	r := newReadiness(b, now, o)
	r.look()
	return r.findings()
}

func newReadiness(b *Book, now time.Time, o ReadinessOptions) *readiness {
	if o.Horizon <= 0 {
		o.Horizon = DefaultHorizon
	}
	if o.Soon <= 0 {
		o.Soon = DefaultSoon
	}
	return &readiness{
		Book: b, now: now, o: o, from: now.Add(-margin).Unix(), to: now.Add(o.Horizon + margin).Unix(),
		lines: map[Target]coverage{}, found: map[string]*happening{}, meets: map[schedules.UserID]meeting{},
	}
}

// look notes every weakness.
func (r *readiness) look() {
	r.gaps()
	r.people()
	for _, name := range slices.Sorted(maps.Keys(r.Policies)) {
		r.policy(r.Policies[name])
	}
	r.unreachable()
}

// readiness is one look ahead.
type readiness struct {
	*Book
	now      time.Time
	o        ReadinessOptions
	from, to int64
	lines    map[Target]coverage
	found    map[string]*happening
	meets    map[schedules.UserID]meeting
}

// line is who a target leads to, over the whole span. A target that does not exist leads to nobody.
func (r *readiness) line(t Target) coverage {
	if c, ok := r.lines[t]; ok {
		return c
	}
	var c coverage
	from, to := time.Unix(r.from, 0), time.Unix(r.to, 0)
	s, ok := r.Schedules[t.Name]
	switch {
	case t.Kind != TargetSchedule:
		names, _ := r.names(t, r.now)
		c = coverage{{r.from, r.to, names}}
	case ok && t.Layer == "":
		c = coverageOf(s.Final(from, to))
	case ok:
		c = coverageOf(s.Shifts(t.Layer, from, to))
	}
	if len(c) == 0 {
		c = coverage{{from: r.from, to: r.to}}
	}
	r.lines[t] = c
	return c
}

// tier is who all of these targets lead to together.
func (r *readiness) tier(targets []Target) coverage {
	c := coverage{{from: r.from, to: r.to}}
	for _, t := range targets {
		c = c.with(r.line(t), union)
	}
	return c
}

// note keeps that f holds within s.
func (r *readiness) note(f fact, s span) {
	h, ok := r.found[f.key()]
	if !ok {
		h = &happening{fact: f}
		r.found[f.key()] = h
	}
	h.spans = append(h.spans, s)
}

// ownerOr is that owner, or else the root policy's.
func (r *readiness) ownerOr(owner schedules.UserID) schedules.UserID {
	if p, ok := r.Policies[r.RootPolicy]; owner == "" && ok {
		return p.Owner
	}
	return owner
}

// findings are what was noted, in order.
func (r *readiness) findings() []Finding {
	places := map[string][]Finding{}
	for _, key := range slices.Sorted(maps.Keys(r.found)) {
		h := r.found[key]
		for _, found := range rhythms(joined(h.spans), h.zone) {
			if f, ok := r.finding(&h.fact, found); ok {
				places[h.place()] = append(places[h.place()], f)
			}
		}
	}
	var all []Finding
	for _, key := range slices.Sorted(maps.Keys(places)) {
		list := places[key]
		slices.SortFunc(list, r.order)
		if more := len(list) - perPlace; more > 0 && list[0].Kind != Unreachable {
			list = list[:perPlace]
			last := &list[perPlace-1]
			last.More = more
			last.Text += fmt.Sprintf(" (and %d more like this)", more)
		}
		all = append(all, list...)
	}
	slices.SortFunc(all, r.order)
	return all
}

func (r *readiness) order(a, b Finding) int {
	begins := func(f *Finding) time.Time {
		if f.From.Before(r.now) {
			return r.now
		}
		return f.From
	}
	return cmp.Or(begins(&a).Compare(begins(&b)), cmp.Compare(a.Kind.rank(), b.Kind.rank()),
		cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Schedule, b.Schedule), cmp.Compare(a.Layer, b.Layer),
		cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Tier, b.Tier), cmp.Compare(a.Also, b.Also),
		slices.Compare(a.Users, b.Users), cmp.Compare(a.ID, b.ID))
}

func (k FindingKind) rank() int {
	return slices.Index([]FindingKind{Gap, EmptyTier, Unreachable, AwayOnCall, DoubleBooking, ConsecutiveTiers}, k)
}

// finding says when a fact holds; false when that is over, or beyond the horizon.
func (r *readiness) finding(h *fact, found rhythm) (Finding, bool) {
	now, end := r.now.Unix(), r.now.Add(r.o.Horizon).Unix()
	spans := slices.DeleteFunc(slices.Clone(found.spans), func(s span) bool { return s.to <= now || s.from >= end })
	if len(spans) == 0 {
		return Finding{}, false
	}
	f, first, last := h.Finding, spans[0], spans[len(spans)-1]
	if f.Count = len(spans); f.Count > 1 {
		f.Every, f.Until = found.every, atSecond(last.to, h.zone)
	}
	w, _ := wallOf(first, h.zone)
	id := fmt.Sprint(h.key(), "\x00", w) // of one fact no two rhythms have the same clock times
	if f.Count == 1 {
		id = fmt.Sprint(h.key(), "\x00", first)
	}
	f.From = atSecond(first.from, h.zone)
	if first.from <= r.from { // who knows since when
		f.From = r.now.In(h.zone)
		id = fmt.Sprint(h.key(), "\x00now")
	}
	if first.to < r.to {
		f.To = atSecond(first.to, h.zone)
	} else if first.from > r.from {
		id = fmt.Sprint(h.key(), "\x00on", first.from)
	}
	if f.Kind == Unreachable { // wherever it shows first
		id = fmt.Sprint(f.Kind, f.Users)
	}
	sum := sha256.Sum256([]byte(id))
	f.ID = hex.EncodeToString(sum[:6])
	f.Soon = f.From.Before(r.now.Add(r.o.Soon))
	f.write(h, r.now)
	return f, true
}
