package engine

import (
	"strings"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing"
)

// knownLimit bounds how many alerts a lane remembers, some 300 bytes each.
const knownLimit = 8192

// known lets a lane count repeats without loading their incidents: it remembers what decides
// whether an alert is a repeat, as it was at a revision. All of that can only change together
// with the revision, and a touch is refused unless its revision is the present one: so what is
// out of date, be it by another process or by a fail-over, costs one refused touch and never a
// wrong judgement. Only the lane's goroutine uses it.
type known struct {
	incidents map[routing.DedupKey]*facts
	members   map[place]firing // as they are at the revision, too
}

// facts are those of one open incident.
type facts struct {
	id       paging.IncidentID
	key      routing.DedupKey
	state    escalation.State
	quiet    *escalation.Quiet
	revision store.Revision
	members  int // that are known of it
}

// place is a member of an incident. That of an incident which was forgotten is never asked for,
// and goes when room is made.
type place struct {
	*facts
	member escalation.MemberKey
}

// firing is what IsRepeat looks at in a member that fires. Of others there are no repeats.
type firing struct {
	severity routing.Severity
	starts   time.Time
}

func newKnown() *known {
	return &known{incidents: map[routing.DedupKey]*facts{}, members: map[place]firing{}}
}

// recognise fills in the result of groups that hold nothing but repeats, and returns them and
// the others.
func (k *known) recognise(groups []*group, now time.Time) (repeats, others []*group) {
	for _, g := range groups {
		if k.repeats(g, now) {
			repeats = append(repeats, g)
		} else {
			others = append(others, g)
		}
	}
	return repeats, others
}

func (k *known) repeats(g *group, now time.Time) bool {
	f := k.incidents[g.query.Key]
	if f == nil || g.query.ID != "" {
		return false
	}
	inc := &escalation.Incident{ID: f.id, Key: g.query.Key, State: f.state, Quiet: f.quiet}
	for _, it := range g.items {
		fire, ok := it.cmd.(escalation.Fire)
		if !ok || it.tries > 0 || !fire.Heard.IsZero() {
			return false
		}
		m, fires := k.members[place{f, it.members[0]}]
		if !escalation.IsRepeat(inc, escalation.Member{Severity: m.severity, StartsAt: m.starts, Firing: fires}, fire) {
			return false
		}
	}
	outcome := escalation.Outcome{Kind: escalation.Repeated, Incident: inc}
	g.loaded = store.Loaded{Incident: inc, Revision: f.revision}
	g.folded = escalation.Result{Incident: inc, Seen: escalation.Seen{N: len(g.items), At: now}, Outcome: outcome}
	for range g.items {
		g.outcomes = append(g.outcomes, outcome)
	}
	return true
}

// remember keeps what the group's incident and members are at that revision. What was known of
// other members stays true if the lane has seen every revision since.
func (k *known) remember(g *group, revision store.Revision) {
	inc := g.folded.Incident
	f := k.incidents[inc.Key]
	if f != nil && (f.id != inc.ID || f.revision != g.loaded.Revision) {
		k.forget(inc.Key)
		f = nil
	}
	if !inc.Open() {
		k.forget(inc.Key)
		return
	}
	if f == nil {
		f = &facts{id: inc.ID, key: routing.DedupKey(strings.Clone(string(inc.Key)))}
	}
	f.state, f.quiet, f.revision = inc.State, inc.Quiet, revision
	for key, m := range g.loaded.Members {
		if _, newer := g.folded.Members[key]; !newer && inc.ID == g.loaded.Incident.ID {
			k.keep(f, key, m)
		}
	}
	for key, m := range g.folded.Members {
		k.keep(f, key, m)
	}
	if f.members > 0 {
		k.incidents[f.key] = f // also when making room took it out
	}
}

// keep notes of a member what IsRepeat looks at. Its texts are cloned: as they came they would
// keep the whole alert in memory.
func (k *known) keep(f *facts, key escalation.MemberKey, m escalation.Member) {
	at := place{f, key}
	if !m.Firing || !m.UnlistedAt.IsZero() {
		k.drop(at)
		return
	}
	if _, there := k.members[at]; !there {
		if len(k.members) >= knownLimit {
			k.makeRoom()
		}
		f.members++
		at.member.Identity = strings.Clone(key.Identity)
	}
	k.members[at] = firing{severity: m.Severity, starts: m.StartsAt}
}

// makeRoom forgets any one member: alerts that come in turns must not push each other out.
func (k *known) makeRoom() {
	for at := range k.members {
		k.drop(at)
		return
	}
}

func (k *known) drop(at place) {
	if _, there := k.members[at]; !there {
		return
	}
	delete(k.members, at)
	if at.facts.members--; at.facts.members == 0 && k.incidents[at.key] == at.facts {
		delete(k.incidents, at.key)
	}
}

// forget drops what is not so any more.
func (k *known) forget(key routing.DedupKey) { delete(k.incidents, key) }
