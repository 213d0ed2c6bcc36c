package edit

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

type verb int

const (
	setValue    verb = iota // put v at path; the last key may be new
	insertItem              // put v into the list at path, before item at
	removeEntry             // take away what stands at path
)

// change is one change of one file. Its path holds keys and numbers only.
type change struct {
	verb verb
	path []step
	at   int
	v    *value
}

// child is the number of a step in a value, or -1.
func (v *value) child(s step) int {
	switch {
	case v.kind == mapping && s.index < 0:
		return v.key(s.name)
	case v.kind == list && s.index >= 0 && s.index < len(v.items):
		return s.index
	}
	return -1
}

// applyTo makes the change to what the file says: the measure for the text.
func (c change) applyTo(root *value) error {
	v, rest := root, c.path
	if c.verb != insertItem {
		rest = c.path[:len(c.path)-1]
	}
	for _, s := range rest {
		i := v.child(s)
		if i < 0 {
			return fail(NotFound, "there is no %s", s)
		}
		v = v.items[i]
	}
	if c.verb == insertItem {
		v.items = slices.Insert(v.items, c.at, c.v)
		return nil
	}
	last := c.path[len(c.path)-1]
	if v.null() && last.index < 0 {
		*v = value{kind: mapping}
	}
	i := v.child(last)
	switch {
	case c.verb == removeEntry && i >= 0:
		v.items = slices.Delete(v.items, i, i+1)
		if v.kind == mapping {
			v.keys = slices.Delete(v.keys, i, i+1)
		}
	case i >= 0:
		v.items[i] = c.v
	case c.verb == setValue && v.kind == mapping:
		v.keys, v.items = append(v.keys, text(last.name)), append(v.items, c.v)
	default:
		return fail(NotFound, "there is no %s", last)
	}
	return nil
}

// ways are the texts to try for a change, the best first.
func (t *tree) ways(c change) ([][]cut, error) {
	if t.root == nil {
		return t.begin(c), nil
	}
	if c.verb == insertItem {
		s, err := t.descend(c.path, len(c.path))
		if err != nil {
			return nil, err
		}
		return t.insert(s, c.at, c.v), nil
	}
	last := len(c.path) - 1
	parent, err := t.descend(c.path, last)
	if err != nil {
		return nil, err
	}
	s := parent.kid(c.path[last])
	switch {
	case s == nil && c.verb == setValue:
		return t.insertKey(parent, c.path[last].name, c.v), nil
	case s == nil:
		return nil, fail(NotFound, "there is no %s", c.path[last])
	}
	if err := t.unshared(s); err != nil {
		return nil, err
	}
	if c.verb == removeEntry {
		return t.remove(s), nil
	}
	return t.replace(s, c.v), nil
}

func (s *span) kid(at step) *span {
	if at.index >= 0 && s.node.Kind == yaml.SequenceNode && at.index < len(s.kids) {
		return s.kids[at.index]
	}
	for _, kid := range s.kids {
		if at.index < 0 && kid.key != nil && kid.key.node.Value == at.name {
			return kid
		}
	}
	return nil
}

// descend finds what an edit goes into, and refuses what stands in more than one place.
func (t *tree) descend(path []step, n int) (*span, error) {
	s := t.root
	for i := 0; ; i++ {
		if s.node.Kind == yaml.AliasNode {
			return nil, t.fail(s.node.Line, fmt.Sprintf("%s is an alias of what stands in line %d (&%s) and is shared; edit it there, or write it out here",
				written(path[:i]), s.node.Alias.Line, s.node.Value))
		}
		if uses := t.aliases[s.node]; len(uses) > 0 {
			return nil, t.fail(s.node.Line, fmt.Sprintf("%s carries the anchor &%s of line %d, which line %d uses too; the edit would change both",
				written(path[:i]), s.node.Anchor, s.node.Line, uses[0].node.Line))
		}
		if i == n {
			return s, nil
		}
		next := s.kid(path[i])
		if next == nil {
			return nil, fail(NotFound, "there is no %s", written(path[:i+1]))
		}
		s = next
	}
}

// unshared refuses to take away an anchor that is used elsewhere.
func (t *tree) unshared(s *span) error {
	for node, anchor := range t.anchors {
		if anchor.start < s.mark || anchor.end > s.end {
			continue
		}
		for _, use := range t.aliases[node] {
			if use.start < s.mark || use.end > s.end {
				return t.fail(node.Line, fmt.Sprintf("the anchor &%s of line %d stands in it, and line %d uses that; write it out there first",
					node.Anchor, node.Line, use.node.Line))
			}
		}
	}
	return nil
}

// begin writes the first key of a file.
func (t *tree) begin(c change) [][]cut {
	if c.verb != setValue || len(c.path) != 1 {
		return nil
	}
	end := len(t.data)
	entry := t.style.entry(text(c.path[0].name), c.v, 0) + t.style.newline
	if end > 0 && t.lines[len(t.lines)-1].from != end {
		entry = t.style.newline + strings.TrimSuffix(entry, t.style.newline)
	}
	return [][]cut{{{end, end, entry}}}
}
