package edit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Bounds, as for the configuration itself.
const (
	maxBytes = 8 << 20
	maxDepth = 100
)

// line is where a line begins and ends, in bytes, without its break.
type line struct{ from, to int }

// tree is one file that can be edited.
type tree struct {
	name  string
	bom   []byte
	data  []byte // without the byte order mark
	lines []line
	root  *span // nil when the file holds no value
	style style

	anchors map[*yaml.Node]*span   // nodes that an alias stands for
	aliases map[*yaml.Node][]*span // their aliases
}

func (t *tree) bytes() []byte { return append(bytes.Clone(t.bom), t.data...) }

func (t *tree) fail(line int, message string) error {
	return &Error{Kind: Conflict, File: t.name, Line: line, Message: message}
}

// parse reads a file and finds the span of every value.
func parse(name string, data []byte) (*tree, error) {
	t := &tree{name: name, data: data, anchors: map[*yaml.Node]*span{}, aliases: map[*yaml.Node][]*span{}}
	if mark := []byte("\xef\xbb\xbf"); bytes.HasPrefix(data, mark) {
		t.bom, t.data = mark, data[len(mark):]
	}
	switch {
	case len(data) > maxBytes:
		return nil, t.fail(0, "the file is too large to be edited; split it")
	case !utf8.Valid(data):
		return nil, t.fail(0, "the file is not UTF-8; convert it")
	}
	document, err := t.document()
	if err != nil {
		return nil, err
	}
	t.splitLines()
	if len(document.Content) == 1 && !unwritten(document.Content[0]) {
		if err := t.check(document.Content[0], 0); err != nil {
			return nil, err
		}
		t.root = &span{node: document.Content[0]}
		if err := t.place(t.root, -1); err != nil {
			return nil, err
		}
	}
	t.style = t.detect()
	return t, nil
}

// document reads the one document of the file.
func (t *tree) document() (document yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil { // the parser panics on a few inputs that nobody writes
			err = t.fail(0, fmt.Sprintf("this is not YAML that can be edited: %v", r))
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(t.data))
	var second yaml.Node
	if err = decoder.Decode(&document); errors.Is(err, io.EOF) {
		return document, nil
	}
	if err == nil {
		if err = decoder.Decode(&second); err == nil {
			return document, t.fail(second.Line, "a second YAML document begins here; use one document per file")
		}
	}
	if !errors.Is(err, io.EOF) {
		return document, t.fail(0, "this is not YAML: "+strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return document, nil
}

// check refuses what cannot be edited without ambiguity.
func (t *tree) check(n *yaml.Node, depth int) error {
	if depth > maxDepth {
		return t.fail(n.Line, "the file is nested too deeply to be edited")
	}
	if n.Kind == yaml.MappingNode {
		seen := map[string]bool{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			switch key := n.Content[i]; {
			case key.Kind != yaml.ScalarNode:
				return t.fail(key.Line, "a key must be a single word; this file cannot be edited")
			case key.ShortTag() == "!!merge":
				return t.fail(key.Line, "merge keys (<<) are not supported; write the keys out")
			case seen[key.Value]:
				return t.fail(key.Line, fmt.Sprintf("key %q is written twice; remove one", key.Value))
			default:
				seen[key.Value] = true
			}
		}
	}
	for _, child := range n.Content {
		if err := t.check(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// breakAt is the length of the line break at a position, 0 when there is none. These are
// the breaks of YAML 1.1, which the parser counts.
func breakAt(data []byte, at int) int {
	rest := data[at:]
	switch {
	case len(rest) == 0:
		return 0
	case rest[0] == '\n':
		return 1
	case rest[0] == '\r':
		if len(rest) > 1 && rest[1] == '\n' {
			return 2
		}
		return 1
	case bytes.HasPrefix(rest, []byte("\u0085")):
		return 2
	case bytes.HasPrefix(rest, []byte("\u2028")), bytes.HasPrefix(rest, []byte("\u2029")):
		return 3
	}
	return 0
}

func (t *tree) splitLines() {
	from := 0
	for at := 0; at < len(t.data); {
		if n := breakAt(t.data, at); n > 0 {
			t.lines = append(t.lines, line{from, at})
			at += n
			from = at
			continue
		}
		at++
	}
	t.lines = append(t.lines, line{from, len(t.data)})
}

// lineOf is the number of the line that holds a position, from 0.
func (t *tree) lineOf(at int) int {
	return sort.Search(len(t.lines), func(i int) bool { return t.lines[i].from > at }) - 1
}

// lineEnd is the end of the line that holds a position.
func (t *tree) lineEnd(at int) int { return t.lines[t.lineOf(at)].to }

// column counts the characters before a position in its line.
func (t *tree) column(at int) int {
	return utf8.RuneCount(t.data[t.lines[t.lineOf(at)].from:at])
}

// offset is the position of what the parser gives as line and column, both from 1.
func (t *tree) offset(lineNumber, column int) (int, bool) {
	if lineNumber < 1 || lineNumber > len(t.lines) || column < 1 {
		return 0, false
	}
	l := t.lines[lineNumber-1]
	at := l.from
	for range column - 1 {
		if at >= l.to {
			return 0, false
		}
		_, size := utf8.DecodeRune(t.data[at:])
		at += size
	}
	return at, true
}

// ownLine says whether only spaces stand before a position in its line.
func (t *tree) ownLine(at int) bool {
	return blank(t.data[t.lines[t.lineOf(at)].from:at])
}

func blank(b []byte) bool { return len(bytes.Trim(b, " \t")) == 0 }

// rest is what follows in the line of a position, without spaces around it.
func (t *tree) rest(at int) []byte { return bytes.Trim(t.data[at:t.lineEnd(at)], " \t") }

// skip passes spaces, breaks, comments and with commas also commas.
func (t *tree) skip(at int, commas bool) int {
	for at < len(t.data) {
		switch c := t.data[at]; {
		case c == ' ' || c == '\t' || commas && c == ',':
			at++
		case c == '#':
			at = t.lineEnd(at)
		case breakAt(t.data, at) > 0:
			at += breakAt(t.data, at)
		default:
			return at
		}
	}
	return at
}

// commented says whether a comment stands between two tokens.
func (t *tree) commented(from, to int) bool {
	return from < to && bytes.IndexByte(t.data[from:to], '#') >= 0
}

// values is what the file says, fresh on every call. No value at all is an empty mapping.
func (t *tree) values() *value {
	if t.root == nil {
		return &value{kind: mapping}
	}
	return valueOfNode(t.root.node, map[*yaml.Node]*value{})
}

func valueOfNode(n *yaml.Node, known map[*yaml.Node]*value) *value {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if v := known[n]; v != nil {
		return v
	}
	v := &value{}
	known[n] = v
	switch n.Kind {
	case yaml.MappingNode:
		v.kind, v.tag = mapping, ownTag(n, "!!map")
		for i := 0; i+1 < len(n.Content); i += 2 {
			v.keys = append(v.keys, &value{tag: n.Content[i].ShortTag(), text: n.Content[i].Value})
			v.items = append(v.items, valueOfNode(n.Content[i+1], known))
		}
	case yaml.SequenceNode:
		v.kind, v.tag = list, ownTag(n, "!!seq")
		for _, child := range n.Content {
			v.items = append(v.items, valueOfNode(child, known))
		}
	default:
		v.tag, v.text = n.ShortTag(), n.Value
	}
	return v
}

// ownTag is the tag of a collection that is not the usual one.
func ownTag(n *yaml.Node, usual string) string {
	if tag := n.ShortTag(); tag != usual {
		return tag
	}
	return ""
}
