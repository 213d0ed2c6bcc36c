package backup_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/auditor"
	"tocsin/cmd/internal/backup"
	"tocsin/escalation"
	"tocsin/escalation/store/redistest"
	"tocsin/paging"
)

const (
	anaPhone = apptest.AnaPhone
	benPhone = apptest.BenPhone
)

var config = apptest.TwoTiers("8s", "10m")

func event(key string) apptest.Event {
	return apptest.Event{Key: key, Title: "Trouble " + key + ".", Severity: "critical"}
}

// accepted is what a gateway took, and how it stood.
type accepted struct {
	open, acked, over paging.IncidentID
	all               []paging.IncidentID
}

func accept(t *testing.T, w *apptest.World, g *apptest.Gateway) (a accepted) {
	t.Helper()
	for i := range 20 {
		a.all = append(a.all, g.Opens(event(fmt.Sprint("early", i))))
	}
	a.acked, a.over = g.Opens(event("acked")), g.Opens(event("over"))
	for id, action := range map[paging.IncidentID]string{a.acked: "ack", a.over: "resolve"} {
		out, err := g.API.Act(t.Context(), string(id), action, api.Action{As: "ben"})
		require.NoError(t, err)
		require.Equal(t, escalation.Done, out.Outcome)
	}
	a.open = g.Opens(event("open"))
	w.Page(anaPhone, "Trouble open")
	a.all = append(a.all, a.acked, a.over, a.open)
	return a
}

// elsewhere gives a world an empty store of the same kind.
func elsewhere(t *testing.T, w *apptest.World, kind apptest.Kind) {
	t.Helper()
	w.Store = t.TempDir()
	if kind == apptest.Redis {
		w.Redis = redistest.Start(t, redistest.EverySec)
		w.Store = w.Redis.URL()
	}
}

func restore(t *testing.T, file, where string, force bool) (backup.Restored, error) {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	return backup.Restore(t.Context(), f, where, force)
}

// TestBackup ensures that a backup, made while alerts come in, holds all that was accepted
// before it began; that a gateway on the store made of it goes on paging where it stood; and
// that the audit log of that store is clean.
func TestBackup(t *testing.T) {
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, config)
		g := w.Run()
		a := accept(t, w, g)
		stop := make(chan struct{})
		var sending sync.WaitGroup
		sending.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					g.Event(event(fmt.Sprint("meanwhile", i)))
				}
			}
		})
		file := filepath.Join(t.TempDir(), "backup")
		var b bytes.Buffer
		require.NoError(t, g.API.Backup(t.Context(), &b))
		require.NoError(t, os.WriteFile(file, b.Bytes(), 0o600))
		close(stop)
		sending.Wait()
		require.NoError(t, g.Stop())

		_, err := restore(t, file, w.Store, false)
		require.ErrorIs(t, err, backup.ErrNotEmpty)
		elsewhere(t, w, kind)
		r, err := restore(t, file, w.Store, false)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), r.Began, time.Minute)
		_, err = restore(t, file, w.Store, true)
		require.NoError(t, err, "again, by force")

		g = w.Run()
		for _, id := range a.all {
			require.NotEmpty(t, g.Incident(id).Timeline, "accepted before the backup began")
		}
		require.Equal(t, escalation.Acknowledged, g.Incident(a.acked).Incident.State)
		require.Equal(t, escalation.Resolved, g.Incident(a.over).Incident.State)
		w.Page(benPhone, "Trouble open")
		w.Reply(benPhone, apptest.Code(t, w.Page(benPhone, "Trouble open")))
		g.Becomes(a.open, "acknowledged", func(d api.IncidentDetail) bool { return d.Incident.State == escalation.Acknowledged })
		require.Equal(t, 1, g.Event(event("early0")).Repeated, "what comes again meets its incident")
		require.Equal(t, 1, g.Event(apptest.Event{Key: "early1", Title: "Trouble early1.", Action: "resolve"}).Ended, "the indexes are there")
		require.NoError(t, g.Stop())
		report, err := auditor.Verify(t.Context(), w.OpenStore(), time.Now())
		require.NoError(t, err)
		require.True(t, report.Clean(), "%v", report.Findings)
	})
}

// TestDamaged ensures that a backup which was changed or cut off anywhere is refused, with
// nothing restored.
func TestDamaged(t *testing.T) {
	w := apptest.New(t, apptest.Bolt, config)
	g := w.Run()
	g.Opens(event("a"))
	var b bytes.Buffer
	require.NoError(t, g.API.Backup(t.Context(), &b))
	require.NoError(t, g.Stop())
	whole := b.Bytes()
	try := func(data []byte) error {
		into := t.TempDir()
		_, err := backup.Restore(t.Context(), bytes.NewReader(data), into, false)
		if err != nil {
			left, err := os.ReadDir(into)
			require.NoError(t, err)
			require.Empty(t, left)
		}
		return err
	}
	require.NoError(t, try(whole))
	for _, n := range []int{0, 10, 100, len(whole) / 2, len(whole) - 1} {
		require.ErrorIs(t, try(whole[:n]), backup.ErrDamaged, "cut off after %d bytes", n)
	}
	for _, at := range []int{40, len(whole) / 2, len(whole) - 100, len(whole) - 10} {
		changed := bytes.Clone(whole)
		changed[at] ^= 1
		require.ErrorIs(t, try(changed), backup.ErrDamaged, "byte %d changed", at)
	}
	require.ErrorContains(t, try(bytes.Repeat([]byte("x"), 1000)), "no backup of Tocsin")
}
