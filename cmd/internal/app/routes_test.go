package app_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/standin"
	"tocsin/paging/twilio"
)

// openRoutes need no API token: webhooks, Twilio and calendars prove themselves in their own way, which
// other tests here see to, and the rest shows nothing but health and aggregates.
var openRoutes = []string{
	"GET /healthz", "GET /readyz", "GET /metrics",
	"POST /webhooks/:integration", "POST /webhooks/:integration/:token",
	"POST /twilio/sms", "POST /twilio/status/:attempt",
	"GET /calendars/schedules/:name/:token", "GET /calendars/users/:name/:token",
}

// Every route but those named above answers 401 without a token, with a wrong one and with a
// webhook's; so a new route that was forgotten fails here.
func TestEveryRouteAsksForAToken(t *testing.T) {
	t.Parallel()
	var routes []*echo.Route
	w := apptest.New(t, apptest.Bolt, small)
	g := w.RunWith(func(e *echo.Echo) { routes = e.Routes() })
	id := g.Opens(apptest.Event{Key: "a", Title: "Disk full"})
	require.Greater(t, len(routes), len(openRoutes), "the table is not empty")
	guarded := 0
	for _, r := range routes {
		if slices.Contains(openRoutes, r.Method+" "+r.Path) {
			continue
		}
		guarded++
		path := strings.NewReplacer(":id", string(id), ":", "x").Replace(r.Path)
		for name, header := range map[string]map[string]string{
			"none":             nil,
			"wrong":            {"Authorization": "Bearer nonsense"},
			"empty":            {"Authorization": "Bearer "},
			"a webhook's":      w.Bearer(standin.EnvEvents),
			"in another shape": {"Authorization": "Basic " + w.Env[standin.EnvAPIToken]},
		} {
			answer := g.Do(r.Method, path, []byte(`{}`), header)
			assert.Equal(t, http.StatusUnauthorized, answer.Status, "%s %s with token: %s: %s", r.Method, path, name, answer.Body)
		}
	}
	require.GreaterOrEqual(t, guarded, 10)
	require.Equal(t, "triggered", string(g.Incident(id).Incident.State), "no action was taken")
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		answer := g.Do(http.MethodGet, path, nil, nil)
		require.Equal(t, http.StatusOK, answer.Status, path)
		require.Empty(t, apptest.Leaks(answer.Body, w.Env), path)
		require.NotContains(t, answer.Body, "Disk full", path)
		require.NotContains(t, answer.Body, anaPhone, path)
	}
}

// Nobody but the holder of Twilio's token can answer a page or report a text.
func TestTwilioSignatures(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, apptest.Bolt, small)
	g := w.Run()
	id := g.Opens(apptest.Event{Key: "a", Title: "Disk full"})
	w.Page(anaPhone, "Disk full")
	form := url.Values{"MessageSid": {"SM00000000000000000000000000000001"}, "From": {anaPhone}, "To": {standin.Number}, "Body": {"10"}}
	token := w.Env[standin.EnvAuthToken]
	other := url.Values{"MessageSid": form["MessageSid"], "From": form["From"], "To": form["To"], "Body": {"list"}}
	for _, path := range []string{"/twilio/sms", "/twilio/status/" + string(id) + ".x"} {
		for name, signature := range map[string]string{
			"none": "", "nonsense": "nonsense", "another token": twilio.Sign("nonsense", w.URL+path, form),
			"another host": twilio.Sign(token, "http://pager.example.org"+path, form),
			"another path": twilio.Sign(token, w.URL+"/twilio", form), "another text": twilio.Sign(token, w.URL+path, other),
		} {
			answer := g.Post(path, []byte(form.Encode()), map[string]string{
				"Content-Type": "application/x-www-form-urlencoded", twilio.SignatureHeader: signature,
			})
			assert.Equal(t, http.StatusUnauthorized, answer.Status, "%s, signature: %s", path, name)
		}
	}
	require.Equal(t, "triggered", string(g.Incident(id).Incident.State))
	answer := g.SignedForm("/twilio/sms", form)
	require.Equal(t, http.StatusOK, answer.Status)
	require.Contains(t, answer.Body, "Acked 10 Disk full", "the same form with its signature is taken")
}

// The watch over secrets that ends every story here would notice one.
func TestLeaksAreSeen(t *testing.T) {
	t.Parallel()
	secrets := map[string]string{"TOKEN": "planted-secret", "OTHER": "another-one"}
	require.Equal(t, []string{"TOKEN"}, apptest.Leaks(`{"msg":"Bearer planted-secret"}`, secrets))
	require.Empty(t, apptest.Leaks(`{"msg":"tocsin runs"}`, secrets))
	w := apptest.New(t, apptest.Bolt, small)
	w.Run()
	require.Contains(t, w.Logs.String(), "tocsin runs", "the watch has something to look at")
}
