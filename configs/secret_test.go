package configs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// fullBundle is full.yaml with its calendars, and its tree.
func fullBundle(t *testing.T) (b Bundle, root yaml.Node) {
	t.Helper()
	for _, name := range []string{"full.yaml", "holidays.ics", "rota.ics"} {
		data, err := os.ReadFile(filepath.Join("examples", name))
		require.NoError(t, err)
		b.Files = append(b.Files, File{name, data})
	}
	require.NoError(t, yaml.Unmarshal(b.Files[0].Data, &root))
	return b, root
}

// everywhere visits every value below n. path leaves the numbers of items out.
func everywhere(n *yaml.Node, path string, visit func(path string, n *yaml.Node)) {
	for i, child := range n.Content {
		below := path
		if n.Kind == yaml.MappingNode {
			if i%2 == 0 {
				continue
			}
			below = strings.TrimPrefix(path+"."+n.Content[i-1].Value, ".")
		}
		visit(below, child)
		if child.Kind != yaml.MappingNode || len(child.Content) > 0 && child.Content[0].Value != "env" {
			everywhere(child, below, visit)
		}
	}
}

// with is the bundle with another value at n.
func with(t *testing.T, b Bundle, root, n *yaml.Node, value string) Bundle {
	t.Helper()
	var other yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(value), &other))
	kept := *n
	*n = *other.Content[0]
	data, err := yaml.Marshal(root)
	*n = kept
	require.NoError(t, err)
	return Bundle{Files: []File{{"full.yaml", data}, b.Files[1], b.Files[2]}}
}

// Where references may stand, by the sweep below: a new key is to be added here, and if it
// is a secret also to what [Bundle.Redacted] knows.
var (
	secretKeys = []string{"calendar_key", "heartbeat.url", "api_tokens.token", "integrations.auth.bearer", "integrations.auth.basic.password",
		"integrations.auth.signing_secret", "integrations.auth.url_token", "providers.auth_tokens"}
	valueKeys = []string{"public_url", "integrations.auth.basic.user", "providers.account_sid", "providers.from", "providers.base_url"}
)

// It ensures that at no key that takes a reference what it stands for, good or bad, gets
// into any problem; it tries every place of a configuration with every key. And that the
// same value is hidden when it stands there inline instead of a secret.
func TestReferencesNeverLeak(t *testing.T) {
	b, root := fullBundle(t)
	const marker = "19995550101"
	asked, value := false, ""
	o := Options{Registry: registry(), Secrets: t.TempDir(), Env: func(name string) (string, bool) {
		if name != "LEAK" {
			return anyEnv(name)
		}
		asked = true
		return value, true
	}}
	values := []string{marker, "+" + marker, "http://u:" + marker + "@example.org/?q#f", "http://" + marker, "ftp://x/" + marker, marker + ":/ \t%q %s'\"",
		marker + "\n" + marker, "a" + marker + "\x00", strings.Repeat(marker, 200)}
	found, warned := map[string]bool{}, 0
	tried := map[string]bool{}
	everywhere(&root, "", func(path string, n *yaml.Node) {
		once := fmt.Sprint(path, n.Kind) // items of a list are alike
		if tried[once] {
			return
		}
		tried[once] = true
		swept := with(t, b, &root, n, "{ env: LEAK }")
		asked, value = false, marker
		_, _ = swept.Config(o)
		if !asked {
			return
		}
		found[path] = true
		for _, value = range values {
			for _, text := range []string{"{ env: LEAK }", "{ file: leak }"} {
				require.NoError(t, os.WriteFile(filepath.Join(o.Secrets, "leak"), []byte(value), 0o600))
				c, err := with(t, b, &root, n, text).Config(o)
				if err != nil {
					warned++
					require.NotContains(t, err.Error(), marker, "%s: %q", path, value)
				} else {
					require.NotContains(t, c.Warnings().Error(), marker, "%s: %q", path, value)
				}
			}
		}
		for _, key := range secretKeys {
			if key == path {
				inline := with(t, b, &root, n, "'"+marker+"'").Redacted()
				require.NotContains(t, string(inline.Files[0].Data), marker, path)
				require.NotEqual(t, hiddenFile, string(inline.Files[0].Data), path)
			}
		}
	})
	keys := make([]string, 0, len(found))
	for key := range found {
		keys = append(keys, key)
	}
	assert.ElementsMatch(t, append(append([]string{}, secretKeys...), valueKeys...), keys)
	assert.Greater(t, warned, 50, "most of the values are bad")
}

// It ensures that what a provider would refuse is refused here, by any way the value comes;
// and that a value which is not known is not judged.
func TestProviderShapes(t *testing.T) {
	env := func(name string) (string, bool) {
		values := map[string]string{"SHORT": "12345", "NUMBER": "+12025550100", "SPACE": fakeAccount + " ", "LINE": fakeAccount + "\n", "ABSENT": ""}
		if value, ok := values[name]; ok {
			return value, value != ""
		}
		return anyEnv(name)
	}
	for _, c := range []struct{ old, new, want string }{
		{"{ env: TWILIO_ACCOUNT_SID }", fakeAccount, ""},
		{"{ env: TWILIO_ACCOUNT_SID }", "AC12", `"AC12" is no account SID`},
		{"{ env: TWILIO_ACCOUNT_SID }", "{ env: SPACE }", "the value of environment variable SPACE is no account SID"},
		{"{ env: TWILIO_ACCOUNT_SID }", "{ env: LINE }", "the value of environment variable LINE is no account SID"},
		{"'+12025550100'", "{ env: NUMBER }", ""},
		{"'+12025550100'", "'12345'", `"12345" is a short code`},
		{"'+12025550100'", "{ env: SHORT }", "the value of environment variable SHORT is a short code"},
		{"'+12025550100'", "{ env: OTHER }", "the value of environment variable OTHER is not a phone number"},
	} {
		text := minimal(t)
		require.Contains(t, text, c.old)
		_, err := Parse("x.yaml", []byte(strings.Replace(text, c.old, c.new, 1)), registry(), env)
		if c.want == "" {
			require.NoError(t, err, c.new)
		} else {
			require.ErrorContains(t, err, c.want)
		}
	}
	text := strings.NewReplacer("{ env: TWILIO_ACCOUNT_SID }", "{ env: ABSENT }", "'+12025550100'", "{ env: ABSENT }").Replace(minimal(t))
	b := Bundle{Files: []File{{"x.yaml", []byte(text)}}}
	_, err := b.Config(Options{Registry: registry(), Env: env, NoSecrets: true})
	require.NoError(t, err)
	_, err = b.Config(Options{Registry: registry(), Env: env})
	require.ErrorContains(t, err, "ABSENT is not set")
}

type panicky struct{}

func (panicky) Read([]byte) (int, error) { panic("out of range") }

// It ensures that a panic of the parser is a fault of the file.
func TestParserPanics(t *testing.T) {
	var n yaml.Node
	err := decode(yaml.NewDecoder(panicky{}), &n)
	require.ErrorIs(t, err, errPanic)
	assert.Contains(t, syntaxProblem("c.yaml", []byte("a: b"), err).Message, "cannot be read as YAML")
}

// It ensures that the zone of a person who names none is left open, and UTC by name is not.
func TestZoneOfPeople(t *testing.T) {
	text := minimal(t)
	for with, want := range map[string]string{"": "", ", time_zone: UTC": "UTC", ", time_zone: Africa/Lagos": "Africa/Lagos"} {
		c, err := Parse("x.yaml", []byte(strings.Replace(text, "{ name: ana", "{ name: ana"+with, 1)), registry(), anyEnv)
		require.NoError(t, err)
		if at := c.Book().Users["ana"].Location; want == "" {
			assert.Nil(t, at)
		} else {
			assert.Equal(t, want, at.String())
		}
	}
}
