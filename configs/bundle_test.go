package configs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// festival is a folder with two YAML files, calendars below it and secrets beside.
func festival(t *testing.T) string {
	t.Helper()
	return writeFiles(t, map[string]string{
		"10-main.yaml":     strings.Replace(minimal(t), "{ env: PROMETHEUS_TOKEN }", "{ file: secrets/token }", 1),
		"20-schedule.yaml": "schedules:" + calendarSchedule,
		"sub/rota.ics":     calendarOf(event("20260301T080000Z", "20260301T120000Z", "ana")),
		"sub/off.ics":      calendarOf(event("20260302", "20260303", "Day of rest")),
		"sub/other.ics":    calendarOf(),
		"secrets/token":    fakeSecret,
		"notes.txt":        "no part of it",
	})
}

// It ensures that a bundle holds the YAML and the calendars that it names and nothing
// else, and that it gives, over JSON and over another folder, what Load gives.
func TestBundleRoundTrip(t *testing.T) {
	dir := festival(t)
	b, err := ReadBundle(dir)
	require.NoError(t, err)
	var names []string
	for _, f := range b.Files {
		names = append(names, f.Name)
		assert.NotContains(t, string(f.Data), fakeSecret)
	}
	assert.ElementsMatch(t, []string{"10-main.yaml", "20-schedule.yaml", "sub/rota.ics", "sub/off.ics"}, names)

	loaded, err := Load(dir, Options{Registry: registry(), Env: anyEnv})
	require.NoError(t, err)
	written, err := json.Marshal(b)
	require.NoError(t, err)
	var again Bundle
	require.NoError(t, json.Unmarshal(written, &again))
	slices.Reverse(again.Files) // their order means nothing
	copied := t.TempDir()
	require.NoError(t, again.Write(copied))
	reread, err := ReadBundle(copied)
	require.NoError(t, err)
	assert.Equal(t, b, reread)
	for _, b := range []Bundle{b, again, reread} {
		c, err := b.Config(Options{Registry: registry(), Env: anyEnv, Secrets: dir})
		require.NoError(t, err)
		assert.Equal(t, loaded.Revision(), c.Revision())
		assert.Equal(t, loaded.Specs(), c.Specs())
		assert.Equal(t, loaded.Book().Policies, c.Book().Policies)
		assert.Equal(t, loaded.Book().Users, c.Book().Users)
		assert.Equal(t, []string{fakeSecret}, c.Integrations[0].Auth.Bearer)
		assert.True(t, strings.HasPrefix(b.Hash(), c.Revision()))
	}
	again.Files[0].Data = append(again.Files[0].Data, ' ')
	assert.NotEqual(t, b.Hash(), again.Hash())
}

// It ensures that the revision of plain files is the digest that it has always been.
func TestRevisionStays(t *testing.T) {
	dir := writeFiles(t, map[string]string{"a.yaml": "public_url: https://a.example.org\n", "b.yml": "record: 3d\n"})
	b, err := ReadBundle(dir)
	require.NoError(t, err)
	assert.Equal(t, "6425c17d6e7f1c67", b.revision())
	single, err := ReadBundle(filepath.Join(dir, "a.yaml"))
	require.NoError(t, err)
	require.Len(t, single.Files, 1)
	assert.Equal(t, "a.yaml", single.Files[0].Name)
	assert.NotEqual(t, b.Hash(), single.Hash())
}

// It ensures that faults of a bundle show its own names, and those of Load the path as
// it was typed.
func TestPlacesOfFaults(t *testing.T) {
	dir := writeFiles(t, map[string]string{"c.yaml": strings.Replace(minimal(t), "page: ['user:ana']", "page: ['user:anna']", 1)})
	t.Chdir(dir)
	b, err := ReadBundle("./c.yaml")
	require.NoError(t, err)
	_, err = b.Config(Options{Registry: registry(), Env: anyEnv})
	require.ErrorContains(t, err, "c.yaml:9:")
	assert.True(t, strings.HasPrefix(err.Error(), "c.yaml:"), err)
	_, err = Load("./c.yaml", Options{Registry: registry(), Env: anyEnv})
	assert.True(t, strings.HasPrefix(err.Error(), "./c.yaml:"), err)
	_, err = Load(dir, Options{Registry: registry(), Env: anyEnv})
	assert.True(t, strings.HasPrefix(err.Error(), filepath.Join(dir, "c.yaml")+":"), err)
}

// It ensures that commands that only look need no secret, and that others do.
func TestNoSecrets(t *testing.T) {
	data, err := os.ReadFile("examples/starter.yaml")
	require.NoError(t, err)
	full, err := os.ReadFile("examples/p0-p3.yaml")
	require.NoError(t, err)
	for name, data := range map[string][]byte{"files": data, "environment": full} {
		b := Bundle{Files: []File{{"c.yaml", data}}}
		_, err = b.Config(Options{Registry: registry()})
		require.Error(t, err, name)
		c, err := b.Config(Options{Registry: registry(), NoSecrets: true})
		require.NoError(t, err, name)
		assert.Empty(t, c.APITokens[0].Token.Reveal(), name)
		for _, i := range c.Integrations {
			assert.False(t, i.Auth.Open, "an integration without its secret must let nobody in")
			assert.Empty(t, slices.Concat(i.Auth.Bearer, i.Auth.SigningSecrets, i.Auth.URLToken), name)
		}
		c, err = b.Config(Options{Registry: registry(), NoSecrets: true, Env: anyEnv})
		require.NoError(t, err)
		if name == "environment" {
			assert.Equal(t, fakeSecret, c.APITokens[0].Token.Reveal(), "one that can be read is read")
		}
	}
}

// It ensures that a bundle that reaches out of its folder, or is too large, is refused
// and not written.
func TestBadBundles(t *testing.T) {
	yaml := File{"c.yaml", []byte("record: 3d\n")}
	for want, files := range map[string][]File{
		"it holds no YAML file":       {{"rota.ics", nil}},
		"is no name of a file":        {yaml, {"../c.ics", nil}},
		"/etc/c.yaml: is no name":     {{"/etc/c.yaml", nil}},
		"a//b.yaml: is no name":       {{"a//b.yaml", nil}},
		`a\b.yaml: is no name`:        {{`a\b.yaml`, nil}},
		"twice":                       {yaml, yaml},
		"more than 8 MiB":             {{"c.yaml", make([]byte, maxBytes+1)}},
		"more than 1000 files or 16 ": {yaml, {"1.ics", make([]byte, maxBytes)}, {"2.ics", make([]byte, maxBytes)}},
	} {
		_, err := Bundle{files}.Config(Options{Registry: registry()})
		require.ErrorContains(t, err, want)
		dir := t.TempDir()
		require.ErrorContains(t, Bundle{files}.Write(dir), want)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		assert.Empty(t, entries)
	}
}

// It ensures that writing keeps equal files, leaves what is no part of the bundle, and
// leaves nothing of the bundle for others to read.
func TestWrite(t *testing.T) {
	dir := writeFiles(t, map[string]string{"a.yaml": "same", "b.yaml": "old", "other.yaml": "kept"})
	for _, name := range []string{"a.yaml", "b.yaml"} {
		require.NoError(t, os.Chmod(filepath.Join(dir, name), 0o664))
	}
	before, err := os.Stat(filepath.Join(dir, "a.yaml"))
	require.NoError(t, err)
	b := Bundle{Files: []File{{"a.yaml", []byte("same")}, {"b.yaml", []byte("new")}, {"sub/c.ics", []byte("c")}}}
	require.NoError(t, b.Write(dir))
	after, err := os.Stat(filepath.Join(dir, "a.yaml"))
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, after))
	for name, want := range map[string]string{"b.yaml": "new", "other.yaml": "kept", "sub/c.ics": "c"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, want, string(data))
	}
	for _, name := range []string{"a.yaml", "b.yaml", "sub/c.ics"} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 4, "nothing temporary stays")
}

// It ensures that no other file gets into a bundle under the name of a calendar.
func TestBundleTakesCalendarsOnly(t *testing.T) {
	dir := festival(t)
	require.NoError(t, os.Remove(filepath.Join(dir, "sub/off.ics")))
	require.NoError(t, os.Symlink(filepath.Join(dir, "secrets/token"), filepath.Join(dir, "sub/off.ics")))
	_, err := ReadBundle(dir)
	require.ErrorContains(t, err, "20-schedule.yaml:5:")
	require.ErrorContains(t, err, "sub/off.ics is no calendar")
	assert.NotContains(t, err.Error(), fakeSecret)
}
