package app_test

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/standin"
)

// Attack 10: the planted secrets of a whole world (every story's logs are searched for them, see
// apptest) are in no answer either: not to those who ask for what is not there, not in errors, not in
// metrics, the configuration, its revisions, plans and diffs, or the names of memory profiles.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, small)
		g := w.Run()
		g.Opens(apptest.Event{Key: "a", Title: "Disk full"})
		api := g.Bearer(standin.EnvAPIToken)
		answers := map[string]apptest.Answer{}
		ask := func(method, path string, body string, header map[string]string) {
			answers[method+" "+path+" "+body] = g.Do(method, path, []byte(body), header)
		}
		for _, path := range []string{
			"/metrics", "/healthz", "/readyz", "/api/v1/status", "/api/v1/incidents", "/api/v1/config", "/api/v1/config/revisions",
			"/api/v1/config/revisions/1", "/api/v1/on-call", "/api/v1/overrides", "/api/v1/calendar-links?user=ana", "/nothing/here",
			"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/goroutine?debug=2", "/debug/vars", "/.env", "/-/config", "/webhooks/events",
			"/webhooks/scans/" + w.Env[standin.EnvScans], "/webhooks/scans/" + w.Env[standin.EnvScans] + "/more",
		} {
			ask(http.MethodGet, path, "", api)
			ask(http.MethodGet, path, "", nil)
		}
		for _, path := range []string{"/debug/pprof/", "/debug/vars"} {
			require.Equal(t, http.StatusNotFound, g.Do(http.MethodGet, path, nil, api).Status, "profiles hold memory, and so secrets")
		}
		// Echoes: what was sent is not told back, in case it was nearly right or meant for another.
		almost := w.Env[standin.EnvEvents]
		ask(http.MethodPost, "/webhooks/basic", `{}`, map[string]string{"Authorization": "Bearer " + almost})
		ask(http.MethodPost, "/webhooks/scans/"+almost, `{}`, nil)
		ask(http.MethodPost, "/webhooks/"+almost, `{}`, nil)
		ask(http.MethodPost, "/webhooks/scans/"+w.Env[standin.EnvScans], `{"bad`, nil)
		ask(http.MethodPost, "/api/v1/config/plan", `{"files":[{"name":"tocsin.yaml","data":"YXV0aF90b2tlbnM6IFtd"}]}`, api)
		ask(http.MethodPost, "/api/v1/config", `{"files":"nonsense"}`, api)
		ask(http.MethodPost, "/-/reload", "", api)
		for what, a := range answers {
			what = strings.NewReplacer(w.Env[standin.EnvScans], "TOKEN", almost, "TOKEN").Replace(what)
			assert.Empty(t, apptest.Leaks(a.Body, w.Secrets()), what)
			for name, values := range a.Header {
				assert.Empty(t, apptest.Leaks(strings.Join(values, " "), w.Secrets()), "%s: header %s", what, name)
			}
		}
	})
}

// Attack 13: what is built is what was reviewed: modules are those of go.sum, nothing is replaced,
// and go.mod need not be changed to build.
func TestModulesArePinned(t *testing.T) {
	t.Parallel()
	mod, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-mod=readonly", "-f", "{{.Path}} {{.Version}} {{with .Replace}}{{.Path}}{{end}}", "all").Output()
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(mod)), "\n")
	require.Greater(t, len(lines), 20)
	for _, line := range lines[1:] {
		f := strings.Fields(line)
		require.Len(t, f, 2, "replaced, or without a version: %s", line)
		require.Regexp(t, `^v[0-9]+\.[0-9]+\.[0-9]+`, f[1], line)
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-mod=readonly", "-deps", "tocsin/cmd/tocsin").CombinedOutput()
	require.NoError(t, err, "%s", out)
}
