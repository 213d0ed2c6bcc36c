package paging

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// TestSegments ensures that texts are counted as carriers count them, at every boundary.
func TestSegments(t *testing.T) {
	rep := strings.Repeat
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"empty", "", 1},
		{"160 septets", rep("a", 160), 1},
		{"161 septets", rep("a", 161), 2},
		{"two parts full", rep("a", 306), 2},
		{"one more", rep("a", 307), 3},
		{"extension counts twice", rep("a", 158) + "€", 1},
		{"extension over the edge", rep("a", 159) + "€", 2},
		{"an extension is not torn", rep("a", 152) + "€" + rep("a", 152), 3},
		{"70 units", rep("я", 70), 1},
		{"71 units", rep("я", 71), 2},
		{"an emoji is two units", rep("я", 68) + "🔥", 1},
		{"an emoji over the edge", rep("я", 69) + "🔥", 2},
		{"a surrogate pair is not torn", rep("я", 66) + "🔥" + rep("я", 66), 3},
		{"one curly quote makes it UCS-2", rep("a", 70) + "’", 2},
	} {
		assert.Equal(t, c.want, Segments(c.text), c.name)
	}
	n, ok := GSMSeptets("a€[é")
	assert.True(t, ok)
	assert.Equal(t, 6, n)
	_, ok = GSMSeptets("`")
	assert.False(t, ok, "a back-tick is not in the alphabet")
	assert.Equal(t, 3, UCS2Units("a🔥"))
}

// TestGSMAlphabet ensures that the table has exactly the 127 characters and 10 extensions of
// 3GPP TS 23.038.
func TestGSMAlphabet(t *testing.T) {
	assert.Equal(t, 127, utf8.RuneCountInString(gsmBasic))
	assert.Equal(t, 10, utf8.RuneCountInString(gsmExtension))
	for i, r := range gsmBasic + gsmExtension {
		assert.Equal(t, i, strings.IndexRune(gsmBasic+gsmExtension, r), "%q is there twice", r)
	}
}

// TestToGSM ensures that look-alikes are replaced and the rest stays readable.
func TestToGSM(t *testing.T) {
	for in, want := range map[string]string{
		"plain [x] {y} 5 €":       "plain [x] {y} 5 €",
		"“quoted” ‘it’s’ «x»":     `"quoted" 'it's' "x"`,
		"a – b — c‑d…":            "a - b - c-d...",
		"a\u00a0b\u2009c\td":      "a b c d",
		"çÇ ñ ě š ž ô ł Đ œ ȩ":    "cÇ ñ e s z o l D oe e",
		"e\u0301 u\u0308 c\u030c": "é ü c",
		"½ ² ™ ﬁ ①":               "1/2 2 TM fi 1",
		"→ ≥ × µs 25°C `x`":       "-> >= x us 25degC 'x'",
		"zero\u200bwidth\ufeff":   "zerowidth",
		"日本 🔥":                    "?? ?",
		"❤\ufe0f":                 "?",
		"\xff":                    "?",
		"ΑΒΓ ſ":                   "ABΓ s",
	} {
		assert.Equal(t, want, ToGSM(in), "%q", in)
	}
}

// TestToGSMIsAlwaysGSM ensures that any input ends up in the alphabet, and that what is in it
// already (and composed) stays.
func TestToGSMIsAlwaysGSM(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		out := ToGSM(s)
		_, ok := GSMSeptets(out)
		assert.True(t, ok, "%q became %q", s, out)
		assert.Equal(t, out, ToGSM(out))
	})
}
