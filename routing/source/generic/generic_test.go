package generic

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/routing"
	"tocsin/routing/source/sourcetest"
)

// TestBatch ensures that the documented names and their synonyms mean what the package
// comment says, and that a bad item costs only itself.
func TestBatch(t *testing.T) {
	b, err := sourcetest.Fixture(t, Source(), "batch.json")
	require.NoError(t, err)
	require.Regexp(t, "^sha256:[0-9a-f]{64}$", b.Alerts[4].Identity)
	require.Equal(t, []routing.Alert{
		{
			Source: "generic", Identity: "quorum", Status: routing.Firing, Title: "Quorum lost", Description: "2 of 5 answer", SeverityWord: "critical",
			Labels:   map[string]string{"service": "signer", "shard": "7"},
			Links:    []routing.Link{{Text: "status", URL: "https://status.example.org"}, {URL: "https://runbooks.example.org/quorum"}},
			StartsAt: sourcetest.At(t, "2026-03-30T08:00:00Z"),
		},
		{
			Source: "generic", Identity: "disk", Status: routing.Firing, Title: "Disk full", SeverityWord: "2",
			Labels: map[string]string{"source_name": "df"}, Links: []routing.Link{{URL: "https://disk.example.org"}},
		},
		{Source: "generic", Identity: "quorum", Status: routing.Acknowledged, Title: "quorum"},
		{Source: "generic", Identity: "quorum", Status: routing.Resolved, Title: "Quorum is back"},
		{Source: "generic", Identity: b.Alerts[4].Identity, Status: routing.Firing, Title: "No key", Labels: map[string]string{"a": "1", "b": "2"}},
	}, b.Alerts)
	require.Equal(t, []routing.Rejection{
		{Index: 5, Reason: `expected "title", one line that says what is wrong`},
		{Index: 6, Reason: `expected "key": it says which alert to resolve`},
		{Index: 7, Reason: `expected "action" to be trigger, acknowledge or resolve, found "explode"`},
		{Index: 8, Reason: "wrong shape at the top (byte 0): found a string, expected an object"},
		{Index: 9, Reason: "expected an object"},
	}, b.Rejected)
}

// TestIdentityWithoutKey ensures that the same title with the same labels is the same
// alert, and any difference makes another.
func TestIdentityWithoutKey(t *testing.T) {
	identity := func(body string) string {
		b, err := sourcetest.Decode(t, Source(), body)
		require.NoError(t, err)
		return b.Alerts[0].Identity
	}
	base := identity(`{"title":"t","labels":{"a":"1","b":"2"}}`)
	require.Equal(t, base, identity(`{"labels":{"b":"2","a":"1"},"title":"t","description":"changes","key":"  "}`))
	require.NotEqual(t, base, identity(`{"title":"t","labels":{"a":"1"}}`))
	require.NotEqual(t, base, identity(`{"title":"u","labels":{"a":"1","b":"2"}}`))
}

// TestUnusable ensures that a lone bad object is an error that says what is missing.
func TestUnusable(t *testing.T) {
	for body, want := range map[string]string{
		`{}`: `"title"`, `{"title":"\u0000 "}`: `"title"`, `{"status":"resolved"}`: `"key"`, `{"title":"x","action":"open"}`: `found "open"`,
		`[{}]`: "nothing in it could be taken; item 0", `7`: "found a number, expected an object", `{"title":}`: "not valid JSON at byte 9",
	} {
		_, err := sourcetest.Decode(t, Source(), body)
		require.ErrorContains(t, err, want, body)
	}
	b, err := sourcetest.Decode(t, Source(), `[]`)
	require.NoError(t, err)
	require.NotEmpty(t, b.Note)
}

// TestSignature ensures that only the documented signature passes.
func TestSignature(t *testing.T) {
	sourcetest.Signatures(t, Source(), SignatureHeader, "sha256=")
}

// FuzzDecode ensures that no body panics or yields half an alert.
func FuzzDecode(f *testing.F) {
	body, err := os.ReadFile("testdata/batch.json")
	require.NoError(f, err)
	f.Add(body)
	f.Add([]byte(`{"title":"t","labels":{"a":1}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := Source().Decode(sourcetest.Header(), body, time.Time{})
		sourcetest.Sound(t, Source(), b, err)
	})
}
