// Command files checks what no linter does: files of at most 400 lines, a comment for every
// package, and a README that shows the smallest example as it is. It runs at the root of the
// repository and ends with 1 when it found something.
package main

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const maxLines = 400

func main() {
	var faults []string
	documented := map[string]bool{} // by folder of a package
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (path == ".cache" || path == ".git" || d.Name() == "node_modules" || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n := bytes.Count(source, []byte("\n")); n > maxLines {
			faults = append(faults, fmt.Sprintf("%s has %d lines; %d are allowed: split it by idea", path, n, maxLines))
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		dir := filepath.Dir(path)
		documented[dir] = documented[dir] || file.Doc != nil
		return nil
	})
	if err != nil {
		faults = append(faults, err.Error())
	}
	for dir, ok := range documented {
		if !ok {
			faults = append(faults, dir+" has no package comment: say what it is for, and how it works")
		}
	}
	faults = append(faults, readme("README.md", "configs/examples/minimal.yaml")...)
	slices.Sort(faults)
	for _, f := range faults {
		fmt.Println(f)
	}
	if len(faults) > 0 {
		os.Exit(1)
	}
}

// readme compares the block of README that begins as the example does.
func readme(page, example string) []string {
	text, err := os.ReadFile(page)
	if err != nil {
		return []string{err.Error()}
	}
	want, err := os.ReadFile(example)
	if err != nil {
		return []string{err.Error()}
	}
	if !bytes.Contains(text, append(append([]byte("```yaml\n"), want...), "```\n"...)) {
		return []string{page + " must show " + example + " as it is, in a block of its own that begins with ```yaml"}
	}
	return nil
}
