package configs

import (
	"slices"
	"strconv"
	"strings"

	"tocsin/routing"
	"tocsin/schedules"
)

// reader reads one configuration: it holds what was found so far and all problems.
type reader struct {
	reg       Registry
	env       func(string) (string, bool)
	readFile  func(name string) ([]byte, error) // of a secret
	noSecrets bool                              // a secret that cannot be read is no fault
	calendars map[string][]byte                 // by name

	problems Problems
	first    node            // the beginning of the first file, for what is missing altogether
	sections map[string]node // top-level keys that stand once
	items    map[string][]node
	places   map[string]node // mappings by path, for faults that other packages find

	outward Egress // where addresses that are called may lead

	scale  routing.Scale
	names  map[string]map[string]node // section → name → where it is defined
	layers map[string][]string        // schedule → its layers
	roles  map[string][]string        // schedule → the roles of its layers

	shadows []string // "schedule/layer" of those who are never paged

	identities []identity // what calendars may call people
	timeOff    map[schedules.UserID][]schedules.Away
}

// gatherNames learns what is defined before anything refers to it, and refuses a name
// that is defined twice. Whether a name is there at all is judged when its item is read.
func (r *reader) gatherNames() {
	r.names, r.layers, r.roles = map[string]map[string]node{}, map[string][]string{}, map[string][]string{}
	for _, section := range topLists {
		defined := map[string]node{}
		r.names[section] = defined
		if section == "classify" { // the names of rules are only for people
			continue
		}
		for _, item := range r.items[section] {
			n, ok := item.peek("name")
			if !ok || n.kind() != "a single value" {
				continue
			}
			name := n.y.Value
			if first, twice := defined[name]; twice {
				r.fail(n, "%s %q is defined twice; it is also in %s", singular(section), name, first.where())
				continue
			}
			defined[name] = n
			if section == "schedules" {
				r.layers[name], r.roles[name] = valuesIn(item, "layers", "name"), sortedUnique(valuesIn(item, "layers", "role"))
			}
		}
	}
}

// valuesIn lists what the items of a list, such as the layers of a schedule, say at key.
func valuesIn(item node, section, key string) (values []string) {
	list, ok := item.peek(section)
	if !ok || list.kind() != "a list" {
		return nil
	}
	for _, y := range list.y.Content {
		if n, ok := (node{y: y}).peek(key); ok && n.kind() == "a single value" {
			values = append(values, n.y.Value)
		}
	}
	return values
}

// lines are what may stand behind the slash of "schedule:NAME/": layers and roles.
func (r *reader) lines(schedule string) []string {
	return slices.Concat(r.layers[schedule], slices.DeleteFunc(slices.Clone(r.roles[schedule]), func(role string) bool {
		return slices.Contains(r.layers[schedule], role)
	}))
}

// refer reads a name and checks that the section defines it.
func (r *reader) refer(n node, section string) (string, bool) {
	name, ok := r.text(n)
	return name, ok && r.known(n, section, name)
}

// known checks that the section defines the name, and tells n when it does not.
func (r *reader) known(n node, section, name string) bool {
	if _, ok := r.names[section][name]; ok {
		return true
	}
	r.fail(n, "%s %q is not defined%s", singular(section), name, suggestion(name, r.defined(section)))
	return false
}

func (r *reader) defined(section string) []string {
	names := make([]string, 0, len(r.names[section]))
	for name := range r.names[section] {
		names = append(names, name)
	}
	return sortedUnique(names)
}

// severity reads a step of the scale.
func (r *reader) severity(n node) (routing.Severity, bool) {
	s, ok := r.text(n)
	if !ok {
		return "", false
	}
	return r.step(n, s)
}

func (r *reader) step(n node, s string) (routing.Severity, bool) {
	if !r.scale.Has(routing.Severity(s)) {
		r.fail(n, "severity %q is no step of the scale%s", s, suggestion(s, r.steps()))
		return "", false
	}
	return routing.Severity(s), true
}

func (r *reader) steps() []string {
	steps := make([]string, len(r.scale.Levels))
	for i, level := range r.scale.Levels {
		steps[i] = string(level.Name)
	}
	return steps
}

// name reads the name of an item.
func (f fields) name() string {
	n, ok := f.need("name")
	if !ok {
		return ""
	}
	s, ok := f.r.text(n)
	if !ok || !f.r.checkName(n, s) {
		return ""
	}
	return s
}

// section returns a top-level key that stands once, or the beginning of the first file.
func (r *reader) section(key string) node {
	if n, ok := r.sections[key]; ok {
		return n
	}
	return r.first
}

func singular(section string) string {
	switch section {
	case "policies":
		return "policy"
	case "api_tokens":
		return "API token"
	case "time_intervals":
		return "time interval"
	}
	return strings.TrimSuffix(section, "s")
}

func indexed(key string, i int) string { return key + "[" + strconv.Itoa(i) + "]" }

// unique tells of an item that a list holds twice.
func (r *reader) unique(items []node, what string) {
	var seen []string
	for _, n := range items {
		if n.kind() != "a single value" {
			continue
		}
		if slices.Contains(seen, n.y.Value) {
			r.fail(n, "%s %q is listed twice; once is enough", what, n.y.Value)
		}
		seen = append(seen, n.y.Value)
	}
}
