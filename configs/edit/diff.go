package edit

import (
	"bytes"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// Diff is a unified diff of two sets of files, which are matched by name: first the old
// files in their order, then those that are new. The names of both sides, such as
// "revision 12", stand before the names of the files; a side without the file is
// /dev/null. Without a difference it is empty.
func Diff(oldName, newName string, old, new []File) string { //nolint:predeclared // old and new are what they are
	var b strings.Builder
	for _, f := range old {
		g, ok := named(new, f.Name)
		switch {
		case !ok:
			b.WriteString(udiff.Unified(label(oldName, f.Name), nowhere, string(f.Data), ""))
		case !bytes.Equal(f.Data, g.Data):
			b.WriteString(udiff.Unified(label(oldName, f.Name), label(newName, f.Name), string(f.Data), string(g.Data)))
		}
	}
	for _, g := range new {
		if _, ok := named(old, g.Name); !ok {
			b.WriteString(udiff.Unified(nowhere, label(newName, g.Name), "", string(g.Data)))
		}
	}
	return b.String()
}

const nowhere = "/dev/null"

func label(side, name string) string {
	if side == "" {
		return name
	}
	return side + "/" + name
}

func named(files []File, name string) (File, bool) {
	for _, f := range files {
		if f.Name == name {
			return f, true
		}
	}
	return File{}, false
}
