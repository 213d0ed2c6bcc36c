package escalation

import (
	"fmt"
	"maps"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/timeinterval"

	"tocsin/paging"
	"tocsin/routing"
	"tocsin/schedules"
)

// day is the Sunday on which all stories play.
var day = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// maker is a book in the making: what the books of these tests differ in.
type maker struct {
	scale    routing.Scale
	rules    []routing.Rule
	root     routing.Route
	policies map[string]*Policy
	users    map[schedules.UserID]*paging.User
	teams    map[string][]schedules.UserID
	rota     map[string]*schedules.Schedule
}

// bookOf builds a book: the one that all stories start with, changed by edits.
func bookOf(edits ...func(*maker)) *Book {
	m := &maker{scale: storyScale(), root: storyRoutes(), policies: storyPolicies(), users: storyUsers(),
		teams: map[string][]schedules.UserID{"everyone": {"ana", "ben", "dana", "cleo"}}, rota: storyRota()}
	m.rules = []routing.Rule{
		{Name: "watchdogs", Matchers: match(`suppress="yes"`), Suppress: true},
		{Name: "noise", Matchers: match(`drop="yes"`), Drop: true},
	}
	for _, edit := range edits {
		edit(m)
	}
	table := must(routing.Compile(routing.Spec{Scale: m.scale, Rules: m.rules, Root: m.root, Intervals: storyIntervals()}))
	return &Book{Scale: m.scale, Table: table, RootPolicy: m.root.Policy, Policies: m.policies, Users: m.users, Teams: m.teams, Schedules: m.rota,
		ResolveAfter: map[string]time.Duration{"short": 2 * time.Hour}}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // only ever a mistake in these tests
	}
	return v
}

func match(text string) labels.Matchers {
	return labels.Matchers(must(labels.ParseMatchers("{" + text + "}")))
}

func storyScale() routing.Scale {
	return routing.Scale{Default: "P2", Levels: []routing.Level{
		{Name: "P0", Urgency: routing.Urgent, RespondWithin: 20 * time.Minute, ResolveWithin: 4 * time.Hour, AcknowledgeExpires: 30 * time.Minute},
		{Name: "P1", Urgency: routing.Urgent, RespondWithin: time.Hour, AcknowledgeExpires: time.Hour},
		{Name: "P2", Urgency: routing.Normal, AcknowledgeExpires: 2 * time.Hour},
	}}
}

// storyRoutes lead to the policy that the label "policy" names. "hold" and "mute" make an
// alert quiet: held for ten minutes, or until the next even hour.
func storyRoutes() routing.Route {
	hold, long := 10*time.Minute, time.Hour
	root := routing.Route{Policy: "p", GroupBy: []string{"trouble"}, Routes: []routing.Route{
		{Matchers: match(`hold="yes"`), Hold: &hold},
		{Matchers: match(`hold="long"`), Hold: &long},
		{Matchers: match(`mute="yes"`), ActiveTimeIntervals: []string{"even hours"}},
	}}
	for _, name := range []string{"ladder", "gap", "toothless", "lonely", "twins", "school"} {
		root.Routes = append(root.Routes, routing.Route{Matchers: match(`policy="` + name + `"`), Policy: name})
	}
	return root
}

func storyIntervals() map[string][]timeinterval.TimeInterval {
	var even timeinterval.TimeInterval
	for h := 0; h < 24; h += 2 {
		even.Times = append(even.Times, timeinterval.TimeRange{StartMinute: h * 60, EndMinute: (h + 1) * 60})
	}
	return map[string][]timeinterval.TimeInterval{"even hours": {even}}
}

func tier(name string, within time.Duration, targets ...string) Tier {
	return Tier{Name: name, Page: targetsOf(targets...), AcknowledgeWithin: Within{Default: within, By: map[routing.Severity]time.Duration{"P2": 2 * within}}}
}

func targetsOf(names ...string) (targets []Target) {
	for _, name := range names {
		if t, ok := ParseTarget(name); ok {
			targets = append(targets, t)
		}
	}
	return targets
}

func storyPolicies() map[string]*Policy {
	dana := TargetsBySeverity{Default: targetsOf("user:dana")}
	all := []*Policy{
		{Name: "p", Repeat: 1, FallbackEvery: 10 * time.Minute, Fallback: TargetsBySeverity{
			Default: targetsOf("user:dana"), By: map[routing.Severity][]Target{"P0": targetsOf("team:everyone")}},
			Tiers: []Tier{tier("primary", 5*time.Minute, "schedule:rota/primary"), tier("secondary", 5*time.Minute, "user:ben"), tier("escalation", 5*time.Minute, "user:dana")}},
		{Name: "ladder", Fallback: dana, Tiers: []Tier{tier("one", 5*time.Minute, "user:cleo"), tier("two", 5*time.Minute, "user:cleo", "user:ben")}},
		{Name: "gap", Repeat: 1, Fallback: dana, Tiers: []Tier{tier("first", 5*time.Minute, "user:ana"), tier("gap", 5*time.Minute, "user:eve", "team:nobody", "schedule:gone"), tier("last", 5*time.Minute, "user:ben")}},
		{Name: "toothless", Fallback: dana},
		{Name: "twins", Fallback: dana, Tiers: []Tier{tier("same", 5*time.Minute, "user:ana"), tier("same", 5*time.Minute, "user:ben")}},
		{Name: "school", Repeat: 1, Fallback: dana, Tiers: []Tier{tier("one", 5*time.Minute, "schedule:school/primary"), tier("two", 5*time.Minute, "user:ben", "schedule:school")}},
		{Name: "lonely", Repeat: 3, Tiers: []Tier{tier("one", 5*time.Minute, "user:eve")}},
	}
	policies := map[string]*Policy{}
	for _, p := range all {
		policies[p.Name] = p
	}
	return policies
}

// storyRota has ana as primary, always. In the school others learn, and so does she.
func storyRota() map[string]*schedules.Schedule {
	always := func(users ...schedules.UserID) schedules.Rotation {
		return schedules.Rotation{Every: must(schedules.ParseEvery("1 week")), Start: must(schedules.ParseCivil("2020-01-06T09:00")), Participants: [][]schedules.UserID{users}}
	}
	primary := schedules.Layer{Name: "primary", Rotation: always("ana")}
	shadow := schedules.Layer{Name: "pupils", Role: schedules.RoleShadow, Rotation: always("cleo", "ana", "ben", "eve")}
	rota := map[string]*schedules.Schedule{}
	for name, layers := range map[string][]schedules.Layer{"rota": {primary}, "school": {primary, shadow}} {
		rota[name] = must(schedules.Compile(schedules.Spec{Name: name, TimeZone: "UTC", Layers: layers}))
	}
	return rota
}

// storyUsers all have a mobile. Cleo has a ladder for urgent alerts and another contact for what is not, eve has no contact.
func storyUsers() map[schedules.UserID]*paging.User {
	users := map[schedules.UserID]*paging.User{"eve": {Name: "eve", Location: time.UTC}}
	for i, name := range []schedules.UserID{"ana", "ben", "dana", "cleo"} {
		users[name] = &paging.User{Name: name, Location: time.UTC, Contacts: []paging.Contact{
			{Name: "mobile", Channel: paging.SMS, Address: fmt.Sprintf("+1202555010%d", i+1)}}}
	}
	cleo := users["cleo"]
	cleo.Contacts = append(cleo.Contacts, paging.Contact{Name: "work", Channel: paging.SMS, Address: "+12025550109"})
	cleo.Rules = map[routing.Urgency][]paging.Rule{routing.Urgent: {
		{Contact: "mobile"}, {Contact: "mobile", After: 2 * time.Minute}, {Contact: "work", After: 4 * time.Minute}},
		routing.Low: {{Contact: "work"}, {Contact: "mobile", After: time.Hour}}}
	return users
}

// withUsers keeps only these users' contacts; all others become unreachable.
func withUsers(names ...schedules.UserID) func(*maker) {
	return func(m *maker) {
		before := maps.Clone(m.users)
		m.users = map[schedules.UserID]*paging.User{}
		for _, name := range names {
			m.users[name] = before[name]
		}
	}
}

// quietNothing is a configuration from which every hold, mute and suppression is gone.
func quietNothing(m *maker) { m.rules, m.root.Routes = nil, m.root.Routes[3:] }

// stricter holds for longer and drops what was suppressed.
func stricter(m *maker) {
	hold := 20 * time.Minute
	m.root.Routes[0].Hold = &hold
	m.rules[0].Suppress, m.rules[0].Drop = false, true
}

// renamed has other names for the first two tiers, a new first one, and no third.
func renamed(m *maker) {
	p := *m.policies["p"]
	p.Tiers = []Tier{tier("front desk", 4*time.Minute, "user:cleo"), tier("primary", 3*time.Minute, "user:ana", "user:ben")}
	m.policies["p"] = &p
}

// policyGone renames the policy p: the root is another one now.
func policyGone(m *maker) {
	m.root.Policy = "gap"
	delete(m.policies, "p")
}

// otherScale has none of the steps that it had.
func otherScale(m *maker) {
	m.scale = routing.Scale{Default: "minor", Levels: []routing.Level{
		{Name: "major", Words: []string{"P0"}, Urgency: routing.Urgent, AcknowledgeExpires: 20 * time.Minute}, {Name: "minor", Words: []string{"P1", "P2"}}}}
}

// storyBooks are the books that a story can switch to.
func storyBooks() map[string]*Book {
	return map[string]*Book{
		"base":        bookOf(),
		"unquiet":     bookOf(quietNothing),
		"stricter":    bookOf(stricter),
		"renamed":     bookOf(renamed),
		"policy gone": bookOf(policyGone),
		"scale":       bookOf(otherScale),
		"only dana":   bookOf(withUsers("dana", "eve")),
		"nobody":      bookOf(withUsers("eve")),
		"no policies": bookOf(func(m *maker) { m.policies = map[string]*Policy{}; m.users["ana"].Contacts = nil }),
	}
}
