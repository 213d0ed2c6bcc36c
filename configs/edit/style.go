package edit

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// style is how a file is written, as far as new text should look the same.
type style struct {
	newline string
	step    int // a mapping inside a mapping
	dash    int // a list inside a mapping; 0: under its key
	gap     int // from the dash to what follows
	braces  string
	squares string // what stands inside of brackets at both ends, "" or " "
	quotes  byte
	always  bool // quote all text
	width   int
}

// detect looks for the first example of everything.
func (t *tree) detect() style {
	st := style{newline: "\n", step: -1, dash: -1, gap: -1, braces: "?", squares: "?"}
	if first := t.lines[0]; len(t.lines) > 1 {
		st.newline = string(t.data[first.to:t.lines[1].from])
	}
	const usual, longest = 100, 160
	st.width = usual
	for _, l := range t.lines {
		st.width = max(st.width, min(longest, utf8.RuneCount(t.data[l.from:l.to])))
	}
	if t.root != nil {
		t.look(t.root, &st)
	}
	if st.step < 0 {
		st.step = 2
	}
	if st.dash < 0 {
		st.dash = st.step
	}
	if st.gap < 0 {
		st.gap = 2
	}
	if st.braces == "?" {
		st.braces = " "
	}
	if st.squares == "?" {
		st.squares = ""
	}
	if st.quotes == 0 {
		st.quotes = '\''
	}
	return st
}

func (t *tree) look(s *span, st *style) {
	switch {
	case s.block() && s.key != nil && t.lineOf(s.body) > t.lineOf(s.key.end):
		depth := t.column(s.body) - t.column(s.mark)
		if s.node.Kind == yaml.MappingNode && st.step < 0 {
			st.step = depth
		}
		if s.node.Kind == yaml.SequenceNode && st.dash < 0 {
			st.dash = depth
		}
	case s.brackets() && !s.bare && len(s.kids) > 0 && t.lineOf(s.body) == t.lineOf(s.kids[0].mark):
		pad := &st.squares
		if s.node.Kind == yaml.MappingNode {
			pad = &st.braces
		}
		if *pad == "?" {
			*pad = strings.Repeat(" ", min(1, s.kids[0].mark-s.body-1))
		}
	case s.node.Kind == yaml.ScalarNode && st.quotes == 0 && s.node.Style&yaml.DoubleQuotedStyle != 0:
		st.quotes = '"'
	case s.node.Kind == yaml.ScalarNode && st.quotes == 0 && s.node.Style&yaml.SingleQuotedStyle != 0:
		st.quotes = '\''
	}
	for _, kid := range s.kids {
		if g := kid.body - kid.mark; s.block() && kid.key == nil && st.gap < 0 && g > 1 && t.lineOf(kid.body) == t.lineOf(kid.mark) {
			st.gap = g
		}
		t.look(kid, st)
	}
}

func spaces(n int) string { return string(bytes.Repeat([]byte(" "), max(n, 0))) }

func (st style) lineAt(col int) string { return st.newline + spaces(col) }

// flow writes a value in one line.
func (st style) flow(v *value) string {
	if v.kind == single {
		return st.scalar(v, true)
	}
	parts := make([]string, len(v.items))
	for i, item := range v.items {
		parts[i] = st.flow(item)
		if v.kind == mapping {
			parts[i] = st.scalar(v.keys[i], true) + ": " + parts[i]
		}
	}
	open, shut, pad := "[", "]", st.squares
	if v.kind == mapping {
		open, shut, pad = "{", "}", st.braces
	}
	if len(parts) == 0 {
		pad = ""
	}
	return open + pad + strings.Join(parts, ", ") + pad + shut
}

// oneLine says whether a value reads better in one line: what is single or empty, and
// short lists of single values.
func (st style) oneLine(v *value, col int) bool {
	if v.kind == single {
		return true
	}
	for _, item := range v.items {
		if v.kind == mapping || item.kind != single {
			return false
		}
	}
	return len(v.items) == 0 || col+utf8.RuneCountInString(st.flow(v)) <= st.width
}

// inline writes a value in one line outside of brackets.
func (st style) inline(v *value) string {
	if v.kind == single {
		return st.scalar(v, false)
	}
	return st.flow(v)
}

// after is what follows a colon, with the space or the line break before it. col is the
// column of the key, used how much of its line is taken.
func (st style) after(v *value, col, used int) string {
	if header, lines, ok := literal(v); ok && !st.always {
		return " " + header + st.indented(lines, col+st.step)
	}
	switch {
	case st.oneLine(v, used+1):
		return " " + st.inline(v)
	case v.kind == list:
		return st.lineAt(col+st.dash) + st.block(v, col+st.dash)
	}
	return st.lineAt(col+st.step) + st.block(v, col+st.step)
}

func (st style) indented(lines []string, col int) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(st.newline)
		if l != "" {
			b.WriteString(spaces(col) + l)
		}
	}
	return b.String()
}

// block writes a collection over several lines; its first line begins at col.
func (st style) block(v *value, col int) string {
	parts := make([]string, len(v.items))
	for i, item := range v.items {
		if v.kind == mapping {
			parts[i] = st.entry(v.keys[i], item, col)
		} else {
			parts[i] = st.item(item, col, st.gap)
		}
	}
	return strings.Join(parts, st.lineAt(col))
}

func (st style) entry(key, v *value, col int) string {
	k := st.scalar(key, false) + ":"
	return k + st.after(v, col, col+utf8.RuneCountInString(k))
}

// item writes an item of a list whose dash stands at col.
func (st style) item(v *value, col, gap int) string {
	dash := "-" + spaces(gap-1)
	if header, lines, ok := literal(v); ok && !st.always {
		return dash + header + st.indented(lines, col+gap)
	}
	if st.oneLine(v, col+gap) {
		return dash + st.inline(v)
	}
	return dash + st.block(v, col+gap)
}
