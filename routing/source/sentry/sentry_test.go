package sentry

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/routing"
	"tocsin/routing/source"
	"tocsin/routing/source/sourcetest"
)

// TestEventAlert ensures that an event speaks for its issue: the issue's identity, the
// rule's and the tags' labels, a link for people, and no start of its own.
func TestEventAlert(t *testing.T) {
	for _, header := range [][]string{nil, {"Sentry-Hook-Resource", "event_alert"}} {
		b, err := sourcetest.Fixture(t, Source(), "event_alert.json", header...)
		require.NoError(t, err)
		require.Equal(t, []routing.Alert{{
			Source: "sentry", Identity: "issue:700", Status: routing.Firing,
			Title: "PaymentError: card service answers 503", Description: "card service answers 503\nin checkout.pay", SeverityWord: "fatal",
			Labels: map[string]string{
				"resource": "event_alert", "rule": "Any error", "project": "shop", "project_id": "42", "environment": "staging",
				"level": "fatal", "culprit": "checkout.pay", "platform": "go", "release": "shop@1.2", "1": "2",
			},
			Links: []routing.Link{{Text: "sentry", URL: "https://sentry.example.org/organizations/acme/issues/700/events/aaaa1111/"}},
		}}, b.Alerts)
	}
}

// TestIssue ensures that each step in an issue's life means what it should to who is on call.
func TestIssue(t *testing.T) {
	for action, want := range map[string]struct {
		status routing.Status
		starts string
	}{
		"created":    {routing.Firing, "2026-03-30T09:00:00Z"},
		"unresolved": {routing.Firing, "2026-03-30T11:00:00Z"},
		"resolved":   {routing.Resolved, "2026-03-30T09:00:00Z"},
		"archived":   {routing.Acknowledged, "2026-03-30T09:00:00Z"},
		"ignored":    {routing.Acknowledged, "2026-03-30T09:00:00Z"},
		"assigned":   {},
		"new_action": {},
	} {
		b, err := sourcetest.Decode(t, Source(), fixture(t, "issue.json", action), "Sentry-Hook-Resource", "issue")
		require.NoError(t, err)
		if want.status == "" {
			require.Empty(t, b.Alerts)
			require.Equal(t, "issue."+action+" tells of no new trouble", b.Note)
			continue
		}
		require.Equal(t, []routing.Alert{{
			Source: "sentry", Identity: "issue:700", Status: want.status,
			Title: "PaymentError: card service answers 503", Description: "card service answers 503\nin checkout.pay", SeverityWord: "error",
			Labels: map[string]string{
				"resource": "issue", "project": "shop", "project_id": "42", "level": "error", "logger": "pay", "culprit": "checkout.pay",
				"platform": "go", "priority": "high", "category": "error", "short_id": "SHOP-1",
			},
			Links:    []routing.Link{{Text: "sentry", URL: "https://sentry.example.org/issues/700/"}},
			StartsAt: sourcetest.At(t, want.starts),
		}}, b.Alerts, action)
	}
}

// TestMetricAlert ensures that a metric alert keeps one identity while its severity
// changes and until it ends.
func TestMetricAlert(t *testing.T) {
	for action, want := range map[string]routing.Alert{
		"critical": {Status: routing.Firing, SeverityWord: "critical"},
		"warning":  {Status: routing.Firing, SeverityWord: "warning"},
		"resolved": {Status: routing.Resolved, EndsAt: sourcetest.At(t, "2026-03-30T09:30:00Z")},
	} {
		b, err := sourcetest.Decode(t, Source(), fixture(t, "metric.json", action))
		require.NoError(t, err)
		want.Source, want.Identity, want.Title = "sentry", "metric:55", "Failed payments"
		want.Description = "30 events in the last 5 minutes\nFilter: level:error"
		want.Labels = map[string]string{"resource": "metric_alert", "project": "shop", "environment": "production", "rule": "Failed payments", "rule_id": "9"}
		want.Links = []routing.Link{{Text: "sentry", URL: "https://sentry.example.org/alerts/9/"}}
		want.StartsAt = sourcetest.At(t, "2026-03-30T09:01:00Z")
		require.Equal(t, []routing.Alert{want}, b.Alerts, action)
	}
}

// TestPlugin ensures that the flat body of the old plugin meets the same issue.
func TestPlugin(t *testing.T) {
	b, err := sourcetest.Fixture(t, Source(), "plugin.json")
	require.NoError(t, err)
	require.Equal(t, []routing.Alert{{
		Source: "sentry", Identity: "issue:700", Status: routing.Firing, Title: "PaymentError: slow", Description: "in checkout.pay", SeverityWord: "warning",
		Labels: map[string]string{"resource": "plugin", "project": "shop", "environment": "production", "level": "warning", "culprit": "checkout.pay"},
		Links:  []routing.Link{{Text: "sentry", URL: "https://sentry.example.org/issues/700/"}},
	}}, b.Alerts)
}

// TestIdentity ensures that the issue's id is found wherever a body has it, and that an
// event without any still reaches somebody.
func TestIdentity(t *testing.T) {
	for event, want := range map[string]string{
		`"issue_id":12345678901234567890`:                                 "issue:12345678901234567890",
		`"issue_id":"7"`:                                                  "issue:7",
		`"issue_url":"https://s.example.org/api/0/issues/8/"`:             "issue:8",
		`"web_url":"https://s.example.org/issues/9/events/abcd/"`:         "issue:9",
		`"issue_url":"https://s.example.org/api/0/organizations/1/other"`: "title:",
		`"issue_id":null,"title":"T"`:                                     "title:",
	} {
		b, err := sourcetest.Decode(t, Source(), `{"data":{"event":{`+event+`}}}`)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(b.Alerts[0].Identity, want), b.Alerts[0].Identity)
	}
}

// TestNotAlerts ensures that what is no alert is taken, and says so.
func TestNotAlerts(t *testing.T) {
	for resource, body := range map[string]string{
		"error":          `{"action":"created","data":{"error":{"title":"x","issue_id":"1"}}}`,
		"comment":        `{"action":"created","data":{"comment_id":1,"issue_id":"1"}}`,
		"installation":   `{"action":"created","data":{"installation":{"uuid":"u"}}}`,
		"activity_alert": `{"action":"triggered","data":{"issue":{"id":"1"},"activity":{"type":"x"}}}`,
	} {
		for _, header := range [][]string{nil, {"Sentry-Hook-Resource", resource}} {
			b, err := sourcetest.Decode(t, Source(), body, header...)
			require.NoError(t, err)
			require.Empty(t, b.Alerts)
			require.Equal(t, resource+" is not an alert", b.Note)
			require.Equal(t, fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(body))), b.DeliveryID)
		}
	}
	b, err := sourcetest.Decode(t, Source(), `{}`, "Sentry-Hook-Resource", "newer")
	require.NoError(t, err)
	require.Equal(t, "newer is not an alert", b.Note)
}

// TestUnusable ensures that a body of the wrong shape is an error that names what is missing.
func TestUnusable(t *testing.T) {
	for _, c := range []struct{ body, resource, want string }{
		{`{}`, "", "Sentry-Hook-Resource"},
		{`{"data":{}}`, "event_alert", "data.event"},
		{`{"data":{"issue":{}}}`, "issue", "data.issue with an id"},
		{`{"action":"critical","data":{"metric_alert":{}}}`, "", "data.metric_alert.id"},
		{`{"data":"text"}`, "", "/data"},
		{`{"data":`, "issue", "not valid JSON at byte 8"},
	} {
		_, err := sourcetest.Decode(t, Source(), c.body, "Sentry-Hook-Resource", c.resource)
		require.ErrorContains(t, err, c.want)
	}
}

// TestSignature ensures that only Sentry's own signature passes, in either header.
func TestSignature(t *testing.T) {
	sourcetest.Signatures(t, Source(), "Sentry-Hook-Signature", "")
	sourcetest.Signatures(t, Source(), "Sentry-App-Signature", "")
	// The documented recipe, computed independently: printf '{}' | openssl dgst -sha256 -hmac key
	h := sourcetest.Header("Sentry-Hook-Signature", "a777724d943eb48dc69bca8a4a6d57a04db3f9ec7e1de4e581e860265bdf3032")
	require.NoError(t, source.Auth{SigningSecrets: []string{"key"}}.Check(Source(), h, "", []byte("{}")))
}

func fixture(t testing.TB, file, action string) string {
	body, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	return strings.Replace(string(body), "ACTION", action, 1)
}

// FuzzDecode ensures that no body and no header panics or yields half an alert.
func FuzzDecode(f *testing.F) {
	for _, resource := range []string{"", "event_alert", "issue", "metric_alert", "plugin"} {
		for _, file := range []string{"event_alert.json", "issue.json", "metric.json", "plugin.json"} {
			f.Add([]byte(fixture(f, file, "created")), resource)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, resource string) {
		b, err := Source().Decode(sourcetest.Header("Sentry-Hook-Resource", resource), body, time.Time{})
		sourcetest.Sound(t, Source(), b, err)
	})
}
