package source_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/routing"
	"tocsin/routing/source"
)

// TestCheckDepth ensures that nesting is counted outside of strings only, up to the limit.
func TestCheckDepth(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for body, ok := range map[string]bool{
		deep(source.MaxDepth):                  true,
		deep(source.MaxDepth + 1):              false,
		strings.Repeat(`{"a":`, 65) + "1":      false,
		`"` + strings.Repeat("[", 100) + `"`:   true,
		`"\"` + strings.Repeat("[", 100) + `"`: true,
		`"\\"` + strings.Repeat("[", 100):      false,
		strings.Repeat("[]", 1000):             true,
		`"` + strings.Repeat(`\`, 99):          true,
	} {
		err := source.CheckDepth([]byte(body))
		require.Equal(t, ok, err == nil, "%.20s: %v", body, err)
	}
}

// TestText ensures that what people read is short, valid, and cannot hide anything.
func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                   "plain",
		"  spaces  ":              "spaces",
		"two\nlines\x00here":      "two lines here",
		"turn\u202eround":         "turnround",
		"bad \xff byte":           "bad \uFFFD byte",
		strings.Repeat("é", 200):  strings.Repeat("é", 200),
		strings.Repeat("é", 201):  strings.Repeat("é", 199) + "…",
		strings.Repeat("a", 3000): strings.Repeat("a", 199) + "…",
	} {
		require.Equal(t, want, source.Line(in, source.MaxTitle))
	}
	for in, want := range map[string]string{
		"a\r\nb\tc\x1b[0m": "a\nb\tc[0m",
		"ééééé":            "éé…",
		"12345678":         "12345678",
		"1234567890":       "12345…",
	} {
		require.Equal(t, want, source.Block(in, 8))
	}
}

// TestAddLink ensures that only links which a person may safely tap survive.
func TestAddLink(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://example.org/a?b=c#d": true, "HTTP://example.org": true, " https://example.org ": true, "https://bücher.example.org/é": true,
		"javascript:alert(1)": false, "ftp://example.org": false, "example.org": false, "https://": false, "http:///x": false, "": false,
		"https://user:secret@example.org/": false, "https://example.org/a b": false, "https://example.org/\n": true, "https://exa\nmple.org": false,
		"https://example.org/\u202e": false, "https://example.org/" + strings.Repeat("a", source.MaxURL): false, "https://example.org/@x": true,
	} {
		require.Equal(t, ok, len(source.AddLink(nil, "x", url)) == 1, url)
	}
	var links []routing.Link
	for i := range 20 {
		links = source.AddLink(links, "x", fmt.Sprintf("https://example.org/%d", i/2))
	}
	require.Len(t, links, source.MaxLinks)
	require.Equal(t, "https://example.org/1", links[1].URL, "each link once")
}

// TestFinish ensures that any alert leaves a source within the limits, and that two
// different identities never become one.
func TestFinish(t *testing.T) {
	labels := map[string]string{"": "x", "empty": "", "long": strings.Repeat("v", 2000), strings.Repeat("n", 200): "y", "line": "a\nb"}
	for i := range 100 {
		labels[fmt.Sprintf("z%03d", i)] = "v"
	}
	b, err := source.Finish("test", routing.Batch{
		CompleteGroups: []string{strings.Repeat("g", 300)},
		Alerts: []routing.Alert{
			{Identity: "a\nb", Title: "\x00", Labels: labels, StartsAt: time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("west", -7200))},
			{Identity: "a b", Group: strings.Repeat("g", 300), Title: "t", StartsAt: time.Date(2026, 1, 1, 2, 0, 0, 0, time.FixedZone("east", 7200))},
		},
	})
	require.NoError(t, err)
	first, second := b.Alerts[0], b.Alerts[1]
	require.Regexp(t, "^sha256:[0-9a-f]{64}$", first.Identity)
	require.Equal(t, "a b", second.Identity)
	require.Equal(t, "test alert "+first.Identity, first.Title)
	require.Len(t, first.Labels, source.MaxLabels)
	require.Equal(t, "a b", first.Labels["line"])
	require.Len(t, []rune(first.Labels["long"]), source.MaxLabelValue)
	require.NotContains(t, first.Labels, "empty")
	require.True(t, first.StartsAt.IsZero(), "the year 10000 does not fit JSON")
	require.Equal(t, "2026-01-01T00:00:00Z", second.StartsAt.Format(time.RFC3339))
	require.Equal(t, []string{second.Group}, b.CompleteGroups, "a group is shortened alike in both places")
}

// TestReject ensures that a body full of rubbish gives a short list, and that a body of
// which nothing can be taken is an error.
func TestReject(t *testing.T) {
	var b routing.Batch
	for i := range 1000 {
		source.Reject(&b, i, "bad")
	}
	require.Len(t, b.Rejected, source.MaxRejections)
	require.Contains(t, b.Rejected[source.MaxRejections-1].Reason, "not listed")
	_, err := source.Finish("test", b)
	require.ErrorIs(t, err, source.ErrBody)
	require.ErrorContains(t, err, "item 0: bad")
}

// TestDigest ensures that moving text between parts changes the hash, and the order of a
// map does not.
func TestDigest(t *testing.T) {
	require.NotEqual(t, source.Digest("ab", "c"), source.Digest("a", "bc"))
	require.NotEqual(t, source.Digest("a"), source.Digest("a", ""))
	require.Equal(t, source.LabelsDigest(map[string]string{"a": "1", "b": "2"}), source.LabelsDigest(map[string]string{"b": "2", "a": "1"}))
}

// TestUnmarshal ensures that odd but readable JSON is read, that no digit of a number is
// lost, and that an error says where and what.
func TestUnmarshal(t *testing.T) {
	type shape struct {
		ID   source.Text                 `json:"id"`
		At   source.Time                 `json:"at"`
		List source.Loose[[]source.Text] `json:"list"`
		Sub  struct {
			N map[string]int `json:"n"`
		} `json:"sub"`
	}
	read := func(s string) (v shape, err error) { return v, source.Unmarshal([]byte(s), &v) }
	for in, want := range map[string]string{
		`{"id":9007199254740993}`: "9007199254740993", `{"id":"x"}`: "x", `{"id":true}`: "true", `{"id":null}`: "",
		`{"id":{"a":[1]}}`: "", `{"id":[1]}`: "", `{"id":1,"id":2}`: "2", "{\"id\":\"\xff\"}": "\uFFFD", `{"unknown":1}`: "", `{"id":1.50}`: "1.50",
	} {
		v, err := read(in)
		require.NoError(t, err, in)
		require.Equal(t, want, string(v.ID), in)
	}
	for in, want := range map[string]string{
		`"2026-03-02T09:00:00+02:00"`: "2026-03-02T07:00:00Z", `"2026-03-02 09:00:00"`: "2026-03-02T09:00:00Z",
		`"2021-1-1T10:10:10Z"`: "0001-01-01T00:00:00Z", `17`: "0001-01-01T00:00:00Z", `null`: "0001-01-01T00:00:00Z",
	} {
		v, err := read(`{"at":` + in + `}`)
		require.NoError(t, err)
		require.Equal(t, want, v.At.UTC().Format(time.RFC3339), in)
	}
	v, err := read(`{"list":{"not":"a list"}}`)
	require.NoError(t, err)
	require.Empty(t, v.List.V)
	for in, want := range map[string]string{
		`{"id":`:             "not valid JSON at byte 6",
		`nonsense`:           "not valid JSON at byte 1",
		``:                   "not valid JSON",
		`{} x`:               "not valid JSON at byte 3",
		`[1]`:                "wrong shape at the top (byte 0): found an array, expected an object",
		`{"sub":{"n":[]}}`:   "wrong shape at /sub/n",
		`{"sub":"a string"}`: "found a string, expected an object",
	} {
		_, err := read(in)
		require.ErrorIs(t, err, source.ErrBody, in)
		require.ErrorContains(t, err, want, in)
	}
}

// TestTooMany ensures that of a body with more alerts than can be stored in time the first are
// taken, that the answer says so, and that no group counts as complete.
func TestTooMany(t *testing.T) {
	b := routing.Batch{CompleteGroups: []string{"g"}}
	for i := range source.MaxAlerts + 3 {
		b.Alerts = append(b.Alerts, routing.Alert{Identity: fmt.Sprint(i), Title: "t"})
	}
	b, err := source.Finish("test", b)
	require.NoError(t, err)
	require.Len(t, b.Alerts, source.MaxAlerts)
	require.Empty(t, b.CompleteGroups)
	require.Len(t, b.Rejected, 1)
	require.Contains(t, b.Rejected[0].Reason, fmt.Sprintf("holds %d alerts", source.MaxAlerts+3))
}
