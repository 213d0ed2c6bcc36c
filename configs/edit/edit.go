package edit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// File is one YAML file. Order matters: lists are joined in the order of the files.
type File struct {
	Name string
	Data []byte
}

// Op is one change.
type Op struct {
	// Op is "set" (replace a value, or create a key), "add" (append an item to a list,
	// which is created when its key is missing) or "remove" (a key or an item).
	Op string `json:"op"`
	// Path names the place: keys with dots, items of a list by name or by number from 0,
	// such as schedules[platform].layers[primary].rotation.participants or
	// users["a.b"].contacts[0]. In a list of single values the value is the name.
	Path string `json:"path"`
	// Value is decoded JSON. A json.RawMessage or a struct keeps the order of its keys;
	// the keys of a map are sorted, name first.
	Value any `json:"value,omitempty"`
}

// Kind sorts errors for programs.
type Kind string

// The kinds of [Error].
const (
	NotFound Kind = "not_found" // the path leads nowhere
	Invalid  Kind = "invalid"   // the operation itself is wrong: its verb, path or value
	Conflict Kind = "conflict"  // what the files hold does not allow it
)

// Error is every error of [Apply].
type Error struct {
	Kind    Kind   `json:"kind"`
	Path    string `json:"path,omitempty"` // the path of the operation
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"` // from 1; 0 when it is about no line
	Message string `json:"message"`        // what is wrong and what to do
}

// Error is one line: place, path, sentence.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
		b.WriteString(": ")
	}
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(e.Message)
	return b.String()
}

func fail(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Apply makes the changes one after the other and returns all files. The files that
// were passed are never written to; with an error nothing is changed. The error is an
// [*Error].
func Apply(files []File, ops []Op) ([]File, error) {
	set := make(fileSet, len(files))
	for i, f := range files {
		t, err := parse(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		set[i] = t
	}
	for _, op := range ops {
		if err := set.apply(op); err != nil {
			var e *Error
			if errors.As(err, &e) && e.Path == "" {
				e.Path = op.Path
			}
			return nil, err
		}
	}
	out := make([]File, len(files))
	for i, t := range set {
		out[i] = File{Name: t.name, Data: t.bytes()}
	}
	return out, nil
}

// fileSet is a configuration: its files in order.
type fileSet []*tree

func (set fileSet) apply(op Op) error {
	path, err := parsePath(op.Path)
	if err != nil {
		return err
	}
	if len(set) == 0 {
		return fail(Invalid, "there is no file to edit")
	}
	var v *value
	switch op.Op {
	case "set", "add":
		if v, err = valueOf(op.Value); err != nil {
			return err
		}
	case "remove":
	default:
		return fail(Invalid, "unknown operation %q; use set, add or remove", op.Op)
	}
	c, file, err := set.locate(op.Op, path, v)
	if err != nil {
		return err
	}
	t, err := set[file].perform(c)
	if err != nil {
		var e *Error
		if errors.As(err, &e) && e.File == "" {
			e.File = set[file].name
		}
		return err
	}
	set[file] = t
	return nil
}

// perform makes one change. A set is first tried as the few changes that it comes to,
// then as a whole.
func (t *tree) perform(c change) (*tree, error) {
	want := t.values()
	if err := c.applyTo(want); err != nil {
		return nil, err
	}
	if c.verb == setValue {
		if done, err := t.performAll(plan(t.values(), c)); err == nil && same(done.values(), want, false) {
			return done, nil
		}
	}
	done, err := t.change(c)
	if err != nil {
		return nil, err
	}
	if !same(done.values(), want, false) {
		return nil, t.unfit()
	}
	return done, nil
}

func (t *tree) performAll(changes []change) (*tree, error) {
	for _, c := range changes {
		next, err := t.change(c)
		if err != nil {
			return nil, err
		}
		t = next
	}
	return t, nil
}

func (t *tree) unfit() *Error {
	if t.lines[len(t.lines)-1].from < len(t.data) { // a break after "|" text at the end would belong to the text
		return fail(Conflict, "the value cannot be written here; the file has no line break at its end, add one")
	}
	return fail(Conflict, "the value cannot be written here without touching what is around it; edit the file by hand")
}

// change makes one change to the text and proves it: the new text must read as the old
// values with the change applied, in the same order.
func (t *tree) change(c change) (*tree, error) {
	want := t.values()
	if err := c.applyTo(want); err != nil {
		return nil, err
	}
	quoting := *t // the last resort: everything in double quotes
	quoting.style.always, quoting.style.quotes = true, '"'
	for _, t := range []*tree{t, &quoting} {
		ways, err := t.ways(c)
		if err != nil {
			return nil, err
		}
		for _, cuts := range ways {
			data, ok := splice(t.data, cuts)
			if !ok {
				continue
			}
			next, err := parse(t.name, slices.Concat(t.bom, data))
			if err == nil && same(next.values(), want, true) {
				return next, nil
			}
		}
	}
	return nil, t.unfit()
}

// cut replaces the bytes from..to by text.
type cut struct {
	from, to int
	text     string
}

// splice makes cuts that do not overlap.
func splice(data []byte, cuts []cut) ([]byte, bool) {
	slices.SortStableFunc(cuts, func(a, b cut) int { return a.from - b.from })
	var out []byte
	at := 0
	for _, c := range cuts {
		if c.from < at || c.to < c.from || c.to > len(data) {
			return nil, false
		}
		out = append(append(out, data[at:c.from]...), c.text...)
		at = c.to
	}
	return append(out, data[at:]...), true
}
