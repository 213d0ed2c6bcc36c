package routing

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"
)

// wide is a root with n children that each demand one value of service.
func wide(b *testing.B, n int, matcher string) *Table {
	root := Route{Policy: "platform", GroupBy: []string{"alertname", "cluster"}}
	for i := range n {
		root.Routes = append(root.Routes, Route{Policy: "p", Matchers: ms(b, fmt.Sprintf(matcher, i))})
	}
	return compile(b, root)
}

func benchAlert(service string) Alert {
	return alertWith("alertname", "Errors", "cluster", "eu-1", "namespace", "shop", "pod", "checkout-7", "service", service, "severity", "critical")
}

// BenchmarkMatch measures the tree alone: which routes take the alert.
func BenchmarkMatch(b *testing.B) {
	for _, kind := range []struct{ name, matcher, value string }{
		{"equality", `service="s%d"`, "s%d"},
		{"alternation", `service=~"s%[1]d|t%[1]d"`, "t%d"},
		{"expression", `service=~"s%d-.*"`, "s%d-x"},
	} {
		for _, n := range []int{10, 1000, 10000} {
			table := wide(b, n, kind.matcher)
			for _, place := range []struct {
				name string
				i    int
			}{{"first", 0}, {"last", n - 1}, {"none", n + 1}} {
				a := benchAlert(fmt.Sprintf(kind.value, place.i))
				b.Run(fmt.Sprintf("%s/%d/%s", kind.name, n, place.name), func(b *testing.B) { benchMatch(b, table, a) })
			}
		}
	}
}

func benchMatch(b *testing.B, table *Table, a Alert) {
	b.ReportAllocs()
	for b.Loop() {
		v := viewOf(&a, "P0")
		var room [4]*node
		if len(table.root.match(&v, room[:0])) != 1 {
			b.Fatal("want one route")
		}
	}
}

// BenchmarkMatchNested measures ten branches of n/10 routes, the last of the last taken.
func BenchmarkMatchNested(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		root := Route{Policy: "platform"}
		for i := range 10 {
			branch := Route{Matchers: ms(b, fmt.Sprintf(`team="t%d"`, i))}
			for j := range n / 10 {
				branch.Routes = append(branch.Routes, Route{Matchers: ms(b, fmt.Sprintf(`service="s%d"`, j))})
			}
			root.Routes = append(root.Routes, branch)
		}
		table := compile(b, root)
		a := benchAlert(fmt.Sprintf("s%d", n/10-1))
		a.Labels["team"] = "t9"
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchMatch(b, table, a) })
	}
}

// BenchmarkRoute measures all that is done for an alert: classify, match, key, reasons.
func BenchmarkRoute(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		table := wide(b, n, `service="s%d"`)
		for _, place := range []struct {
			name string
			i    int
		}{{"first", 0}, {"last", n - 1}, {"none", n + 1}} {
			a := benchAlert(fmt.Sprintf("s%d", place.i))
			b.Run(fmt.Sprintf("%d/%s", n, place.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					table.Route(a, testNow)
				}
			})
		}
	}
}

// BenchmarkCompile measures a reload of 10 000 routes.
func BenchmarkCompile(b *testing.B) {
	root := Route{Policy: "platform"}
	for i := range 10000 {
		root.Routes = append(root.Routes, Route{Matchers: ms(b, fmt.Sprintf(`service=~"s%[1]d|t%[1]d"`, i), `team="a"`)})
	}
	for b.Loop() {
		if _, err := Compile(Spec{Scale: testScale(), Root: root}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMuted measures the search for the end of a mute: over a weekend, and in vain.
func BenchmarkMuted(b *testing.B) {
	berlin := zone(b, "Europe/Berlin")
	in := Intervals{
		"office": {{Weekdays: weekdays(1, 5), Times: clock(9*60, 17*60), Location: berlin}},
		"past": {{Times: clock(9*60, 17*60), Location: berlin, Years: []timeinterval.YearRange{
			{InclusiveRange: timeinterval.InclusiveRange{Begin: 2020, End: 2020}}}}},
	}
	friday := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	for _, name := range []string{"office", "past"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				in.Muted(nil, []string{name}, friday)
			}
		})
	}
}
