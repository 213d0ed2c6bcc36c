package edit

import (
	"fmt"
	"slices"
	"strings"
)

// locate finds the file and the place that an operation is about.
func (set fileSet) locate(verb string, path []step, v *value) (change, int, error) {
	top := path[0].name
	var holders []int
	for i, t := range set {
		root := t.values()
		if root.kind != mapping {
			return change{}, 0, t.fail(t.root.node.Line, "the file holds no keys; only a mapping can be edited")
		}
		if root.key(top) >= 0 {
			holders = append(holders, i)
		}
	}
	if len(holders) == 0 {
		if len(path) > 1 || verb == "remove" {
			return change{}, 0, fail(NotFound, "there is no %s; the configuration has %s", top, set.topKeys())
		}
		holders = []int{0}
	}
	if len(holders) == 1 {
		c, err := follow(set[holders[0]].values(), verb, path, v)
		return c, holders[0], err
	}
	return set.locateSpread(holders, verb, path, v)
}

// locateSpread handles a list that several files hold parts of.
func (set fileSet) locateSpread(holders []int, verb string, path []step, v *value) (change, int, error) {
	whole := &value{kind: list}
	var owner, offset []int // per item: its file and the number of its first item
	for _, i := range holders {
		root := set[i].values()
		part := root.items[root.key(path[0].name)]
		if part.kind != list && !part.null() {
			return change{}, 0, fail(Conflict, "%s stands in %s; it can be written once only", path[0], set.names(holders))
		}
		first := len(whole.items)
		whole.items = append(whole.items, part.items...)
		for range part.items {
			owner, offset = append(owner, i), append(offset, first)
		}
	}
	switch {
	case len(path) > 1:
		item, err := whole.find(path[:1], path[1])
		if err != nil {
			return change{}, 0, err
		}
		file := owner[item]
		rest := slices.Clone(path)
		rest[1] = step{index: item - offset[item]}
		c, err := follow(set[file].values(), verb, rest, v)
		return c, file, err
	case verb == "add":
		if err := whole.admits(path, v); err != nil {
			return change{}, 0, err
		}
		last := holders[len(holders)-1] // where the joined list ends
		c, err := follow(set[last].values(), verb, path, v)
		return c, last, err
	}
	return change{}, 0, fail(Conflict, "%s is spread over %s; name one of its items", path[0], set.names(holders))
}

func (set fileSet) names(files []int) string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = set[f].name
	}
	return strings.Join(names, ", ")
}

func (set fileSet) topKeys() string {
	all := &value{kind: mapping}
	for _, t := range set {
		all.keys = append(all.keys, t.values().keys...)
	}
	return all.contents()
}

// follow goes down the path in one file and says what is to be changed there.
func follow(v *value, verb string, path []step, with *value) (change, error) {
	c := change{v: with}
	for i, s := range path {
		last := i == len(path)-1
		if last && verb != "remove" && (v.kind == mapping || v.null()) && (v.null() || v.key(s.text()) < 0) {
			return c.create(verb, path, v)
		}
		n, err := v.find(path[:i], s)
		if err != nil {
			return c, err
		}
		if v.kind == mapping {
			c.path = append(c.path, step{name: s.text(), index: -1})
		} else {
			c.path = append(c.path, step{index: n})
		}
		v = v.items[n]
	}
	switch verb {
	case "set":
		c.verb = setValue
	case "remove":
		c.verb = removeEntry
	default:
		switch {
		case v.null():
			c.verb, c.v = setValue, &value{kind: list, items: []*value{with}}
		case v.kind != list:
			return c, fail(Conflict, "%s is %s, not a list; nothing can be added to it", written(path), v.what())
		default:
			c.verb, c.at = insertItem, len(v.items)
			return c, v.admits(path, with)
		}
	}
	return c, nil
}

// create is a key that is not there yet.
func (c change) create(verb string, path []step, parent *value) (change, error) {
	s := path[len(path)-1]
	if parent.null() && s.bracket {
		return c, fail(NotFound, "%s is empty; use add", written(path[:len(path)-1]))
	}
	if err := (&value{kind: mapping}).put(s.text(), nil); err != nil {
		return c, err
	}
	c.verb = setValue
	c.path = append(c.path, step{name: s.text(), index: -1})
	if verb == "add" {
		c.v = &value{kind: list, items: []*value{c.v}}
	}
	return c, nil
}

// text is a step as a key of a mapping.
func (s step) text() string {
	if s.index >= 0 {
		return fmt.Sprint(s.index)
	}
	return s.name
}

// find is the number of what a step names in v. at is the path of v, for messages.
func (v *value) find(at []step, s step) (int, error) {
	where := written(at)
	if where == "" {
		where = "the configuration"
	}
	switch {
	case v.kind == mapping:
		if i := v.key(s.text()); i >= 0 {
			return i, nil
		}
		return 0, fail(NotFound, "there is no %s; %s has %s", s.text(), where, v.contents())
	case v.kind == single:
		return 0, fail(NotFound, "%s is %s; there is nothing in it", where, v.what())
	case s.index >= 0:
		if s.index < len(v.items) {
			return s.index, nil
		}
		return 0, fail(NotFound, "there is no %s; %s has %s, counted from 0", s, where, count(len(v.items)))
	case !s.bracket:
		return 0, fail(NotFound, "%s is a list; name an item, as in %s[%s]", where, where, s.name)
	}
	found := -1
	for i, item := range v.items {
		if name, ok := item.name(); ok && name == s.name {
			if found >= 0 {
				return 0, fail(Conflict, "%s has %q twice; use the number of the item, as in %s[%d]", where, s.name, where, found)
			}
			found = i
		}
	}
	if found < 0 {
		return 0, fail(NotFound, "there is no %s; %s has %s", s.name, where, v.contents())
	}
	return found, nil
}

// admits refuses a second thing of the same name.
func (v *value) admits(path []step, item *value) error {
	name, ok := item.name()
	if !ok || item.kind != mapping {
		return nil
	}
	for _, other := range v.items {
		if n, ok := other.name(); ok && other.kind == mapping && n == name {
			return fail(Conflict, "%s has %s already; set it, or use another name", written(path), name)
		}
	}
	return nil
}

func count(n int) string {
	if n == 1 {
		return "1 item"
	}
	return fmt.Sprintf("%d items", n)
}

func (v *value) what() string {
	switch {
	case v.null():
		return "empty"
	case v.kind == list:
		return "a list"
	case v.kind == mapping:
		return "a mapping"
	}
	return "a single value"
}

// contents lists what can be addressed in v.
func (v *value) contents() string {
	const few = 16
	var names []string
	if v.kind == mapping {
		for _, k := range v.keys {
			names = append(names, k.text)
		}
	} else {
		for _, item := range v.items {
			if name, ok := item.name(); ok {
				names = append(names, name)
			}
		}
	}
	switch {
	case len(names) == 0 && len(v.items) > 0:
		return count(len(v.items)) + " without names"
	case len(names) == 0:
		return "nothing"
	case len(names) > few:
		return strings.Join(names[:few], ", ") + fmt.Sprintf(" and %d more", len(names)-few)
	}
	return strings.Join(names, ", ")
}
