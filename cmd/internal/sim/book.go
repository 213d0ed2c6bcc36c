package sim

import (
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/timeinterval"

	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/routing"
	"tocsin/schedules"
)

// source is one alert that senders can tell of.
type source struct {
	integration, identity, group string
	labels                       map[string]string
}

const (
	alertmanager = "prometheus" // tells the present state of a group, with complete groups
	events       = "events"     // tells one event a time, with an identity of the delivery
)

// alerts are what histories are about; their routes are in newBook.
func alerts() []source {
	am := func(identity, name string, more ...string) source {
		s := source{alertmanager, identity, "group-" + name, map[string]string{"alertname": name}}
		for i := 0; i < len(more); i += 2 {
			s.labels[more[i]] = more[i+1]
		}
		return s
	}
	ev := func(identity, name string) source {
		return source{events, identity, "", map[string]string{"alertname": name}}
	}
	return []source{
		am("disk-1", "disk"), am("disk-2", "disk"), am("queue-1", "queue"), am("web-1", "web", "team", "web"),
		am("slow-1", "slow", "kind", "held"), am("noise-1", "noise", "kind", "noise"), am("drop-1", "drop", "kind", "drop"),
		am("both-1", "both", "kind", "both"), ev("login-1", "login"), ev("disk-9", "disk"),
	}
}

// dropped is the identity that a classify rule drops.
const dropped = "drop-1"

// person is one phone.
type person struct {
	user   schedules.UserID
	number string
}

func phones() []person {
	return []person{{"ana", "+12025550101"}, {"ana", "+12025550111"}, {"ben", "+12025550102"}, {"cleo", "+12025550103"}, {"dana", "+12025550104"}}
}

// bookCount is how many books there are; 0 is the one that histories begin with.
const bookCount = 6

// newBook builds book n: 1 lacks ben and
// the rule that suppresses noise, 2 has other tiers, 3 mutes team web for a while, 4 is 3
// without hold, 5 names another policy for the root.
func newBook(n int) *escalation.Book {
	scale := routing.Scale{Default: "P1", Levels: []routing.Level{
		{Name: "P0", Words: []string{"critical"}, Urgency: routing.Urgent, RespondWithin: 4 * time.Minute, AcknowledgeExpires: 10 * time.Minute},
		{Name: "P1", Words: []string{"error"}, Urgency: routing.Urgent, ResolveWithin: 30 * time.Minute, AcknowledgeExpires: 14 * time.Minute},
		{Name: "P2", Words: []string{"warning"}, Urgency: routing.Normal},
	}}
	b := &escalation.Book{
		Revision: string(rune('0' + n)), Scale: scale, RootPolicy: "platform",
		Users: users(), Policies: policies(),
		ResolveAfter: map[string]time.Duration{events: 3 * time.Hour},
	}
	spec := routing.Spec{Scale: scale, Root: rootRoute(n), Rules: rules(n), Intervals: map[string][]timeinterval.TimeInterval{
		"quiet": {{Times: []timeinterval.TimeRange{{StartMinute: 8, EndMinute: 17}}}},
	}}
	switch n {
	case 1:
		delete(b.Users, "ben")
	case 2:
		p := b.Policies["platform"]
		p.Tiers = append(p.Tiers[:1:1], escalation.Tier{Name: "third", Page: to("cleo"), AcknowledgeWithin: escalation.Within{Default: 2 * time.Minute}})
		p.Repeat = 0
	case 5:
		b.RootPolicy = "web"
		spec.Root.Policy = "web"
	}
	var err error
	if b.Table, err = routing.Compile(spec); err != nil {
		panic(err) // the books are fixed; a test builds them all
	}
	return b
}

func to(names ...string) (targets []escalation.Target) {
	for _, name := range names {
		targets = append(targets, escalation.Target{Kind: escalation.TargetUser, Name: name})
	}
	return targets
}

func policies() map[string]*escalation.Policy {
	within := escalation.Within{Default: 4 * time.Minute, By: map[routing.Severity]time.Duration{"P0": 2 * time.Minute}}
	return map[string]*escalation.Policy{
		"platform": {
			Name: "platform", Repeat: 1, FallbackEvery: 6 * time.Minute, Fallback: escalation.TargetsBySeverity{Default: to("dana")},
			Tiers: []escalation.Tier{
				{Name: "first", Page: to("ana"), AcknowledgeWithin: within},
				{Name: "second", Page: to("ben"), AcknowledgeWithin: within},
				{Name: "third", Page: to("cleo", "ana"), AcknowledgeWithin: within},
			},
		},
		"web": {
			Name: "web", FallbackEvery: 5 * time.Minute, Fallback: escalation.TargetsBySeverity{Default: to("dana")},
			Tiers: []escalation.Tier{
				{Name: "first", Page: to("ben"), AcknowledgeWithin: within},
				{Name: "second", Page: to("cleo"), AcknowledgeWithin: within},
			},
		},
	}
}

func users() map[schedules.UserID]*paging.User {
	out := map[schedules.UserID]*paging.User{}
	for _, p := range phones() {
		u := out[p.user]
		name := "mobile"
		if u == nil {
			u = &paging.User{Name: p.user, Location: time.UTC}
			out[p.user] = u
		} else {
			name = "second"
			u.Rules = map[routing.Urgency][]paging.Rule{routing.Urgent: {{Contact: "mobile"}, {Contact: "second", After: time.Minute}}}
		}
		u.Contacts = append(u.Contacts, paging.Contact{Name: name, Channel: paging.SMS, Address: p.number})
	}
	return out
}

func rules(n int) []routing.Rule {
	list := []routing.Rule{{Name: "drops", Matchers: match("kind", "drop"), Drop: true}}
	if n != 1 {
		list = append(list, routing.Rule{Name: "noise", Matchers: match("kind", "noise"), Suppress: true})
	}
	return list
}

func rootRoute(n int) routing.Route {
	hold := 2 * time.Minute
	if n == 4 {
		hold = 0
	}
	web := routing.Route{Matchers: match("team", "web"), Policy: "web"}
	if n == 3 || n == 4 {
		web.MuteTimeIntervals = []string{"quiet"}
	}
	return routing.Route{Policy: "platform", GroupBy: []string{"alertname"}, Routes: []routing.Route{
		web,
		{Matchers: match("kind", "held"), Hold: &hold},
		{Matchers: match("kind", "both"), Policy: "web", Continue: true},
		{Matchers: match("kind", "both"), Policy: "platform"},
	}}
}

func match(name, value string) labels.Matchers {
	m, err := labels.NewMatcher(labels.MatchEqual, name, value)
	if err != nil {
		panic(err) // no expression to compile
	}
	return labels.Matchers{m}
}
