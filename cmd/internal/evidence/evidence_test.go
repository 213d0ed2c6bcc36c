package evidence_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/auditor"
	"tocsin/cmd/internal/evidence"
	"tocsin/escalation"
	"tocsin/escalation/audit"
	"tocsin/paging"
)

const anaPhone = apptest.AnaPhone

var config = apptest.TwoTiers("10m", "10m") + "record: 30d\n"

// lived is an incident that was paged, acknowledged by a reply, and resolved, beside others.
func lived(t *testing.T, w *apptest.World, g *apptest.Gateway) paging.IncidentID {
	t.Helper()
	g.Opens(apptest.Event{Key: "other", Title: "Other trouble.", Severity: "critical"})
	id := g.Opens(apptest.Event{Key: "disk", Title: "Disk \"full\" on db1 <&>.", Severity: "critical"})
	w.Reply(anaPhone, apptest.Code(t, w.Page(anaPhone, "Disk")))
	g.Opens(apptest.Event{Key: "third", Title: "Third trouble.", Severity: "critical"})
	g.Event(apptest.Event{Key: "disk", Title: "Disk", Action: "resolve"})
	g.Becomes(id, "delivered", func(d api.IncidentDetail) bool {
		for _, a := range d.Attempts {
			if a.State != paging.Delivered {
				return false
			}
		}
		return d.Incident.State == escalation.Resolved
	})
	return id
}

// fetch gets the bundle, as a file and unpacked.
func fetch(t *testing.T, g *apptest.Gateway, id paging.IncidentID) (path, folder string) {
	t.Helper()
	path, folder = filepath.Join(t.TempDir(), "bundle.zip"), t.TempDir()
	var b bytes.Buffer
	require.NoError(t, g.API.Evidence(t.Context(), string(id), &b))
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	unzip(t, path, folder)
	return path, folder
}

func unzip(t *testing.T, path, folder string) {
	t.Helper()
	z, err := zip.OpenReader(path)
	require.NoError(t, err)
	defer func() { _ = z.Close() }()
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		data, err := io.ReadAll(r)
		require.NoError(t, err)
		name := filepath.Join(folder, filepath.FromSlash(f.Name))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, data, 0o600))
	}
}

// pack makes a bundle of a folder again.
func pack(t *testing.T, folder string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	require.NoError(t, z.AddFS(os.DirFS(folder)))
	require.NoError(t, z.Close())
	return b.Bytes()
}

// commands are those that README.txt documents: its indented blocks after the numbered steps.
func commands(t *testing.T, folder string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "README.txt"))
	require.NoError(t, err)
	_, steps, ok := strings.Cut(string(data), "\n1. ")
	require.True(t, ok)
	steps, _, ok = strings.Cut(steps, "Each command prints nothing")
	require.True(t, ok)
	return strings.Join(regexp.MustCompile(`(?m)^  .*$`).FindAllString(steps, -1), "\n")
}

// outsider runs the documented commands in a folder and returns what they say.
func outsider(t *testing.T, folder string) string {
	t.Helper()
	for _, tool := range []string{"sh", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", commands(t, folder))
	cmd.Dir = folder
	out, _ := cmd.CombinedOutput() // sha256sum fails when something was changed, and says so
	return string(out)
}

func check(t *testing.T, data []byte, anchors ...audit.Anchor) string {
	t.Helper()
	r, err := evidence.Verify(bytes.NewReader(data), int64(len(data)), time.Now(), anchors...)
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.String())
	}
	return strings.Join(out, "\n")
}

// exported waits for the record of the export.
func exported(t *testing.T, g *apptest.Gateway) (export auditor.Line) {
	t.Helper()
	require.Eventually(t, func() bool {
		lines, err := g.API.AuditRecords(t.Context(), 0, 10)
		for _, l := range lines {
			if l.Action == "evidence" {
				export = l
			}
		}
		return err == nil && export.Number > 0
	}, apptest.Patience, 20*time.Millisecond)
	return export
}

// TestBundle ensures that a bundle holds what concerns its incident and no secret, and that
// neither an outsider with the documented commands nor Tocsin finds anything wrong in it.
func TestBundle(t *testing.T) {
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, config)
		g := w.Run()
		id := lived(t, w, g)
		path, folder := fetch(t, g, id)
		require.Empty(t, outsider(t, folder))
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Empty(t, check(t, data))
		export := exported(t, g)
		part, err := g.API.AuditRecords(t.Context(), export.Number, 1)
		require.NoError(t, err)
		anchor := audit.Anchor{Number: part[0].Number, Hash: part[0].Hash}
		require.Empty(t, check(t, data, anchor))
		anchor.Hash = strings.Repeat("0", 64)
		require.Contains(t, check(t, data, anchor), "the log was rewritten")
		require.Contains(t, check(t, data, audit.Anchor{Number: export.Number, Hash: export.Hash}), "nothing can be said", "it is of a later time")

		all := ""
		err = filepath.WalkDir(folder, func(name string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(name)
			all += string(text)
			return err
		})
		require.NoError(t, err)
		for name, secret := range w.Env {
			if strings.Contains(name, "TOKEN") || strings.Contains(name, "SECRET") || strings.Contains(name, "PASSWORD") {
				require.NotContains(t, all, secret, name)
			}
		}
		require.Contains(t, all, anaPhone, "whom it reached is evidence")
		require.Contains(t, all, "acknowledged by ana over sms")
		require.Contains(t, all, `{"key":"disk","title":"Disk \"full\" on db1`, "the raw body")
		require.Contains(t, all, "acknowledge_within: 10m", "the configuration")
		require.NotContains(t, all, "Third trouble", "what is another incident's business")
		manifest, err := os.ReadFile(filepath.Join(folder, "MANIFEST"))
		require.NoError(t, err)
		require.Equal(t, "MANIFEST "+audit.Digest(manifest), export.Outcome, "the export is on record")
	})
}

// TestChangedBundle ensures that whatever is changed in a bundle is found, by the documented
// commands and by Tocsin, also when the MANIFEST is made to fit.
func TestChangedBundle(t *testing.T) {
	w := apptest.New(t, apptest.Bolt, config)
	g := w.Run()
	id := lived(t, w, g)
	path, _ := fetch(t, g, id)
	for _, c := range []struct{ file, old, new, found string }{
		{"timeline.txt", "acknowledged by ana", "acknowledged by ben", "does not follow"},
		{"audit.txt", `"by":"ana"`, `"by":"ben"`, "its hash is not that of its content"},
		{"attempts.json", `"state": "delivered"`, `"state": "failed"`, "its attempts are not those"},
		{"members.json", `Disk`, `Desk`, "its members are not those"},
		{"incident.json", `"severity": "P0"`, `"severity": "P3"`, "what it says of itself"},
		{"inbound/001.body", `critical`, `warning!`, ""},
		{"config.json", `10m`, `90m`, ""},
	} {
		t.Run(c.file, func(t *testing.T) {
			folder := t.TempDir()
			unzip(t, path, folder)
			name := filepath.Join(folder, c.file)
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			require.Contains(t, string(data), c.old)
			changed := []byte(strings.Replace(string(data), c.old, c.new, 1))
			require.NoError(t, os.WriteFile(name, changed, 0o600))
			require.Contains(t, outsider(t, folder), c.file+": FAILED")
			require.Contains(t, check(t, pack(t, folder)), "its SHA-256 is not the one in the MANIFEST")

			manifest, err := os.ReadFile(filepath.Join(folder, "MANIFEST"))
			require.NoError(t, err)
			forged := strings.Replace(string(manifest), audit.Digest(data), audit.Digest(changed), 1)
			require.NoError(t, os.WriteFile(filepath.Join(folder, "MANIFEST"), []byte(forged), 0o600))
			if c.found != "" {
				require.Contains(t, check(t, pack(t, folder)), c.found, "with a MANIFEST that fits")
			}
			if strings.HasSuffix(c.file, ".txt") {
				require.Contains(t, outsider(t, folder), "BAD")
			}
		})
	}
}
