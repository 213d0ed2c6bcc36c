package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"

	"tocsin/routing"
	"tocsin/routing/source/alertmanager"
	"tocsin/schedules"
)

// cpuOnly measures what needs no store: routing, schedules and decoding.
func (b *bench) cpuOnly(context.Context) error {
	for _, m := range []func() error{b.routes, b.onCall, b.decoding} {
		if err := m(); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) alone(what, figure, goal string) {
	b.say("%s: %s", what, figure)
	b.report.alone = append(b.report.alone, [3]string{what, figure, goal})
}

// perCall is the time of a call of each function: the best of several runs, which take turns,
// since whatever else the machine does can only add to it.
func (b *bench) perCall(functions ...func()) []time.Duration {
	const runs = 10
	best := make([]time.Duration, len(functions))
	for range runs {
		for i, f := range functions {
			n, began := 0, time.Now()
			for time.Since(began) < b.cpu/runs {
				for range 100 {
					f()
				}
				n += 100
			}
			if took := time.Since(began) / time.Duration(n); best[i] == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	return best
}

const manyRoutes = 10_000

// routes measures the way through wide trees. The time with no child routes is taken off: it
// is that of classifying, of the key and of the reasons.
func (b *bench) routes() error {
	now := time.Now()
	alert := routing.Alert{Source: "alertmanager", Integration: "prometheus", Identity: "1", Status: routing.Firing,
		Title: "Checkout errors 7%", SeverityWord: "critical", Labels: map[string]string{"alertname": "Errors", "cluster": "eu-1",
			"namespace": "shop", "pod": "checkout-7", "service": fmt.Sprint("s", manyRoutes-2), "severity": "critical"}}
	var functions []func()
	for _, tree := range []struct {
		routes  int
		matcher func(i int) (labels.MatchType, string)
	}{
		{0, nil},
		{manyRoutes, func(i int) (labels.MatchType, string) { return labels.MatchEqual, fmt.Sprint("s", i) }},
		{manyRoutes, func(i int) (labels.MatchType, string) {
			if i%2 == 0 {
				return labels.MatchRegexp, fmt.Sprintf("s%[1]d|t%[1]d", i)
			}
			return labels.MatchEqual, fmt.Sprint("s", i)
		}},
	} {
		table, err := treeOf(tree.routes, tree.matcher)
		if err != nil {
			return err
		}
		if got := table.Route(alert, now)[0].Policy; tree.routes > 0 && got != "payments" {
			return fmt.Errorf("the alert went to %s", got)
		}
		functions = append(functions, func() { table.Route(alert, now) })
	}
	times := b.perCall(functions...)
	none, equality, mixed := times[0], times[1], times[2]
	what := fmt.Sprintf("route match over %s routes, the last but one taken: equality / every other a regex alternation", count(manyRoutes))
	b.alone(what, fmt.Sprintf("%d / %d ns", max(equality-none, 0), max(mixed-none, 0)), "< 1 µs")
	b.figure("route-match-10000-equality", float64(max(equality-none, 0)), "ns", "< 1000")
	b.figure("route-match-10000-mixed", float64(max(mixed-none, 0)), "ns", "< 1000")
	b.alone("the whole decision there: classify, match, key, reasons", fmt.Sprintf("%d / %d ns", equality, mixed), "–")
	return nil
}

func treeOf(n int, matcher func(int) (labels.MatchType, string)) (*routing.Table, error) {
	root := routing.Route{Policy: "platform", GroupBy: []string{"alertname", "cluster"}}
	for i := range n {
		kind, value := matcher(i)
		m, err := labels.NewMatcher(kind, "service", value)
		if err != nil {
			return nil, err
		}
		root.Routes = append(root.Routes, routing.Route{Policy: "payments", Matchers: labels.Matchers{m}})
	}
	return routing.Compile(routing.Spec{Root: root, Scale: routing.Scale{Default: "P0",
		Levels: []routing.Level{{Name: "P0", Words: []string{"critical"}, Urgency: routing.Urgent}}}})
}

// instants are how many random ones a schedule is asked about, within a year.
const instants = 4096

// onCall asks schedules at random instants of a year: who is on call with the shift around it,
// on ten layers; and the final shifts of a month for fifty people.
func (b *bench) onCall() error {
	now := time.Now()
	var asked [instants]time.Time
	for i := range asked {
		asked[i] = now.Add(time.Duration(i) * 365 * 24 * time.Hour / instants)
	}
	var layers, month [2]time.Duration
	for i, age := range []int{10, 1000} {
		ten, err := tenLayers(now.Year() - age)
		if err != nil {
			return err
		}
		fifty, err := fiftyPeople(now.Year() - age)
		if err != nil {
			return err
		}
		n := 0
		layers[i] = b.perCall(func() { _, _ = ten.OnCall("", asked[n*1021%instants]); n++ })[0]
		if len(fifty.Final(now, now.AddDate(0, 1, 0))) == 0 {
			return fmt.Errorf("nobody is on call")
		}
		month[i] = b.perCall(func() { fifty.Final(now, now.AddDate(0, 1, 0)) })[0]
	}
	b.alone("who is on call, with the whole shift: 10 layers, since 10 / 1000 years", fmt.Sprintf("%d / %d ns", layers[0], layers[1]), "< 1 µs, flat")
	b.alone("a month of final shifts, 50 people, time off and overrides, since 10 / 1000 years",
		fmt.Sprintf("%.2f / %.2f ms", month[0].Seconds()*1e3, month[1].Seconds()*1e3), "< 5 ms, flat")
	return nil
}

// tenLayers is ten weekly rotations with hand-offs at different hours.
func tenLayers(year int) (*schedules.Schedule, error) {
	spec := schedules.Spec{Name: "busy", TimeZone: "Europe/Berlin"}
	for i := range 10 {
		spec.Layers = append(spec.Layers, schedules.Layer{Name: fmt.Sprint("layer", i), Rotation: schedules.Rotation{
			Every: schedules.Every{N: 1, Unit: schedules.Week}, Start: schedules.Civil{Year: year, Month: time.January, Day: 4, Hour: 8 + i},
			Participants: [][]schedules.UserID{{"ana"}, {"ben"}, {"chidi"}, {"dana", "erin"}}}})
	}
	return schedules.Compile(spec)
}

// fiftyPeople is a primary and a secondary by day, and a line by office hours, with four weeks
// of time off a year for everybody and an override a week.
func fiftyPeople(year int) (*schedules.Schedule, error) {
	var people [][]schedules.UserID
	for i := range 50 {
		people = append(people, []schedules.UserID{schedules.UserID(fmt.Sprint("user", i))})
	}
	daily := schedules.Rotation{
		Every: schedules.Every{N: 1, Unit: schedules.Day}, Start: schedules.Civil{Year: year, Month: time.January, Day: 4, Hour: 9}, Participants: people,
	}
	office := schedules.Window{Days: []time.Weekday{1, 2, 3, 4, 5}, From: 9 * 3600, To: 17 * 3600}
	spec := schedules.Spec{Name: "fifty", TimeZone: "Europe/Berlin", Layers: []schedules.Layer{
		{Name: "primary", Rotation: daily},
		{Name: "secondary", Rotation: schedules.Rotation{Of: "primary", Offset: 1}},
		{Name: "office", Rotation: daily, Windows: []schedules.Window{office}},
	}}
	begin := time.Now().AddDate(0, -6, 0)
	for week := range 52 {
		from := civil(begin.AddDate(0, 0, 7*week))
		spec.Overrides = append(spec.Overrides, schedules.Override{
			Type: schedules.Replace, From: from, To: civil(begin.AddDate(0, 0, 7*week+1)), Add: people[week%50][0], Layers: []string{"primary"},
		})
		for i := range 4 { // 52 weeks of four people are four weeks of fifty
			spec.Away = append(spec.Away, schedules.Away{Users: people[(4*week+i)%50], Kind: "vacation", From: from, To: civil(begin.AddDate(0, 0, 7*week+7))})
		}
	}
	return schedules.Compile(spec)
}

func civil(t time.Time) schedules.Civil {
	return schedules.Civil{Year: t.Year(), Month: t.Month(), Day: t.Day()}
}

// decoding measures the Alertmanager source on bodies of 64 alerts.
func (b *bench) decoding() error {
	const alerts = 64
	shot := mark1([]byte("\r\n\r\n"+newBody(alerts, "", time.Now())), alerts)
	shot.number(0)
	body, decode, now := slices.Clone(shot.body()), alertmanager.Source().Decode, time.Now()
	batch, err := decode(http.Header{}, body, now)
	if err != nil || len(batch.Alerts) != alerts {
		return fmt.Errorf("%d alerts: %w", len(batch.Alerts), err)
	}
	took := b.perCall(func() { _, _ = decode(http.Header{}, body, now) })[0]
	b.alone(fmt.Sprintf("decoding an alert of %d B (Alertmanager, %d a body)", len(body)/alerts, alerts),
		fmt.Sprintf("%.1f µs", float64(took.Nanoseconds())/alerts/1000), "≤ 3 µs")
	b.figure("decoding", float64(took.Nanoseconds())/alerts/1000, "us/alert", "<= 3")
	return nil
}
