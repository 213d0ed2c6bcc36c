package outage_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/app"
	"tocsin/cmd/internal/apptest"
	"tocsin/escalation"
	"tocsin/escalation/store/redistest"
	"tocsin/paging/twilio/telephone"
)

// A gateway that is started while the store is away, here for the first time ever, takes alerts
// by its files, pages, and hears the acknowledgement; when the store is there it becomes one
// incident with the state that it has.
func TestStartedWithoutTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, team)
	w.Redis.Kill()
	g := w.Run()
	page := rings(t, w, g, apptest.Event{Key: "acked", Title: "Checkout errors", Severity: "critical"})
	require.Contains(t, w.Reply(anaPhone, apptest.Code(t, page)), "Acked")
	g.Event(apptest.Event{Key: "p2", Title: "Backup late", Severity: "warning"})
	w.Redis.Restart()
	isBack(t, g)
	w.Page(anaPhone, "Backup late")
	states := map[string]escalation.State{}
	for _, inc := range g.List() {
		require.NotContains(t, states, inc.Title)
		states[inc.Title] = inc.State
	}
	require.Equal(t, map[string]escalation.State{"Checkout errors": escalation.Acknowledged, "Backup late": escalation.Triggered}, states)
	require.Len(t, w.Pages(), 2, w.Screens())
	w.Never(time.Now().Add(2*time.Second), "nobody else is paged", func(x telephone.Text) bool { return x.To == benPhone && apptest.IsPage(x) })
	status, err := g.API.Status(t.Context())
	require.NoError(t, err)
	require.Contains(t, status.Revision, "r1 ", "its files are the first revision by now")
}

// A gateway that is started without the store works by the last book that it kept, with what
// people arranged since the files were written, and goes on with what its spool holds.
func TestStartedByTheLastBook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, team)
	g := w.Run()
	g.Opens(apptest.Event{Key: "before", Title: "Disk full", Severity: "critical"})
	w.Page(anaPhone, "Disk full")
	before, err := g.API.Status(t.Context())
	require.NoError(t, err)
	w.Redis.Kill()
	rings(t, w, g, apptest.Event{Key: "first", Title: "Login fails", Severity: "critical"})
	require.NoError(t, g.Stop())
	g = w.Run()
	status, err := g.API.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, before.Revision, status.Revision)
	page := rings(t, w, g, apptest.Event{Key: "second", Title: "Checkout errors", Severity: "critical"})
	require.Contains(t, w.Reply(anaPhone, apptest.Code(t, page)), "Acked")
	w.Redis.Restart()
	isBack(t, g)
	require.Len(t, g.List(), 3)
	require.Len(t, w.Pages(), 3, w.Screens())
}

// What somebody must mend ends a start at once: the wrong password, and an address without a name.
func TestRefusedStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, team)
	locked := redistest.Start(t, redistest.Always)
	locked.Must("CONFIG", "SET", "requirepass", "of a test")
	for _, url := range []string{"redis://:wrong@" + locked.Addr() + "/0", "redis://nowhere.invalid:6379/0"} {
		_, err := app.New(t.Context(), app.Options{Files: w.Files, Build: w.Build, Store: url, Spool: t.TempDir()})
		require.ErrorContains(t, err, "cannot open the store")
		require.NotContains(t, err.Error(), "wrong@")
	}
}
