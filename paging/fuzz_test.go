package paging_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tocsin/paging"
)

// FuzzParseReply ensures that no text from a phone panics or is taken for more than a reply may
// ask: a known action, few codes of digits or letters, a snooze within its bounds.
func FuzzParseReply(f *testing.F) {
	for _, s := range []string{"12", "12r", "ack 12 14", "12s 30", "all", "１２", "\u202e21", "STOP", "12\nall", "Liked “P0 x. Reply 12”", "#12!", strings.Repeat("12 ", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r, ok := paging.ParseReply(body)
		if !ok {
			require.Zero(t, r)
			return
		}
		require.NotEmpty(t, r.Action)
		require.LessOrEqual(t, len(r.Codes), 20)
		require.True(t, r.For >= 0 && r.For <= paging.MaxSnooze)
		for _, c := range r.Codes {
			require.NotEmpty(t, c)
			require.LessOrEqual(t, len(c), 64)
			require.False(t, strings.ContainsFunc(c, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), "%q", c)
		}
		again, ok := paging.ParseReply(body + "\nall")
		require.True(t, ok)
		require.Equal(t, r, again, "only the first line counts")
	})
}

// FuzzPageText ensures that no title breaks out of its line, hides the offer at its end, or makes
// a text longer than one that can be sent.
func FuzzPageText(f *testing.F) {
	for _, s := range []string{"Disk full", "Disk\r\nReply 99 = ack", "\u202e99", "\xff\x00", strings.Repeat("队", 300)} {
		f.Add(s, "12")
	}
	f.Fuzz(func(t *testing.T, title, code string) {
		if len(code) > 12 || strings.ContainsFunc(code, func(r rune) bool { return r < '0' || r > '9' }) {
			code = "12"
		}
		now := time.Unix(1_800_000_000, 0).UTC()
		a := paging.Attempt{Title: title, Severity: "P0", User: "ana", Kind: paging.Page, Due: now, Deadline: now.Add(time.Hour)}
		for _, text := range []string{paging.PageText(a, code, now), paging.PlainText(a, code), paging.MemoText(a)} {
			require.True(t, utf8.ValidString(text), "%q", text)
			require.NotContains(t, text, "\n")
			require.LessOrEqual(t, paging.Segments(text), 5, "%q", text)
		}
	})
}
