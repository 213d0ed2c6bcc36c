package edit

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type object = map[string]any

func apply(t *testing.T, before string, ops ...Op) (string, error) {
	t.Helper()
	files, err := Apply([]File{{"a.yaml", []byte(before)}}, ops)
	if err != nil {
		return "", err
	}
	return string(files[0].Data), nil
}

type row struct {
	name, op, path string
	value          any
	before, after  string
}

func run(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			got, err := apply(t, r.before, Op{r.op, r.path, r.value})
			require.NoError(t, err)
			assert.Equal(t, r.after, got)
		})
	}
}

// Ensures that a value is replaced where it stands, in its style, and that comments stay.
func TestSet(t *testing.T) {
	run(t, []row{
		{"plain", "set", "a.b", "w", "a:\n  b: x # why\n  c: 1\n", "a:\n  b: w # why\n  c: 1\n"},
		{"single quotes stay", "set", "a", "w", "a: 'x' # c\n", "a: 'w' # c\n"},
		{"double quotes stay", "set", "a", "y\"", "a: \"x\"\n", "a: \"y\\\"\"\n"},
		{"a date without quotes stays so", "set", "start", "2026-02-02T09:00", "start: 2026-01-05T09:00\n", "start: 2026-02-02T09:00\n"},
		{"number", "set", "repeat", 4.0, "repeat: 3 # rounds\n", "repeat: 4 # rounds\n"},
		{"json number", "set", "a", json.Number("1.50"), "a: x\n", "a: 1.50\n"},
		{"truth", "set", "a", true, "a: no\n", "a: true\n"},
		{"null", "set", "a", nil, "a: [1]\nb: 2\n", "a: null\nb: 2\n"},
		{"nothing before", "set", "a", "x", "a: # soon\nb: 2\n", "a: x # soon\nb: 2\n"},
		{"value on the next line", "set", "a", "w", "a: # c\n  x\nb: 2\n", "a: # c\n  w\nb: 2\n"},
		{"several lines, plain", "set", "a", "w", "a: one\n  two\n  three # c\nb: 2\n", "a: w # c\nb: 2\n"},
		{"several lines, quoted", "set", "a", "w", "a: 'one\n  two'\nb: 2\n", "a: 'w'\nb: 2\n"},
		{"a literal becomes a word", "set", "a", "w", "a: |+ # c\n  x\n  # text\n\nb: 2\n", "a: w # c\nb: 2\n"},
		{"a folded text becomes a literal", "set", "k[0].a", "p\nq\n", "k:\n  - a: >- # c\n      x\n\n      y\n\n    b: 2\n", "k:\n  - a: | # c\n      p\n      q\n\n    b: 2\n"},
		{"a word becomes a literal", "set", "a", "p\n\n q\n", "a: x # c\nb: 2\n", "a: | # c\n  p\n\n   q\nb: 2\n"},
		{"a literal that a comment would join", "set", "a", "p\nq", "a:\n  - x\n  # about\nb: 2\n", "a: \"p\\nq\"\n  # about\nb: 2\n"},
		{"flow list", "set", "r.participants", []any{"ana", "dana", "ben"}, "r: { every: 1 week, participants: [ana, ben] } # c\n", "r: { every: 1 week, participants: [ana, dana, ben] } # c\n"},
		{"flow list, other order", "set", "p", []any{"ben", "ana"}, "p: [ana, ben] # c\n", "p: [ben, ana] # c\n"},
		{"block list", "set", "p", []any{"ana", "eve", "ben"}, "p:\n  # first\n  - ana # a\n  # second\n  - ben # b\n", "p:\n  # first\n  - ana # a\n  - eve\n  # second\n  - ben # b\n"},
		{"block list becomes a word", "set", "p", "x", "p: # c\n  - ana # a\n  - ben # b\n# q\nq: 1\n", "p: x # c\n# q\nq: 1\n"},
		{"word becomes a mapping", "set", "within", object{"P0": "5m", "default": "1h"}, "within: 5m # sla\nq: 1\n", "within: # sla\n  P0: 5m\n  default: 1h\nq: 1\n"},
		{"word in a list becomes a mapping", "set", "l[0]", object{"name": "x", "b": 1.0}, "l:\n- w\n- v # c\n", "l:\n- name: x\n  b: 1\n- v # c\n"},
		{"comments before and behind a word", "set", "a", object{"k": 1.0}, "a: # c\n  x # d\nb: 2\n", "a: # c\n   # d\n  k: 1\nb: 2\n"},
		{"the same with a comment", "set", "l[1]", object{"name": "x", "b": 1.0}, "l:\n- w\n- v # c\n", "l:\n- w\n- # c\n  name: x\n  b: 1\n"},
		{"only what differs", "set", "users[ana]", json.RawMessage(`{"zone":"UTC","contacts":[{"name":"mobile","sms":"+12025550109"},{"name":"home","sms":"+12025550110"}],"name":"ana"}`),
			"users:\n  # Ana leads\n  - name: ana # her\n    # where she lives\n    zone: Europe/Berlin # west\n    contacts:\n      - { name: mobile, sms: '+12025550101' } # always on\n    old: 1\n\n  - name: ben\n",
			"users:\n  # Ana leads\n  - name: ana # her\n    # where she lives\n    zone: UTC # west\n    contacts:\n      - { name: mobile, sms: '+12025550109' } # always on\n      - { name: home, sms: '+12025550110' }\n\n  - name: ben\n"},
		{"the same value changes nothing", "set", "a", object{"c": 2.0, "b": []any{}}, "a: {b: [ ],   c: 2}\n", "a: {b: [ ],   c: 2}\n"},
		{"an alias is replaced", "set", "b", "w", "a: &x 1\nb: *x # c\n", "a: &x 1\nb: w # c\n"},
		{"an unused anchor goes with its value", "set", "a", "w", "a: &x # c\n  - 1\nb: 2\n", "a: w # c\nb: 2\n"},
		{"key with odd name", "set", `a."b.c"["d e"]`, "w", "a: {b.c: {'d e': x}}\n", "a: {b.c: {'d e': w}}\n"},
		{"item by its value", "set", "p[ben]", "eve", "p: [ana, ben]\n", "p: [ana, eve]\n"},
		{"in a list in a list", "set", "m[1][0]", 9.0, "m:\n  - - 1\n    - 2\n  - - 3 # c\n    - 4\n", "m:\n  - - 1\n    - 2\n  - - 9 # c\n    - 4\n"},
		{"windows line ends", "set", "b", object{"x": 1.0, "z": 2.0}, "a: 1\r\nb: 1 # c\r\n", "a: 1\r\nb: # c\r\n  x: 1\r\n  z: 2\r\n"},
		{"byte order mark, no last break", "set", "b", "w", "\xef\xbb\xbfa: 1\nb: x", "\xef\xbb\xbfa: 1\nb: w"},
		{"after umlauts and emoji", "set", "b", "🚀 go", "a: {ä: '🎉', b: x}\nb: 'ü' # é\n", "a: {ä: '🎉', b: x}\nb: '🚀 go' # é\n"},
		{"document markers", "set", "a", "w", "%YAML 1.1\n--- # start\na: x\n...\n", "%YAML 1.1\n--- # start\na: w\n...\n"},
	})
}

// Ensures that a new key gets the place after its neighbours and their style.
func TestSetCreates(t *testing.T) {
	run(t, []row{
		{"block", "set", "a.c", "w", "a:\n    b: 1 # c\n    # foot\nd: 2\n", "a:\n    b: 1 # c\n    c: w\n    # foot\nd: 2\n"},
		{"flow", "set", "a.c", "w", "a: {b: 1} # c\n", "a: {b: 1, c: w} # c\n"},
		{"in an item", "set", "l[x].b", 1.0, "l:\n  - name: x\n\n  - name: y\n", "l:\n  - name: x\n    b: 1\n\n  - name: y\n"},
		{"after a text of several lines", "set", "b", 1.0, "a: |\n  x\n  # text\n\n# end\n", "a: |\n  x\n  # text\nb: 1\n\n# end\n"},
		{"in a mapping without keys", "set", "a.b", "x", "a: {} # c\nd: 1\n", "a: # c\n  b: x\nd: 1\n"},
		{"in nothing", "set", "a.b", "x", "a: # c\nd: 1\n", "a: # c\n  b: x\nd: 1\n"},
		{"at the top, no last break", "set", "b", []any{object{"x": 1.0}}, "a:\n- y: 1", "a:\n- y: 1\nb:\n- x: 1"},
		{"in an empty file", "set", "a", "x", "# nothing yet\n", "# nothing yet\na: x\n"},
		{"before the end marker", "set", "b", 2.0, "---\na: 1\n...\n", "---\na: 1\nb: 2\n...\n"},
		{"flow over several lines", "set", "a.c", 3.0, "a: {\n  b: 1, # one\n  d: 2 # two\n}\n", "a: {\n  b: 1, # one\n  d: 2, # two\n  c: 3\n}\n"},
		{"deep value", "set", "schedule", json.RawMessage(`{"name":"p","layers":[{"name":"a","days":["mo","tu"],"none":[]}]}`), "a: 1\n",
			"a: 1\nschedule:\n  name: p\n  layers:\n    - name: a\n      days: [mo, tu]\n      none: []\n"},
	})
}

// Ensures that an item is added at the end, written like those before it.
func TestAdd(t *testing.T) {
	run(t, []row{
		{"flow", "add", "p", "eve", "p: [ana, ben] # c\n", "p: [ana, ben, eve] # c\n"},
		{"flow with spaces", "add", "p", "eve", "p: [ ana ]\n", "p: [ ana, eve ]\n"},
		{"flow with a last comma", "add", "p", "eve", "p: [\n  ana,\n  ben, # b\n]\n", "p: [\n  ana,\n  ben, # b\n  eve,\n]\n"},
		{"block", "add", "p", "eve", "p:\n  - ana\n  - ben # b\n  # foot\nq: 1\n", "p:\n  - ana\n  - ben # b\n  - eve\n  # foot\nq: 1\n"},
		{"block without indentation", "add", "p", object{"name": "eve", "z": "UTC"}, "p:\n- name: ana\n  z: UTC\n\nq: 1\n", "p:\n- name: ana\n  z: UTC\n- name: eve\n  z: UTC\n\nq: 1\n"},
		{"wide dashes", "add", "p", object{"name": "eve", "z": []any{object{"a": 1.0, "b": 2.0}}}, "p:\n-   name: ana\n    z: 1\n", "p:\n-   name: ana\n    z: 1\n-   name: eve\n    z:\n    -   a: 1\n        b: 2\n"},
		{"items in braces", "add", "users", object{"name": "eve", "c": []any{object{"sms": "+12025550105"}}}, "users:\n  - { name: ana, c: [{ sms: '+12025550101' }] }\n", "users:\n  - { name: ana, c: [{ sms: '+12025550101' }] }\n  - { name: eve, c: [{ sms: '+12025550105' }] }\n"},
		{"first item of []", "add", "users", object{"name": "eve", "z": "UTC"}, "users: [] # none\nq: 1\n", "users: # none\n  - name: eve\n    z: UTC\nq: 1\n"},
		{"first word of []", "add", "r.p", "eve", "r: {p: []}\n", "r: {p: [eve]}\n"},
		{"first item of nothing", "add", "users", "eve", "users:\nq: 1\n", "users: [eve]\nq: 1\n"},
		{"a list that is missing", "add", "a.b", "x", "a:\n  c: 1\n", "a:\n  c: 1\n  b: [x]\n"},
		{"no last break", "add", "p", "eve", "p:\n  - ana", "p:\n  - ana\n  - eve"},
		{"no last break, in an item", "add", "l[x].p", "eve", "l:\n  - name: x\n    p:\n      - ana # a", "l:\n  - name: x\n    p:\n      - ana # a\n      - eve"},
		{"list in a list", "add", "m[0]", 3.0, "m:\n- - 1\n  - 2\n- - 4\n", "m:\n- - 1\n  - 2\n  - 3\n- - 4\n"},
		{"a long line goes on below", "add", "p", "eve", "p: [" + strings.Repeat("anastasia, ", 8) + "ben]\n", "p: [" + strings.Repeat("anastasia, ", 8) + "ben,\n    eve]\n"},
	})
}

// Ensures that a removal takes the entry and its own comments, and nothing else.
func TestRemove(t *testing.T) {
	run(t, []row{
		{"key", "remove", "b", nil, "# a's\na: 1 # a\n# b's\nb: 2 # b\n# c's\nc: 3\n", "# a's\na: 1 # a\n# c's\nc: 3\n"},
		{"key with all below", "remove", "b", nil, "a: 1\nb:\n  # in\n  - x\n  # c: later\nc: 3\n", "a: 1\nc: 3\n"},
		{"a comment after a blank line is nobody's", "remove", "b", nil, "# file\n\n# b's\nb: 1\nc: 2\n", "# file\n\nc: 2\n"},
		{"first key of an item", "remove", "l[0].a", nil, "l:\n  - a: 1 # x\n    b: 2\n", "l:\n  - b: 2\n"},
		{"first key, comment after", "remove", "l[0].a", nil, "l:\n  - a: 1 # x\n    # b's\n    b: 2\n", "l:\n  -\n    # b's\n    b: 2\n"},
		{"only key", "remove", "a.b", nil, "a: # c\n  b: 1\n\n# d's\nd: 2\n", "a: {} # c\n\n# d's\nd: 2\n"},
		{"only item", "remove", "a[0]", nil, "a:\n- b\nd: 2\n", "a: []\nd: 2\n"},
		{"only key of an item", "remove", "a[0].b", nil, "a:\n- b: 1 # x\n- c: 2\n", "a:\n- {}\n- c: 2\n"},
		{"only key of the file", "remove", "a", nil, "# file\n\na: 1\n", "# file\n\n"},
		{"item by name", "remove", "users[ben]", nil, "users:\n  - name: ana\n  # Ben\n  - name: ben\n    z: UTC # b\n\n  # Eve\n  - name: eve\n", "users:\n  - name: ana\n\n  # Eve\n  - name: eve\n"},
		{"last, no last break", "remove", "b", nil, "a: 1\nb: 2", "a: 1"},
		{"last, no last break, after a text", "remove", "b", nil, "a: |\n  x\nb: 2", "a: |\n  x\n"},
		{"flow, first", "remove", "p[ana]", nil, "p: [ana, ben, eve] # c\n", "p: [ben, eve] # c\n"},
		{"flow, middle", "remove", "p[ben]", nil, "p: [ana, ben, eve] # c\n", "p: [ana, eve] # c\n"},
		{"flow, last", "remove", "p[eve]", nil, "p: [ana, ben, eve] # c\n", "p: [ana, ben] # c\n"},
		{"flow, only", "remove", "p[ana]", nil, "p: [ ana ] # c\n", "p: [] # c\n"},
		{"flow key", "remove", "m.b", nil, "m: { a: 1, b: {c: [d, e]}, f: 'g, h' }\n", "m: { a: 1, f: 'g, h' }\n"},
		{"flow lines", "remove", "p[ben]", nil, "p: [\n  ana, # a\n  # Ben\n  ben, # b\n  eve # e\n]\n", "p: [\n  ana, # a\n  eve # e\n]\n"},
		{"flow lines, last", "remove", "p[eve]", nil, "p: [\n  ana, # a\n  eve # e\n]\n", "p: [\n  ana # a\n]\n"},
		{"a hash in a text above is no comment", "remove", "b", nil, "a: 'x\n# y'\nb: 1\nc: 2\n", "a: 'x\n# y'\nc: 2\n"},
		{"blank lines that would join the text above", "remove", "b", nil, "a: |+\n  x\nb: 2\n\n# c's\nc: 3\n", "a: |+\n  x\n# c's\nc: 3\n"},
		{"windows", "remove", "b", nil, "a: 1\r\n# b\r\nb: 2\r\nc: 3\r\n", "a: 1\r\nc: 3\r\n"},
		{"alias", "remove", "b", nil, "a: &x 1\nb: *x\nc: 2\n", "a: &x 1\nc: 2\n"},
	})
}

// Ensures that text which some reader takes for something else is quoted, and reads back.
func TestQuoting(t *testing.T) {
	for in, want := range map[string]string{
		"on": "'on'", "No": "'No'", "y": "'y'", "null": "'null'", "~": "'~'", "": "''", "012": "'012'", "1_000": "'1_000'",
		"1e3": "'1e3'", "12:30": "'12:30'", "2026-01-05T09:00": "'2026-01-05T09:00'", "2026-01-05": "'2026-01-05'",
		"+12025550101": "'+12025550101'", "0x1f": "'0x1f'", ".inf": "'.inf'", "a: b": "'a: b'", "a #b": "'a #b'", "#a": "'#a'",
		"a:": "'a:'", "- a": "'- a'", "-a": "'-a'", "*a": "'*a'", "it's": "it's", "'a'": `"'a'"`, " a": "' a'", "a\tb": `"a\tb"`,
		"...": "'...'", "<<": "'<<'", "a\u00a0b": `"a\xA0b"`, "\x00": `"\x00"`, "a\u2028b": `"a\u2028b"`, "\U000e0001": `"\U000E0001"`,
		"🚀": "🚀", "5m": "5m", "1 week": "1 week", "user:dana": "user:dana", "Europe/Berlin": "Europe/Berlin", "10.0.0.1": "10.0.0.1",
		"@a": "'@a'", "a\r\nb": `"a\x0D\nb"`, "a \nb": `"a \nb"`, "x\n": "|\n  x", "x\n\n": `"x\n\n"`,
	} {
		got, err := apply(t, "a:\nb: 1\n", Op{"set", "a", in})
		if assert.NoError(t, err, "%q", in) {
			assert.Equal(t, "a: "+want+"\nb: 1\n", got, "%q", in)
		}
	}
}

// Ensures that what cannot be edited is refused with a kind and a sentence that helps.
func TestRefusals(t *testing.T) {
	two := "schedules:\n  - name: platform\n    layers: &l\n      - {name: a}\n  - name: payments\n    layers: *l\n"
	for _, r := range []struct {
		before string
		op     Op
		kind   Kind
		want   string
	}{
		{two, Op{"set", "schedules[plattform].owner", "x"}, NotFound, "schedules has platform, payments"},
		{two, Op{"remove", "users[ana]", nil}, NotFound, "there is no users; the configuration has schedules"},
		{two, Op{"remove", "schedules[7]", nil}, NotFound, "2 items, counted from 0"},
		{two, Op{"set", "schedules.platform", 1.0}, NotFound, "schedules[platform]"},
		{two, Op{"set", "schedules[platform].name.x", 1.0}, NotFound, "single value"},
		{two, Op{"set", "schedules[platform].a.b", 1.0}, NotFound, "there is no a"},
		{two, Op{"add", "schedules[payments].layers", "x"}, Conflict, "line 3 (&l)"},
		{two, Op{"add", "schedules[platform].layers", "x"}, Conflict, "anchor &l of line 3"},
		{two, Op{"set", "schedules[platform].layers", []any{}}, Conflict, "anchor &l of line 3"},
		{two, Op{"remove", "schedules[platform]", nil}, Conflict, "line 6"},
		{two, Op{"add", "schedules", object{"name": "payments"}}, Conflict, "has payments already"},
		{two, Op{"add", "schedules[platform].name", 1.0}, Conflict, "not a list"},
		{two, Op{"put", "schedules", 1.0}, Invalid, "set, add or remove"},
		{two, Op{"set", "schedules[", 1.0}, Invalid, "no path"},
		{two, Op{"set", "", 1.0}, Invalid, "no path"},
		{two, Op{"set", "a", "\xff"}, Invalid, "UTF-8"},
		{two, Op{"set", "a", json.RawMessage(`{"a":1,"a":2}`)}, Invalid, "twice"},
		{two, Op{"set", "a", make(chan int)}, Invalid, "JSON"},
		{"l:\n- name: a\n- name: a\n", Op{"remove", "l[a]", nil}, Conflict, "twice"},
		{"a: 1\n---\nb: 2\n", Op{"set", "a", 2.0}, Conflict, "second YAML document"},
		{"a: &x {b: 1}\nc:\n  <<: *x\n", Op{"set", "d", 2.0}, Conflict, "merge keys"},
		{"a: 1\na: 2\n", Op{"set", "a", 2.0}, Conflict, "written twice"},
		{"a: [\n", Op{"set", "a", 2.0}, Conflict, "not YAML"},
		{"- a\n", Op{"set", "a", 2.0}, Conflict, "mapping"},
		{"a: \xff\n", Op{"set", "a", 2.0}, Conflict, "UTF-8"},
	} {
		_, err := apply(t, r.before, r.op)
		var e *Error
		if assert.ErrorAs(t, err, &e, "%v", r.op) {
			assert.Equal(t, r.kind, e.Kind, "%v", r.op)
			assert.Contains(t, err.Error(), r.want)
		}
	}
}

// Ensures that a list over several files is one list: its items are found where they are,
// new ones go to its end, and what several files hold is not edited as a whole.
func TestFolder(t *testing.T) {
	files := []File{
		{"a.yaml", []byte("route: x\nusers:\n  - name: ana\n")},
		{"b.yaml", []byte("schedules:\n  - name: platform # p\n")},
		{"c.yaml", []byte("users:\n  - name: ben\n  - name: eve # e\n")},
	}
	got, err := Apply(files, []Op{
		{"set", "users[eve].zone", "UTC"},
		{"remove", "users[1]", nil},
		{"add", "users", object{"name": "zoe"}},
		{"add", "schedules", object{"name": "payments"}},
		{"add", "teams", object{"name": "all"}},
		{"set", "users[0].name", "anna"},
	})
	require.NoError(t, err)
	assert.Equal(t, "route: x\nusers:\n  - name: anna\nteams:\n  - name: all\n", string(got[0].Data))
	assert.Equal(t, "schedules:\n  - name: platform # p\n  - name: payments\n", string(got[1].Data))
	assert.Equal(t, "users:\n  - name: eve # e\n    zone: UTC\n  - name: zoe\n", string(got[2].Data))

	_, err = Apply(files, []Op{{"set", "users", []any{}}})
	require.ErrorContains(t, err, "a.yaml, c.yaml")
	_, err = Apply(files, []Op{{"add", "users", object{"name": "ana"}}})
	require.ErrorContains(t, err, "has ana already")
	_, err = Apply(files, []Op{{"set", "users[eve].zone", "UTC"}, {"remove", "users[nobody]", nil}})
	require.ErrorContains(t, err, "users has ana, ben, eve")
	assert.Equal(t, "users:\n  - name: ben\n  - name: eve # e\n", string(files[2].Data), "an error changes nothing")
}

// Ensures that paths are read as they are written, and nonsense is refused.
func TestPath(t *testing.T) {
	for _, p := range []string{"a", "a.b[0]", "a[b].c[d e]", `a["b]c"]."x.y"`, `users["12"]`, `users["a.b"].z`} {
		steps, err := parsePath(p)
		if assert.NoError(t, err, p) {
			assert.Equal(t, p, written(steps))
		}
	}
	for _, p := range []string{"", ".", "a.", "a..b", "a[", "a[]", "a]", `a["b]`, `a"b`, "[0]", "a[99999999999999999999]", "a[0]b"} {
		_, err := parsePath(p)
		assert.Error(t, err, p)
	}
}

// Ensures that a diff shows changed, added and removed files and nothing when all is equal.
func TestDiff(t *testing.T) {
	before := []File{{"a.yaml", []byte("x: 1\ny: 2\n")}, {"b.yaml", []byte("b: 1\n")}, {"same.yaml", []byte("s")}}
	after := []File{{"same.yaml", []byte("s")}, {"a.yaml", []byte("x: 1\ny: 3")}, {"c.yaml", []byte("c: 1\n")}}
	want := "--- revision 1/a.yaml\n+++ revision 2/a.yaml\n@@ -1,2 +1,2 @@\n x: 1\n-y: 2\n+y: 3\n\\ No newline at end of file\n" +
		"--- revision 1/b.yaml\n+++ /dev/null\n@@ -1 +0,0 @@\n-b: 1\n" +
		"--- /dev/null\n+++ revision 2/c.yaml\n@@ -0,0 +1 @@\n+c: 1\n"
	assert.Equal(t, want, Diff("revision 1", "revision 2", before, after))
	assert.Empty(t, Diff("a", "b", before, before))
}
