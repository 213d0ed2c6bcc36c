package configs

import (
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// node is a YAML node that knows its place.
type node struct {
	y    *yaml.Node
	file string
	path string
}

func (n node) null() bool {
	return n.y == nil || n.y.Kind == yaml.ScalarNode && n.y.ShortTag() == "!!null"
}

// emptyList says whether n is written as [].
func (n node) emptyList() bool { return n.kind() == "a list" && len(n.y.Content) == 0 }

// where is for messages about another place.
func (n node) where() string { return Problem{File: n.file, Line: n.y.Line}.where() }

// under is the node y as the key of n.
func (n node) under(key string, y *yaml.Node) node {
	path := key
	if n.path != "" {
		path = n.path + "." + key
	}
	return node{y, n.file, path}
}

// kind says what the node is, for messages.
func (n node) kind() string {
	switch {
	case n.null():
		return "nothing"
	case n.y.Kind == yaml.MappingNode:
		return "a mapping"
	case n.y.Kind == yaml.SequenceNode:
		return "a list"
	}
	return "a single value"
}

// peek finds a key of a mapping without judging anything.
func (n node) peek(key string) (node, bool) {
	if n.y == nil || n.y.Kind != yaml.MappingNode {
		return node{}, false
	}
	for i := 0; i+1 < len(n.y.Content); i += 2 {
		if n.y.Content[i].Value == key {
			found := n.under(key, n.y.Content[i+1])
			return found, !found.null()
		}
	}
	return node{}, false
}

// fail notes a fault at n.
func (r *reader) fail(n node, format string, args ...any) {
	r.note(n, false, fmt.Sprintf(format, args...))
}

// warn notes a weakness at n.
func (r *reader) warn(n node, format string, args ...any) {
	r.note(n, true, fmt.Sprintf(format, args...))
}

func (r *reader) note(n node, warning bool, message string) {
	p := n.problem(message)
	p.Warning = warning
	r.problems = append(r.problems, p)
}

// problem is a fault at n.
func (n node) problem(message string) Problem {
	p := Problem{File: n.file, Path: n.path, Message: message}
	if n.y != nil {
		p.Line, p.Column = n.y.Line, n.y.Column
	}
	return p
}

// fields is a mapping whose keys are known ones.
type fields struct {
	r    *reader
	self node
	m    map[string]node
}

// mapping reads n as a mapping with these keys. It always returns fields that can be
// asked; ok is false when n is no mapping.
func (r *reader) mapping(n node, keys ...string) (f fields, ok bool) {
	f = fields{r: r, self: n, m: map[string]node{}}
	r.places[n.path] = n
	ok = r.each(n, func(key string, at, value node) {
		for _, k := range keys {
			if k == key {
				f.m[key] = value
				return
			}
		}
		r.fail(at, "unknown key %q%s", key, hint(key, keys))
	})
	return f, ok
}

// topMapping reads a key at the top that is a mapping with these keys. ok is false when there is none.
func (r *reader) topMapping(key string, keys ...string) (f fields, ok bool) {
	n, ok := r.sections[key]
	if !ok {
		return f, false
	}
	return r.mapping(n, keys...)
}

// each visits the keys of a mapping, each once. at is the place of the key itself.
func (r *reader) each(n node, visit func(key string, at, value node)) bool {
	if n.y == nil || n.y.Kind != yaml.MappingNode {
		r.fail(n, "must be a mapping of keys to values, not %s", n.kind())
		return false
	}
	seen := map[string]node{}
	for i := 0; i+1 < len(n.y.Content); i += 2 {
		key := n.y.Content[i]
		at := node{key, n.file, n.path}
		if key.Kind != yaml.ScalarNode {
			r.fail(at, "a key must be a single word, not %s", at.kind())
			continue
		}
		if key.Tag == "!!merge" {
			r.fail(at, "merge keys (<<) are not supported; write the keys out, or use an alias for a whole value")
			continue
		}
		if first, twice := seen[key.Value]; twice {
			r.fail(at, "key %q is written twice; the first is in line %d", key.Value, first.y.Line)
			continue
		}
		seen[key.Value] = at
		visit(key.Value, at, n.under(key.Value, n.y.Content[i+1]))
	}
	return true
}

// hint helps with an unknown key. Those who come from another system get its counterpart.
func hint(key string, keys []string) string {
	switch key {
	case "receiver":
		return "; a route names an escalation policy here: policy"
	case "match", "match_re":
		return "; write it as matchers: ['label=\"value\"']"
	case "group_wait":
		return "; there is hold, which pages only if the alert still fires by then"
	case "group_interval", "repeat_interval":
		return "; an escalation policy decides here when people are paged again"
	}
	if slices.Contains(keys, "add") && slices.Contains([]string{"user", "users", "who", "person"}, key) {
		return "; write add for who steps in, and remove for who steps out"
	}
	if ours := synonym(key, keys); ours != "" {
		return "; did you mean " + strconv.Quote(ours) + "?"
	}
	return suggestion(key, keys)
}

// get returns the value of a key; a null is as good as no key.
func (f fields) get(key string) (node, bool) {
	n, ok := f.m[key]
	return n, ok && !n.null()
}

// text returns the value of an optional key, "" without one.
func (f fields) text(key string) string {
	if n, ok := f.get(key); ok {
		s, _ := f.r.text(n)
		return s
	}
	return ""
}

// need returns the value of a key that must be there.
func (f fields) need(key string) (n node, ok bool) {
	if n, ok = f.get(key); !ok {
		at := f.self
		if written, there := f.m[key]; there {
			at = written
		}
		f.r.fail(at, "%s is missing", key)
	}
	return n, ok
}

// list returns the items of an optional key.
func (f fields) list(key string) []node {
	if n, ok := f.get(key); ok {
		return f.r.list(n)
	}
	return nil
}

// needList returns the items of a key that must be a list with something in it.
func (f fields) needList(key, advice string) []node {
	n, ok := f.get(key)
	if !ok {
		f.r.fail(f.self, "%s is missing; %s", key, advice)
		return nil
	}
	items := f.r.list(n)
	if len(items) == 0 && n.y.Kind == yaml.SequenceNode {
		f.r.fail(n, "the list is empty; %s", advice)
	}
	return items
}

// list reads n as a list.
func (r *reader) list(n node) []node {
	if n.null() {
		return nil
	}
	if n.y.Kind != yaml.SequenceNode {
		r.fail(n, "must be a list, not %s; write [ … ] or begin each item with a dash", n.kind())
		return nil
	}
	items := make([]node, len(n.y.Content))
	for i, y := range n.y.Content {
		items[i] = node{y, n.file, n.path + "[" + strconv.Itoa(i) + "]"}
	}
	return items
}

// listOrOne reads n as a list; a single value is a list of one.
func (r *reader) listOrOne(n node) []node {
	if n.kind() == "a single value" {
		return []node{n}
	}
	return r.list(n)
}
