package app_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/standin"
	"tocsin/escalation/store"
)

// newerRevision appends what only a newer version can read, and returns what was last before.
func newerRevision(t *testing.T, s store.Store) uint64 {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(`{"v":1000,"bundle":"of another shape"}`))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	last, err := s.Last(t.Context(), "config")
	require.NoError(t, err)
	require.NoError(t, s.Append(t.Context(), "config", last[0], "of a newer version", b.Bytes()))
	return last[0]
}

// While some processes are already of a newer version, one of this version leaves what they wrote
// alone: it keeps its configuration while it runs, starts on its own files, and pages.
func TestARevisionOfANewerVersionIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, apptest.Redis, rota)
	g := w.Run()
	s := w.OpenStore()
	last := newerRevision(t, s)
	require.Eventually(t, func() bool { return strings.Contains(w.Logs.String(), "newer version") }, apptest.Patience, 10*time.Millisecond)
	require.Equal(t, last, statusOf(t, g).Config)
	g.Opens(apptest.Event{Key: "a", Title: "While it runs.", Severity: "critical"})
	w.Page("", "While it runs.")
	require.NoError(t, g.Stop())

	w.Write(strings.Replace(rota, "Who wakes up.", "Who wakes up, changed.", 1))
	g = w.Run()
	require.Zero(t, statusOf(t, g).Config, "on its own files")
	g.Opens(apptest.Event{Key: "b", Title: "After its start.", Severity: "critical"})
	w.Page("", "After its start.")
	require.Equal(t, http.StatusUnprocessableEntity, g.Post("/-/reload", nil, w.Bearer(standin.EnvAPIToken)).Status)
	now, err := s.Last(t.Context(), "config")
	require.NoError(t, err)
	require.Equal(t, last+1, now[0], "nothing is written on top of what it cannot read")
}
