package source_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/routing/source"
	"tocsin/routing/source/generic"
	"tocsin/routing/source/github"
	"tocsin/routing/source/sentry"
	"tocsin/routing/source/sourcetest"
)

// FuzzCheck ensures that no credentials but the right ones let anybody in, by any scheme, and
// that a refusal repeats nothing of what was sent or configured.
func FuzzCheck(f *testing.F) {
	f.Add("Bearer x", "token", "sha256=00", []byte("{}"))
	f.Add("Basic Og==", "", "", []byte{})
	f.Add("bearer  ", "..", "sha256=", []byte("\xff"))
	const secret = "a secret that nobody guesses"
	f.Fuzz(func(t *testing.T, authorization, token, signature string, body []byte) {
		h := sourcetest.Header("Authorization", authorization, generic.SignatureHeader, signature, "X-Hub-Signature-256", signature, "Sentry-Hook-Signature", signature)
		for _, src := range []source.Source{generic.Source(), github.Source(), sentry.Source()} {
			for _, a := range []source.Auth{
				{}, {Bearer: []string{secret, ""}}, {Basic: []source.BasicUser{{User: "u", Password: secret}, {}}}, {URLToken: []string{secret, ""}}, {SigningSecrets: []string{secret, ""}},
			} {
				err := a.Check(src, h, token, body)
				require.ErrorIs(t, err, source.ErrUnauthorized)
				require.NotContains(t, err.Error(), secret)
			}
			require.LessOrEqual(t, len(src.Record(h)), len(src.Headers))
		}
	})
}
