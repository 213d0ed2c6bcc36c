package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tocsin/routing"
)

// What an alert may hold. Whatever is longer is cut, never refused: a page with half a
// description beats no page.
const (
	MaxDepth       = 64      // nested arrays and objects in a body
	MaxTitle       = 200     // runes
	MaxDescription = 8 << 10 // bytes
	MaxWord        = 64      // runes of a severity word
	MaxIdentity    = 256     // bytes of an identity or group; a longer one is hashed
	MaxLabels      = 64
	MaxLabelName   = 128  // runes
	MaxLabelValue  = 1024 // runes
	MaxLinks       = 8
	MaxURL         = 2048 // bytes
	MaxRejections  = 100  // listed in one batch

	// MaxAlerts of one body are taken; the rest is rejected with the reason. It is more than
	// 32 MiB of what senders really write (some 700 bytes each).
	MaxAlerts = 50_000
)

// ErrBody is wrapped by every error of Decode: the body can never be taken.
var ErrBody = errors.New("unusable body")

// CheckDepth refuses JSON that nests deeper than [MaxDepth], by a scan that allocates
// nothing and runs before any parser. Text that is no JSON passes: the parser says why.
func CheckDepth(body []byte) error {
	if at := TooDeep(body, MaxDepth); at >= 0 {
		return fmt.Errorf("%w: JSON nests deeper than %d at byte %d", ErrBody, MaxDepth, at)
	}
	return nil
}

// TooDeep returns where a text, which need not be a whole JSON value, nests deeper than most,
// or -1.
func TooDeep(text []byte, most int) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = endOfString(text, i+1)
		case '[', '{':
			if depth++; depth > most {
				return i
			}
		case ']', '}':
			depth--
		}
	}
	return -1
}

// endOfString returns the position of the quote that ends the string whose content
// begins at i, or the length of the body.
func endOfString(body []byte, i int) int {
	for {
		n := bytes.IndexByte(body[i:], '"')
		if n < 0 {
			return len(body)
		}
		end := i + n
		slashes := 0
		for k := end - 1; k >= i && body[k] == '\\'; k-- {
			slashes++
		}
		if slashes%2 == 0 {
			return end
		}
		i = end + 1
	}
}

// Reject notes that a part of the body could not be taken. The list stays short however
// bad the body is.
func Reject(b *routing.Batch, index int, reason string) {
	switch n := len(b.Rejected); {
	case n < MaxRejections-1:
		b.Rejected = append(b.Rejected, routing.Rejection{Index: index, Reason: reason})
	case n == MaxRejections-1:
		b.Rejected = append(b.Rejected, routing.Rejection{Index: index, Reason: reason + " (and what follows is not listed)"})
	}
}

// TooMany notes that a body holds n alerts, of which only the first [MaxAlerts] are taken. What
// is cut off is no complete group.
func TooMany(b *routing.Batch, n int) {
	Reject(b, MaxAlerts, fmt.Sprintf("the body holds %d alerts, and at most %d of one are taken; send the rest in others", n, MaxAlerts))
	b.CompleteGroups = nil
}

// Finish keeps every alert of the batch within the limits and names its source. It is
// the last step of every Decode. When nothing could be taken and something was rejected,
// the whole body is an error.
func Finish(name string, b routing.Batch) (routing.Batch, error) {
	if len(b.Alerts) == 0 && len(b.Rejected) > 0 {
		r := b.Rejected[0]
		return routing.Batch{}, fmt.Errorf("%w: nothing in it could be taken; item %d: %s", ErrBody, r.Index, r.Reason)
	}
	if len(b.Alerts) == 0 {
		b.Alerts = nil
	}
	if n := len(b.Alerts); n > MaxAlerts {
		b.Alerts = slices.Clip(b.Alerts[:MaxAlerts])
		TooMany(&b, n)
	}
	for i := range b.Alerts {
		a := &b.Alerts[i]
		a.Source = name
		a.Identity = shortID(a.Identity)
		a.Group = shortID(a.Group)
		a.Description = Block(a.Description, MaxDescription)
		a.SeverityWord = Line(a.SeverityWord, MaxWord)
		a.Labels = labels(a.Labels)
		if a.Title = Line(a.Title, MaxTitle); a.Title == "" {
			a.Title = Line(name+" alert "+a.Identity, MaxTitle)
		}
		a.StartsAt, a.EndsAt = instant(a.StartsAt), instant(a.EndsAt)
	}
	for i, g := range b.CompleteGroups {
		b.CompleteGroups[i] = shortID(g)
	}
	return b, nil
}

// instant is t in UTC, or zero when its year has no four digits (JSON cannot carry it).
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	if u := t.UTC(); u.Year() >= 1 && u.Year() <= 9999 {
		return u
	}
	return time.Time{}
}

// shortID keeps an identity as the sender wrote it when a person can read it, and hashes
// the rest, so that two identities never fall together.
func shortID(s string) string {
	if len(s) <= MaxIdentity && plain(s) {
		return s
	}
	if len(s) <= MaxIdentity && utf8.ValidString(s) && Line(s, MaxIdentity) == s {
		return s
	}
	return "sha256:" + Digest(s)
}

// Digest hashes parts to 64 hex digits, such that moving a byte from one part to its
// neighbour changes it.
func Digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// LabelsDigest hashes labels in the order of their names.
func LabelsDigest(ls map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(ls)) {
		parts = append(parts, k, ls[k])
	}
	return Digest(parts...)
}

// labels drops empty names and values (Prometheus: an empty label is an absent one) and
// keeps the rest within the limits; beyond [MaxLabels] the first by name stay.
func labels(in map[string]string) map[string]string {
	if len(in) == 0 {
		return nil
	}
	if labelsFit(in) {
		return in
	}
	out := make(map[string]string, min(len(in), MaxLabels))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		k, v := Line(name, MaxLabelName), Line(in[name], MaxLabelValue)
		if _, twice := out[k]; k == "" || v == "" || twice {
			continue
		}
		if out[k] = v; len(out) == MaxLabels {
			break
		}
	}
	return out
}

func labelsFit(in map[string]string) bool {
	if len(in) > MaxLabels {
		return false
	}
	for k, v := range in {
		if k == "" || v == "" || len(k) > MaxLabelName || len(v) > MaxLabelValue || !plain(k) || !plain(v) {
			return false
		}
	}
	return true
}

// AddLink appends a link that a person may safely tap: http or https, with a host and
// without a password in it, not there yet. Everything else is dropped.
func AddLink(links []routing.Link, text, url string) []routing.Link {
	url = strings.TrimSpace(url)
	if len(links) >= MaxLinks || !webURL(url) {
		return links
	}
	for _, l := range links {
		if l.URL == url {
			return links
		}
	}
	return append(links, routing.Link{Text: Line(text, MaxWord), URL: url})
}

func webURL(s string) bool {
	if len(s) > MaxURL {
		return false
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return false
	}
	if host := rest[:hostEnd(rest)]; host == "" || strings.Contains(host, "@") {
		return false
	}
	ascii := true
	for i := range len(s) {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			ascii = false
		case c <= ' ' || c == '"' || c == '<' || c == '>' || c == '\\' || c == 0x7f:
			return false
		}
	}
	return ascii || utf8.ValidString(s) && !strings.ContainsFunc(s, dropped) && !strings.ContainsFunc(s, unicode.IsSpace)
}

func hostEnd(rest string) int {
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		return i
	}
	return len(rest)
}
