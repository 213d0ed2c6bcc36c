package app_test

import (
	"net/http"
	"os"
	"path/filepath"
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

// muted mutes what says quiet="yes", and gives the first tier two seconds.
var muted = strings.Replace(strings.Replace(small, "route: { policy: team }", `
time_intervals:
  - { name: always, time_intervals: [{ weekdays: ['sunday:saturday'] }] }
route:
  policy: team
  routes:
    - { matchers: ['quiet="yes"'], policy: team, mute_time_intervals: [always] }
`, 1), "acknowledge_within: 10m", "acknowledge_within: 2s", 1)

// unmuted is the same without the mute.
var unmuted = strings.Replace(muted, "mute_time_intervals: [always]", "hold: 0s", 1)

const withinTwo = 2 * time.Second

// A bad file is refused with its place and changes nothing; a good one is put in force, what
// was muted is judged again, and no timer is lost on the way.
func TestReload(t *testing.T) {
	t.Parallel()
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, muted)
		g := w.Run()
		revision := g.Do(http.MethodGet, "/api/v1/status", nil, w.Bearer(standin.EnvAPIToken)).Body
		quiet := g.Opens(apptest.Event{Key: "q", Title: "Backup late", Severity: "critical", Labels: map[string]string{"quiet": "yes"}})
		require.NotNil(t, g.Incident(quiet).Incident.Quiet)
		require.Equal(t, escalation.Muted, g.Incident(quiet).Incident.Quiet.Kind)
		loud := g.Opens(apptest.Event{Key: "l", Title: "Signer down", Severity: "critical"})
		started := w.Page(anaPhone, "Signer down").At

		reload := func() apptest.Answer { return g.Post("/-/reload", nil, w.Bearer(standin.EnvAPIToken)) }
		w.Write(strings.Replace(unmuted, "policy: team\n", "policy: teem\n", 1))
		refused := reload()
		require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
		require.Equal(t, "refused", refused.Kind())
		require.Regexp(t, `tocsin\.yaml:\d+:\d+: `, refused.Body)
		require.Contains(t, refused.Body, "teem")
		require.Empty(t, apptest.Leaks(refused.Body, w.Env))
		require.Equal(t, revision, g.Do(http.MethodGet, "/api/v1/status", nil, w.Bearer(standin.EnvAPIToken)).Body)
		require.NotNil(t, g.Incident(quiet).Incident.Quiet, "still muted")

		w.Write(unmuted)
		require.Equal(t, http.StatusOK, reload().Status)
		require.NotEqual(t, revision, g.Do(http.MethodGet, "/api/v1/status", nil, w.Bearer(standin.EnvAPIToken)).Body)
		w.Page(anaPhone, "Backup late")
		require.Nil(t, g.Incident(quiet).Incident.Quiet)

		second := w.Page(benPhone, "Signer down")
		due := tierStarts(g.Incident(loud))[0].Add(withinTwo)
		assertOnTime(t, "secondary after two reloads", due, second.At)
		assert.True(t, second.At.After(started))
	})
}

// A secret that was rotated in its file is in force after a reload, although no file of the
// configuration changed; the old one is refused from then on.
func TestReloadReadsSecretsAgain(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, apptest.Bolt, strings.Replace(small, "token: { env: TOCSIN_DEMO_API_TOKEN }", "token: { file: ops.token }", 1))
	rotate := func(token string) map[string]string {
		require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(w.Config), "ops.token"), []byte(token), 0o600))
		return map[string]string{"Authorization": "Bearer " + token}
	}
	before := rotate("before-" + w.Env[standin.EnvAPIToken])
	g := w.Run()
	require.Equal(t, http.StatusOK, g.Do(http.MethodGet, "/api/v1/status", nil, before).Status)
	after := rotate("after-" + w.Env[standin.EnvAPIToken])
	require.Equal(t, http.StatusUnauthorized, g.Do(http.MethodGet, "/api/v1/status", nil, after).Status)

	require.Equal(t, http.StatusOK, g.Post("/-/reload", nil, before).Status)
	require.Equal(t, http.StatusOK, g.Do(http.MethodGet, "/api/v1/status", nil, after).Status)
	require.Equal(t, http.StatusUnauthorized, g.Do(http.MethodGet, "/api/v1/status", nil, before).Status)
}

// tierStarts are the starts of an incident's tiers, by the clocks of their promises.
func tierStarts(d api.IncidentDetail) (starts []time.Time) {
	for _, s := range d.Incident.SLAs {
		if s.Kind == escalation.SLAAcknowledge {
			starts = append(starts, s.Start)
		}
	}
	return starts
}

const (
	mostLate = time.Second
	// early is how far the clocks of the gateway and the telephone may be apart: on Redis the
	// gateway's is corrected by an offset that was measured over the network.
	early = 20 * time.Millisecond
)

// assertOnTime expects what was due then never before, and at most a second after.
func assertOnTime(t *testing.T, what string, due, at time.Time) {
	t.Helper()
	late := at.Sub(due)
	t.Logf("%s: %+d ms", what, late.Milliseconds())
	assert.GreaterOrEqual(t, late, -early, "%s comes too early", what)
	assert.LessOrEqual(t, late, mostLate, "%s comes too late", what)
}

// A graceful stop waits for the text that is under way and reports it; on the same store the
// escalation goes on where it stood, at its time.
func TestStopAndStartAgain(t *testing.T) {
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, strings.Replace(muted, "2s", "4s", 1))
		g := w.Run()
		w.Phone.SetFault(anaPhone, telephone.Fault{DropCallbacks: true}) // the provider's receipt would tell, too
		gate := w.Shut()
		id := g.Opens(apptest.Event{Key: "a", Title: "Vault drained", Severity: "critical"})
		receive(t, gate.Held, "the text reaches the provider")
		require.Equal(t, "sending", string(g.Incident(id).Attempts[0].State))
		stopped := make(chan error, 1)
		go func() { stopped <- g.Stop() }()
		requireRefused(t, g)
		gate.Open()
		require.NoError(t, receive(t, stopped, "the gateway stops"))

		again := w.Run()
		d := again.Incident(id)
		require.Equal(t, "sent", string(d.Attempts[0].State), "what was under way was reported before the end")
		require.Equal(t, w.Pages()[0].SID, d.Attempts[0].ProviderID)
		second := w.Page(benPhone, "Vault drained")
		assertOnTime(t, "secondary after the restart", tierStarts(again.Incident(id))[0].Add(4*time.Second), second.At)
		require.Len(t, w.Pages(), 2, "nobody was texted twice")
	})
}

func receive[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(apptest.Patience):
		t.Fatal("waited in vain: " + what)
	}
	return v
}

// requireRefused waits until a gateway that stops takes nothing new.
func requireRefused(t *testing.T, g *apptest.Gateway) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, err := g.API.Incidents(t.Context(), false, 1, "")
		return err != nil
	}, apptest.Patience, 10*time.Millisecond)
}
