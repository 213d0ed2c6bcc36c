package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func redacted1(text string) string {
	return string(Bundle{Files: []File{{"c.yaml", []byte(text)}}}.Redacted().Files[0].Data)
}

// It ensures that secrets are hidden however YAML lets one write them, that no other byte
// changes, and that a file whose secrets cannot be told is hidden as a whole.
func TestRedacted(t *testing.T) {
	for text, want := range map[string]string{
		"bearer: hunter2 # note\nrecord:  3d\n":                             "bearer: <redacted> # note\nrecord:  3d\n",
		"auth: { bearer: [hunter2,'a''b', \"a\\\"b\" ] } # n\n":             "auth: { bearer: [<redacted>,'<redacted>', \"<redacted>\" ] } # n\n",
		"bearer: hunter2\n  and more\nb: c\n":                               "bearer: <redacted>\nb: c\n",
		"bearer: |- # note\n  hunter2\n\n  # two\n\nb: c\n":                 "bearer: <redacted> # note\n\nb: c\n",
		"bearer: >\n  hunter2":                                              "bearer: <redacted>\n",
		"bearer: |2\n    hunter2\n  # two\n":                                hiddenFile, // where its lines begin is not known
		"bearer: &x !!str hunter2\nb: *x\n":                                 "bearer: &x !!str <redacted>\nb: *x\n",
		"a: &x # note\n  hunter2\nbearer: *x\n":                             "a: &x # note\n  <redacted>\nbearer: *x\n",
		"\ufeffbearer: hunter2\r\nb: 'ü'\r\n":                               "\ufeffbearer: <redacted>\r\nb: 'ü'\r\n",
		"{ü: 1, bearer: hunter2}\n":                                         "{ü: 1, bearer: <redacted>}\n",
		"bearer: { env: A }\n":                                              "bearer: { env: A }\n",
		"bearer: [{ file: a }, { env: A }, ~, '']\n":                        "bearer: [{ file: a }, { env: A }, ~, '']\n",
		"bearer: { hunter2 }\n":                                             "bearer: { <redacted> }\n",
		"a: [{ signing_secret: hunter2, Token: x }]\n":                      "a: [{ signing_secret: <redacted>, Token: <redacted> }]\n",
		"auth: hunter2\n":                                                   "auth: <redacted>\n",
		"auth: { barer: hunter2, basic: { user: u, password: hunter2 } }\n": "auth: { barer: <redacted>, basic: { user: u, password: <redacted> } }\n",
		"auth: { basic: [{ user: u, password: 12 }, u:hunter2] }\n":         "auth: { basic: [{ user: u, password: <redacted> }, <redacted>] }\n",
		"calendar_key: hunter2\n":                                           "calendar_key: <redacted>\n",
		"# only a comment\n":                                                "# only a comment\n",
		"bearer: [hunter2\n":                                                hiddenFile,
		"bearer: hunter2\n---\na: b\n":                                      hiddenFile,
		"b\x00e\x00a\x00rer: hunter2\x00":                                   hiddenFile,
	} {
		assert.Equal(t, want, redacted1(text), "%q", text)
	}
	b := Bundle{Files: []File{{"c.yaml", []byte("bearer: hunter2")}, {"c.ics", []byte("token: of joy")}}}
	assert.Equal(t, []File{{"c.yaml", []byte("bearer: <redacted>")}, {"c.ics", []byte("token: of joy")}}, b.Redacted().Files)
	assert.Equal(t, "bearer: hunter2", string(b.Files[0].Data), "the bundle itself stays")
}

// It ensures that the examples, which hold no secret, are shown as they are.
func TestRedactedExamples(t *testing.T) {
	names, err := filepath.Glob("examples/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, string(data), redacted1(string(data)), name)
	}
}

// Fuzzes that a secret never stays, whatever stands around it, and that hiding twice is
// hiding once.
func FuzzRedacted(f *testing.F) {
	for _, s := range []string{"bearer: %", "a: [{ password: % }, %]", "token: |\n  %\n # %\nb: &x c", "? token\n: '%'\n", "auth: {basic: [\"%\\\n  %\"]}", "token: &x %\nb: *x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		const marker = "hunter2hunter2"
		text := strings.ReplaceAll(s, "%", marker)
		out := redacted1(text)
		require.Equal(t, out, redacted1(out))
		if out == hiddenFile || out == text && !strings.Contains(text, marker) {
			return
		}
		root, problem := parseFile("", []byte(out))
		require.Nil(t, problem)
		if root == nil {
			return
		}
		h := hider{}
		h.walk(root, plain)
		for _, n := range h {
			require.Equal(t, hidden, n.Value)
		}
	})
}
