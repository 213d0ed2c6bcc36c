package edit

import (
	"strconv"
	"strings"
)

// step is one part of a path: a key, or what stands in brackets.
type step struct {
	name    string
	index   int // of [3], else -1
	bracket bool
}

func (s step) String() string {
	odd := s.name == "" || strings.ContainsAny(s.name, `.[]"`)
	switch {
	case s.index >= 0:
		return "[" + strconv.Itoa(s.index) + "]"
	case s.bracket && (odd || isNumber(s.name)):
		return "[" + strconv.Quote(s.name) + "]"
	case s.bracket:
		return "[" + s.name + "]"
	case odd:
		return strconv.Quote(s.name)
	}
	return s.name
}

// written is a path as people write it.
func written(steps []step) string {
	var b strings.Builder
	for i, s := range steps {
		if i > 0 && !s.bracket && s.index < 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.String())
	}
	return b.String()
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// parsePath reads users["a.b"].contacts[0].
func parsePath(path string) ([]step, error) {
	const most = 100
	var steps []step
	rest := path
	for rest != "" || len(steps) == 0 {
		if len(steps) == most {
			return nil, fail(Invalid, "the path has more than %d parts", most)
		}
		s, after, ok := nextStep(rest, len(steps) == 0)
		if !ok {
			return nil, fail(Invalid, "this is no path from %q on; write for example schedules[platform].layers[0].rotation", rest)
		}
		steps, rest = append(steps, s), after
	}
	return steps, nil
}

func nextStep(rest string, first bool) (s step, after string, ok bool) {
	s.index = -1
	if !first && strings.HasPrefix(rest, "[") {
		s.bracket = true
		return bracketStep(s, rest[1:])
	}
	if !first {
		if rest, ok = strings.CutPrefix(rest, "."); !ok {
			return s, rest, false
		}
	}
	if strings.HasPrefix(rest, `"`) {
		s.name, after, ok = quoted(rest)
		return s, after, ok
	}
	end := strings.IndexAny(rest, ".[")
	if end < 0 {
		end = len(rest)
	}
	s.name = rest[:end]
	return s, rest[end:], s.name != "" && !strings.ContainsAny(s.name, "]\"")
}

func bracketStep(s step, rest string) (_ step, after string, ok bool) {
	if strings.HasPrefix(rest, `"`) {
		if s.name, rest, ok = quoted(rest); !ok {
			return s, rest, false
		}
		after, ok = strings.CutPrefix(rest, "]")
		return s, after, ok
	}
	s.name, after, ok = strings.Cut(rest, "]")
	if isNumber(s.name) {
		n, err := strconv.Atoi(s.name)
		if err != nil {
			return s, after, false
		}
		s.index = n
	}
	return s, after, ok && s.name != "" && !strings.Contains(s.name, "[")
}

func quoted(rest string) (name, after string, ok bool) {
	q, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return "", rest, false
	}
	name, err = strconv.Unquote(q)
	return name, rest[len(q):], err == nil
}
