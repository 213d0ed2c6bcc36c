package backup_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
)

// TestCommands ensures that the commands of the README do what it says with the real binary:
// backup while the server holds the embedded store, restore, evidence and audit; and that
// verify ends with 1 when something was changed.
func TestCommands(t *testing.T) {
	w := apptest.New(t, apptest.Bolt, config)
	binary := apptest.Build(t)
	g, p := w.Serve(binary)
	id := g.Opens(event("disk"))
	folder := t.TempDir()
	bundle, file, other := filepath.Join(folder, "disk.zip"), filepath.Join(folder, "tocsin.backup"), filepath.Join(folder, "other")
	at := []string{"--server", g.URL}
	require.Contains(t, w.Command(binary, append(at, "incidents", "evidence", string(id), "--out", bundle)...), "README.txt")
	require.Empty(t, w.Command(binary, "audit", "verify", bundle))
	require.Contains(t, w.Command(binary, append(at, "audit", "list")...), "opened")
	head := w.Command(binary, append(at, "audit", "head")...)
	require.Empty(t, w.Command(binary, append(at, "audit", "verify", "--anchor", head)...))
	require.Contains(t, w.Command(binary, append(at, "backup", "--store", w.Store, "--out", file)...), file)
	p.Signal(syscall.SIGTERM)
	require.NoError(t, p.Wait())

	require.Contains(t, w.Command(binary, "restore", file, "--store", other), "1 incident, 1 revision and")
	require.Empty(t, w.Command(binary, "audit", "verify", "--store", other, "--anchor", head))
	require.Empty(t, w.Command(binary, "audit", "verify", "--store", w.Store, "--anchor", head))

	data, err := os.ReadFile(bundle)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(bundle, data[:len(data)-1], 0o600))
	err = exec.CommandContext(t.Context(), binary, "audit", "verify", bundle).Run()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode())
	forged := "1:" + head[len(head)-65:len(head)-1]
	err = exec.CommandContext(t.Context(), binary, "audit", "verify", "--store", w.Store, "--anchor", forged).Run()
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode())
}
