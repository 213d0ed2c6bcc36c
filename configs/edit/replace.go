package edit

import (
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// replace writes v where s stands.
func (t *tree) replace(s *span, v *value) [][]cut {
	if s.empty() && s.bare {
		return nil // a key in braces without a colon
	}
	st := t.style
	inline := st.flow(v)
	if v.kind == single {
		inline = st.scalarLike(v, s)
	}
	var ways [][]cut
	quoted := s.node.Kind == yaml.ScalarNode && s.node.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0
	if header, lines, ok := literal(v); ok && !s.flow && !quoted && !st.always {
		ways = append(ways, t.putLine(s, header, st.indented(lines, t.depth(s, mapping))))
	}
	if t.wantsBlock(s, v, inline) {
		ways = append(ways, t.putBlock(s, v))
	}
	ways = append(ways, t.putLine(s, inline, ""))
	return ways
}

func (t *tree) wantsBlock(s *span, v *value, inline string) bool {
	switch {
	case s.flow || v.kind == single || len(v.items) == 0:
		return false
	case s.block():
		return true
	case s.brackets() && len(s.kids) > 0:
		return t.column(s.start)+utf8.RuneCountInString(inline) > t.style.width
	}
	return !t.style.oneLine(v, t.column(s.start)+1)
}

// depth is the column at which lines below s begin.
func (t *tree) depth(s *span, k kind) int {
	switch {
	case s.parent == nil:
		return 0
	case s.key == nil:
		return t.column(s.mark) + t.style.gap
	case k == list:
		return t.column(s.mark) + t.style.dash
	}
	return t.column(s.mark) + t.style.step
}

// putLine writes first in the place of s, and rest on the lines below.
func (t *tree) putLine(s *span, first, rest string) []cut {
	switch {
	case s.block() && t.lineOf(s.body) == t.lineOf(s.slot): // after a dash, or at the very beginning
		return []cut{{s.start, t.lineEnd(s.end), first + rest}}
	case s.block():
		to := s.slot
		if s.props > s.start && t.lineOf(s.start) == t.lineOf(s.slot) {
			to = s.props
		}
		return []cut{{s.slot, to, " " + first}, {t.lineEnd(s.slot), t.lineEnd(s.end), rest}}
	case s.textBlock():
		below := t.lineEnd(s.head)
		return []cut{{s.start, s.head, first}, {below, max(s.end, below), rest}}
	}
	if s.start == s.slot && s.slot > 0 && (t.data[s.slot-1] == ':' || t.data[s.slot-1] == '-') {
		first = " " + first
	}
	cuts := []cut{{s.start, s.end, first}}
	if rest != "" {
		cuts = append(cuts, cut{t.lineEnd(s.end), t.lineEnd(s.end), rest})
	}
	return cuts
}

// putBlock writes a collection over several lines in the place of s.
func (t *tree) putBlock(s *span, v *value) []cut {
	st, col := t.style, t.depth(s, v.kind)
	switch {
	case s.parent == nil:
		return []cut{{s.start, t.lineEnd(s.end), st.block(v, 0)}}
	case s.block() && t.lineOf(s.body) == t.lineOf(s.slot):
		return []cut{{s.start, t.lineEnd(s.end), st.block(v, t.column(s.start))}}
	case s.block():
		if (s.node.Kind == yaml.SequenceNode) == (v.kind == list) {
			col = t.column(s.body)
		}
		cuts := []cut{{t.lines[t.lineOf(s.body)].from, t.lineEnd(s.end), spaces(col) + st.block(v, col)}}
		if s.props > s.start && t.lineOf(s.start) < t.lineOf(s.body) {
			cuts = append(cuts, cut{s.slot, s.props, ""})
		}
		return cuts
	}
	sameLine := t.lineOf(s.slot) == t.lineOf(s.start)
	if s.key == nil && sameLine && !s.textBlock() && len(t.rest(s.end)) == 0 {
		return []cut{{s.slot, s.end, spaces(st.gap-1) + st.block(v, col)}}
	}
	from := s.slot
	if t.commented(s.slot, s.start) {
		from = s.start
	}
	below := t.lineEnd(s.head)
	return []cut{{from, s.head, ""}, {below, max(s.end, below), st.lineAt(col) + st.block(v, col)}}
}
