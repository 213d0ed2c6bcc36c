package sourcetest

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/routing"
	"tocsin/routing/source"
)

// fault names the first limit that a decoded alert does not keep, or is "". It is plain code
// and no assertions, because fuzzers ask it millions of times.
func fault(a *routing.Alert) string {
	switch {
	case a.Status != routing.Firing && a.Status != routing.Resolved && a.Status != routing.Acknowledged:
		return "status"
	case a.Identity == "" || a.Title == "":
		return "no identity or title"
	case len(a.Labels) > source.MaxLabels || len(a.Links) > source.MaxLinks:
		return "too many labels or links"
	case len(a.Description) > source.MaxDescription || !utf8.ValidString(a.Description) || strings.ContainsFunc(a.Description, notInText):
		return "description"
	case !a.StartsAt.IsZero() && (a.StartsAt.Year() < 1 || a.StartsAt.Year() > 9999), !a.EndsAt.IsZero() && (a.EndsAt.Year() < 1 || a.EndsAt.Year() > 9999):
		return "a time that JSON cannot carry"
	}
	for _, l := range []struct {
		text  string
		limit int
	}{{a.Identity, source.MaxIdentity}, {a.Group, source.MaxIdentity}, {a.Title, source.MaxTitle}, {a.SeverityWord, source.MaxWord}} {
		if f := lineFault(l.text, l.limit); f != "" {
			return f
		}
	}
	return partsFault(a)
}

func partsFault(a *routing.Alert) string {
	for name, value := range a.Labels {
		if name == "" || value == "" {
			return "an empty label"
		}
		if f := lineFault(name, source.MaxLabelName) + lineFault(value, source.MaxLabelValue); f != "" {
			return "label: " + f
		}
	}
	for _, l := range a.Links {
		if scheme, rest, ok := strings.Cut(strings.ToLower(l.URL), "://"); !ok || rest == "" || scheme != "http" && scheme != "https" {
			return "link of another scheme"
		}
		if strings.ContainsFunc(l.URL, unicode.IsSpace) || len(l.URL) > source.MaxURL {
			return "link with space, or too long"
		}
		if f := lineFault(l.URL, source.MaxURL) + lineFault(l.Text, source.MaxWord); f != "" {
			return "link: " + f
		}
	}
	return ""
}

// lineFault says what a line of at most limit runes must not hold.
func lineFault(s string, limit int) string {
	switch {
	case !utf8.ValidString(s):
		return "no UTF-8"
	case len(s) > limit && utf8.RuneCountInString(s) > limit:
		return "too long"
	case strings.ContainsFunc(s, func(r rune) bool { return r == '\n' || r == '\t' || notInText(r) }):
		return "a character that breaks the line or hides"
	}
	return ""
}

// notInText are control characters, other line breaks, and what turns the reading direction.
func notInText(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || r == '\u2028' || r == '\u2029' ||
		r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}
