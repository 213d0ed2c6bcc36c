package app_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/standin"
	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/paging/twilio/telephone"
)

// The same main job as users meet it: the real binary with a configuration in a file, a real
// Redis, a real Alertmanager.
func TestRealProcesses(t *testing.T) {
	binary := apptest.Build(t)
	t.Run("Alertmanager, acknowledged by text", func(t *testing.T) {
		t.Parallel()
		tellAlertmanagerAcknowledged(t, binary)
	})
	t.Run("Alertmanager, nobody answers", func(t *testing.T) {
		t.Parallel()
		tellAlertmanagerUnanswered(t, binary)
	})
	t.Run("SIGHUP and SIGTERM", func(t *testing.T) {
		t.Parallel()
		tellSignals(t, binary)
	})
	t.Run("an integration falls silent", func(t *testing.T) {
		t.Parallel()
		tellSilence(t, binary)
	})
}

const tierTime = 3 * time.Second // of every tier below, and between two fallbacks

// ladder has three tiers of three seconds, one more round, and a fallback.
const ladder = apptest.Base + `
route: { policy: team, group_by: [alertname] }
policies:
  - name: team
    tiers:
      - { name: primary, page: ['user:ana'], acknowledge_within: 3s }
      - { name: secondary, page: ['user:ben'], acknowledge_within: 3s }
      - { name: escalation, page: ['user:chidi'], acknowledge_within: 3s }
    repeat: 1
    fallback_every: 3s
    fallback: ['user:dana']
users:
  - { name: ana, time_zone: Europe/Berlin, contacts: [{ name: mobile, sms: '+12025550101' }] }
  - { name: ben, time_zone: Africa/Lagos, contacts: [{ name: mobile, sms: '+12025550102' }] }
  - { name: chidi, time_zone: Africa/Lagos, contacts: [{ name: mobile, sms: '+12025550103' }] }
  - { name: dana, contacts: [{ name: mobile, sms: '+12025550104' }] }
`

const checkout = "Checkout errors 7%"

// checkoutAlerts are two alerts of one group.
func checkoutAlerts(ends time.Time) []apptest.Alert {
	var alerts []apptest.Alert
	for _, instance := range []string{"shop-1.example.org", "shop-2.example.org"} {
		alerts = append(alerts, apptest.Alert{
			Labels:      map[string]string{"alertname": "CheckoutErrors", "severity": "critical", "instance": instance},
			Annotations: map[string]string{"summary": checkout}, EndsAt: ends,
		})
	}
	return alerts
}

// onlyIncident waits for the one incident that there is to have both alerts.
func onlyIncident(t *testing.T, g *apptest.Gateway) paging.IncidentID {
	t.Helper()
	list := g.List()
	require.Len(t, list, 1)
	g.Becomes(list[0].ID, "an incident of both alerts", func(d api.IncidentDetail) bool { return d.Incident.Firing == 2 })
	return list[0].ID
}

func tellAlertmanagerAcknowledged(t *testing.T, binary string) {
	// Ensures that a group that fires is one text however often Alertmanager repeats it, that the
	// reply keeps the second tier asleep, and that the group's end closes the incident.
	apptest.FindAlertmanager(t)
	w := apptest.New(t, apptest.Redis, ladder)
	g, _ := w.Serve(binary)
	am := w.StartAlertmanager(w.Env[standin.EnvPrometheus])
	am.Post(checkoutAlerts(time.Time{})...)
	page := w.Page(anaPhone, "P0 "+checkout)
	id := onlyIncident(t, g)
	require.Contains(t, w.Reply(anaPhone, apptest.Code(t, page)), "Acked "+apptest.Code(t, page)+" "+checkout)
	d := g.Incident(id)
	require.Equal(t, escalation.Acknowledged, d.Incident.State)
	require.Equal(t, "ana", string(d.Incident.Ack.By.User))
	require.Equal(t, paging.SMS, d.Incident.Ack.By.Via)

	deadline := tierStarts(d)[0].Add(tierTime)
	require.True(t, d.Incident.Ack.At.Before(deadline), "the reply came in time")
	w.Never(deadline.Add(2*mostLate), "nobody else is paged after the acknowledgement", func(x telephone.Text) bool { return x.To != anaPhone })
	g.Becomes(id, "told again by Alertmanager", func(d api.IncidentDetail) bool { return d.Incident.Count >= 4 })
	require.Len(t, w.Pages(), 1, "one text for the group, whatever Alertmanager repeats")
	require.Len(t, g.List(), 1)

	am.Post(checkoutAlerts(time.Now())...)
	d = g.Becomes(id, "resolved", func(d api.IncidentDetail) bool { return d.Incident.State == escalation.Resolved })
	require.False(t, d.Incident.Ending.Person(), "its source said so")
	require.Len(t, w.Pages(), 1)
	require.Zero(t, escalation.VerifyTimeline(d.Timeline, ""))
	assertMetricsOfReadme(t, g)
}

// assertMetricsOfReadme ensures that a gateway which has done everything has the metrics that README names.
func assertMetricsOfReadme(t *testing.T, g *apptest.Gateway) {
	t.Helper()
	readme, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	named := regexp.MustCompile("`(tocsin_[a-z_]+)`").FindAllStringSubmatch(string(readme), -1)
	require.NotEmpty(t, named)
	got := g.Do(http.MethodGet, "/metrics", nil, nil).Body
	for _, m := range named {
		assert.Contains(t, got, "# TYPE "+m[1]+" ", "README names it")
	}
}

func tellAlertmanagerUnanswered(t *testing.T, binary string) {
	// Ensures that with nobody answering every tier, both rounds and the fallback, twice, are
	// paged at their deadlines, never early and at most a second late, as `tocsin simulate` said.
	apptest.FindAlertmanager(t)
	w := apptest.New(t, apptest.Redis, ladder)
	g, _ := w.Serve(binary)
	want := simulatedSteps(t, w, binary)
	am := w.StartAlertmanager(w.Env[standin.EnvPrometheus])
	am.Post(checkoutAlerts(time.Time{})...)
	w.Await(time.Minute, "the fallback's second page", func(telephone.Text) bool { return len(w.Pages()) >= len(want) })
	id := onlyIncident(t, g)
	d := g.Becomes(id, "reported", func(d api.IncidentDetail) bool { return sentAttempts(d) >= len(want) })
	got := realPages(t, w, d)
	assertSame(t, want, got)

	ladder := []string{"ana", "ben", "chidi", "ana", "ben", "chidi", "dana", "dana"}
	require.Equal(t, ladder, usersOf(want))
	var before time.Time
	for i, user := range ladder {
		x := w.Pages()[i]
		a := attemptOf(t, d, x)
		require.Equal(t, user, string(a.User))
		assertOnTime(t, user+": from planned to texted", a.Due, x.At)
		if i > 0 {
			assertOnTime(t, user+": from the deadline before to texted", before.Add(tierTime), x.At)
		}
		before = a.Due
	}
	_, err := g.API.Act(t.Context(), string(id), "resolve", api.Action{As: "dana"})
	require.NoError(t, err)
}

func attemptOf(t *testing.T, d api.IncidentDetail, x telephone.Text) paging.Attempt {
	t.Helper()
	for _, a := range d.Attempts {
		if a.ProviderID == x.SID {
			return a
		}
	}
	require.Fail(t, "no attempt for a text", "%+v", x)
	return paging.Attempt{}
}

// simulatedSteps asks `tocsin simulate --json` about the alerts that are going to fire.
func simulatedSteps(t *testing.T, w *apptest.World, binary string) (steps []step) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "alerts.json")
	require.NoError(t, os.WriteFile(file, w.JSON(checkoutAlerts(time.Time{})), 0o600))
	var sims []struct {
		Alerts int `json:"alerts"`
		Pages  []struct {
			Tier    string  `json:"tier"`
			Round   int     `json:"round"`
			User    string  `json:"user"`
			Address string  `json:"address"`
			Offset  float64 `json:"offset_seconds"`
		} `json:"pages"`
	}
	require.NoError(t, json.Unmarshal([]byte(w.Command(binary, "simulate", "--json", "--integration", "prometheus", file)), &sims))
	require.Len(t, sims, 1)
	require.Equal(t, 2, sims[0].Alerts)
	for _, p := range sims[0].Pages {
		steps = append(steps, step{p.Tier, p.Round, p.User, p.Address, time.Duration(p.Offset * float64(time.Second))})
	}
	return steps
}

func tellSignals(t *testing.T, binary string) {
	// Ensures that SIGHUP puts a good file in force and no bad one, that SIGTERM drains and ends
	// with success, and that an escalation survives both.
	const within = 4 * time.Second // longer than a stop and a start
	slower := func(yaml string) string { return strings.Replace(yaml, "2s", within.String(), 1) }
	w := apptest.New(t, apptest.Bolt, slower(muted))
	g, p := w.Serve(binary)
	revision := func() string {
		return g.Do(http.MethodGet, "/api/v1/status", nil, w.Bearer(standin.EnvAPIToken)).Body
	}
	first := revision()
	quiet := g.Opens(apptest.Event{Key: "q", Title: "Backup late", Severity: "critical", Labels: map[string]string{"quiet": "yes"}})
	w.Write(strings.Replace(slower(unmuted), "policy: team\n", "policy: teem\n", 1))
	p.Signal(syscall.SIGHUP)
	require.Eventually(t, func() bool { return strings.Contains(w.Logs.String(), "teem") }, apptest.Patience, 20*time.Millisecond, "the refusal is logged")
	require.Equal(t, first, revision())
	require.NotNil(t, g.Incident(quiet).Incident.Quiet)
	w.Write(slower(unmuted))
	p.Signal(syscall.SIGHUP)
	require.Eventually(t, func() bool { return revision() != first }, apptest.Patience, 20*time.Millisecond)
	w.Page(anaPhone, "Backup late")

	p.Signal(syscall.SIGTERM)
	require.NoError(t, p.Wait())
	g, p = w.Serve(binary)
	second := w.Page(benPhone, "Backup late")
	assertOnTime(t, "secondary after SIGTERM and start", tierStarts(g.Incident(quiet))[0].Add(within), second.At)
	assert.Len(t, w.Pages("Backup late"), 2)
	p.Signal(syscall.SIGTERM)
	require.NoError(t, p.Wait())
}
