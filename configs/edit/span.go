package edit

import (
	"bytes"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// span is where a value stands in the text. All positions are bytes.
type span struct {
	node   *yaml.Node
	parent *span
	kids   []*span // values, in order
	key    *span   // of a value in a mapping
	flow   bool    // inside of [ ] or { }

	mark  int // where the entry begins: its key, its dash, or itself
	slot  int // where a value may be put: after the colon or the dash
	start int // with anchor and tag
	props int // end of anchor and tag, start without them
	body  int // without them
	head  int // end of what stands in the first line of a block scalar ("|-"), else end
	end   int
	shut  int  // the closing bracket of a flow collection
	bare  bool // a flow mapping without braces, or a key without a colon
}

// unwritten says whether nothing at all stands for the value, as after "users:".
func unwritten(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.Style == 0 && n.Anchor == ""
}

func (s *span) empty() bool { return unwritten(s.node) }
func (s *span) collection() bool {
	return s.node.Kind == yaml.MappingNode || s.node.Kind == yaml.SequenceNode
}
func (s *span) brackets() bool { return s.collection() && s.node.Style&yaml.FlowStyle != 0 }
func (s *span) block() bool    { return s.collection() && !s.brackets() }
func (s *span) textBlock() bool {
	return s.node.Kind == yaml.ScalarNode && s.node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

func (s *span) last() *span { return s.kids[len(s.kids)-1] }

// place finds the span of s.node. s.slot is where it may begin at the earliest; indent is
// the column of the block collection around it.
func (t *tree) place(s *span, indent int) error {
	if s.empty() {
		s.start, s.props, s.body, s.head, s.end = s.slot, s.slot, s.slot, s.slot, s.slot
		return nil
	}
	at, ok := t.offset(s.node.Line, s.node.Column)
	if !ok || at < s.slot {
		return t.lost(s.node)
	}
	s.start = at
	t.passProperties(s)
	if s.node.Anchor != "" {
		t.anchors[s.node] = s
	}
	var err error
	switch {
	case s.node.Kind == yaml.AliasNode:
		t.aliases[s.node.Alias] = append(t.aliases[s.node.Alias], s)
		s.end, ok = t.wordEnd(s.body), true
	case s.node.Kind == yaml.ScalarNode:
		s.end, ok = t.scalarEnd(s, indent)
	case s.brackets():
		ok, err = t.placeFlow(s, indent)
	case s.node.Kind == yaml.MappingNode:
		ok, err = t.placeMapping(s)
	default:
		ok, err = t.placeList(s)
	}
	if err == nil && !ok {
		err = t.lost(s.node)
	}
	if s.head == 0 {
		s.head = s.end
	}
	return err
}

func (t *tree) lost(n *yaml.Node) error {
	return t.fail(n.Line, "this is written in a way that cannot be edited here; edit the file by hand")
}

// passProperties finds what follows an anchor and a tag.
func (t *tree) passProperties(s *span) {
	s.props, s.body = s.start, s.start
	most := 2
	if s.block() { // they may belong to its first key
		most = 0
		if s.node.Anchor != "" {
			most++
		}
		if s.node.Style&yaml.TaggedStyle != 0 {
			most++
		}
	}
	for ; most > 0 && s.body < len(t.data) && (t.data[s.body] == '&' || t.data[s.body] == '!'); most-- {
		s.props = t.wordEnd(s.body)
		s.body = t.skip(s.props, false)
	}
	if s.props == s.start {
		return
	}
	if s.node.Kind == yaml.ScalarNode && s.node.Value == "" && s.node.Style&^yaml.TaggedStyle == 0 {
		s.body = s.props // nothing but the anchor
	}
}

// wordEnd is the end of an anchor, a tag or an alias.
func (t *tree) wordEnd(at int) int {
	for at < len(t.data) && breakAt(t.data, at) == 0 && !bytes.ContainsRune([]byte(" \t,[]{}"), rune(t.data[at])) {
		at++
	}
	return at
}

func (t *tree) placeMapping(s *span) (bool, error) {
	at := s.body
	for i := 0; i+1 < len(s.node.Content); i += 2 {
		kid, err := t.placeEntry(s, i, at)
		if err != nil {
			return false, err
		}
		at = kid.end
	}
	s.end = at
	return len(s.kids) > 0, nil
}

// placeEntry places the key and the value i of a mapping.
func (t *tree) placeEntry(s *span, i, at int) (*span, error) {
	inFlow := s.brackets()
	key := &span{node: s.node.Content[i], parent: s, flow: inFlow, slot: at}
	if key.empty() {
		key.slot = t.skip(at, inFlow)
	}
	if err := t.place(key, -1); err != nil {
		return nil, err
	}
	kid := &span{node: s.node.Content[i+1], parent: s, key: key, flow: inFlow, mark: key.start, slot: key.end}
	if colon := t.skip(key.end, false); colon < len(t.data) && t.data[colon] == ':' {
		kid.slot = colon + 1
	} else {
		kid.bare = true
	}
	s.kids = append(s.kids, kid)
	return kid, t.place(kid, t.column(s.kids[0].mark))
}

func (t *tree) placeList(s *span) (bool, error) {
	at := s.body
	for _, n := range s.node.Content {
		dash := t.skip(at, false)
		if dash >= len(t.data) || t.data[dash] != '-' {
			return false, nil
		}
		kid := &span{node: n, parent: s, mark: dash, slot: dash + 1}
		s.kids = append(s.kids, kid)
		if err := t.place(kid, t.column(dash)); err != nil {
			return false, err
		}
		at = kid.end
	}
	s.end = at
	return len(s.kids) > 0, nil
}

func (t *tree) placeFlow(s *span, indent int) (bool, error) {
	at := s.body
	if at >= len(t.data) {
		return false, nil
	}
	open := t.data[at]
	if s.bare = open != '[' && open != '{'; !s.bare {
		at++
	}
	for i := 0; i < len(s.node.Content); i++ {
		if s.node.Kind == yaml.MappingNode {
			kid, err := t.placeEntry(s, i, at)
			if err != nil {
				return false, err
			}
			at = kid.end
			i++ // key and value
			continue
		}
		kid := &span{node: s.node.Content[i], parent: s, flow: true, slot: t.skip(at, true)}
		if err := t.place(kid, indent); err != nil {
			return false, err
		}
		kid.mark = kid.start
		s.kids = append(s.kids, kid)
		at = kid.end
	}
	if s.end = at; s.bare {
		return s.node.Kind == yaml.MappingNode, nil
	}
	s.shut = t.skip(at, true)
	s.end = s.shut + 1
	return s.shut < len(t.data) && t.data[s.shut] == open+2, nil // ] and } follow their partners by two
}

func (t *tree) scalarEnd(s *span, indent int) (int, bool) {
	style := s.node.Style
	switch {
	case s.body == s.props && s.props > s.start: // nothing but an anchor or a tag
		return s.props, true
	case style&yaml.DoubleQuotedStyle != 0:
		return t.quotedEnd(s.body, '"')
	case style&yaml.SingleQuotedStyle != 0:
		return t.quotedEnd(s.body, '\'')
	case s.textBlock():
		return t.textBlockEnd(s, indent)
	}
	return t.plainEnd(s)
}

func (t *tree) quotedEnd(at int, mark byte) (int, bool) {
	if at >= len(t.data) || t.data[at] != mark {
		return 0, false
	}
	for at++; at < len(t.data); at++ {
		switch {
		case t.data[at] == '\\' && mark == '"':
			at++
		case t.data[at] == mark && mark == '\'' && at+1 < len(t.data) && t.data[at+1] == mark:
			at++
		case t.data[at] == mark:
			return at + 1, true
		}
	}
	return 0, false
}

// plainEnd relies on that a plain value has no escapes: but for spaces and breaks its
// text stands in the file as it reads.
func (t *tree) plainEnd(s *span) (int, bool) {
	at := s.body
	for _, r := range s.node.Value {
		if space(r) {
			continue
		}
		for {
			c, size := utf8.DecodeRune(t.data[at:])
			if size == 0 {
				return 0, false
			}
			at += size
			if c == r {
				break
			}
			if !space(c) {
				return 0, false
			}
		}
	}
	return at, true
}

func space(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\r', '\u0085', '\u2028', '\u2029':
		return true
	}
	return false
}

// textBlockEnd finds the last line of a block scalar (YAML 1.2.2, 8.1): the first line
// that says something sets the indentation, and what is indented less ends it. Blank
// lines at its end belong to it only with "+".
func (t *tree) textBlockEnd(s *span, indent int) (int, bool) {
	at, least := s.body+1, 0
	keep := false
	for ; at < len(t.data) && (t.data[at] == '+' || t.data[at] == '-' || t.data[at] >= '1' && t.data[at] <= '9'); at++ {
		switch c := t.data[at]; c {
		case '+':
			keep = true
		case '-':
		default:
			least = max(indent, 0) + int(c-'0')
		}
	}
	s.head = at
	first := t.lineOf(at)
	end := s.head
	for _, l := range t.lines[first+1:] {
		text := t.data[l.from:l.to]
		depth := len(text) - len(bytes.TrimLeft(text, " "))
		if depth == len(text) {
			if keep && l.from < len(t.data) { // after the last break there is no line
				end = l.to
			}
			continue
		}
		if least == 0 {
			least = max(indent+1, 1, depth)
		}
		if depth < least {
			break
		}
		end = l.to
	}
	return end, true
}
