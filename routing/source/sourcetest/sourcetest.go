// Package sourcetest holds what the tests of every source share: reading a fixture, the
// rules that each decoded alert keeps whatever was sent, and one table for signatures.
package sourcetest

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/routing"
	"tocsin/routing/source"
)

// Header builds a header from names and values in turn.
func Header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// Fixture decodes testdata/<file> at noon of 1 April 2026 UTC.
func Fixture(t *testing.T, src source.Source, file string, header ...string) (routing.Batch, error) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	return Decode(t, src, string(body), header...)
}

// Decode decodes a body, and checks what holds for any body: also that it says the same again
// with the headers that are recorded beside it.
func Decode(t *testing.T, src source.Source, body string, header ...string) (routing.Batch, error) {
	t.Helper()
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	b, err := src.Decode(Header(header...), []byte(body), now)
	Sound(t, src, b, err)
	again, errAgain := src.Decode(src.Record(Header(header...)), []byte(body), now)
	require.Equal(t, b, again)
	require.Equal(t, err, errAgain)
	for _, name := range src.Headers {
		require.NotRegexp(t, `(?i)authorization|signature|token|secret|cookie`, name, "a credential must not be recorded")
	}
	return b, err
}

// At reads a time in RFC 3339.
func At(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	require.NoError(t, err)
	return at
}

// Sound checks what every decoding promises, however hostile the body: an error wraps
// [source.ErrBody] and comes with nothing, and each alert is complete and within limits.
func Sound(t *testing.T, src source.Source, b routing.Batch, err error) {
	t.Helper()
	if err != nil {
		require.ErrorIs(t, err, source.ErrBody)
		require.Empty(t, b.Alerts)
		return
	}
	require.True(t, len(b.Alerts) > 0 || b.Note != "", "no alert, and no note that says why")
	require.LessOrEqual(t, len(b.Rejected), source.MaxRejections)
	for i := range b.Alerts {
		require.Equal(t, src.Name, b.Alerts[i].Source)
		require.Empty(t, fault(&b.Alerts[i]), "%q", b.Alerts[i])
	}
	for _, g := range b.CompleteGroups {
		require.Empty(t, lineFault(g, source.MaxIdentity), "%q", g)
	}
}

// Signatures checks the signature of a source: right and second secret pass, all else fails.
func Signatures(t *testing.T, src source.Source, header, prefix string) {
	body, right := []byte(`{"title":"disk full"}`), "s3cret"
	good := source.Signature(prefix, body, right)
	for _, c := range []struct {
		name, value, body string
		secrets           []string
		ok                bool
	}{
		{"right", good, string(body), []string{right}, true},
		{"second secret, while one is rotated", good, string(body), []string{"other", right}, true},
		{"no signature", "", string(body), []string{right}, false},
		{"wrong signature", prefix + "00", string(body), []string{right}, false},
		{"altered body", good, string(body) + " ", []string{right}, false},
		{"other secret", good, string(body), []string{"other"}, false},
		{"wrong prefix", "sha1=" + good, string(body), []string{right}, false},
		{"upper case", prefix + upper(good[len(prefix):]), string(body), []string{right}, false},
		{"empty secret", source.Signature(prefix, body, ""), string(body), []string{""}, false},
		{"no secret", good, string(body), nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := source.Auth{SigningSecrets: c.secrets}.Check(src, Header(header, c.value), "", []byte(c.body))
			if c.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, source.ErrUnauthorized)
			require.NotContains(t, err.Error(), right)
			require.NotContains(t, err.Error(), good)
		})
	}
}

func upper(hex string) string {
	b := []byte(hex)
	for i, c := range b {
		if c >= 'a' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}
