package configs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/configs/examples"
	"tocsin/routing"
	"tocsin/routing/source"
)

// registry knows the names that cmd will register, without the adapters.
func registry() Registry {
	signs := func(source.Header, []byte, string) error { return nil }
	reg := Registry{Sources: map[string]source.Source{}, Providers: []string{"twilio"}, Contacts: []string{"sms"}, Calendar: plainCalendar{}}
	for _, name := range []string{"alertmanager", "sarif", "trivy-operator", "generic", "test"} {
		reg.Sources[name] = source.Source{Name: name}
	}
	for _, name := range []string{"sentry", "github"} {
		reg.Sources[name] = source.Source{Name: name, Verify: signs}
	}
	return reg
}

const (
	fakeSecret  = "fake-secret-0123456789"
	fakeAccount = "AC0123456789abcdef0123456789abcdef"
)

// anyEnv has a value for every variable.
func anyEnv(name string) (string, bool) {
	switch {
	case name == "NOT_SET":
		return "", false
	case name == "EMPTY":
		return "", true
	case name == "SHORT":
		return "hunter2", true
	case strings.HasSuffix(name, "SID"):
		return fakeAccount, true
	case strings.HasSuffix(name, "_URL"):
		return "http://127.0.0.1:9999/", true
	}
	return fakeSecret, true
}

func loadExample(t *testing.T, name string) *Config {
	t.Helper()
	data, err := examples.Files.ReadFile(name)
	require.NoError(t, err)
	b := Bundle{Files: []File{{name, data}}}
	for _, n := range calendarsIn(name, data) {
		if ics, err := examples.Files.ReadFile(n.y.Value); assert.NoError(t, err) && !b.has(n.y.Value) {
			b.Files = append(b.Files, File{n.y.Value, ics})
		}
	}
	c, err := b.Config(Options{Registry: registry(), Env: anyEnv})
	require.NoError(t, err)
	return c
}

func (b Bundle) has(name string) bool {
	return slices.ContainsFunc(b.Files, func(f File) bool { return f.Name == name })
}

// It ensures that every example loads without a fault, that only what is meant to be
// weak warns, and that each one can page somebody for every severity.
func TestExamplesLoad(t *testing.T) {
	entries, err := examples.Files.ReadDir(".")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(entries), 6)
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".yaml" {
			continue
		}
		t.Run(entry.Name(), func(t *testing.T) {
			path := filepath.Join("examples", entry.Name())
			if entry.Name() == "starter.yaml" { // its secrets are files beside it
				data, err := examples.Files.ReadFile(entry.Name())
				require.NoError(t, err)
				path = writeFiles(t, map[string]string{"tocsin.yaml": string(data), "secrets/ops.token": fakeSecret + "\n",
					"secrets/prometheus.token": fakeSecret, "secrets/twilio-account-sid": fakeAccount, "secrets/twilio-auth-token": fakeSecret + "\r\n"})
				path = filepath.Join(path, "tocsin.yaml")
			}
			c, err := Load(path, Options{Registry: registry(), Env: anyEnv})
			require.NoError(t, err)
			for _, w := range c.Warnings() {
				assert.Contains(t, w.Message, "anybody who reaches this address", "unexpected warning: %s", w)
			}
			root := c.Book().Policies[c.Book().RootPolicy]
			require.NotNil(t, root)
			people, empty := c.Book().People(root.Tiers[0].Page, date("2026-06-01T12:00:00Z"))
			assert.NotEmpty(t, people)
			assert.Empty(t, empty)
			for _, level := range c.Severities.Levels {
				assert.NotEmpty(t, people[0].Ladder(level.Urgency))
			}
			assert.Len(t, c.Revision(), 16)
		})
	}
}

// It ensures that the shape that is promised to admins loads as it stands.
func TestDesignExampleLoads(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(sharedFolder(t), "design", "config.example.yaml"))
	if err != nil {
		t.Skip("the folder with the design is not beside the repository: ", err)
	}
	dir := writeFiles(t, map[string]string{"config.yaml": string(data), "secrets/ops.token": fakeSecret, "secrets/prometheus.token": fakeSecret,
		"secrets/github": fakeSecret, "secrets/scans": fakeSecret})
	c, err := Load(filepath.Join(dir, "config.yaml"), Options{Registry: registry(), Env: anyEnv})
	require.NoError(t, err)
	assert.Empty(t, c.Warnings())
	assert.Len(t, c.Integrations, 4)
	assert.Equal(t, "platform", c.Book().RootPolicy)
}

// sharedFolder is beside the repository, whose root holds go.mod.
func sharedFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "..", "shared")
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}

func writeFiles(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

// It ensures that each bad file yields the error that it asks for, at that line, and no
// other error.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 22)
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			var want []string
			for line := range strings.Lines(string(data)) {
				if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "# want: "); ok {
					want = append(want, rest)
				}
			}
			require.NotEmpty(t, want, "the file does not say what it wants")
			_, err = Load(path, Options{Registry: registry(), Env: anyEnv})
			var problems Problems
			require.ErrorAs(t, err, &problems)
			got := problems.Errors()
			require.Len(t, got, len(want), "%v", err)
			for i, w := range want {
				line, text, _ := strings.Cut(w, ": ")
				assert.Equal(t, line, strconv.Itoa(got[i].Line), "%v", got[i])
				assert.Contains(t, got[i].Message, text)
				assert.True(t, strings.HasPrefix(got[i].String(), path+":"+line+":"), "%v", got[i])
			}
			assert.NotContains(t, err.Error(), fakeSecret)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

// It ensures that a folder reads like one file, whatever way its lists are split.
func TestFolderIsJoined(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"10-main.yaml":   minimal(t),
		"20-people.yml":  "users:\n  - { name: zoe, contacts: [{ name: mobile, sms: '+12025550109' }] }\nteams: [{ name: all, members: [ana, zoe] }]\n",
		"30-empty.yaml":  "# nothing yet\n",
		".hidden.yaml":   "broken: [",
		"notes.txt":      "broken: [",
		"sub/other.yaml": "broken: [",
	})
	c, err := Load(dir, Options{Registry: registry(), Env: anyEnv})
	require.NoError(t, err)
	assert.Len(t, c.Book().Users, 2)
	assert.Len(t, c.Book().Teams["all"], 2)

	single, err := Load(filepath.Join(dir, "10-main.yaml"), Options{Registry: registry(), Env: anyEnv})
	require.NoError(t, err)
	assert.NotEqual(t, single.Revision(), c.Revision())
	again, err := Load(dir, Options{Registry: registry(), Env: anyEnv})
	require.NoError(t, err)
	assert.Equal(t, c.Revision(), again.Revision())
}

func minimal(t *testing.T) string {
	t.Helper()
	data, err := examples.Files.ReadFile("minimal.yaml")
	require.NoError(t, err)
	return string(data)
}

// It ensures that what two files define twice is refused with both places, and that the
// faults of all files come in one answer.
func TestFolderConflicts(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"a.yaml": minimal(t),
		"b.yaml": "public_url: https://other.example.org\nusers:\n  - { name: ana, contacts: [{ name: mobile, sms: '+12025550109' }] }\n",
		"c.yaml": "users: [",
		"d.yaml": "a: 1\n---\nb: 2\n",
	})
	_, err := Load(dir, Options{Registry: registry(), Env: anyEnv})
	var problems Problems
	require.ErrorAs(t, err, &problems)
	a, b := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")
	require.Len(t, problems.Errors(), 4, "%v", err)
	assert.Contains(t, err.Error(), b+":1:1: public_url is defined twice; it is also in "+a+":3")
	assert.Contains(t, err.Error(), b+":3:13: users[1].name: user \"ana\" is defined twice; it is also in "+a+":13")
	assert.Contains(t, err.Error(), "c.yaml:1")
	assert.Contains(t, err.Error(), "d.yaml:2:1: a second YAML document")
}

// It ensures that a path that leads nowhere is told of, not taken for an empty file.
func TestLoadNothing(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(dir, "absent.yaml"): "does not exist",
		dir:                               "the folder holds no *.yaml",
		filepath.Join(writeFiles(t, map[string]string{"e.yaml": ""}), "e.yaml"): "route is missing",
	} {
		_, err := Load(path, Options{Registry: registry(), Env: anyEnv})
		require.ErrorContains(t, err, want)
	}
}

// It ensures that aliases are read, and that aliases without end are refused.
func TestAliases(t *testing.T) {
	text := strings.Replace(minimal(t), "tiers: [", "tiers: &t [", 1) + "teams: [{ name: all, members: &m [ana] }, { name: again, members: *m }]\n"
	c, err := Parse("a.yaml", []byte(text), registry(), anyEnv)
	require.NoError(t, err)
	assert.Equal(t, c.Book().Teams["all"], c.Book().Teams["again"])

	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 10; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	for _, text := range []string{bomb, "a: &a [*a]\n", strings.Repeat("[", 5000)} {
		_, err := Parse("bomb.yaml", []byte(text), registry(), anyEnv)
		require.Error(t, err)
	}
}

// It ensures that no input makes the reader panic, and that there is a Config or an error.
func FuzzParse(f *testing.F) {
	entries, _ := examples.Files.ReadDir(".")
	for _, entry := range entries { // the calendars too: they are no YAML
		data, _ := examples.Files.ReadFile(entry.Name())
		f.Add(data)
	}
	bad, _ := filepath.Glob("testdata/bad/*.yaml")
	for _, path := range bad {
		data, _ := os.ReadFile(path)
		f.Add(data)
	}
	f.Add([]byte("route:\n  <<: *x\n"))
	f.Add([]byte("? [a]\n: b\nusers: {1: 2}\nroute: []\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("fuzz.yaml", data, registry(), anyEnv)
		if (c == nil) == (err == nil) {
			t.Fatalf("config %v, error %v", c, err)
		}
		if c != nil {
			c.Weaknesses(date("2026-06-01T12:00:00Z"))
			c.Book().Table.Route(routing.Alert{Title: "t", SeverityWord: "critical"}, date("2026-06-01T12:00:00Z"))
		}
	})
}

func examplesFile(name string) (string, error) {
	data, err := examples.Files.ReadFile(name)
	return string(data), err
}
