package edit

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// What some reader of YAML takes for something other than text. Version 1.1 knows far
// more words and numbers than 1.2, and files are read by other programs too.
var (
	wordLike   = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null|nil|~|=|<<|[-+]?\.(inf|nan))$`)
	numberLike = regexp.MustCompile(`^[-+]?(0x[0-9a-fA-F_]+|0o?[0-7_]+|0b[01_]+|[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|\.[0-9_]+([eE][-+]?[0-9]+)?|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)$`)
	dateLike   = regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?$`)
)

func ambiguous(s string) bool {
	return wordLike.MatchString(s) || numberLike.MatchString(s) || dateLike.MatchString(s)
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }) < 0
}

// plainSafe says whether text may stand without quotes, as the parser reads it.
func plainSafe(s string, flow bool) bool {
	switch {
	case s == "" || strings.TrimSpace(s) != s || !printable(s),
		strings.ContainsRune("-?:,[]{}#&*!|>'\"%@`=~<", rune(s[0])),
		strings.HasPrefix(s, "..."),
		strings.Contains(s, ": ") || strings.Contains(s, " #") || strings.HasSuffix(s, ":"),
		flow && strings.ContainsAny(s, ",[]{}:?"),
		plainly(s).tag != "!!str":
		return false
	}
	return true
}

// quote writes text in the quotes of the style, or in double ones where it must.
func (st style) quote(s string) string {
	if st.quotes == '\'' && printable(s) && !strings.Contains(s, "'") {
		return "'" + s + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == ' ' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xff:
			fmt.Fprintf(&b, `\x%02X`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// scalar writes a single value in one line.
func (st style) scalar(v *value, flow bool) string {
	switch {
	case v.tag != "!!str":
		return v.text
	case !st.always && plainSafe(v.text, flow) && !ambiguous(v.text):
		return v.text
	}
	return st.quote(v.text)
}

// scalarLike writes a single value as the old one was written, where that can be.
func (st style) scalarLike(v *value, old *span) string {
	if v.kind != single || v.tag != "!!str" || old.node.Kind != yaml.ScalarNode {
		return st.scalar(v, old.flow)
	}
	switch {
	case old.node.Style&yaml.DoubleQuotedStyle != 0:
		st.quotes = '"'
		return st.quote(v.text)
	case old.node.Style&yaml.SingleQuotedStyle != 0:
		st.quotes = '\''
		return st.quote(v.text)
	case old.node.Style == 0 && old.node.ShortTag() == "!!str" && ambiguous(old.node.Value) && plainSafe(v.text, old.flow):
		return v.text // a date without quotes stays one
	}
	return st.scalar(v, old.flow)
}

// literal is text that can be written as "|": the header and the lines.
func literal(v *value) (header string, lines []string, ok bool) {
	if v.kind != single || v.tag != "!!str" || !strings.Contains(v.text, "\n") {
		return "", nil, false
	}
	body, clipped := strings.CutSuffix(v.text, "\n")
	if header = "|"; !clipped {
		header = "|-"
	}
	lines = strings.Split(body, "\n")
	if lines[0] == "" || lines[0][0] == ' ' || lines[len(lines)-1] == "" {
		return "", nil, false
	}
	for _, l := range lines {
		if !printable(l) || strings.TrimRight(l, " ") != l {
			return "", nil, false
		}
	}
	return header, lines, true
}
