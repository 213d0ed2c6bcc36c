package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Bounds on what is read, far beyond any real configuration, so that a file can neither
// hang the program nor fill its memory (aliases can stand for exponentially many nodes).
const (
	maxBytes = 8 << 20
	maxNodes = 1_000_000
	maxDepth = 100
)

// yamlLine finds the place in the words of a YAML syntax error.
var yamlLine = regexp.MustCompile(`line (\d+)(?:, column (\d+))?: `)

// parseFile reads one YAML document and replaces aliases by what they stand for. A nil
// node without a problem is an empty file.
func parseFile(file string, data []byte) (root *yaml.Node, problem *Problem) {
	if len(data) > maxBytes {
		return nil, &Problem{File: file, Message: fmt.Sprintf("the file has more than %d MiB; split it", maxBytes>>20)}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	switch err := decode(decoder, &document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, syntaxProblem(file, data, err)
	}
	switch err := decode(decoder, &second); {
	case err == nil:
		return nil, &Problem{File: file, Line: second.Line, Column: second.Column, Message: "a second YAML document begins here; use one document per file"}
	case !errors.Is(err, io.EOF):
		return nil, syntaxProblem(file, data, err)
	}
	if len(document.Content) == 0 {
		return nil, nil
	}
	e := expander{file: file, left: maxNodes}
	root = e.expand(document.Content[0], 0)
	return root, e.problem
}

// errPanic is what the parser had no words for.
var errPanic = errors.New("cannot be read as YAML")

// decode reads a document. The parser panics on a few inputs that nobody writes.
func decode(decoder *yaml.Decoder, into *yaml.Node) (err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	return decoder.Decode(into)
}

func syntaxProblem(file string, data []byte, err error) *Problem {
	if errors.Is(err, errPanic) {
		return &Problem{File: file, Message: errPanic.Error() + "; look for odd characters, such as control characters"}
	}
	p := &Problem{File: file, Line: 1}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatchIndex(text); m != nil {
		p.Line, _ = strconv.Atoi(text[m[2]:m[3]])
		if m[4] >= 0 {
			p.Column, _ = strconv.Atoi(text[m[4]:m[5]])
		}
		text = text[:m[0]] + text[m[1]:]
	}
	p.Message = "this is not YAML: " + text
	if line := firstBadLine(data); line > p.Line {
		p.Line, p.Column = line, 0
	}
	return p
}

// firstBadLine is the line after the longest beginning of the file that can be read, 0
// when that is not known. The parser itself often names only where the mapping or list
// around the fault begins, which may be pages before. A beginning that ends inside a
// bracket cannot be read either, so that a few shorter ones are tried beside each.
func firstBadLine(data []byte) int {
	const most, shorter = 256 << 10, 8
	lines := bytes.SplitAfter(data, []byte("\n"))
	if len(data) > most {
		return 0
	}
	reads := func(n int) bool {
		for decoder := yaml.NewDecoder(bytes.NewReader(bytes.Join(lines[:n], nil))); ; {
			var document yaml.Node
			if err := decode(decoder, &document); err != nil {
				return errors.Is(err, io.EOF)
			}
		}
	}
	good, bad := 0, len(lines)
	for bad-good > shorter {
		middle := (good + bad) / 2
		found := middle
		for found > max(good, middle-shorter) && !reads(found) {
			found--
		}
		if found > max(good, middle-shorter) {
			good = found
		} else {
			bad = middle
		}
	}
	for n := bad - 1; n > good; n-- {
		if reads(n) {
			return n + 1
		}
	}
	return good + 1
}

// expander copies a tree without its aliases.
type expander struct {
	file    string
	left    int
	problem *Problem
}

func (e *expander) expand(n *yaml.Node, depth int) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	e.left--
	if e.problem == nil && (e.left < 0 || depth > maxDepth) {
		e.problem = &Problem{File: e.file, Line: n.Line, Column: n.Column,
			Message: fmt.Sprintf("too deep or too large (more than %d levels or %d values); an alias may contain itself", maxDepth, maxNodes)}
	}
	if e.problem != nil {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line, Column: n.Column}
	}
	c := *n
	c.Anchor, c.Content = "", make([]*yaml.Node, len(n.Content))
	for i, child := range n.Content {
		c.Content[i] = e.expand(child, depth+1)
	}
	return &c
}
