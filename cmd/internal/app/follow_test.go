package app_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/client"
	"tocsin/cmd/internal/standin"
	"tocsin/configs/history"
)

// keyed needs a secret from a file beside it.
const keyed = "calendar_key: { file: secrets/calendar }\n" + rota

// keep puts the secret of keyed there, or takes it away.
func keep(t *testing.T, w *apptest.World, there bool) {
	t.Helper()
	name := filepath.Join(filepath.Dir(w.Config), "secrets", "calendar")
	if !there {
		require.NoError(t, os.Remove(name))
		return
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
	require.NoError(t, os.WriteFile(name, []byte("a made-up key of a test, long enough"), 0o600))
}

// What the provider's adapter would refuse is refused before it is a revision: otherwise no
// process could start again.
func TestApplyRefusesWhatCannotRun(t *testing.T) {
	w := apptest.New(t, apptest.Bolt, rota)
	g := w.Run()
	_, err := g.API.ApplyConfig(t.Context(), proposal(strings.Replace(rota, "{ env: TOCSIN_DEMO_ACCOUNT_SID }", "AC123", 1), 0))
	var refused *client.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.Message, "account_sid")
	require.Equal(t, uint64(1), statusOf(t, g).Config)
}

// A process that cannot build what is active does not bring its old files back for everybody: it
// runs on them alone, says so, and follows as soon as it can. A reload does not pretend.
func TestProcessThatCannotFollow(t *testing.T) {
	w := apptest.New(t, apptest.Bolt, rota)
	g := w.Run()
	keep(t, w, true)
	_, err := g.API.ApplyConfig(t.Context(), proposal(keyed, 0))
	require.NoError(t, err)
	require.NoError(t, g.Stop())

	keep(t, w, false)
	g = w.Run() // with its old files, which nobody changed
	active, err := g.API.Revision(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, uint64(2), active.Number, "nothing was brought")
	status := statusOf(t, g)
	require.Zero(t, status.Config, "it runs on its own files")
	require.Equal(t, uint64(2), status.Wanted)
	require.Contains(t, status.Trouble, "calendar_key")
	g.Opens(apptest.Event{Key: "a", Title: "Alone.", Severity: "critical"})
	w.Page("", "Alone.")

	w.Write(keyed)
	answer := g.Post("/-/reload", nil, w.Bearer(standin.EnvAPIToken))
	require.Equal(t, http.StatusUnprocessableEntity, answer.Status)
	require.Contains(t, answer.Body, "calendar_key")
	keep(t, w, true)
	require.Equal(t, http.StatusOK, g.Post("/-/reload", nil, w.Bearer(standin.EnvAPIToken)).Status)
	status = statusOf(t, g)
	require.Equal(t, uint64(2), status.Config)
	require.Empty(t, status.Trouble)
}

// A secret that comes later is found without a reload.
func TestFollowsWhenItCan(t *testing.T) {
	w := apptest.New(t, apptest.Redis, rota)
	g := w.Run()
	s := w.OpenStore()
	keep(t, w, true)
	h := &history.History{Series: s, Build: w.Build, Token: func() string { return fmt.Sprint(rand.Uint64()) }}
	keyedBundle := proposal(keyed, 0)
	_, err := h.Apply(t.Context(), keyedBundle, time.Now())
	require.NoError(t, err)
	follows(t, g, 2, time.Now())

	keep(t, w, false)
	_, err = g.API.ApplyConfig(t.Context(), proposal(keyed+"# more\n", 0))
	require.Error(t, err)
	keep(t, w, true)
	more := proposal(keyed+"# more\n", 0)
	_, err = h.Apply(t.Context(), more, time.Now())
	require.NoError(t, err)
	keep(t, w, false) // perhaps before it was followed, perhaps after
	keep(t, w, true)
	follows(t, g, 3, time.Now())
}

// Files that have faults do not keep a process from running on what is active.
func TestStartsWithBrokenFiles(t *testing.T) {
	w := apptest.New(t, apptest.Bolt, rota)
	require.NoError(t, w.Run().Stop())
	w.Write("route: {{{\n")
	g := w.Run()
	require.Equal(t, uint64(1), statusOf(t, g).Config)
	require.Contains(t, w.Logs.String(), "the files have faults")
	g.Opens(apptest.Event{Key: "a", Title: "Still here.", Severity: "critical"})
	w.Page("", "Still here.")
}

// Files that were in force since a process last brought some have not changed: a restart never
// puts them over what was applied after them.
func TestRestartKeepsWhatWasApplied(t *testing.T) {
	w := apptest.New(t, apptest.Bolt, rota)
	g := w.Run()
	second, third := strings.Replace(rota, "[ana, ben, chidi]", "[ana, ben]", 1), strings.Replace(rota, "[ana, ben, chidi]", "[ana, chidi]", 1)
	for _, yaml := range []string{second, third} {
		_, err := g.API.ApplyConfig(t.Context(), proposal(yaml, 0))
		require.NoError(t, err)
		w.Write(second) // deployed as well
	}
	require.NoError(t, g.Stop())
	g = w.Run()
	r, err := g.API.Revision(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, third, string(r.Bundle.Files[0].Data))
	require.NoError(t, g.Stop())
	w.Write(rota) // back to what was before: that is a change of the files
	require.NoError(t, w.Run().Stop())
	g = w.Run()
	r, err = g.API.Revision(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, third, string(r.Bundle.Files[0].Data), "rota was in force since it was brought")
}

// A Redis that failed over may have lost a revision and given its number to another: a process
// that follows by number alone would page by the lost one for ever.
func TestSameNumberOtherContent(t *testing.T) {
	w := apptest.New(t, apptest.Redis, rota)
	g := w.Run()
	lost := strings.Replace(rota, "[ana, ben, chidi]", "[ana, ben]", 1)
	_, err := g.API.ApplyConfig(t.Context(), proposal(lost, 0))
	require.NoError(t, err)
	options, err := redis.ParseURL(w.Store)
	require.NoError(t, err)
	raw := redis.NewClient(options)
	defer func() { require.NoError(t, raw.Close()) }()
	first, err := raw.Get(t.Context(), "tocsin:{0}:s:config:1").Result()
	require.NoError(t, err)
	require.NotEmpty(t, first)
	s := w.OpenStore()
	pipe := raw.TxPipeline()
	pipe.HSet(t.Context(), "tocsin:{0}:s", "config", "1:lost")
	pipe.Del(t.Context(), "tocsin:{0}:s:config:2")
	_, err = pipe.Exec(t.Context())
	require.NoError(t, err)
	other := strings.Replace(rota, "[ana, ben, chidi]", "[ana, chidi]", 1)
	h := &history.History{Series: s, Build: w.Build, Token: func() string { return fmt.Sprint(rand.Uint64()) }}
	change, err := h.Apply(t.Context(), proposal(other, 0), time.Now())
	require.NoError(t, err)
	require.Equal(t, uint64(2), change.Revision.Number)
	require.Eventually(t, func() bool { return strings.Contains(statusOf(t, g).Revision, change.Revision.Hash[:12]) }, 2*apptest.Patience, 50*time.Millisecond)
}
