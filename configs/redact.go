package configs

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	// hidden stands where a secret stood.
	hidden = "<redacted>"
	// hiddenFile stands for a whole file.
	hiddenFile = "# " + hidden + ": this file cannot be read, so that nothing tells its secrets from the rest\n"
)

// Redacted is a copy for people's eyes, such as for a diff: each secret that stands inline is
// <redacted> and every other byte is as it was. It goes by the names of the keys, so that a
// secret at a wrong place is hidden as well. Of a file that is no YAML nothing is left.
func (b Bundle) Redacted() Bundle {
	files := slices.Clone(b.Files)
	for i, f := range files {
		if !f.IsCalendar() {
			files[i].Data = redact(f.Data)
		}
	}
	return Bundle{Files: files}
}

// redact hides the secrets of a YAML file. The result is read again and compared: what was
// not found in the bytes as the parser saw it costs the whole file, never a secret.
func redact(data []byte) []byte {
	root, problem := parseFile("", data)
	if problem != nil {
		return []byte(hiddenFile)
	}
	if root == nil {
		return data
	}
	h := hider{}
	h.walk(root, plain)
	if len(h) == 0 {
		return data
	}
	out, ok := h.cut(data)
	if !ok {
		return []byte(hiddenFile)
	}
	if again, problem := parseFile("", out); problem != nil || again == nil || !h.leaves(root, again) {
		return []byte(hiddenFile)
	}
	return out
}

// hider is the scalars to be hidden, by line and column.
type hider map[[2]int]*yaml.Node

func placeOf(n *yaml.Node) [2]int { return [2]int{n.Line, n.Column} }

func (h hider) hide(n *yaml.Node) {
	if strings.TrimSpace(n.Value) != "" && n.ShortTag() != "!!null" {
		h[placeOf(n)] = n
	}
}

// realm is what the place of a node says about it.
type realm int

const (
	plain  realm = iota
	ways         // ways in: a secret unless its key says otherwise
	secret       // a secret, or a reference to one
)

func realmOf(key string, around realm) realm {
	switch key = strings.ToLower(key); {
	case key == "auth" || key == "basic" || key == "heartbeat":
		return ways
	case slices.Contains([]string{"bearer", "password", "url_token", "signing_secret", "token", "auth_tokens", "calendar_key"}, key):
		return secret
	case around == plain || key == "user" || key == "every":
		return plain
	}
	return secret
}

// walk finds what is to be hidden.
func (h hider) walk(n *yaml.Node, in realm) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			h.pair(n.Content[i], n.Content[i+1], in)
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			h.walk(item, in)
		}
	default:
		if in != plain {
			h.hide(n)
		}
	}
}

func (h hider) pair(key, value *yaml.Node, in realm) {
	reference := in != plain && (key.Value == "file" || key.Value == "env") && value.Kind == yaml.ScalarNode
	switch {
	case reference:
	case in == secret || key.Kind != yaml.ScalarNode: // what is no reference may be the secret itself
		h.walk(key, in)
		h.walk(value, in)
	default:
		h.walk(value, realmOf(key.Value, in))
	}
}

// leaves says whether b is a with nothing changed but what is hidden.
func (h hider) leaves(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || len(a.Content) != len(b.Content) {
		return false
	}
	want := a.Value
	if _, ok := h[placeOf(a)]; ok && a.Kind == yaml.ScalarNode {
		want = hidden
	}
	for i := range a.Content {
		if !h.leaves(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return want == b.Value
}

// piece is bytes and what replaces them.
type piece struct {
	from, to int
	text     string
}

// cut replaces every hidden scalar; false when one is not where the parser says.
func (h hider) cut(data []byte) ([]byte, bool) {
	lines := lineStarts(data)
	var pieces []piece
	for _, n := range slices.SortedFunc(maps.Values(h), func(a, b *yaml.Node) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	}) {
		at, ok := offset(data, lines, n)
		if !ok {
			return nil, false
		}
		found, ok := scalarAt(data, at, n.Value)
		if !ok {
			return nil, false
		}
		pieces = append(pieces, found...)
	}
	var out []byte
	done := 0
	for _, p := range pieces {
		if p.from < done || p.to < p.from {
			return nil, false
		}
		out = append(append(out, data[done:p.from]...), p.text...)
		done = p.to
	}
	return append(out, data[done:]...), true
}

// lineStarts are where lines begin, by the line breaks of YAML 1.1.
func lineStarts(data []byte) []int {
	at := len(data) - len(bytes.TrimPrefix(data, []byte("\ufeff")))
	starts := []int{at}
	for at < len(data) {
		c, size := utf8.DecodeRune(data[at:])
		at += size
		if c == '\r' && at < len(data) && data[at] == '\n' {
			continue
		}
		if strings.ContainsRune("\n\r\u0085\u2028\u2029", c) {
			starts = append(starts, at)
		}
	}
	return starts
}

// offset is where a node begins; columns count characters.
func offset(data []byte, lines []int, n *yaml.Node) (int, bool) {
	if n.Line < 1 || n.Line > len(lines) {
		return 0, false
	}
	at := lines[n.Line-1]
	for range n.Column - 1 {
		if at >= len(data) {
			return 0, false
		}
		_, size := utf8.DecodeRune(data[at:])
		at += size
	}
	return at, at < len(data)
}

// scalarAt finds the text of the scalar that begins at an offset, or its anchor or tag.
func scalarAt(data []byte, at int, value string) ([]piece, bool) {
	for at < len(data) && strings.IndexByte("&!#", data[at]) >= 0 {
		if data[at] == '#' {
			at += len(data[at:]) - len(bytes.TrimLeftFunc(data[at:], func(c rune) bool { return c != '\n' && c != '\r' }))
		} else {
			at += len(data[at:]) - len(bytes.TrimLeftFunc(data[at:], func(c rune) bool { return !unicode.IsSpace(c) }))
		}
		at = skipSpace(data, at)
	}
	if at >= len(data) {
		return nil, false
	}
	switch data[at] {
	case '\'', '"':
		end, ok := quoteEnd(data, at)
		return []piece{{at + 1, end, hidden}}, ok
	case '|', '>':
		return block(data, at)
	}
	end := at
	for _, word := range strings.Fields(value) { // lines of it are joined by spaces
		if end = skipSpace(data, end); !bytes.HasPrefix(data[end:], []byte(word)) {
			return nil, false
		}
		end += len(word)
	}
	return []piece{{at, end, hidden}}, true
}

func skipSpace(data []byte, at int) int {
	return len(data) - len(bytes.TrimLeftFunc(data[at:], unicode.IsSpace))
}

// quoteEnd is where the closing quotation mark stands.
func quoteEnd(data []byte, at int) (int, bool) {
	mark := data[at]
	for i := at + 1; i < len(data); i++ {
		switch {
		case mark == '"' && data[i] == '\\':
			i++
		case data[i] != mark:
		case mark == '\'' && i+1 < len(data) && data[i+1] == mark:
			i++
		default:
			return i, true
		}
	}
	return 0, false
}

// block is a literal or folded scalar: its header but for a comment, and the lines below that
// are indented like the first one.
func block(data []byte, at int) ([]piece, bool) {
	header := at + 1
	for header < len(data) && (data[header] == '-' || data[header] == '+') {
		header++
	}
	if header < len(data) && unicode.IsDigit(rune(data[header])) {
		return nil, false // it says where its lines begin, relative to what is not known here
	}
	body, end, indent := -1, 0, -1
	for next := header; ; {
		newline := bytes.IndexByte(data[next:], '\n')
		if newline < 0 || next+newline+1 == len(data) {
			break
		}
		next += newline + 1
		line, _, _ := bytes.Cut(data[next:], []byte("\n"))
		if body < 0 {
			body = next
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		spaces := len(line) - len(bytes.TrimLeft(line, " "))
		if indent < 0 {
			indent = spaces
		}
		if spaces < indent {
			break
		}
		end = min(next+len(line)+1, len(data))
	}
	return []piece{{at, header, hidden}, {body, end, ""}}, body >= 0 && end > body
}
