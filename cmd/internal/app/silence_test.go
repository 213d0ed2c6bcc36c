package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/standin"
	"tocsin/escalation"
	"tocsin/paging"
)

// expecting has two integrations that must be heard of every ten seconds.
var expecting = strings.NewReplacer(
	"{ name: prometheus, source: alertmanager,", "{ name: prometheus, source: alertmanager, expect_every: 10s, expect_severity: P0,",
	"{ name: events, source: generic,", "{ name: events, source: generic, expect_every: 10s,",
).Replace(apptest.TwoTiers("5m", "1h"))

func tellSilence(t *testing.T, binary string) {
	// Ensures that an integration which falls silent is one incident that pages, with its own
	// severity, while another one that speaks is none; and that the incident ends, without another
	// text, when the integration speaks again.
	w := apptest.New(t, apptest.Bolt, expecting)
	g, _ := w.Serve(binary)
	says := func(integration, env string, body []byte) {
		answer := g.Post("/webhooks/"+integration, body, w.Bearer(env))
		require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	}
	events := func() { says("events", standin.EnvEvents, []byte("done")) }
	prometheus := func() {
		says("prometheus", standin.EnvPrometheus, g.JSON(map[string]any{"version": "4", "groupKey": "{}:{}", "status": "firing", "receiver": "tocsin", "alerts": []any{
			map[string]any{"status": "firing", "labels": map[string]string{"alertname": "Watchdog", "severity": "none"}, "fingerprint": "a1", "startsAt": "2026-01-05T09:00:00Z"},
		}}))
	}
	silent := func(others func(), severity, title string) paging.IncidentID {
		known := len(g.List())
		require.Eventually(t, func() bool { others(); return len(g.List()) > known }, 3*apptest.Patience, time.Second, "nobody misses it")
		w.Page(anaPhone, severity+" "+title)
		all := g.List()
		require.Len(t, all, known+1, "the other one speaks")
		require.Equal(t, severity, string(all[0].Severity))
		return all[0].ID
	}
	ends := func(id paging.IncidentID) {
		d := g.Becomes(id, "resolved", func(d api.IncidentDetail) bool { return d.Incident.State == escalation.Resolved })
		require.False(t, d.Incident.Ending.Person(), "it spoke again")
		require.Zero(t, escalation.VerifyTimeline(d.Timeline, ""))
	}
	id := silent(events, "P0", "prometheus has been silent since ")
	prometheus()
	ends(id)
	id = silent(prometheus, "P2", "events has been silent since ")
	events()
	ends(id)
	require.Len(t, w.Pages(), 2, w.Screens())
}
