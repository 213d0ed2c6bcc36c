package routing

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"unicode/utf8"

	"github.com/prometheus/alertmanager/pkg/labels"
)

// maxLiterals bounds how many words a regular expression may stand for before it is
// treated as an opaque expression.
const maxLiterals = 256

// condition is one matcher, prepared. A regular expression that stands for a short
// list of words ("a|b", "P[23]") is kept as that list: it is faster to test, and it can
// be indexed like several equalities.
type condition struct {
	name  string
	op    labels.MatchType
	value string
	words []string        // sorted; nil when the expression is opaque
	re    *labels.Matcher // only for opaque expressions
}

func (c *condition) matches(value string) bool {
	switch c.op {
	case labels.MatchEqual:
		return value == c.value
	case labels.MatchNotEqual:
		return value != c.value
	}
	var found bool
	if c.words != nil {
		_, found = slices.BinarySearch(c.words, value)
	} else {
		return c.re.Matches(value)
	}
	return found == (c.op == labels.MatchRegexp)
}

// keys lists the values that the label must have one of, or nil when the condition
// names none or is also met by a missing label. Only such a condition can be indexed.
func (c *condition) keys() []string {
	switch {
	case c.op == labels.MatchEqual && c.value != "":
		return []string{c.value}
	case c.op == labels.MatchRegexp && len(c.words) > 0 && c.words[0] != "":
		return c.words // sorted: "" would be the first
	}
	return nil
}

// conditions must all be met.
type conditions []condition

func (cs conditions) match(v *view) bool {
	for i := range cs {
		if !cs[i].matches(v.get(cs[i].name)) {
			return false
		}
	}
	return true
}

// compileMatchers prepares matchers, cheap ones first. It compiles expressions anew, so
// that a matcher built by hand cannot bring a nil expression into the table.
func compileMatchers(ms labels.Matchers) (conditions, error) {
	cs := make(conditions, 0, len(ms))
	for i, m := range ms {
		if m == nil || m.Type < labels.MatchEqual || m.Type > labels.MatchNotRegexp {
			return nil, fmt.Errorf("matcher %d is not one of = != =~ !~", i)
		}
		if m.Name == "" {
			return nil, errors.New("a matcher has no label name")
		}
		c := condition{name: m.Name, op: m.Type, value: m.Value}
		if m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp {
			if c.words = wordsOf(m.Value); c.words == nil {
				re, err := labels.NewMatcher(m.Type, m.Name, m.Value)
				if err != nil {
					return nil, fmt.Errorf("matcher %s: %w", m, err)
				}
				c.re = re
			}
		}
		cs = append(cs, c)
	}
	slices.SortStableFunc(cs, func(a, b condition) int { return a.cost() - b.cost() })
	return cs, nil
}

func (c *condition) cost() int {
	switch {
	case c.re != nil:
		return 2
	case c.words != nil:
		return 1
	}
	return 0
}

// wordsOf returns, sorted, every string that the expression matches when they are few,
// else nil. It parses the expression anchored as Alertmanager anchors it, so that
// "a)|(?:b" keeps its odd meaning and is left to the expression itself.
func wordsOf(expression string) []string {
	tree, err := syntax.Parse("^(?:"+expression+")$", syntax.Perl)
	if err != nil || tree.Op != syntax.OpConcat || len(tree.Sub) < 2 {
		return nil
	}
	last := len(tree.Sub) - 1
	if tree.Sub[0].Op != syntax.OpBeginText || tree.Sub[last].Op != syntax.OpEndText {
		return nil
	}
	words, ok := product(tree.Sub[1:last])
	if !ok {
		return nil
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// expand lists what a node of an expression matches. ok is false when that is too many,
// or not a list at all.
func expand(node *syntax.Regexp) (words []string, ok bool) {
	switch node.Op {
	case syntax.OpEmptyMatch:
		return []string{""}, true
	case syntax.OpLiteral:
		// An expression reads a byte that is not UTF-8 as U+FFFD, so that this one
		// character stands for many.
		if node.Flags&syntax.FoldCase != 0 || slices.Contains(node.Rune, utf8.RuneError) {
			return nil, false
		}
		return []string{string(node.Rune)}, true
	case syntax.OpCharClass:
		return expandClass(node.Rune)
	case syntax.OpCapture:
		return expand(node.Sub[0])
	case syntax.OpQuest:
		words, ok = expand(node.Sub[0])
		return append(words, ""), ok
	case syntax.OpConcat:
		return product(node.Sub)
	case syntax.OpAlternate:
		for _, sub := range node.Sub {
			more, ok := expand(sub)
			if words = append(words, more...); !ok || len(words) > maxLiterals {
				return nil, false
			}
		}
		return words, true
	}
	return nil, false
}

// expandClass lists the characters of a class, given as pairs of first and last.
func expandClass(pairs []rune) (words []string, ok bool) {
	for i := 0; i+1 < len(pairs); i += 2 {
		for r := pairs[i]; r <= pairs[i+1]; r++ {
			if r == utf8.RuneError || len(words) == maxLiterals {
				return nil, false
			}
			words = append(words, string(r))
		}
	}
	return words, len(words) > 0
}

// product lists what nodes match one after the other.
func product(nodes []*syntax.Regexp) (words []string, ok bool) {
	words = []string{""}
	for _, node := range nodes {
		tails, ok := expand(node)
		if !ok || len(words)*len(tails) > maxLiterals {
			return nil, false
		}
		joined := make([]string, 0, len(words)*len(tails))
		for _, head := range words {
			for _, tail := range tails {
				joined = append(joined, head+tail)
			}
		}
		words = joined
	}
	return words, true
}
