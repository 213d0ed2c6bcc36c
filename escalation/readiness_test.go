package escalation

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/paging"
	"tocsin/routing"
	"tocsin/schedules"
)

// sunday is 22 November 2026, 12:00 in Berlin.
var sunday = time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)

// rota is a layer that hands over every so often among people; "-" is an empty slot.
func rota(name, every, start string, people ...string) schedules.Layer {
	l := schedules.Layer{Name: name, Rotation: schedules.Rotation{Every: must(schedules.ParseEvery(every)), Start: must(schedules.ParseCivil(start))}}
	for _, p := range people {
		group := []schedules.UserID{schedules.UserID(p)}
		if p == "-" {
			group = nil
		}
		l.Rotation.Participants = append(l.Rotation.Participants, group)
	}
	return l
}

// readyBook has the policy "platform" of ana, and schedules in Berlin of ben; eve has no contact.
func readyBook(tiers string, specs ...schedules.Spec) *Book {
	p := &Policy{Name: "platform", Owner: "ana", Fallback: TargetsBySeverity{Default: targetsOf("user:dana")}}
	for i, targets := range strings.Split(tiers, "|") {
		p.Tiers = append(p.Tiers, tier([]string{"primary", "secondary", "escalation"}[i], 5*time.Minute, strings.Fields(targets)...))
	}
	b := &Book{Scale: storyScale(), RootPolicy: "platform", Policies: map[string]*Policy{"platform": p}, Users: storyUsers(),
		Teams: map[string][]schedules.UserID{"everyone": {"ana", "ben", "cleo", "dana"}}, Schedules: map[string]*schedules.Schedule{}}
	for _, spec := range specs {
		if spec.TimeZone == "" {
			spec.TimeZone = "Europe/Berlin"
		}
		if spec.Owner == "" {
			spec.Owner = "ben"
		}
		b.Schedules[spec.Name] = must(schedules.Compile(spec))
	}
	return b
}

func spec(name string, layers ...schedules.Layer) schedules.Spec {
	return schedules.Spec{Name: name, Layers: layers}
}

func override(o schedules.Override, from, to string) schedules.Override {
	o.From, o.To = must(schedules.ParseCivil(from)), must(schedules.ParseCivil(to))
	return o
}

func berlin(text string) time.Time {
	return must(time.ParseInLocation("2006-01-02T15:04", text, must(time.LoadLocation("Europe/Berlin"))))
}

// lines are the findings for a reader.
func lines(findings []Finding) (out []string) {
	for _, f := range findings {
		soon := ""
		if f.Soon {
			soon = " soon"
		}
		out = append(out, fmt.Sprintf("%s %s%s: %s", f.Kind, f.Owner, soon, f.Text))
	}
	return out
}

// TestReadiness fixes what is found for each kind of weakness, word for word.
func TestReadiness(t *testing.T) {
	always := rota("primary", "1 week", "2026-01-05T09:00", "ana")
	gone := func(from, to string) schedules.Spec {
		s := spec("rota", always)
		s.Overrides = []schedules.Override{override(schedules.Override{Type: schedules.Removal, Remove: "ana"}, from, to)}
		return s
	}
	for _, c := range []struct {
		name string
		book *Book
		want []string
	}{
		{"nothing", readyBook("schedule:rota|user:ben", spec("rota", always)), nil},
		{"one gap, soon", readyBook("schedule:rota/primary|user:ben", gone("2026-11-24T09:00", "2026-11-24T17:00")), []string{
			"gap ben soon: rota/primary has nobody on call Tue 24 Nov 09:00-17:00 (Europe/Berlin): add an override, or let a layer or the schedule's fallback cover it",
			"empty_tier ana soon: platform, primary leads to nobody Tue 24 Nov 09:00-17:00 (Europe/Berlin): name somebody who is there at that time",
		}},
		{"a gap that has begun, in another year when it ends", readyBook("schedule:rota user:ben", gone("2026-11-20T09:00", "2027-01-04T09:00")), []string{
			"gap ben soon: rota has nobody on call now, until Mon 4 Jan 2027 09:00 (Europe/Berlin): add an override, or let a layer or the schedule's fallback cover it",
		}},
		{"a gap later", readyBook("schedule:rota user:ben", gone("2026-12-24T18:00", "2026-12-26T09:00")), []string{
			"gap ben: rota has nobody on call Thu 24 Dec 18:00 - Sat 26 Dec 09:00 (Europe/Berlin): add an override, or let a layer or the schedule's fallback cover it",
		}},
		{"beyond the horizon", readyBook("schedule:rota", gone("2027-03-01T09:00", "2027-03-02T09:00")), nil},
		{"over", readyBook("schedule:rota", gone("2026-11-20T09:00", "2026-11-22T12:00")), nil},
		{"an empty slot every third week", readyBook("schedule:rota user:dana|user:ben", spec("rota", rota("primary", "1 week", "2026-11-23T09:00", "ana", "cleo", "-"))), []string{
			"gap ben soon: rota has nobody on call now, until Mon 23 Nov 09:00 (Europe/Berlin): add an override, or let a layer or the schedule's fallback cover it",
			"gap ben: rota has nobody on call Mon 7 Dec 09:00 - Mon 14 Dec 09:00, every 3 weeks, 4 times until Mon 15 Feb 2027 (Europe/Berlin): add an override, or let a layer or the schedule's fallback cover it",
		}},
		{"a schedule on which nobody relies", readyBook("user:ana", spec("idle", rota("x", "1 day", "2026-11-23T00:00", "-"))), []string{
			"gap ben soon: idle has nobody on call from now on (Europe/Berlin): add an override, or let a layer or the schedule's fallback cover it",
		}},
		{"nobody who can be paged", readyBook("user:eve"), []string{
			"empty_tier ana soon: platform, primary reaches nobody from now on (UTC): eve cannot be paged; add a contact, or somebody else",
			"unreachable ana soon: eve has no contact and is paged by platform, primary, first from now on (UTC): add a contact under users, or take eve off",
		}},
		{"somebody who is not configured, next week", readyBook("schedule:rota user:ben", spec("rota", rota("primary", "1 week", "2026-01-05T09:00", "zoe", "ana"))), []string{
			"unreachable ben soon: zoe is not among the users and is on call in rota, first Mon 23 Nov 09:00 - Mon 30 Nov 09:00 (Europe/Berlin): add a contact under users, or take zoe off",
		}},
		{"the same person in the next tier, every second week", readyBook("schedule:rota/primary|schedule:rota/secondary",
			spec("rota", rota("primary", "1 week", "2026-01-05T09:00", "ben", "ana"), rota("secondary", "1 week", "2026-01-05T09:00", "ben", "cleo"))), []string{
			"consecutive_tiers ana soon: ben is in platform, primary and in the next tier, secondary, Mon 23 Nov 09:00 - Mon 30 Nov 09:00, every second week, 7 times until Mon 22 Feb 2027 (Europe/Berlin): ben would be the only one paged by both; swap one of the shifts, or put somebody else into one tier",
		}},
		{"in the next tier beside another", readyBook("schedule:rota|user:ana user:ben", spec("rota", always)), []string{
			"consecutive_tiers ana soon: ana is in platform, primary and in the next tier, secondary, from now on (Europe/Berlin): if ana cannot answer, only ben would be left; swap one of the shifts, or put somebody else into one tier",
		}},
		{"everyone is a good last tier", readyBook("user:ana|team:everyone"), nil},
		{"but not after everyone", readyBook("team:everyone|user:ana"), []string{
			"consecutive_tiers ana soon: ana is in platform, primary and in the next tier, secondary, from now on (UTC): secondary pages nobody who was not paged before; swap one of the shifts, or put somebody else into one tier",
		}},
		{"in two schedules at once", readyBook("schedule:rota|user:ben", spec("rota", always), spec("web", rota("w", "1 week", "2026-01-05T09:00", "ana", "cleo"))), []string{
			"double_booking ben soon: ana is on call in rota and web Mon 23 Nov 09:00 - Mon 30 Nov 09:00, every second week, 7 times until Mon 22 Feb 2027 (Europe/Berlin): decide in which one somebody else serves",
		}},
	} {
		require.Equal(t, c.want, lines(Readiness(c.book, sunday, ReadinessOptions{})), c.name)
	}
}

// TestReadinessAway ensures that who is off and still on call is found, joined where time off
// is entered twice, and that the root's owner hears of what has no owner.
func TestReadinessAway(t *testing.T) {
	s := spec("rota", rota("primary", "1 week", "2026-01-05T09:00", "ana", "cleo")) // ana from 7 December, cleo from the 14th
	b := readyBook("schedule:rota|user:ben", s)
	b.Away = map[schedules.UserID][]schedules.Span{"ana": {
		{Start: berlin("2026-12-08T00:00"), End: berlin("2026-12-10T00:00")}, {Start: berlin("2026-12-07T00:00"), End: berlin("2026-12-09T00:00")}, {Start: berlin("2026-12-15T00:00"), End: berlin("2026-12-16T00:00")},
	}}
	b.Schedules["rota"] = must(schedules.Compile(schedules.Spec{Name: "rota", TimeZone: "Europe/Berlin", Layers: s.Layers}))
	require.Equal(t, []string{
		"away_on_call ana: ana is off but on call in rota Mon 7 Dec 09:00 - Thu 10 Dec 00:00 (Europe/Berlin): find somebody who covers, and add an override",
	}, lines(Readiness(b, sunday, ReadinessOptions{})))
}

// TestReadinessRhythms ensures that what comes again by the clock is one line, also over a
// change of the clock, and that one place has a bounded number of lines.
func TestReadinessRhythms(t *testing.T) {
	days := func(clock string, list ...int) (spans []span) {
		for _, d := range list {
			at := berlin("2026-10-01T"+clock).AddDate(0, 0, d)
			spans = append(spans, span{at.Unix(), at.Add(time.Hour).Unix()})
		}
		return spans
	}
	for _, c := range []struct {
		every string
		spans []span
	}{
		{"", days("09:00", 0)},
		{"", days("09:00", 0, 7)},
		{"every day", days("09:00", 20, 21, 22, 23, 24, 25)},
		{"every week", days("09:00", 4, 11, 18, 25, 32)},
		{"every second week", days("09:00", 4, 18, 32)},
		{"every 4 days", days("09:00", 4, 8, 12)},
		{"every Mon-Fri", days("09:00", 4, 5, 6, 7, 8, 11, 12)},
		{"every Tue, Sun", days("09:00", 3, 5, 10, 12, 17)},
		{"", days("09:00", 3, 5, 10, 17, 19)},
	} {
		got := rhythms(c.spans, berlin("2026-10-01T00:00").Location())
		require.Len(t, got, 1, c.every)
		require.Equal(t, c.every, got[0].every, "%v", c.spans)
	}

	s := spec("rota", rota("primary", "1 week", "2026-01-05T09:00", "ana"))
	for d := range 9 {
		from := fmt.Sprintf("2026-12-%02dT%02d:00", d+1, d+1)
		s.Overrides = append(s.Overrides, override(schedules.Override{Type: schedules.Removal, Remove: "ana"}, from, fmt.Sprintf("2026-12-%02dT%02d:30", d+1, d+1)))
	}
	found := Readiness(readyBook("schedule:rota user:ben", s), sunday, ReadinessOptions{})
	require.Len(t, found, perPlace)
	require.Equal(t, 4, found[perPlace-1].More)
	require.True(t, strings.HasSuffix(found[perPlace-1].Text, "(and 4 more like this)"))
}

// TestReadinessKeepsIDs ensures that a weakness has the same ID on the next day, and that
// different ones have different IDs.
func TestReadinessKeepsIDs(t *testing.T) {
	b := randomBook(nil)
	seen := map[string]string{}
	for _, f := range Readiness(b, sunday, ReadinessOptions{}) {
		require.Empty(t, seen[f.ID], f.Text)
		seen[f.ID] = f.Text
	}
	require.Greater(t, len(seen), 10, "a book with enough to find")
	again := 0
	for _, f := range Readiness(b, sunday.Add(24*time.Hour), ReadinessOptions{}) {
		if f.Count > 1 || f.To.IsZero() || f.Kind == Unreachable {
			require.NotEmpty(t, seen[f.ID], "%s was there the day before", f.Text)
			again++
		}
	}
	require.Greater(t, again, 5)
}

// randomBook is a few schedules and policies; rt nil gives one that is always the same.
func randomBook(rt *rapid.T) *Book {
	fixed := rand.New(rand.NewPCG(2, 7))
	draw := func(most int) int {
		if rt == nil {
			return fixed.IntN(most + 1)
		}
		return rapid.IntRange(0, most).Draw(rt, "n")
	}
	people := []string{"ana", "ben", "cleo", "dana", "eve", "zoe", "-"}
	targets := []string{"schedule:a", "schedule:b", "schedule:b/two", "schedule:c/one", "user:ana", "user:eve", "team:everyone", "schedule:gone"}
	var specs []schedules.Spec
	for _, name := range []string{"a", "b", "c"} {
		s := spec(name)
		for _, layer := range []string{"one", "two"} {
			var who []string
			for range 1 + draw(3) {
				who = append(who, people[draw(len(people)-1)])
			}
			s.Layers = append(s.Layers, rota(layer, []string{"1 week", "1 day", "12 hours", "1 month"}[draw(3)], "2026-01-05T09:00", who...))
		}
		specs = append(specs, s)
	}
	some := func() string {
		var list []string
		for range 1 + draw(2) {
			list = append(list, targets[draw(len(targets)-1)])
		}
		return strings.Join(list, " ")
	}
	b := readyBook(some()+"|"+some()+"|"+some(), specs...)
	b.Away = map[schedules.UserID][]schedules.Span{"ana": {{Start: sunday.Add(time.Duration(draw(400)) * time.Hour), End: sunday.Add(time.Duration(draw(900)) * time.Hour)}}}
	return b
}

// TestReadinessFindsAll ensures, for any book, that at any instant of the horizon exactly those
// weaknesses are told that a look at that instant alone shows.
func TestReadinessFindsAll(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := randomBook(rt)
		now := sunday.Add(time.Duration(rapid.IntRange(0, 3000).Draw(rt, "now")) * time.Hour)
		r := newReadiness(b, now, ReadinessOptions{})
		r.look()
		at := now.Add(time.Duration(rapid.IntRange(0, 90*24*60-1).Draw(rt, "at")) * time.Minute)
		got := map[string]bool{}
		for _, h := range r.found {
			for _, s := range h.spans {
				if s.from <= at.Unix() && at.Unix() < s.to && h.Kind != Unreachable {
					got[fmt.Sprint(h.Kind, h.Schedule, h.Layer, h.Policy, h.Tier, h.Also, h.Users)] = true
				}
			}
		}
		require.Equal(rt, slices.Sorted(maps.Keys(naive(b, at))), slices.Sorted(maps.Keys(got)))
		first, again := Readiness(b, now, ReadinessOptions{}), Readiness(b, now, ReadinessOptions{})
		require.Equal(rt, first, again, "the same order twice")
	})
}

// naive looks at one instant, by the ways that Step itself takes.
func naive(b *Book, at time.Time) map[string]bool {
	out := map[string]bool{}
	on := map[schedules.UserID][]string{}
	for _, name := range slices.Sorted(maps.Keys(b.Schedules)) {
		for _, u := range b.Schedules[name].On("", at, nil) {
			on[u] = append(on[u], name)
			for _, s := range b.Away[u] {
				if !at.Before(s.Start) && at.Before(s.End) {
					out[fmt.Sprint(AwayOnCall, name, "", "", "", "", []schedules.UserID{u})] = true
				}
			}
		}
	}
	for u, list := range on {
		if len(list) > 1 {
			out[fmt.Sprint(DoubleBooking, list[0], "", "", "", strings.Join(list[1:], ", "), []schedules.UserID{u})] = true
		}
	}
	r := newReadiness(b, at, ReadinessOptions{})
	for _, t := range r.relied() {
		if people, _ := b.names(t, at); len(people) == 0 {
			out[fmt.Sprint(Gap, t.Name, t.Layer, "", "", "", []schedules.UserID(nil))] = true
		}
	}
	for _, p := range b.Policies {
		for i, tier := range p.Tiers {
			people := everybody(b, tier.Page, at)
			if reached, _ := b.People(tier.Page, at); len(withContact(reached)) == 0 {
				out[fmt.Sprint(EmptyTier, "", "", p.Name, tier.Name, "", people)] = true
			}
			if i == 0 {
				continue
			}
			before := everybody(b, p.Tiers[i-1].Page, at)
			again := both(before, people)
			if len(again) < len(people) {
				var named []Target
				for _, t := range tier.Page {
					if t.Kind != TargetTeam {
						named = append(named, t)
					}
				}
				again = both(before, everybody(b, named, at))
			}
			if len(again) > 0 {
				out[fmt.Sprint(ConsecutiveTiers, "", "", p.Name, p.Tiers[i-1].Name, tier.Name, slices.Sorted(slices.Values(again)))] = true
			}
		}
	}
	return out
}

func everybody(b *Book, targets []Target, at time.Time) (people []schedules.UserID) {
	for _, t := range targets {
		names, _ := b.names(t, at)
		people = union(people, names)
	}
	return people
}

// BenchmarkReadiness is 100 schedules and policies with 90 days each.
func BenchmarkReadiness(b *testing.B) {
	book := &Book{Scale: storyScale(), RootPolicy: "p0", Policies: map[string]*Policy{}, Users: map[schedules.UserID]*paging.User{}, Schedules: map[string]*schedules.Schedule{}}
	for i := range 50 {
		name := schedules.UserID(fmt.Sprintf("user%d", i))
		book.Users[name] = &paging.User{Name: name, Contacts: []paging.Contact{{Name: "mobile", Channel: paging.SMS, Address: "+12025550101"}}, Rules: map[routing.Urgency][]paging.Rule{}}
	}
	for i := range 100 {
		who := func(shift int) (list []string) {
			for k := range 8 {
				list = append(list, fmt.Sprintf("user%d", (i+k+shift)%50))
			}
			return list
		}
		name := fmt.Sprintf("s%d", i)
		book.Schedules[name] = must(schedules.Compile(schedules.Spec{Name: name, Owner: "user1", TimeZone: "Europe/Berlin", Layers: []schedules.Layer{
			rota("primary", "1 day", "2016-01-05T09:00", who(0)...), rota("secondary", "12 hours", "2016-01-05T09:00", who(1)...)}}))
		book.Policies[fmt.Sprintf("p%d", i)] = &Policy{Name: fmt.Sprintf("p%d", i), Fallback: TargetsBySeverity{Default: targetsOf("user:user1")},
			Tiers: []Tier{tier("one", time.Minute, "schedule:"+name+"/primary"), tier("two", time.Minute, "schedule:"+name+"/secondary")}}
	}
	b.ReportAllocs()
	for b.Loop() {
		if len(Readiness(book, sunday, ReadinessOptions{})) == 0 {
			b.Fatal("nothing found")
		}
	}
}

// TestFindingJSON ensures that a finding has no zero times in JSON.
func TestFindingJSON(t *testing.T) {
	text, err := json.Marshal(Readiness(readyBook("user:eve"), sunday, ReadinessOptions{}))
	require.NoError(t, err)
	require.NotContains(t, string(text), "0001-01-01")
}
