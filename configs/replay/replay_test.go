package replay_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/configs"
	"tocsin/configs/replay"
	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing/source"
	"tocsin/routing/source/alertmanager"
	"tocsin/routing/source/generic"
	"tocsin/routing/source/github"
)

var day = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const base = `
integrations:
  - { name: events, source: generic, insecure: true }
  - { name: code, source: github, insecure: true }
severities:
  - { name: P0, words: [critical], urgency: urgent }
  - { name: P1, words: [error], urgency: urgent }
  - { name: P2, urgency: normal }
default_severity: P2
%s
policies:
  - name: platform
    tiers: [{ name: primary, page: ['user:ana'], acknowledge_within: 5m }, { name: secondary, page: ['user:ben'], acknowledge_within: 10m }]
    fallback: ['user:dana']
  - name: payments
    tiers: [{ name: first, page: ['user:cleo'], acknowledge_within: 5m }]
    fallback: ['user:dana']
users:
  - { name: ana, contacts: [{ name: mobile, sms: '+12025550101' }] }
  - { name: ben, contacts: [{ name: mobile, sms: '+12025550102' }] }
  - { name: cleo, contacts: [{ name: mobile, sms: '+12025550103' }] }
  - { name: dana, contacts: [{ name: mobile, sms: '+12025550104' }] }
`

const (
	plain   = `route: { policy: platform }`
	changed = `classify:
  - { name: checkout is urgent, matchers: ['service="checkout"'], set: P0 }
route:
  policy: platform
  routes: [{ matchers: ['team="payments"'], policy: payments }]`
)

func config(t testing.TB, text string, edits ...string) *configs.Config {
	t.Helper()
	sources := map[string]source.Source{}
	for _, s := range []source.Source{generic.Source(), github.Source(), alertmanager.Source()} {
		sources[s.Name] = s
	}
	reg := configs.Registry{Sources: sources, Contacts: []string{paging.SMS}, AllowNoProvider: true}
	yaml := strings.NewReplacer(edits...).Replace(fmt.Sprintf(base, text))
	c, err := configs.Parse("test.yaml", []byte(yaml), reg, func(string) (string, bool) { return "", false })
	require.NoError(t, err)
	return c
}

func event(at time.Time, id, title, word, labels string) store.Intake {
	body := fmt.Sprintf(`{"key": %q, "title": %q, "severity": %q, "labels": {%s}}`, id, title, word, labels)
	return store.Intake{At: at, Integration: "events", Alerts: 1, Body: []byte(body)}
}

// corpus is 500 independent alerts: 12 are of payments, 7 of those at the checkout, and every
// fifth of the others is critical.
func corpus() (intakes []store.Intake) {
	for i := range 500 {
		at := day.Add(time.Duration(i) * 7 * time.Minute)
		switch word := []string{"error", "info", "warning", "error", "critical"}[i%5]; {
		case i%42 == 7 && i > 200:
			intakes = append(intakes, event(at, fmt.Sprint(i), "Checkout errors", "error", `"team": "payments", "service": "checkout"`))
		case i%42 == 7:
			intakes = append(intakes, event(at, fmt.Sprint(i), "Refunds stuck", "error", `"team": "payments"`))
		default:
			intakes = append(intakes, event(at, fmt.Sprint(i), fmt.Sprint("Disk ", i), word, `"team": "infra"`))
		}
	}
	return intakes
}

// compare replays the whole log at once.
func compare(before, after *configs.Config, intakes []store.Intake, o escalation.ReplayOptions) replay.Report {
	c := replay.NewComparison(before, after, o)
	c.Add(intakes)
	return c.Report()
}

// TestCompareEqualsTheSimulator ensures that a comparison counts exactly the pages that the
// simulator, run for real with either configuration, has for every alert, and names the alerts
// that would go elsewhere.
func TestCompareEqualsTheSimulator(t *testing.T) {
	before, after, intakes := config(t, plain), config(t, changed), corpus()
	until := intakes[len(intakes)-1].At.Add(3 * time.Hour)
	got := compare(before, after, intakes, escalation.ReplayOptions{Until: until})

	people, pages := map[string]replay.Change{}, replay.Change{}
	for i, c := range []*configs.Config{before, after} {
		for _, in := range intakes {
			from, ok := c.Integration(in.Integration)
			require.True(t, ok)
			batch, err := from.Source.Decode(nil, in.Body, in.At)
			require.NoError(t, err)
			for _, a := range batch.Alerts {
				a.Integration = in.Integration
				for _, sim := range escalation.Simulate(c.Book(), a, in.At, until.Sub(in.At)) {
					for _, p := range sim.Pages {
						change := people[p.User]
						if i == 0 {
							change.Before, pages.Before = change.Before+1, pages.Before+1
						} else {
							change.After, pages.After = change.After+1, pages.After+1
						}
						people[p.User] = change
					}
				}
			}
		}
	}
	assert.Equal(t, replay.Change{Before: got.Before.Pages, After: got.After.Pages}, pages)
	require.Len(t, got.People, len(people))
	for _, p := range got.People {
		assert.Equal(t, people[p.User], p.Change, p.User)
	}
	assert.Equal(t, 500, got.Alerts)
	require.Len(t, got.Policies, 1)
	assert.Equal(t, replay.Move{From: "platform", To: "payments", Alerts: 12, Examples: []string{"Refunds stuck", "Checkout errors"}}, got.Policies[0])
	assert.Equal(t, []replay.Move{{From: "P1", To: "P0", Alerts: 7, Examples: []string{"Checkout errors"}}}, got.Levels)
	assert.Contains(t, got.Text(), "12 of 500 alerts would go to another policy:\n  12 platform → payments: Refunds stuck; Checkout errors; …\n")
}

// TestCompareIsTheSameInPages ensures that the log gives the same report whether it comes at
// once or entry by entry, and whichever time it is asked for; and that nothing changes when the
// configurations are equal.
func TestCompareIsTheSameInPages(t *testing.T) {
	o := escalation.ReplayOptions{AckAfter: 4 * time.Minute}
	want, err := json.Marshal(compare(config(t, plain), config(t, changed), corpus(), o))
	require.NoError(t, err)
	c := replay.NewComparison(config(t, plain), config(t, changed), o)
	for _, in := range corpus() {
		c.Add([]store.Intake{in})
	}
	got, err := json.Marshal(c.Report())
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got))

	same := compare(config(t, plain), config(t, plain), corpus(), o)
	assert.Equal(t, same.Before, same.After)
	assert.Empty(t, same.Policies)
	assert.Empty(t, same.Levels)
}

// TestReportText ensures that people read what changes and what was left out, and no more.
func TestReportText(t *testing.T) {
	intakes := []store.Intake{
		event(day, "1", "Disk full", "error", `"team": "infra"`),
		event(day.Add(time.Hour), "2", "Checkout errors", "error", `"team": "payments", "service": "checkout"`),
		event(day.Add(2*time.Hour), "2", "Checkout errors", "error", `"team": "payments", "service": "checkout"`),
		{At: day.Add(3 * time.Hour), Integration: "events", Truncated: true, Body: []byte(`{"key": `)},
		{At: day.Add(3 * time.Hour), Integration: "gone", Body: []byte(`{}`)},
		{At: day.Add(3 * time.Hour), Integration: "events", Body: []byte(`not JSON`)},
		{At: day.Add(4 * time.Hour), Integration: "events", Body: []byte(`also not JSON`)},
	}
	report := compare(config(t, plain), config(t, changed), intakes, escalation.ReplayOptions{AckAfter: 4 * time.Minute})
	assert.Equal(t, `Replayed 2 alerts in 7 deliveries, 2026-03-02 09:00 UTC to 2026-03-02 13:00 UTC; whoever is paged first acknowledges after 4m.
2 pages before, 2 after; 2 incidents before, 2 after.

Pages by person:
  ana   2 → 1  -1
  cleo  0 → 1  +1
Pages by tier:
  payments/first    0 → 1  +1
  platform/primary  2 → 1  -1
Pages by severity:
  P0  0 → 1  +1
  P1  2 → 1  -1

1 of 2 alerts would go to another policy:
  1 platform → payments: Checkout errors

1 of 2 alerts would have another severity:
  1 P1 → P0: Checkout errors

Left out: 4 deliveries
  2: generic does not understand what came in at "events"
  1: longer than what is recorded of a body
  1: there is no integration "gone"
`, report.Text())
	assert.Equal(t, "Nothing is recorded for that time: there is nothing to replay.\n", compare(config(t, plain), config(t, changed), nil, escalation.ReplayOptions{}).Text())
}

// TestIntegrationThatGoesAway ensures that alerts which only one of the configurations can
// take are told of, and counted as not taken by the other.
func TestIntegrationThatGoesAway(t *testing.T) {
	without := config(t, plain, "  - { name: events, source: generic, insecure: true }\n", "")
	intakes := []store.Intake{event(day, "1", "Disk full", "error", "")}
	got := compare(config(t, plain), without, intakes, escalation.ReplayOptions{})
	assert.Equal(t, []replay.Move{{From: "platform", To: "not taken", Alerts: 1, Examples: []string{"Disk full"}}}, got.Policies)
	assert.Empty(t, got.Levels)
	assert.Equal(t, 1, got.After.Skipped.Deliveries)
	assert.Zero(t, got.Before.Skipped)
	got = compare(without, config(t, plain), intakes, escalation.ReplayOptions{})
	assert.Equal(t, []replay.Move{{From: "not taken", To: "platform", Alerts: 1, Examples: []string{"Disk full"}}}, got.Policies)
}

// TestBodiesNeedTheirHeaders ensures that a recorded body is read with the headers that were
// recorded beside it, such as a form and its event.
func TestBodiesNeedTheirHeaders(t *testing.T) {
	in := store.Intake{
		At: day, Integration: "code", Body: []byte("payload=" + `%7B%22zen%22%3A%22Speak+like+a+human.%22%7D`),
		Header: map[string]string{"X-GitHub-Event": "ping", "X-GitHub-Delivery": "d-1", "Content-Type": "application/x-www-form-urlencoded"},
	}
	got := compare(config(t, plain), config(t, plain), []store.Intake{in}, escalation.ReplayOptions{})
	assert.Zero(t, got.Before.Skipped)
	assert.Equal(t, 1, got.Deliveries)
	in.Header = nil
	got = compare(config(t, plain), config(t, plain), []store.Intake{in}, escalation.ReplayOptions{})
	assert.Equal(t, []replay.Reason{{Why: `github does not understand what came in at "code"`, Deliveries: 1}}, got.Before.Skipped.Reasons)
}

// BenchmarkCompare is a month of 100 000 alerts, each of which fires, repeats once and ends.
func BenchmarkCompare(b *testing.B) {
	before, after := config(b, plain), config(b, changed)
	b.ReportAllocs()
	for b.Loop() {
		c := replay.NewComparison(before, after, escalation.ReplayOptions{AckAfter: 5 * time.Minute})
		const n, lasts = 100_000, 60
		page := make([]store.Intake, 0, 3000)
		for i := range n + lasts {
			at := day.Add(time.Duration(i) * 26 * time.Second)
			label := `"team": "infra"`
			if i%40 == 0 {
				label = `"team": "payments"`
			}
			if i < n {
				page = append(page, event(at, fmt.Sprint(i), "Disk full", "error", label))
			}
			if i >= lasts/2 && i < n+lasts/2 {
				page = append(page, event(at, fmt.Sprint(i-lasts/2), "Disk full", "error", label))
			}
			if i >= lasts {
				page = append(page, store.Intake{At: at, Integration: "events", Body: fmt.Appendf(nil, `{"key": "%d", "title": "Disk full", "status": "resolved"}`, i-lasts)})
			}
			if len(page) > 2990 || i == n+lasts-1 {
				c.Add(page)
				page = page[:0]
			}
		}
		r := c.Report()
		require.Equal(b, 100_000, r.Alerts)
		b.ReportMetric(float64(r.Before.Pages), "pages")
	}
}
