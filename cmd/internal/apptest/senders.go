package apptest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/standin"
	"tocsin/escalation/engine"
	"tocsin/paging"
)

// requestTimeout bounds one request; the slowest answer of a gateway takes 15 s.
const requestTimeout = 30 * time.Second

// Answer is what a gateway answered.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Kind is the kind of an error, "" when the answer is none.
func (a Answer) Kind() string {
	var e api.Error
	_ = json.Unmarshal([]byte(a.Body), &e) // an answer that is no JSON has no kind
	return e.Error.Kind
}

// Post posts bytes to a path.
func (g *Gateway) Post(path string, body []byte, header map[string]string) Answer {
	g.T.Helper()
	return g.Do(http.MethodPost, path, body, header)
}

// Do sends a request. Headers that are empty are left out.
func (g *Gateway) Do(method, path string, body []byte, header map[string]string) Answer {
	g.T.Helper()
	ctx, cancel := context.WithTimeout(g.T.Context(), requestTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, g.URL+path, bytes.NewReader(body))
	require.NoError(g.T, err)
	r.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	return g.Send(r)
}

// Send sends a request as it is.
func (g *Gateway) Send(r *http.Request) Answer {
	g.T.Helper()
	answer, err := http.DefaultClient.Do(r)
	require.NoError(g.T, err)
	defer func() { _ = answer.Body.Close() }() // read to its end
	text, err := io.ReadAll(answer.Body)
	require.NoError(g.T, err)
	return Answer{Status: answer.StatusCode, Header: answer.Header, Body: string(text)}
}

// Bearer is the header with a bearer token from that variable.
func (w *World) Bearer(env string) map[string]string {
	return map[string]string{"Authorization": "Bearer " + w.Env[env]}
}

// HMAC is the hex signature of a body with the secret from that variable.
func (w *World) HMAC(env string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(w.Env[env]))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// JSON is v as JSON.
func (w *World) JSON(v any) []byte {
	w.T.Helper()
	raw, err := json.Marshal(v)
	require.NoError(w.T, err)
	return raw
}

// Event is an alert of the generic source.
type Event struct {
	Action   string            `json:"action,omitempty"`
	Key      string            `json:"key"`
	Title    string            `json:"title,omitempty"`
	Severity string            `json:"severity,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
}

// Event posts an alert to the integration "events", which must take it, and returns what
// became of it.
func (g *Gateway) Event(e Event) engine.Summary {
	g.T.Helper()
	return g.taken(g.Post("/webhooks/events", g.JSON(e), g.Bearer(standin.EnvEvents)))
}

// Opens is Event for an alert that opens an incident.
func (g *Gateway) Opens(e Event) paging.IncidentID {
	g.T.Helper()
	s := g.Event(e)
	require.Equal(g.T, 1, s.Opened, "%+v", s)
	require.Len(g.T, s.Incidents, 1)
	return s.Incidents[0]
}

// Scan posts a SARIF log.
func (g *Gateway) Scan(body []byte) engine.Summary {
	g.T.Helper()
	return g.taken(g.Post("/webhooks/scans/"+g.Env[standin.EnvScans], body, nil))
}

// Sentry posts a signed body of Sentry's about that resource.
func (g *Gateway) Sentry(resource string, body any) engine.Summary {
	g.T.Helper()
	raw := g.JSON(body)
	return g.taken(g.Post("/webhooks/sentry", raw, map[string]string{
		"Sentry-Hook-Resource": resource, "Sentry-Hook-Signature": g.HMAC(standin.EnvSentry, raw),
	}))
}

// GitHub posts a signed body of GitHub's.
func (g *Gateway) GitHub(event, delivery string, body any) engine.Summary {
	g.T.Helper()
	raw := g.JSON(body)
	return g.taken(g.Post("/webhooks/code", raw, map[string]string{
		"X-GitHub-Event": event, "X-GitHub-Delivery": delivery, "X-Hub-Signature-256": "sha256=" + g.HMAC(standin.EnvGitHub, raw),
	}))
}

func (g *Gateway) taken(a Answer) (s engine.Summary) {
	g.T.Helper()
	require.Equal(g.T, http.StatusOK, a.Status, a.Body)
	require.NoError(g.T, json.Unmarshal([]byte(a.Body), &s))
	return s
}

// Incident asks the API for an incident.
func (g *Gateway) Incident(id paging.IncidentID) api.IncidentDetail {
	g.T.Helper()
	d, err := g.API.Incident(g.T.Context(), string(id))
	require.NoError(g.T, err)
	return d
}

// Becomes waits until the API shows the incident as wanted.
func (g *Gateway) Becomes(id paging.IncidentID, what string, want func(api.IncidentDetail) bool) api.IncidentDetail {
	g.T.Helper()
	var d api.IncidentDetail
	require.Eventually(g.T, func() bool {
		var err error
		d, err = g.API.Incident(g.T.Context(), string(id))
		return err == nil && want(d)
	}, Patience, 20*time.Millisecond, "%s never becomes %s", id, what)
	return d
}

// List asks the API for incidents, resolved ones too, newest first, over all pages.
func (g *Gateway) List() []api.Incident {
	g.T.Helper()
	var all []api.Incident
	for before := ""; ; {
		list, err := g.API.Incidents(g.T.Context(), true, 500, before)
		require.NoError(g.T, err)
		all = append(all, list.Incidents...)
		if before = string(list.Next); before == "" {
			return all
		}
	}
}
