package paging

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Sizes of text messages: 3GPP TS 23.038 (alphabets) and 23.040 (parts of long messages).
const (
	GSMSingle  = 160 // septets in a message of one segment
	gsmPart    = 153 // septets per segment of a longer one
	ucs2Single = 70  // UTF-16 units in a message of one segment
	ucs2Part   = 67
)

// The GSM 7-bit default alphabet and its extension table, 3GPP TS 23.038 §6.2.1. Characters
// of the extension cost two septets.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"
)

// septets returns what r costs in GSM-7: 1, 2, or 0 when it is not in the alphabet.
func septets(r rune) int {
	switch {
	case strings.ContainsRune(gsmBasic, r) && r != unicode.ReplacementChar:
		return 1
	case strings.ContainsRune(gsmExtension, r):
		return 2
	default:
		return 0
	}
}

// GSMSeptets returns the length of s in GSM-7, and whether s can be written in it at all.
func GSMSeptets(s string) (n int, ok bool) {
	for _, r := range s {
		c := septets(r)
		if c == 0 {
			return 0, false
		}
		n += c
	}
	return n, true
}

// UCS2Units returns the length of s in UTF-16 units: two for each rune outside the basic plane.
func UCS2Units(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// Segments returns how many text messages s is billed and sent as; at least 1. A character
// that costs two septets or units is never torn apart, so a long text may need one segment
// more than its length suggests.
func Segments(s string) int {
	if n, ok := GSMSeptets(s); ok {
		return parts(s, n, GSMSingle, gsmPart, septets)
	}
	return parts(s, UCS2Units(s), ucs2Single, ucs2Part, func(r rune) int { return 1 + min(int(r>>16), 1) })
}

func parts(s string, total, single, part int, cost func(rune) int) int {
	if total <= single {
		return 1
	}
	count, used := 1, 0
	for _, r := range s {
		c := cost(r)
		if used+c > part {
			count, used = count+1, 0
		}
		used += c
	}
	return count
}

// ToGSM returns s in the GSM-7 alphabet, so that one odd character does not turn a page of one
// segment into three: look-alikes are replaced, accents that the alphabet lacks are dropped,
// invisible characters removed, and anything else becomes "?".
func ToGSM(s string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(s) {
		if septets(r) > 0 {
			b.WriteRune(r)
			continue
		}
		b.WriteString(toGSM(r))
	}
	return b.String()
}

func toGSM(r rune) string {
	if like, ok := lookAlike(r); ok {
		return like
	}
	if unicode.In(r, unicode.Cf, unicode.Mn, unicode.Me, unicode.Variation_Selector) {
		return ""
	}
	if unicode.IsSpace(r) || unicode.IsControl(r) {
		return " "
	}
	var b strings.Builder
	for _, c := range norm.NFKD.String(string(r)) {
		switch like, ok := lookAlike(c); {
		case unicode.Is(unicode.Mn, c): // the accent
		case septets(c) > 0:
			b.WriteRune(c)
		case ok:
			b.WriteString(like)
		default:
			return "?"
		}
	}
	if b.Len() == 0 {
		return "?"
	}
	return b.String()
}

// lookAlike knows the characters that Unicode's own decompositions do not lead to GSM-7.
func lookAlike(r rune) (string, bool) {
	switch r {
	case '‘', '’', '‚', '‛', '‹', '›', '`', '´', '′', 'ʼ':
		return "'", true
	case '“', '”', '„', '‟', '«', '»', '″':
		return `"`, true
	case '‐', '‑', '‒', '–', '—', '―', '−', '•', '·', '■', '▪', '●':
		return "-", true
	case '…':
		return "...", true
	case '→', '⇒', '➜':
		return "->", true
	case '←', '⇐':
		return "<-", true
	case '≥':
		return ">=", true
	case '≤':
		return "<=", true
	case '≠':
		return "!=", true
	case '±':
		return "+-", true
	case '×', '✕', '✖':
		return "x", true
	case '÷', '⁄':
		return "/", true
	case 'µ', 'μ':
		return "u", true
	case '°':
		return "deg", true
	case '©':
		return "(c)", true
	case '®':
		return "(R)", true
	case 'Œ':
		return "OE", true
	case 'œ':
		return "oe", true
	case 'Þ':
		return "Th", true
	case 'þ':
		return "th", true
	case 'ẞ':
		return "ß", true
	}
	return latinLookAlike(r)
}

// latinLookAlike returns the base letter of Latin letters with a stroke and of the Greek
// capitals that look like Latin ones.
func latinLookAlike(r rune) (string, bool) {
	const from = "łŁđĐıĸŋŊħĦŧŦſðÐĿŀΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"
	const to = "lLdDiknNhHtTsdDLlABEZHIKMNOPTYX"
	i := 0
	for _, f := range from {
		if f == r {
			return to[i : i+1], true
		}
		i++
	}
	return "", false
}

// truncate cuts s, which is GSM-7, to at most n septets, ending in "..." when something was cut.
func truncate(s string, n int) string {
	total, _ := GSMSeptets(s)
	if total <= n {
		return s
	}
	const dots = "..."
	if n <= len(dots) {
		return ""
	}
	used := 0
	for i, r := range s {
		c := septets(r)
		if used+c > n-len(dots) {
			return strings.TrimRight(s[:i], " ,;.:-") + dots
		}
		used += c
	}
	return s
}
