package configs

import (
	"slices"
	"strings"

	"tocsin/escalation"
	"tocsin/schedules"
)

// Bounds on a policy, far beyond any use: an incident goes through all of it.
const (
	maxTiers  = 50
	maxRepeat = 100
)

// plannedTargets are kinds of targets that people may expect.
var plannedTargets = [...]string{"channel", "webhook"}

// policyReader reads the escalation policies.
type policyReader struct {
	*reader
	book    *escalation.Book
	people  people
	watched []watched
}

func (p *policyReader) policies() {
	for _, item := range p.items["policies"] {
		if policy, ok := p.policy(item); ok {
			p.book.Policies[policy.Name] = policy
		}
	}
}

func (p *policyReader) policy(item node) (*escalation.Policy, bool) {
	f, ok := p.mapping(item, "name", "owner", "tiers", "repeat", "fallback_every", "fallback")
	if !ok {
		return nil, false
	}
	policy := &escalation.Policy{
		Name:          f.name(),
		Owner:         f.owner(),
		Repeat:        f.number("repeat", maxRepeat),
		FallbackEvery: f.duration("fallback_every", escalation.DefaultFallbackEvery),
	}
	items := f.needList("tiers", "add a tier that pages somebody")
	if len(items) > maxTiers {
		p.fail(f.m["tiers"], "has more than %d tiers; join some", maxTiers)
	}
	var names []string
	for i, n := range items {
		tier, ok := p.tier(n)
		if !ok {
			continue
		}
		if tier.Name != "" && slices.Contains(names, tier.Name) {
			p.fail(n, "tier %q is defined twice in this policy; an incident finds its tier by name", tier.Name)
		}
		names = append(names, tier.Name)
		if i > 0 && len(policy.Tiers) > 0 {
			p.repeated(n, policy.Tiers[len(policy.Tiers)-1], tier)
		}
		policy.Tiers = append(policy.Tiers, tier)
	}
	p.fallback(f, item, policy)
	return policy, policy.Name != ""
}

func (p *policyReader) fallback(f fields, item node, policy *escalation.Policy) {
	n, ok := f.get("fallback")
	if !ok {
		p.warn(item, "policy %q has no fallback: when its tiers are through, nobody is paged; add fallback", policy.Name)
		return
	}
	by, other, whole := bySeverity(p.reader, n, func(n node) ([]escalation.Target, bool) { return p.targets(n), true })
	if !whole {
		p.warn(n, "the fallback leaves some severities out; add default")
	}
	policy.Fallback = escalation.TargetsBySeverity{By: by, Default: other}
}

func (p *policyReader) tier(n node) (tier escalation.Tier, ok bool) {
	f, ok := p.mapping(n, "name", "page", "acknowledge_within")
	if !ok {
		return tier, false
	}
	tier.Name = f.name()
	if page, ok := f.get("page"); ok {
		tier.Page = p.targets(page)
	} else {
		p.fail(n, "page is missing; name whom the tier pages")
	}
	within, ok := f.get("acknowledge_within")
	if !ok {
		p.warn(n, "acknowledge_within is missing; 15m is used")
		tier.AcknowledgeWithin.Default = escalation.DefaultAcknowledgeWithin
		return tier, true
	}
	by, other, whole := bySeverity(p.reader, within, p.duration)
	if !whole {
		p.warn(within, "leaves some severities out; 15m is used for them; add default")
		other = escalation.DefaultAcknowledgeWithin
	}
	tier.AcknowledgeWithin = escalation.Within{By: by, Default: other}
	return tier, true
}

// repeated warns of a person who is paged by two tiers in a row, which wins nothing.
func (p *policyReader) repeated(n node, before, tier escalation.Tier) {
	for _, t := range tier.Page {
		if t.Kind == escalation.TargetUser && slices.Contains(before.Page, t) {
			p.warn(n, "%s is paged by the tier before as well; who did not answer there gets the same again", t)
		}
	}
}

// targets reads whom to page, and checks that somebody of them can be reached.
func (p *policyReader) targets(n node) (targets []escalation.Target) {
	if n.kind() != "a list" {
		p.fail(n, "must be a list of targets, not %s; write for example ['user:dana']", n.kind())
		return nil
	}
	items := p.list(n)
	if len(items) == 0 {
		p.fail(n, "the list is empty: nobody is paged; name a schedule, user or team")
	}
	p.unique(items, "target")
	reachable, sure := false, true
	for _, item := range items {
		t, ok := p.target(item)
		if !ok {
			sure = false
			continue
		}
		targets = append(targets, t)
		for _, name := range p.behind(t) {
			u, known := p.book.Users[name]
			sure = sure && known // else the person was told of where it is named
			reachable = reachable || known && len(u.Contacts) > 0
		}
	}
	if len(targets) > 0 && sure && !reachable && p.anybody(targets) {
		p.fail(n, "nobody of these has a contact; add one to a user")
	}
	return targets
}

// anybody says whether there are people behind the targets; that a team or schedule is
// empty is told of where it is defined.
func (p *policyReader) anybody(targets []escalation.Target) bool {
	return slices.ContainsFunc(targets, func(t escalation.Target) bool { return len(p.behind(t)) > 0 })
}

// behind are all who a target can ever lead to.
func (p *policyReader) behind(t escalation.Target) []schedules.UserID {
	switch t.Kind {
	case escalation.TargetUser:
		return []schedules.UserID{schedules.UserID(t.Name)}
	case escalation.TargetTeam:
		return p.book.Teams[t.Name]
	case escalation.TargetSchedule:
		if t.Layer != "" {
			return p.people[t.Name+"/"+t.Layer]
		}
		return p.people[t.Name]
	}
	return nil
}

// target reads "schedule:name/layer", "schedule:name/role", "user:name" or "team:name".
func (p *policyReader) target(n node) (escalation.Target, bool) {
	s, ok := p.text(n)
	if !ok {
		return escalation.Target{}, false
	}
	kind, name, _ := strings.Cut(s, ":")
	if slices.Contains(plannedTargets[:], kind) {
		p.fail(n, "a target of kind %s is not built yet; use schedule:, user: or team:", kind)
		return escalation.Target{}, false
	}
	t, ok := escalation.ParseTarget(s)
	if !ok {
		p.fail(n, "%q is no target; write schedule:NAME, schedule:NAME/LAYER, schedule:NAME/ROLE, user:NAME or team:NAME%s", s,
			kindSuggestion(kind, name))
		return t, false
	}
	switch t.Kind {
	case escalation.TargetUser:
		return t, p.known(n, "users", t.Name)
	case escalation.TargetTeam:
		return t, p.known(n, "teams", t.Name)
	}
	if !p.known(n, "schedules", t.Name) {
		return t, false
	}
	if lines := p.lines(t.Name); t.Layer != "" && !slices.Contains(lines, t.Layer) {
		p.fail(n, "schedule %q has no layer %q%s", t.Name, t.Layer, suggestion(t.Layer, lines))
		return t, false
	}
	if t.Layer != "" && slices.Contains(p.shadows, t.Name+"/"+t.Layer) {
		p.fail(n, "the people of %s only learn (role shadow) and are never paged; name another layer", t)
		return t, false
	}
	p.watched = append(p.watched, watched{n, t.Name, t.Layer})
	return t, true
}

func kindSuggestion(kind, name string) string {
	kinds := []string{string(escalation.TargetSchedule), string(escalation.TargetUser), string(escalation.TargetTeam)}
	if best := nearest(kind, kinds); best != "" && name != "" {
		return "; did you mean \"" + best + ":" + name + "\"?"
	}
	return ""
}
