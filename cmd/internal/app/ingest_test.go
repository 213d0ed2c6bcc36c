package app_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/standin"
	"tocsin/escalation"
	"tocsin/paging/twilio/telephone"
)

const (
	anaPhone  = apptest.AnaPhone
	benPhone  = apptest.BenPhone
	danaPhone = "+12025550104"
)

// small pages ana, then ben, then dana; its deadlines are long.
const small = apptest.Base + `
route: { policy: team }
policies:
  - name: team
    tiers:
      - { name: primary, page: ['user:ana'], acknowledge_within: 10m }
      - { name: secondary, page: ['user:ben'], acknowledge_within: 10m }
    fallback: ['user:dana']
users:
  - { name: ana, time_zone: Europe/Berlin, contacts: [{ name: mobile, sms: '+12025550101' }] }
  - { name: ben, time_zone: Africa/Lagos, contacts: [{ name: mobile, sms: '+12025550102' }] }
  - { name: dana, contacts: [{ name: mobile, sms: '+12025550104' }] }
`

// object is a JSON object.
type object = map[string]any

var plainEvent = []byte(`{"key":"intruder","title":"Intruder","severity":"critical"}`)

// refusal is a delivery that must not be taken.
type refusal struct {
	name, path string
	body       []byte
	header     map[string]string
	status     int
	kind       string
}

func refusals(w *apptest.World) []refusal {
	basic := func(user, password string) map[string]string {
		return map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}
	}
	sentry := w.JSON(sentryIssue("created", "4711", "Intruder"))
	other := w.HMAC(standin.EnvGitHub, sentry)
	tests := []refusal{
		{name: "no bearer", path: "/webhooks/events", body: plainEvent},
		{name: "wrong bearer", path: "/webhooks/events", body: plainEvent, header: map[string]string{"Authorization": "Bearer nonsense"}},
		{name: "another integration's bearer", path: "/webhooks/events", body: plainEvent, header: w.Bearer(standin.EnvPrometheus)},
		{name: "the API's token", path: "/webhooks/events", body: plainEvent, header: w.Bearer(standin.EnvAPIToken)},
		{name: "no password", path: "/webhooks/basic", body: plainEvent},
		{name: "wrong password", path: "/webhooks/basic", body: plainEvent, header: basic("monitor", "nonsense")},
		{name: "wrong user", path: "/webhooks/basic", body: plainEvent, header: basic("root", w.Env[apptest.EnvBasic])},
		{name: "no token in the URL", path: "/webhooks/scans", body: scan(1, "Intruder")},
		{name: "wrong token in the URL", path: "/webhooks/scans/nonsense", body: scan(1, "Intruder")},
		{name: "no signature", path: "/webhooks/sentry", body: sentry, header: map[string]string{"Sentry-Hook-Resource": "issue"}},
		{name: "wrong signature", path: "/webhooks/sentry", body: sentry, header: map[string]string{"Sentry-Hook-Resource": "issue", "Sentry-Hook-Signature": other}},
		{name: "signature of another body", path: "/webhooks/sentry", body: append(sentry, ' '),
			header: map[string]string{"Sentry-Hook-Resource": "issue", "Sentry-Hook-Signature": w.HMAC(standin.EnvSentry, sentry)}},
		{name: "no GitHub signature", path: "/webhooks/code", body: []byte(`{}`), header: map[string]string{"X-GitHub-Event": "ping"}},
		{name: "wrong GitHub signature", path: "/webhooks/code", body: []byte(`{}`), header: map[string]string{"X-GitHub-Event": "ping", "X-Hub-Signature-256": "sha256=" + other}},
	}
	for i := range tests {
		tests[i].status, tests[i].kind = http.StatusUnauthorized, "unauthorized"
	}
	return append(tests,
		refusal{"unknown integration", "/webhooks/nobody", plainEvent, w.Bearer(standin.EnvEvents), http.StatusNotFound, "not_found"},
		refusal{"bad JSON", "/webhooks/events", []byte(`{"key":`), w.Bearer(standin.EnvEvents), http.StatusBadRequest, "invalid"},
		refusal{"no body", "/webhooks/events", nil, w.Bearer(standin.EnvEvents), http.StatusBadRequest, "invalid"},
		refusal{"bad Alertmanager body", "/webhooks/prometheus", []byte(`[[[`), w.Bearer(standin.EnvPrometheus), http.StatusBadRequest, "invalid"},
		refusal{"too large", "/webhooks/events", bytes.Repeat([]byte{' '}, 32<<20+1), w.Bearer(standin.EnvEvents), http.StatusRequestEntityTooLarge, "too_large"},
	)
}

// What carries no proof of its sender, or can never be taken, is refused with its reason and
// leaves nothing behind: no incident, no page, no line in the intake log.
func TestRefusedDeliveriesLeaveNothing(t *testing.T) {
	t.Parallel()
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, small)
		g := w.Run()
		for _, test := range refusals(w) {
			answer := g.Post(test.path, test.body, test.header)
			assert.Equal(t, test.status, answer.Status, "%s: %s", test.name, answer.Body)
			assert.Equal(t, test.kind, answer.Kind(), test.name)
			assert.Empty(t, apptest.Leaks(answer.Body, w.Env), test.name)
		}
		assert.Empty(t, g.List())
		require.NoError(t, g.Stop())
		intakes, err := w.OpenStore().Intakes(t.Context(), time.Unix(0, 0), 10)
		require.NoError(t, err)
		assert.Empty(t, intakes)
		assert.Empty(t, w.Pages())
	})
}

// With the right credentials the same deliveries are taken, so that the test above refuses for
// the reason that it says.
func TestCredentialsLetIn(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, apptest.Bolt, small)
	g := w.Run()
	g.Opens(apptest.Event{Key: "a", Title: "By bearer"})
	answer := g.Post("/webhooks/basic", plainEvent, map[string]string{
		"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("monitor:"+w.Env[apptest.EnvBasic]))})
	require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	require.Equal(t, 1, g.Scan(scan(1, "By URL")).Opened)
	require.Equal(t, 1, g.Sentry("issue", sentryIssue("created", "1", "By signature")).Opened)
	require.NoError(t, g.Stop())
	intakes, err := w.OpenStore().Intakes(t.Context(), time.Unix(0, 0), 10)
	require.NoError(t, err)
	require.Len(t, intakes, 4)
}

// When the store is gone every sender is told to try again, 503 and nothing else; what was
// refused is taken when it comes back, and pages.
func TestStoreGone(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, apptest.Redis, small)
	g := w.Run()
	before := g.Opens(apptest.Event{Key: "before", Title: "Before the outage", Severity: "critical"})
	w.Page(anaPhone, "Before the outage")
	w.Redis.Kill()
	event := g.JSON(apptest.Event{Key: "during", Title: "During the outage", Severity: "critical"})
	sentry := g.JSON(sentryIssue("created", "1", "During, too"))
	for range 3 {
		for path, send := range map[string]func() apptest.Answer{
			"events": func() apptest.Answer { return g.Post("/webhooks/events", event, g.Bearer(standin.EnvEvents)) },
			"scans": func() apptest.Answer {
				return g.Post("/webhooks/scans/"+g.Env[standin.EnvScans], scan(3, "Finding"), nil)
			},
			"sentry": func() apptest.Answer {
				return g.Post("/webhooks/sentry", sentry, map[string]string{"Sentry-Hook-Resource": "issue", "Sentry-Hook-Signature": g.HMAC(standin.EnvSentry, sentry)})
			},
			"readyz": func() apptest.Answer { return g.Do(http.MethodGet, "/readyz", nil, nil) },
			"api": func() apptest.Answer {
				return g.Do(http.MethodGet, "/api/v1/incidents", nil, g.Bearer(standin.EnvAPIToken))
			},
		} {
			answer := send()
			require.Equal(t, http.StatusServiceUnavailable, answer.Status, "%s: %s", path, answer.Body)
			require.Equal(t, "unavailable", answer.Kind())
		}
	}
	require.Equal(t, http.StatusOK, g.Do(http.MethodGet, "/healthz", nil, nil).Status, "the process itself is well")
	require.Equal(t, "Not stored, something is wrong here. Please send it again.", w.Reply(anaPhone, "10"))
	w.Redis.Restart()
	require.Eventually(t, func() bool {
		return g.Post("/webhooks/events", event, g.Bearer(standin.EnvEvents)).Status == http.StatusOK
	}, apptest.Patience, 50*time.Millisecond)
	// Whoever texted the phone when the store died may not have given its lease back: it ends after 12 s.
	w.Await(2*apptest.Patience, "the page of what came in the outage", func(x telephone.Text) bool {
		return x.Reached == anaPhone && strings.Contains(x.Body, "During the outage")
	})
	require.Contains(t, w.Reply(anaPhone, "10"), "Acked 10 Before the outage")
	require.Equal(t, escalation.Acknowledged, g.Incident(before).Incident.State)
}

func sentryIssue(action, id, title string) object {
	return object{"action": action, "data": object{"issue": object{
		"id": id, "shortId": "SHOP-" + id, "title": title, "culprit": "cart.js", "level": "error", "status": "unresolved",
		"web_url": "https://sentry.example.org/issues/" + id + "/", "firstSeen": "2026-03-01T02:59:00Z",
		"project": object{"id": "7", "slug": "shop"},
	}}}
}

func sentryEvent(issue, event, title string) object {
	return object{"action": "triggered", "data": object{"triggered_rule": "Many of them", "event": object{
		"event_id": event, "issue_id": issue, "title": title, "level": "error", "project": 7, "culprit": "cart.js",
		"tags": [][]string{{"environment", "production"}, {"level", "error"}}, "web_url": "https://sentry.example.org/issues/" + issue + "/events/" + event + "/",
	}}}
}

// Under the built-in example an issue and the alert of a rule about it are one incident and one
// page, two issues are two of each, and Sentry's own "resolved" closes its issue and no other.
func TestSentryIssuesAreIncidents(t *testing.T) {
	t.Parallel()
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, exampleConfig(t))
		g := w.Run()
		first := g.Sentry("issue", sentryIssue("created", "11", "Cart is undefined"))
		require.Equal(t, 1, first.Opened)
		same := g.Sentry("event_alert", sentryEvent("11", "e1", "Cart is undefined"))
		require.Zero(t, same.Opened, "%+v", same)
		require.Equal(t, first.Incidents, same.Incidents)
		second := g.Sentry("event_alert", sentryEvent("22", "e2", "Basket is empty"))
		require.Equal(t, 1, second.Opened)
		require.Len(t, g.List(), 2)
		isPage := func(title string) func(telephone.Text) bool {
			return func(x telephone.Text) bool {
				return apptest.IsPage(x) && x.Reached != "" && slices.Contains(titlesIn(x), title)
			}
		}
		w.Await(apptest.Patience, "a page about the first issue", isPage("Cart is undefined"))
		w.Await(apptest.Patience, "a page about the second issue", isPage("Basket is empty"))
		require.Len(t, w.Pages("P1 "), 2)

		resolved := g.Sentry("issue", sentryIssue("resolved", "11", "Cart is undefined"))
		require.Equal(t, 1, resolved.Ended)
		require.Equal(t, escalation.Resolved, g.Incident(first.Incidents[0]).Incident.State)
		require.Equal(t, escalation.Triggered, g.Incident(second.Incidents[0]).Incident.State)
	})
}

// titlesIn names the titles of this file's Sentry issues that a text holds.
func titlesIn(x telephone.Text) (found []string) {
	for _, title := range []string{"Cart is undefined", "Basket is empty"} {
		if bytes.Contains([]byte(x.Body), []byte(title)) {
			found = append(found, title)
		}
	}
	return found
}

// GitHub's ping is taken and opens nothing; a delivery that comes again under its identity is
// not judged again.
func TestGitHubDeliveries(t *testing.T) {
	t.Parallel()
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, small)
		g := w.Run()
		ping := g.GitHub("ping", "d-0", object{"zen": "Keep it logically awesome.", "hook_id": 1})
		require.Zero(t, ping.Alerts)
		require.Empty(t, g.List())

		finding := object{
			"action": "created", "repository": object{"full_name": "example/shop", "name": "shop"},
			"alert": object{
				"number": 10, "state": "open", "created_at": "2026-03-01T03:00:00Z", "html_url": "https://github.example.org/example/shop/security/code-scanning/10",
				"rule": object{"id": "sql-injection", "severity": "error", "security_severity_level": "high", "description": "SQL built from input"},
				"tool": object{"name": "ExampleScan"},
			},
		}
		first := g.GitHub("code_scanning_alert", "d-1", finding)
		require.Equal(t, 1, first.Opened)
		again := g.GitHub("code_scanning_alert", "d-1", finding)
		require.True(t, again.Duplicate)
		require.Zero(t, again.Opened+again.Joined+again.Repeated)
		require.Equal(t, 1, g.Incident(first.Incidents[0]).Incident.Count, "judged once")
		require.False(t, g.GitHub("code_scanning_alert", "d-2", finding).Duplicate)
		require.Equal(t, 2, g.Incident(first.Incidents[0]).Incident.Count)
		page := w.Page(anaPhone, "SQL built from input")
		require.Regexp(t, `^P1 `, page.Body)
		g.Becomes(first.Incidents[0], "paged once", func(d api.IncidentDetail) bool { return len(d.Attempts) == 1 })
	})
}

// exampleConfig is the built-in example as it is, from its file.
func exampleConfig(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../configs/examples/demo.yaml")
	require.NoError(t, err)
	return string(text)
}
