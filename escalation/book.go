package escalation

import (
	"slices"
	"strings"
	"time"

	"tocsin/paging"
	"tocsin/routing"
	"tocsin/schedules"
)

// Book is the immutable snapshot of everything configured, at one revision. A reload makes a
// new one; nobody changes a book that is in use.
type Book struct {
	Revision   string // digest of the configuration that it was built from
	Scale      routing.Scale
	Table      *routing.Table
	RootPolicy string // nothing is unrouted: what cannot be judged is paged by this one
	Policies   map[string]*Policy
	Schedules  map[string]*schedules.Schedule
	Users      map[schedules.UserID]*paging.User
	Teams      map[string][]schedules.UserID
	Away       map[schedules.UserID][]schedules.Span // everybody's time off, in any order; only [Readiness] looks at it

	ResolveAfter map[string]time.Duration // per integration: what ends by silence, and when
	StrongCodes  bool                     // reply_codes: strong
}

// DefaultResolveAfter ends by silence what never says "resolved", for an integration that the
// book does not know (any more).
const DefaultResolveAfter = 24 * time.Hour

func (b *Book) resolveAfter(integration string) time.Duration {
	if d := b.ResolveAfter[integration]; d > 0 {
		return d
	}
	return DefaultResolveAfter
}

// directPrefix marks the policy of a page to one person, made for `tocsin page` and for a
// reassignment. It needs no configuration.
const directPrefix = "direct:"

// DirectPolicy names the policy that pages these targets and nobody else.
func DirectPolicy(targets ...Target) string {
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = t.String()
	}
	return directPrefix + strings.Join(names, "+")
}

// Policy returns the policy of that name; one that is gone is replaced by the root's.
func (b *Book) Policy(name string) *Policy {
	if p, ok := b.Policies[name]; ok {
		return p
	}
	if rest, ok := strings.CutPrefix(name, directPrefix); ok {
		return directPolicy(name, rest, b.Policies[b.RootPolicy])
	}
	if p, ok := b.Policies[b.RootPolicy]; ok {
		return p
	}
	return &Policy{Name: name}
}

func directPolicy(name, targets string, root *Policy) *Policy {
	p := &Policy{Name: name}
	tier := Tier{Name: "direct"}
	for _, s := range strings.Split(targets, "+") {
		if t, ok := ParseTarget(s); ok {
			tier.Page = append(tier.Page, t)
		}
	}
	p.Tiers = []Tier{tier}
	if root != nil {
		p.Fallback, p.FallbackEvery = root.Fallback, root.FallbackEvery
	}
	return p
}

// ParseTarget reads "schedule:name/layer", "user:name" or "team:name".
func ParseTarget(s string) (Target, bool) {
	kind, name, ok := strings.Cut(s, ":")
	t := Target{Kind: TargetKind(kind), Name: name}
	if !ok || name == "" {
		return Target{}, false
	}
	switch t.Kind {
	case TargetSchedule:
		t.Name, t.Layer, _ = strings.Cut(name, "/")
		return t, t.Name != ""
	case TargetUser, TargetTeam:
		return t, true
	default:
		return Target{}, false
	}
}

// People returns who is behind these targets at that instant, each once, in order, with a
// sentence for every target that leads to nobody.
func (b *Book) People(targets []Target, at time.Time) (people []*paging.User, empty []string) {
	for _, t := range targets {
		names, why := b.names(t, at)
		found := false
		for _, name := range names {
			u, ok := b.Users[name]
			if !ok {
				why = "user " + string(name) + " is not configured"
				continue
			}
			found = true
			if !slices.Contains(people, u) {
				people = append(people, u)
			}
		}
		if !found {
			empty = append(empty, t.String()+": "+why)
		}
	}
	return people, empty
}

func (b *Book) names(t Target, at time.Time) ([]schedules.UserID, string) {
	switch t.Kind {
	case TargetUser:
		return []schedules.UserID{schedules.UserID(t.Name)}, "no such user"
	case TargetTeam:
		return b.Teams[t.Name], "the team has no members"
	case TargetSchedule:
		s, ok := b.Schedules[t.Name]
		if !ok {
			return nil, "no such schedule"
		}
		shift, err := s.OnCall(t.Layer, at)
		if err != nil {
			return nil, err.Error()
		}
		return shift.Users, "nobody is on call"
	default:
		return nil, "unknown kind of target"
	}
}
