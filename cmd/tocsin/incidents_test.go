package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/escalation"
	"tocsin/paging"
)

const apiToken = "a-token-of-a-test"

var incident = api.Incident{
	ID: "7-abc", State: escalation.Triggered, Severity: "P0", Title: "Disk\x1b[2J is full", Policy: "team", Route: "route",
	Position: &escalation.Position{Name: "primary", Deadline: noon.Add(3 * time.Minute)},
	Firing:   2, Ended: 1, Count: 9, OpenedAt: noon.Add(-2 * time.Minute), LastSeen: noon.Add(-time.Minute),
}

// standIn answers like the API, to whoever brings the token, and keeps what was asked.
func standIn(t *testing.T, answer any) (c call, asked *[]string) {
	t.Helper()
	asked = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*asked = append(*asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)))
		if r.Header.Get("Authorization") != "Bearer "+apiToken {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(api.Error{Error: api.ErrorBody{Kind: "unauthorized", Message: "this token is not known"}})
			return
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	return call{env: map[string]string{"TOCSIN_SERVER": server.URL, "TOCSIN_TOKEN": apiToken}}, asked
}

func TestIncidentsList(t *testing.T) {
	// Ensures the table, free of what a sender hid in a title, the array, and the hint to go on.
	c, asked := standIn(t, api.IncidentList{Incidents: []api.Incident{incident}, Next: "7-abc"})
	r := c.run(t, "incidents", "list", "--all", "--limit", "1", "--before", "7-zzz")
	require.Equal(t, result{exitOK, strings.TrimPrefix(`
ID     SEVERITY  STATE      AGE  ALERTS             TITLE             WITH
7-abc  P0        triggered  2m   2 firing, 1 ended  Disk [2J is full  tier primary until 2026-03-03T12:03:00Z
`, "\n"), "tocsin: there may be more; go on with --before 7-abc\n"}, r)
	require.Equal(t, []string{"GET /api/v1/incidents?all=true&before=7-zzz&limit=1"}, *asked)
	list := decode[[]api.Incident](t, c.run(t, "incidents", "list", "--json"))
	require.Equal(t, paging.IncidentID("7-abc"), list[0].ID)

	c, _ = standIn(t, api.IncidentList{})
	require.Equal(t, "no incident\n", c.run(t, "incidents", "list").out)
	require.Equal(t, "[]\n", c.run(t, "incidents", "list", "--json").out)
}

func TestIncidentsShow(t *testing.T) {
	// Ensures that members, pages and the timeline are shown.
	detail := api.IncidentDetail{
		Incident: incident,
		Members:  []escalation.Member{{MemberKey: escalation.MemberKey{Integration: "prometheus", Identity: "aa"}, Title: "Disk on h1", Severity: "P0", Firing: true}},
		Attempts: []paging.Attempt{{Kind: paging.Page, User: "ana", Channel: "sms", Address: "+12025550101", Due: noon, State: paging.Sent}},
		Timeline: []escalation.Entry{{Seq: 1, At: noon, Kind: escalation.EntryOpened, Text: "P0 Disk"}},
	}
	c, asked := standIn(t, detail)
	r := c.run(t, "incidents", "show", "7-abc")
	require.Equal(t, exitOK, r.code, r.err)
	require.Contains(t, r.out, "fires P0: Disk on h1 (prometheus aa)")
	require.Contains(t, r.out, "ana by sms +12025550101, due Tue 2026-03-03 12:00:00 UTC: sent")
	require.Contains(t, r.out, "timeline\n  2026-03-03T12:00:00Z  opened  P0 Disk\n")
	require.Equal(t, []string{"GET /api/v1/incidents/7-abc"}, *asked)
	require.Len(t, decode[api.IncidentDetail](t, c.run(t, "incidents", "show", "7-abc", "--json")).Timeline, 1)
}

func TestActions(t *testing.T) {
	// Ensures that each action asks its endpoint and that people read what became of it.
	for _, tc := range []struct {
		args    []string
		outcome escalation.OutcomeKind
		asks    string
		says    string
	}{
		{[]string{"ack", "7-abc", "--as", "ana"}, escalation.Done, `POST /api/v1/incidents/7-abc/ack {"as":"ana"}`, "acknowledged by ana at 2026-03-03T12:00:00Z"},
		{[]string{"ack", "7-abc"}, escalation.AlreadyAcked, `POST /api/v1/incidents/7-abc/ack {}`, "was already acknowledged by ana at"},
		{[]string{"unack", "7-abc"}, escalation.NotAcked, `POST /api/v1/incidents/7-abc/unack {}`, "nothing to give back"},
		{[]string{"resolve", "7-abc"}, escalation.StillFiring, `POST /api/v1/incidents/7-abc/resolve {}`, "still fires"},
		{[]string{"resolve", "7-abc"}, escalation.AlreadyOver, `POST /api/v1/incidents/7-abc/resolve {}`, "was already resolved"},
		{[]string{"escalate", "7-abc"}, escalation.Done, `POST /api/v1/incidents/7-abc/escalate {}`, "passed on by ana"},
		{[]string{"snooze", "7-abc"}, escalation.Done, `POST /api/v1/incidents/7-abc/snooze {"for":"30m0s"}`, "snoozed for 30m by ana"},
		{[]string{"snooze", "7-abc", "--for", "2d"}, escalation.Done, `POST /api/v1/incidents/7-abc/snooze {"for":"48h0m0s"}`, "snoozed for 2d by ana"},
	} {
		t.Run(strings.Join(tc.args, " ")+" "+string(tc.outcome), func(t *testing.T) {
			c, asked := standIn(t, api.Outcome{Outcome: tc.outcome, By: "ana", At: noon, Incident: incident})
			r := c.run(t, append([]string{"incidents"}, tc.args...)...)
			require.Equal(t, exitOK, r.code, r.err)
			require.Equal(t, []string{tc.asks}, *asked)
			require.Contains(t, r.out, "P0 Disk [2J is full (7-abc): ")
			require.Contains(t, r.out, tc.says)
			require.Equal(t, tc.outcome, decode[api.Outcome](t, c.run(t, append([]string{"incidents", "--json"}, tc.args...)...)).Outcome)
		})
	}
}

func TestTestPage(t *testing.T) {
	// Ensures that only --test pages, and that the way to follow it is shown.
	c, asked := standIn(t, api.Outcome{Outcome: escalation.Opened, Incident: incident})
	require.Equal(t, exitUsage, c.run(t, "page", "ana").code)
	require.Empty(t, *asked)
	r := c.run(t, "page", "ana", "--test")
	require.Equal(t, result{exitOK, "ana is being paged; see tocsin incidents show 7-abc\n", ""}, r)
	require.Equal(t, []string{`POST /api/v1/test-pages {"user":"ana"}`}, *asked)
}

func TestWhereTheTokenComesFrom(t *testing.T) {
	// Ensures file before environment before configuration, and that a token never shows.
	good, _ := standIn(t, api.IncidentList{})
	server := good.env["TOCSIN_SERVER"]
	config := write(t, "tocsin.yaml", small+"api_tokens: [{ name: ops, token: { env: OPS } }]\n")
	for _, tc := range []struct {
		name string
		env  map[string]string
		args []string
		code int
		says string
	}{
		{"file", map[string]string{"TOCSIN_TOKEN": "wrong-token-of-env"}, []string{"--token-file", write(t, "token", apiToken+"\n")}, exitOK, ""},
		{"environment", map[string]string{"TOCSIN_TOKEN": apiToken, "OPS": "wrong-token-of-config"}, []string{"--config", config}, exitOK, ""},
		{"configuration", map[string]string{"OPS": apiToken}, []string{"--config", config}, exitOK, ""},
		{"none", nil, nil, exitFault, "no API token: set TOCSIN_TOKEN"},
		{"a configuration without", nil, []string{"--config", write(t, "tocsin.yaml", small)}, exitFault, "has no api_tokens"},
		{"an empty file", nil, []string{"--token-file", write(t, "token", "\n")}, exitFault, "holds no token"},
		{"an absent file", nil, []string{"--token-file", "absent.token"}, exitFault, "absent.token"},
		{"another", map[string]string{"TOCSIN_TOKEN": "wrong-token-of-env"}, nil, exitFault, "this token is not known"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := call{env: tc.env}.run(t, append([]string{"incidents", "list", "--server", server}, tc.args...)...)
			require.Equal(t, tc.code, r.code, r.err)
			require.Contains(t, r.err, tc.says)
			require.NotContains(t, r.err+r.out, "wrong-token")
		})
	}
}

func TestServersThatCannotBeAsked(t *testing.T) {
	// Ensures sentences for wrong addresses and limits, and a warning where the token is unprotected.
	c := call{env: map[string]string{"TOCSIN_TOKEN": apiToken}}
	require.Equal(t, exitUsage, c.run(t, "incidents", "list", "--server", "pager").code)
	require.Contains(t, c.run(t, "incidents", "list", "--limit", "0").err, "--limit must be from 1 to 500")
	require.Contains(t, c.run(t, "incidents", "snooze", "7-abc", "--for", "90d").err, "at most")
	require.Contains(t, c.run(t, "incidents", "list", "--server", "http://127.0.0.1:1").err, "cannot reach Tocsin at 127.0.0.1:1")
	for address, want := range map[string]bool{
		"http://pager.example.org": true, "https://pager.example.org": false, "http://localhost:8420": false, "http://[::1]:8420": false,
	} {
		require.Equal(t, want, unprotected(address), address)
	}
}
