package edit

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"pgregory.net/rapid"
)

// writer writes random documents in random styles and remembers whose every byte and
// every comment is.
type writer struct {
	t       *rapid.T
	b       bytes.Buffer
	newline string
	owner   map[string]string // comment → path of what it belongs to
	region  map[string][2]int // path → bytes of the entry with its comments
	flow    map[string]bool   // paths of collections in brackets
	paths   []string
	kinds   map[string]string // path → single, list, mapping
	size    map[string]int
}

func (w *writer) chance(percent int) bool {
	return rapid.IntRange(1, 100).Draw(w.t, "chance") <= percent
}

func (w *writer) comment(owner string) string {
	c := fmt.Sprintf("# c%d!", len(w.owner))
	w.owner[c] = owner
	return c
}

// head writes blank lines and comments above an entry.
func (w *writer) head(parent, path string, col int) {
	if w.chance(10) { // nobody's
		w.b.WriteString(w.newline + spaces(col) + w.comment(parent+"/") + w.newline + w.newline)
	}
	start := w.b.Len()
	for w.chance(20) {
		w.b.WriteString(spaces(col) + w.comment(path) + w.newline)
	}
	w.region[path] = [2]int{start, 0}
}

func (w *writer) tail(path string) {
	if w.chance(25) {
		w.b.WriteString(" " + w.comment(path))
	}
	w.b.WriteString(w.newline)
}

func (w *writer) done(path string) {
	w.region[path] = [2]int{w.region[path][0], w.b.Len()}
}

func keyPath(parent, key string) string {
	k := step{name: key, index: -1}.String()
	if parent == "" {
		return k
	}
	return parent + "." + k
}

var keys = []string{"name", "owner", "a.b", "layers", "on", "zoe", "P0", "x y"}

func (w *writer) keys() []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 1, 4, rapid.ID[string]).Draw(w.t, "keys")
}

func (w *writer) add(path, kind string, size int) {
	w.paths, w.kinds[path], w.size[path] = append(w.paths, path), kind, size
}

func (w *writer) mapping(path string, col, depth int, inline bool) {
	keys := w.keys()
	w.add(path, "mapping", len(keys))
	for i, key := range keys {
		p := keyPath(path, key)
		if i > 0 || !inline {
			w.head(path, p, col)
			w.b.WriteString(spaces(col))
		} else {
			w.region[p] = [2]int{w.b.Len(), 0}
		}
		w.b.WriteString(scalarStyle(w, key, true) + ":")
		w.value(p, col, depth, false)
		w.done(p)
	}
}

func (w *writer) list(path string, col, depth int, inline bool) {
	n := rapid.IntRange(1, 3).Draw(w.t, "items")
	w.add(path, "list", n)
	for i := range n {
		p := path + "[" + strconv.Itoa(i) + "]"
		if i > 0 || !inline {
			w.head(path, p, col)
			w.b.WriteString(spaces(col))
		} else {
			w.region[p] = [2]int{w.b.Len(), 0}
		}
		w.b.WriteString("-")
		w.value(p, col, depth, true)
		w.done(p)
	}
}

func (w *writer) value(p string, col, depth int, item bool) {
	shape := rapid.IntRange(0, 9).Draw(w.t, "shape")
	if depth <= 0 {
		shape = min(shape, 5)
	}
	next := col + rapid.SampledFrom([]int{2, 2, 3, 4}).Draw(w.t, "step")
	switch {
	case shape == 0: // nothing
		w.add(p, "single", 0)
		w.tail(p)
	case shape == 1:
		w.add(p, "single", 0)
		w.b.WriteString(" " + rapid.SampledFrom([]string{"|", ">", "|-", ">-", "|2"}).Draw(w.t, "header"))
		w.tail(p)
		// Not "|+": blank lines around it are its value, and nobody's below another entry.
		for _, l := range []string{"text", "  # not a comment", "", "- more: ["} {
			if l != "" {
				l = spaces(col+2) + l
			}
			w.b.WriteString(l + w.newline)
		}
	case shape <= 4:
		w.add(p, "single", 0)
		w.b.WriteString(" " + w.text())
		w.tail(p)
	case shape == 5:
		w.b.WriteString(" ")
		w.brackets(p, 2, next)
		w.tail(p)
	case item && w.chance(60): // right behind the dash
		w.b.WriteString(" ")
		if shape <= 7 {
			w.mapping(p, col+2, depth-1, true)
		} else {
			w.list(p, col+2, depth-1, true)
		}
	case shape <= 7:
		w.tail(p)
		w.mapping(p, next, depth-1, false)
	default:
		w.tail(p)
		if !item && w.chance(40) {
			next = col
		}
		w.list(p, next, depth-1, false)
	}
}

// brackets writes a flow collection, sometimes over several lines.
func (w *writer) brackets(p string, depth, col int) {
	w.flow[p] = true
	keys := w.keys()[rapid.IntRange(0, 1).Draw(w.t, "none"):]
	isList, lines := w.chance(50), w.chance(20)
	open, shut, kind := "{", "}", "mapping"
	if isList {
		open, shut, kind = "[", "]", "list"
	}
	w.add(p, kind, len(keys))
	w.b.WriteString(open)
	for i, key := range keys {
		path := keyPath(p, key)
		if isList {
			path = p + "[" + strconv.Itoa(i) + "]"
		}
		if lines {
			w.b.WriteString(w.newline + spaces(col+2))
			if w.chance(20) {
				w.b.WriteString(w.comment(path) + w.newline + spaces(col+2))
			}
		}
		w.region[path] = [2]int{w.b.Len(), 0}
		if !isList {
			w.b.WriteString(scalarStyle(w, key, true) + ": ")
		}
		if depth > 0 && w.chance(30) {
			w.brackets(path, depth-1, col+2)
		} else {
			w.add(path, "single", 0)
			w.b.WriteString(w.text())
		}
		w.done(path)
		if i+1 < len(keys) || w.chance(10) {
			w.b.WriteString(rapid.SampledFrom([]string{",", ", ", " , "}).Draw(w.t, "comma"))
		}
		if lines && w.chance(30) {
			w.b.WriteString(" " + w.comment(path))
		}
	}
	if lines {
		w.b.WriteString(w.newline + spaces(col))
	}
	w.b.WriteString(shut)
}

var words = []string{"ana", "on", "012", "2026-01-05T09:00", "a: b", "a #c", "#", "🚀 ü", "it's", "5m", "", "p\nq\n", "-", "[x]", "{", "a,b", "x\t\"y\"\\", "true", "1.5", "# c", "two\n\nlines", " lead"}

func (w *writer) text() string {
	if w.chance(20) {
		return rapid.SampledFrom([]string{"12", "-1.5", "true", "null", "~", "1e3"}).Draw(w.t, "plain")
	}
	return scalarStyle(w, rapid.SampledFrom(words).Draw(w.t, "word"), false)
}

func scalarStyle(w *writer, s string, key bool) string {
	switch how := rapid.IntRange(0, 2).Draw(w.t, "style"); {
	case how == 0 && plainSafe(s, true):
		return s
	case how == 1 && (key || !strings.ContainsAny(s, "\n\t")):
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return style{quotes: '"'}.quote(s)
}

func document(t *rapid.T) *writer {
	w := &writer{t: t, owner: map[string]string{}, region: map[string][2]int{}, flow: map[string]bool{}, kinds: map[string]string{}, size: map[string]int{},
		newline: rapid.SampledFrom([]string{"\n", "\n", "\r\n"}).Draw(t, "newline")}
	if w.chance(20) {
		w.b.WriteString("# file" + w.newline + "---" + w.newline)
	}
	w.mapping("", 0, 3, false)
	// A text of several lines at the very end would change its value with a break after it.
	if w.chance(20) && !bytes.HasSuffix(w.b.Bytes(), []byte("more: ["+w.newline)) {
		w.b.Truncate(w.b.Len() - len(w.newline))
	}
	w.region[""] = [2]int{0, w.b.Len()}
	return w
}
