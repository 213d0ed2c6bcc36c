package edit

import (
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// insertKey appends a key to a mapping.
func (t *tree) insertKey(p *span, name string, v *value) [][]cut {
	st, key := t.style, text(name)
	switch {
	case p.brackets() && (p.flow || len(p.kids) > 0):
		return t.insertFlow(p, len(p.kids), st.scalar(key, true)+": "+st.flow(v))
	case !p.block():
		return t.replace(p, &value{kind: mapping, keys: []*value{key}, items: []*value{v}})
	}
	col, at := t.column(p.kids[0].mark), t.lineEnd(p.last().end)
	short := st.scalar(key, false) + ": " + st.inline(v)
	long := st.entry(key, v, col)
	return t.either(p, v, cut{at, at, st.lineAt(col) + short}, cut{at, at, st.lineAt(col) + long}, col+utf8.RuneCountInString(short))
}

// either gives both ways to write v, first the one that its neighbours are written in.
func (t *tree) either(p *span, v *value, short, long cut, width int) [][]cut {
	for i := len(p.kids) - 1; i >= 0 && v.kind != single; i-- {
		kid := p.kids[i]
		if !kid.collection() || len(kid.kids) == 0 || (kid.node.Kind == yaml.SequenceNode) != (v.kind == list) {
			continue
		}
		if kid.brackets() && width <= t.style.width {
			return [][]cut{{short}, {long}}
		}
		break
	}
	return [][]cut{{long}, {short}}
}

// insert puts v into a list before item i.
func (t *tree) insert(p *span, i int, v *value) [][]cut {
	st := t.style
	switch {
	case p.brackets() && (p.flow || len(p.kids) > 0):
		return t.insertFlow(p, i, st.flow(v))
	case !p.block():
		return t.replace(p, &value{kind: list, items: []*value{v}})
	}
	near := p.kids[min(i, len(p.kids)-1)]
	col, gap := t.column(near.mark), st.gap
	if g := near.body - near.mark; g > 1 && t.lineOf(near.mark) == t.lineOf(near.body) {
		gap = g
	}
	short, long := "-"+spaces(gap-1)+st.inline(v), st.item(v, col, gap)
	width := col + utf8.RuneCountInString(short)
	if i == len(p.kids) {
		at := t.lineEnd(p.last().end)
		return t.either(p, v, cut{at, at, st.lineAt(col) + short}, cut{at, at, st.lineAt(col) + long}, width)
	}
	at := near.mark
	if t.ownLine(at) {
		at = t.lines[t.headComments(near)].from
		return t.either(p, v, cut{at, at, spaces(col) + short + st.newline}, cut{at, at, spaces(col) + long + st.newline}, width)
	}
	return t.either(p, v, cut{at, at, short + st.lineAt(col)}, cut{at, at, long + st.lineAt(col)}, width)
}

// insertFlow puts text between the brackets of p, before entry i.
func (t *tree) insertFlow(p *span, i int, text string) [][]cut {
	st := t.style
	if p.bare {
		return nil
	}
	if len(p.kids) == 0 {
		if t.commented(p.body, p.end) {
			return [][]cut{{{p.shut, p.shut, text}}}
		}
		pad := st.squares
		if p.node.Kind == yaml.MappingNode {
			pad = st.braces
		}
		return [][]cut{{{p.body + 1, p.shut, pad + text + pad}}}
	}
	if i < len(p.kids) {
		at := p.kids[i].mark
		if t.ownLine(at) && t.lineOf(at) > t.lineOf(p.body) {
			return [][]cut{{{at, at, text + "," + st.lineAt(t.column(at))}}}
		}
		return [][]cut{{{at, at, text + ", "}}}
	}
	last := p.last()
	col := t.column(last.mark)
	after := t.skip(last.end, false)
	trailing := t.data[after] == ','
	if t.ownLine(last.mark) && t.lineOf(p.shut) > t.lineOf(last.end) { // every entry has its line
		if trailing {
			at := t.lineEnd(after)
			return [][]cut{{{at, at, st.lineAt(col) + text + ","}}}
		}
		at := t.lineEnd(last.end)
		return [][]cut{{{last.end, last.end, ","}, {at, at, st.lineAt(col) + text}}}
	}
	lead := " "
	l := t.lines[t.lineOf(last.end)]
	if utf8.RuneCount(t.data[l.from:l.to])+len(", ")+utf8.RuneCountInString(text) > st.width {
		lead = st.lineAt(t.column(p.kids[0].mark))
	}
	if trailing {
		return [][]cut{{{after + 1, after + 1, lead + text}}}
	}
	return [][]cut{{{last.end, last.end, "," + lead + text}}}
}
