package edit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

func anyValue(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		switch n := rapid.IntRange(0, 7).Draw(t, "kind"); {
		case n == 0:
			return rapid.SampledFrom([]any{nil, true, 3.0, -0.5, 1e21}).Draw(t, "plain")
		case n <= 4 || depth == 0:
			return rapid.OneOf(rapid.SampledFrom(words), rapid.String()).Draw(t, "text")
		case n == 5:
			return rapid.SliceOfN(anyValue(depth-1), 0, 3).Draw(t, "list")
		}
		return rapid.MapOfN(rapid.OneOf(rapid.SampledFrom(keys), rapid.String()), anyValue(depth-1), 0, 3).Draw(t, "map")
	})
}

// reference applies an operation to decoded values. It is another program than Apply.
func reference(v any, path []step, op Op) any {
	if len(path) == 0 {
		switch op.Op {
		case "set":
			return op.Value
		case "add":
			items, _ := v.([]any)
			return append(slices.Clone(items), op.Value)
		}
	}
	s := path[0]
	switch x := v.(type) {
	case []any:
		x = slices.Clone(x)
		if len(path) == 1 && op.Op == "remove" {
			return slices.Delete(x, s.index, s.index+1)
		}
		x[s.index] = reference(x[s.index], path[1:], op)
		return x
	case map[string]any:
		if len(path) == 1 && op.Op == "remove" {
			delete(x, s.name)
			return x
		}
		x[s.name] = reference(x[s.name], path[1:], op)
		return x
	}
	return map[string]any{s.name: reference(nil, path[1:], op)}
}

// decoded is what a YAML reader makes of a file, in the types of JSON.
func decoded(t require.TestingT, data []byte) any {
	var v any
	require.NoError(t, yaml.Unmarshal(data, &v), "%s", data)
	if v == nil {
		v = map[string]any{}
	}
	return normal(t, v)
}

func normal(t require.TestingT, v any) any {
	data, err := json.Marshal(v)
	require.NoError(t, err)
	var out any
	require.NoError(t, json.Unmarshal(data, &out))
	return out
}

func operation(w *writer) (op Op, region string) {
	t := w.t
	path := rapid.SampledFrom(w.paths).Draw(t, "path")
	op = Op{Op: rapid.SampledFrom([]string{"set", "add", "remove"}).Draw(t, "op"), Path: path}
	if op.Op != "remove" {
		op.Value = normal(t, anyValue(2).Draw(t, "value"))
	}
	switch {
	case op.Op == "add" && w.kinds[path] == "list":
		return op, path
	case w.kinds[path] == "mapping" && (path == "" || w.chance(50)): // a new key
		op.Op, op.Path = "set", keyPath(path, rapid.SampledFrom([]string{"new", "a new.key", "no"}).Draw(t, "new"))
		if op.Value == nil {
			op.Value = "x"
		}
		return op, path
	case op.Op == "add":
		op.Op = "set"
	}
	if op.Op == "remove" {
		parent := parentOf(path)
		if w.flow[parent] || w.size[parent] == 1 {
			return op, parent
		}
	}
	return op, path
}

func parentOf(path string) string {
	steps, _ := parsePath(path)
	return written(steps[:len(steps)-1])
}

var commentMark = regexp.MustCompile(`# c\d+!`)

// Ensures on random documents and edits: the file reads as the old one with the edit
// applied, no comment is lost but those of what was taken away, in the same order, and
// not a byte outside of the entry is changed.
func TestEditsKeepTheRest(t *testing.T) {
	const rounds = 20 // of 100: rare styles must meet rare edits
	for range rounds {
		rapid.Check(t, editKeepsTheRest)
	}
}

func editKeepsTheRest(t *rapid.T) {
	w := document(t)
	before := w.b.Bytes()
	op, region := operation(w)
	files, err := Apply([]File{{"a.yaml", before}}, []Op{op})
	var e *Error
	if errors.As(err, &e) && strings.Contains(e.Message, "already; set it") {
		t.Skip("a name that is taken")
	}
	require.NoError(t, err, "%+v\n%s", op, before)
	after := files[0].Data
	say := fmt.Sprintf("%+v\n%s\n=====\n%s", op, before, after)

	steps, err := parsePath(op.Path)
	require.NoError(t, err)
	require.Equal(t, normal(t, reference(decoded(t, before), steps, op)), decoded(t, after), say)

	r := w.region[region]
	end := len(before) - min(r[1], len(before))
	start := r[0]
	if end == 0 && op.Op == "remove" {
		start -= len(w.newline) // no break at the end before, none after
	}
	above, below := before[:max(start, 0)], before[len(before)-end:]
	if op.Op == "remove" { // behind a dash the next entry moves up, or the dash stands alone
		above, below = bytes.TrimRight(above, " "), bytes.TrimLeft(below, " ")
	}
	require.True(t, bytes.HasPrefix(after, above), say)
	require.True(t, bytes.HasSuffix(after, below), say)
	commentsStay(t, w, op, string(before), string(after), say)
}

func commentsStay(t *rapid.T, w *writer, op Op, before, after, say string) {
	was, is := commentMark.FindAllString(before, -1), commentMark.FindAllString(after, -1)
	next := 0
	for _, c := range was {
		owner := w.owner[c]
		inside := strings.HasPrefix(owner, op.Path) && len(owner) > len(op.Path) && strings.ContainsRune(".[/", rune(owner[len(op.Path)]))
		mine := op.Op == "remove" && owner == op.Path
		stays := next < len(is) && is[next] == c
		if stays {
			next++
		}
		require.False(t, stays && mine, "%s belongs to what was removed\n%s", c, say)
		require.False(t, !stays && !mine && (!inside || op.Op == "add"), "%s of %q is lost\n%s", c, owner, say)
	}
	require.Equal(t, len(is), next, "comments in another order\n%s", say)
}

// Fuzzes files, paths and values: no panic, only errors of our own, the input is never
// written to, and what was set is there, so that setting it again changes nothing.
func FuzzApply(f *testing.F) {
	for _, data := range []string{"a: 1\n", "a: {b: [1, 2]} # c\n", "l:\n- name: x\n  b: |\n   t\n", "a: &x [1]\nb: *x\n", "? a\n: b\n", "a: !!str\n", "{a, b: , c}", "[a: 1]", "--- a\n...\n", "a:\n- - b\n  # c\n", "\xef\xbb\xbfa: \"x\n  y\"", "a: >-2\n    x\n"} {
		f.Add([]byte(data), uint8(0), "a", `"x"`)
		f.Add([]byte(data), uint8(1), "a", `{"name":"x","l":[1,{"b":"p\nq"}]}`)
		f.Add([]byte(data), uint8(2), "a.b", `null`)
		f.Add([]byte(data), uint8(0), "l[x].b", `[]`)
	}
	f.Fuzz(func(t *testing.T, data []byte, verb uint8, path, value string) {
		copied := bytes.Clone(data)
		op := Op{Op: []string{"set", "add", "remove"}[verb%3], Path: path, Value: json.RawMessage(value)}
		files, err := Apply([]File{{"a", data}}, []Op{op})
		require.Equal(t, copied, data)
		var e *Error
		if err != nil {
			require.ErrorAs(t, err, &e)
			return
		}
		var read any
		_ = yaml.Unmarshal(files[0].Data, &read) // may refuse a tag that it does not know; must not panic
		if op.Op != "set" {
			return
		}
		again, err := Apply(files, []Op{op})
		require.NoError(t, err)
		require.Equal(t, string(files[0].Data), string(again[0].Data))
	})
}

// Ensures that values all over the example with every key can be set, removed or added to, and that the file then reads as it should.
func TestPlacesOfTheExample(t *testing.T) {
	before, err := os.ReadFile("../examples/full.yaml")
	require.NoError(t, err)
	tree, err := parse("full.yaml", before)
	require.NoError(t, err)
	places, old := 0, decoded(t, before)
	var walk func(v *value, path []step)
	walk = func(v *value, path []step) {
		for i, item := range v.items {
			s := step{index: i}
			if v.kind == mapping {
				s = step{name: v.keys[i].text, index: -1}
			}
			walk(item, under(path, s))
		}
		if len(path) == 0 {
			return
		}
		if places++; places%4 != 0 {
			return
		}
		ops := []Op{{"set", written(path), "on: #1"}, {"remove", written(path), nil}, {"set", written(path), object{"a": []any{object{"b": "c"}}}}}
		op := ops[places/4%len(ops)] // the file is long: a quarter of the places, one operation each
		if v.kind == list && places%8 == 0 {
			op = Op{"add", written(path), object{"new": "x"}}
		}
		files, err := Apply([]File{{"full.yaml", before}}, []Op{op})
		if assert.NoError(t, err, "%+v", op) {
			assert.Equal(t, normal(t, reference(normal(t, old), path, op)), decoded(t, files[0].Data), "%+v", op)
		}
	}
	walk(tree.values(), nil)
	assert.Greater(t, places, 200)
}
