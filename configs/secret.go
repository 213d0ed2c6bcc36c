package configs

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	redacted      = "<secret>"
	maxSecretSize = 64 << 10
)

// Secret is a value that must not be printed. Every way of printing it shows <secret>;
// only [Secret.Reveal] shows the value. The zero Secret is empty.
type Secret struct {
	// A function, because fmt would print the unexported fields of a struct that holds a
	// Secret in an unexported field of its own.
	reveal func() string
}

// NewSecret hides a value.
func NewSecret(value string) Secret { return Secret{func() string { return value }} }

// Reveal returns the value, for those that send or compare it.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// String implements [fmt.Stringer].
func (s Secret) String() string { return redacted }

// Format implements [fmt.Formatter], for %#v, %x and all others.
func (s Secret) Format(state fmt.State, _ rune) { fmt.Fprint(state, redacted) }

// MarshalJSON implements [json.Marshaler].
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText implements [encoding.TextMarshaler], also for YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// reveal returns the values of secrets, for types that keep plain strings.
func reveal(secrets []Secret) []string {
	var out []string
	for _, s := range secrets {
		out = append(out, s.Reveal())
	}
	return out
}

// secret reads {file: …} or {env: …}. A value that is written inline is taken only when
// inline says so. No message ever repeats what was written.
func (r *reader) secret(n node, inline bool) (Secret, bool) {
	if !n.null() && n.y.Kind == yaml.MappingNode {
		value, ok := r.reference(n)
		return NewSecret(value), ok
	}
	if n.null() || n.y.Kind != yaml.ScalarNode {
		r.fail(n, "must be { file: PATH } or { env: NAME }, not %s", n.kind())
		return Secret{}, false
	}
	if !inline {
		r.fail(n, "a secret must not stand in the configuration; write { file: PATH } or { env: NAME }")
		return Secret{}, false
	}
	value, ok := r.text(n)
	return NewSecret(value), ok
}

// secrets reads one secret or a list of them.
func (r *reader) secrets(n node, inline bool) []Secret {
	items := []node{n}
	if n.y.Kind == yaml.SequenceNode {
		if items = r.list(n); len(items) == 0 {
			r.fail(n, "the list is empty; name a secret")
		}
	}
	var out []Secret
	for _, item := range items {
		if s, ok := r.secret(item, inline); ok {
			out = append(out, s)
		}
	}
	return out
}

// value reads what is no secret but may also come from a file or the environment. Then it
// may be anything that this process can read, and messages say [node.shown] instead.
func (r *reader) value(n node) (string, bool) {
	if !n.null() && n.y.Kind == yaml.MappingNode {
		return r.reference(n)
	}
	return r.text(n)
}

// reference reads {file: …} or {env: …}.
func (r *reader) reference(n node) (string, bool) {
	f, _ := r.mapping(n, "file", "env")
	file, hasFile := f.get("file")
	env, hasEnv := f.get("env")
	switch {
	case hasFile && hasEnv:
		r.fail(n, "names both a file and an environment variable; keep one")
	case hasFile:
		if path, ok := r.text(file); ok {
			return r.fromFile(file, path)
		}
	case hasEnv:
		if name, ok := r.text(env); ok {
			return r.fromEnv(env, name)
		}
	case len(n.y.Content) == 0 || len(f.m) > 0:
		r.fail(n, "names neither a file nor an environment variable; write { file: PATH } or { env: NAME }")
	}
	return "", false
}

// origin is how a message calls what {file: …} or {env: …} stands for; "" when n is none.
func (n node) origin() string {
	if env, ok := n.peek("env"); ok {
		return "the value of environment variable " + env.y.Value
	}
	if file, ok := n.peek("file"); ok {
		return "the content of file " + file.y.Value
	}
	return ""
}

// shown is how a message calls the value of n: as it stands in the configuration, but
// never what a reference stands for.
func (n node) shown() string { return cmp.Or(n.origin(), strconv.Quote(n.y.Value)) }

func (r *reader) fromEnv(n node, name string) (string, bool) {
	value, set := r.env(name)
	switch {
	case r.noSecrets && strings.TrimSpace(value) == "":
	case !set:
		r.fail(n, "environment variable %s is not set", name)
	case strings.TrimSpace(value) == "":
		r.fail(n, "environment variable %s is empty", name)
	default:
		return value, true
	}
	return "", false
}

func (r *reader) fromFile(n node, path string) (string, bool) {
	data, err := r.readFile(path)
	value := strings.TrimRight(string(data), "\r\n")
	switch {
	case r.noSecrets && (err != nil || strings.TrimSpace(value) == ""):
	case errors.Is(err, fs.ErrNotExist):
		r.fail(n, "file %s does not exist; paths are relative to this configuration file", path)
	case errors.Is(err, fs.ErrPermission):
		r.fail(n, "file %s may not be read; give the user that tocsin runs as the right to", path)
	case err != nil:
		r.fail(n, "file %s cannot be read: %v", path, err)
	case len(data) > maxSecretSize:
		r.fail(n, "file %s has more than %d KiB; that is no secret", path, maxSecretSize>>10)
	case strings.TrimSpace(value) == "":
		r.fail(n, "file %s is empty", path)
	case strings.ContainsAny(value, "\r\n"):
		r.fail(n, "file %s has more than one line; keep the secret alone in it", path)
	default:
		return value, true
	}
	return "", false
}
