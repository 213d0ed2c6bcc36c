package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
	"tocsin/configs/history"
	"tocsin/escalation"
	"tocsin/routing"
)

// What `tocsin config diff --replay` says of recorded alerts is what the simulator says of each
// of them under the two configurations: the same pages for the same people, tiers and severities.
func TestReplayIsTheSimulator(t *testing.T) {
	binary := apptest.Build(t)
	w := apptest.New(t, apptest.Redis, ladder)
	g := w.Run()
	for i := range 12 {
		severity := []string{"critical", "warning", "info"}[i%3]
		team := []string{"payments", "platform"}[i%2]
		g.Event(apptest.Event{Key: fmt.Sprint("k", i), Title: fmt.Sprintf("Trouble %02d", i), Severity: severity, Labels: map[string]string{"team": team, "n": fmt.Sprint(i)}})
	}
	g.Event(apptest.Event{Key: "k0", Title: "Trouble 00", Severity: "critical", Labels: map[string]string{"team": "payments", "n": "0"}}) // once more
	require.NoError(t, g.Stop())

	before, err := w.Load()
	require.NoError(t, err)
	w.Write(strings.Replace(strings.Replace(ladder, "route: { policy: team, group_by: [alertname] }", `
route:
  policy: team
  routes:
    - { matchers: ['team="payments"'], policy: payments }
classify:
  - { name: calm, matchers: ['n=~"3|4"'], set: { severity: P3 } }
`, 1), "policies:\n", `policies:
  - name: payments
    tiers: [{ name: owners, page: ['user:chidi', 'user:dana'], acknowledge_within: 20m }]
    repeat: 2
    fallback: ['user:ben']
`, 1))
	after, err := w.Load()
	require.NoError(t, err)
	var change history.Change
	out := w.Command(binary, "config", "diff", "--replay", "1h", "--json", "--store", w.Store)
	require.NoError(t, json.Unmarshal([]byte(out), &change))
	report := change.Replay
	require.NotNil(t, report)
	require.Equal(t, 12, report.Alerts)
	require.Equal(t, 12, report.Before.Incidents)
	require.Zero(t, report.Before.Skipped.Deliveries+report.After.Skipped.Deliveries)
	require.Equal(t, 6, change.Routes.Policies[0].Alerts, "half of the alerts go to the new policy")
	require.Equal(t, "payments", change.Routes.Policies[0].To)

	type key struct{ what, name string }
	count := func(book *escalation.Book) map[key]int {
		pages := map[key]int{}
		for _, in := range recorded(t, w) {
			for _, s := range escalation.Simulate(book, in.alert, in.at, change.Revision.At.Sub(in.at)) {
				for _, p := range s.Pages {
					pages[key{"user", p.User}]++
					pages[key{"tier", s.Decision.Policy + "/" + p.Tier}]++
					pages[key{"severity", string(s.Decision.Severity)}]++
				}
			}
		}
		return pages
	}
	said := [2]map[key]int{{}, {}}
	put := func(k key, before, after int) {
		for i, n := range []int{before, after} {
			if n > 0 {
				said[i][k] = n
			}
		}
	}
	for _, p := range report.People {
		put(key{"user", p.User}, p.Change.Before, p.Change.After)
	}
	for _, p := range report.Tiers {
		put(key{"tier", p.Policy + "/" + p.Tier.Tier}, p.Change.Before, p.Change.After)
	}
	for _, p := range report.Severities {
		put(key{"severity", p.Severity}, p.Change.Before, p.Change.After)
	}
	require.Equal(t, count(before.Book()), said[0])
	require.Equal(t, count(after.Book()), said[1])
	require.NotEmpty(t, said[0])
	require.NotEqual(t, said[0], said[1])
}

type recordedAlert struct {
	at    time.Time
	alert routing.Alert
}

// recorded are the alerts of the intake log, each once.
func recorded(t *testing.T, w *apptest.World) (all []recordedAlert) {
	t.Helper()
	config, err := w.Load()
	require.NoError(t, err)
	seen := map[string]bool{}
	intakes, err := w.OpenStore().Intakes(t.Context(), time.Now().Add(-time.Hour), 1000)
	require.NoError(t, err)
	require.Len(t, intakes, 13)
	for _, in := range intakes {
		from, ok := config.Integration(in.Integration)
		require.True(t, ok)
		batch, err := from.Source.Decode(nil, in.Body, in.At)
		require.NoError(t, err)
		for _, a := range batch.Alerts {
			if a.Integration = in.Integration; !seen[a.Identity] {
				seen[a.Identity] = true
				all = append(all, recordedAlert{in.At, a})
			}
		}
	}
	return all
}
