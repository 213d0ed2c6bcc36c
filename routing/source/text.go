package source

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line makes s one line of at most limit runes: control characters become a space,
// invalid UTF-8 becomes U+FFFD, and a cut shows as "…".
func Line(s string, limit int) string {
	if len(s) <= limit && plain(s) {
		return s
	}
	return cut(strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return r == '\u2028' || r == '\u2029' || unicode.IsControl(r)
	}), " "), limit)
}

// Block keeps lines and tabs, drops other control characters, and cuts s to at most limit
// bytes at the border of a rune.
func Block(s string, limit int) string {
	if len(s) <= limit && plain(s) {
		return s
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && dropped(r) {
			return -1
		}
		return r
	}, s))
	if len(s) <= limit {
		return s
	}
	end := limit - len("…")
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.TrimSpace(s[:end]) + "…"
}

// FirstLine is the first line of s that holds something.
func FirstLine(s string) string {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

// First returns the first value that is not blank.
func First(values ...string) string {
	for _, v := range values {
		if strings.TrimSpace(v) != "" {
			return v
		}
	}
	return ""
}

// cut drops what a title must not hold and keeps at most limit runes.
func cut(s string, limit int) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if dropped(r) {
			return -1
		}
		return r
	}, s))
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s
	}
	n := 0
	for i := range s {
		if n++; n == limit {
			return strings.TrimSpace(s[:i]) + "…"
		}
	}
	return s
}

// dropped says whether a rune is a control character or turns the reading direction,
// with which a title could pretend to be another one.
func dropped(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' ||
		r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

// plain says whether s is printable ASCII with no space at its ends: the usual case,
// which needs no work.
func plain(s string) bool {
	if s == "" {
		return true
	}
	if s[0] == ' ' || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
