package edit

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

// remove takes an entry away with its comments: those in the lines directly above it at
// its own column, those beside it, and those below that are indented deeper than it.
func (t *tree) remove(s *span) [][]cut {
	if s.parent.brackets() {
		return t.removeFlow(s)
	}
	if len(s.parent.kids) == 1 && s.parent.parent != nil {
		return t.removeOnly(s)
	}
	if !t.ownLine(s.mark) {
		return t.removeFirst(s)
	}
	return t.withoutLines(s)
}

// withoutLines removes the lines of an entry.
func (t *tree) withoutLines(s *span) [][]cut {
	first, last := t.headComments(s), t.tailComments(s)
	from := t.lines[first].from
	if last+1 < len(t.lines) {
		more := last + 1 // blank lines below would join a "|+" text above
		for more+1 < len(t.lines) && blank(t.data[t.lines[more].from:t.lines[more].to]) {
			more++
		}
		return [][]cut{{{from, t.lines[last+1].from, ""}}, {{from, t.lines[more].from, ""}}}
	}
	whole := []cut{{from, len(t.data), ""}}
	if first == 0 {
		return [][]cut{whole}
	}
	// The file had no break at its end, so that what is last now gets none either.
	return [][]cut{{{t.lines[first-1].to, len(t.data), ""}}, whole}
}

// removeOnly leaves an empty collection behind.
func (t *tree) removeOnly(s *span) [][]cut {
	p, nothing := s.parent, "{}"
	if p.node.Kind == yaml.SequenceNode {
		nothing = "[]"
	}
	if !t.ownLine(s.mark) || t.lineOf(p.slot) == t.lineOf(s.mark) {
		return [][]cut{{{s.mark, t.lines[t.tailComments(s)].to, nothing}}}
	}
	at := p.slot
	if p.props > p.start && t.lineOf(p.props) == t.lineOf(p.slot) {
		at = p.props
	}
	lines := t.withoutLines(s)
	for i := range lines {
		lines[i] = append(lines[i], cut{at, at, " " + nothing})
	}
	return lines
}

// removeFirst removes an entry that stands behind the dash of its parent.
func (t *tree) removeFirst(s *span) [][]cut {
	p := s.parent
	if len(p.kids) < 2 || p.kids[0] != s {
		return nil
	}
	next := p.kids[1]
	end := t.lines[t.tailComments(s)].to
	if t.skip(end, false) == next.mark && !t.commented(end, next.mark) {
		return [][]cut{{{s.mark, next.mark, ""}}}
	}
	from := len(bytes.TrimRight(t.data[:s.mark], " \t"))
	return [][]cut{{{from, end, ""}}}
}

// headComments is the first line of an entry with the comments directly above it.
func (t *tree) headComments(s *span) int {
	l := t.lineOf(s.mark)
	limit := s.parent.body
	for _, kid := range s.parent.kids {
		if kid == s {
			break
		}
		limit = kid.end
	}
	for ; l > 0; l-- {
		above := t.lines[l-1]
		text := bytes.TrimLeft(t.data[above.from:above.to], " ")
		at := above.to - len(text)
		if len(text) == 0 || text[0] != '#' || t.column(at) != t.column(s.mark) || above.from < limit && s.parent.kids[0] != s {
			break
		}
		if s.parent.parent != nil && above.from <= s.parent.slot {
			break
		}
	}
	return l
}

// tailComments is the last line of an entry with the deeper comments below it.
func (t *tree) tailComments(s *span) int {
	last := t.lineOf(s.end)
	for l := last + 1; l < len(t.lines); l++ {
		text := bytes.TrimLeft(t.data[t.lines[l].from:t.lines[l].to], " \t")
		if len(text) == 0 {
			continue
		}
		if text[0] != '#' || t.column(t.lines[l].to-len(text)) <= t.column(s.mark) {
			break
		}
		last = l
	}
	return last
}

// removeFlow removes an entry between brackets with one comma.
func (t *tree) removeFlow(s *span) [][]cut {
	p := s.parent
	if p.bare {
		return nil
	}
	i := 0
	for p.kids[i] != s {
		i++
	}
	end := s.end
	comma := t.skip(s.end, false)
	trailing := t.data[comma] == ','
	if trailing && !t.commented(s.end, comma) {
		end = comma + 1
	}
	if t.ownLine(s.mark) && t.lineOf(s.mark) > t.lineOf(p.body) && (len(t.rest(end)) == 0 || t.rest(end)[0] == '#') {
		return t.removeFlowLines(s, i, end, trailing)
	}
	switch {
	case i+1 < len(p.kids) && trailing:
		rest := t.data[end:t.lineEnd(end)]
		if left := bytes.TrimLeft(rest, " \t"); len(left) > 0 && left[0] != '#' {
			end += len(rest) - len(left)
		}
		return [][]cut{{{s.mark, end, ""}}}
	case i > 0 && !t.commented(p.kids[i-1].end, s.mark):
		return [][]cut{{{p.kids[i-1].end, s.end, ""}}}
	case i > 0:
		before := t.skip(p.kids[i-1].end, false)
		return [][]cut{{{before, before + 1, ""}, {s.mark, s.end, ""}}}
	case !t.commented(p.body, s.mark) && !t.commented(s.end, p.shut):
		return [][]cut{{{p.body + 1, p.shut, ""}}}
	}
	return [][]cut{{{s.mark, end, ""}}}
}

func (t *tree) removeFlowLines(s *span, i, end int, trailing bool) [][]cut {
	p := s.parent
	first := t.headComments(s)
	from := max(t.lines[first].from, t.lines[t.lineOf(p.body)+1].from)
	cuts := []cut{{from, t.lines[t.lineOf(end)+1].from, ""}}
	if i > 0 && i+1 == len(p.kids) && !trailing {
		before := t.skip(p.kids[i-1].end, false)
		cuts = append(cuts, cut{before, before + 1, ""})
	}
	return [][]cut{cuts}
}
