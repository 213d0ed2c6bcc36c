package source_test

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/routing/source"
	"tocsin/routing/source/alertmanager"
	"tocsin/routing/source/generic"
	"tocsin/routing/source/sourcetest"
)

// TestAuth ensures that an integration lets in exactly those who know one of its secrets,
// and that an empty or missing configuration lets in nobody.
func TestAuth(t *testing.T) {
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	signed := source.Signature("sha256=", []byte("{}"), "key")
	for _, c := range []struct {
		name                            string
		auth                            source.Auth
		authorization, token, signature string
		ok                              bool
	}{
		{name: "open", auth: source.Auth{Open: true}, ok: true},
		{name: "nothing configured"},
		{name: "nothing configured, something sent", authorization: "Bearer a", token: "a"},
		{name: "bearer", auth: source.Auth{Bearer: []string{"a"}}, authorization: "Bearer a", ok: true},
		{name: "bearer, any case of the scheme", auth: source.Auth{Bearer: []string{"a"}}, authorization: "bearer a", ok: true},
		{name: "bearer, second secret", auth: source.Auth{Bearer: []string{"b", "a"}}, authorization: "Bearer a", ok: true},
		{name: "bearer, wrong", auth: source.Auth{Bearer: []string{"a"}}, authorization: "Bearer ab"},
		{name: "bearer, other scheme", auth: source.Auth{Bearer: []string{"a"}}, authorization: "Token a"},
		{name: "bearer, none sent", auth: source.Auth{Bearer: []string{"a"}}},
		{name: "bearer, empty secret", auth: source.Auth{Bearer: []string{""}}, authorization: "Bearer "},
		{name: "basic", auth: source.Auth{Basic: []source.BasicUser{{User: "u", Password: "p:q"}}}, authorization: basic("u:p:q"), ok: true},
		{name: "basic, wrong user", auth: source.Auth{Basic: []source.BasicUser{{User: "u", Password: "p"}}}, authorization: basic("v:p")},
		{name: "basic, wrong password", auth: source.Auth{Basic: []source.BasicUser{{User: "u", Password: "p"}}}, authorization: basic("u:q")},
		{name: "basic, empty password", auth: source.Auth{Basic: []source.BasicUser{{User: "u"}}}, authorization: basic("u:")},
		{name: "basic, not base64", auth: source.Auth{Basic: []source.BasicUser{{User: "u", Password: "p"}}}, authorization: "Basic u:p"},
		{name: "URL token", auth: source.Auth{URLToken: []string{"t"}}, token: "t", ok: true},
		{name: "URL token, empty secret", auth: source.Auth{URLToken: []string{""}}, token: ""},
		{name: "URL token or bearer", auth: source.Auth{URLToken: []string{"t"}, Bearer: []string{"a"}}, authorization: "Bearer a", ok: true},
		{name: "signature", auth: source.Auth{SigningSecrets: []string{"key"}}, signature: signed, ok: true},
		{name: "a bearer does not replace a signature", auth: source.Auth{SigningSecrets: []string{"key"}, Bearer: []string{"a"}}, authorization: "Bearer a"},
		{name: "a signature does not replace a bearer", auth: source.Auth{SigningSecrets: []string{"key"}, Bearer: []string{"a"}}, signature: signed},
		{name: "signature and bearer", auth: source.Auth{SigningSecrets: []string{"key"}, Bearer: []string{"a"}}, authorization: "Bearer a", signature: signed, ok: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := sourcetest.Header("Authorization", c.authorization, generic.SignatureHeader, c.signature)
			err := c.auth.Check(generic.Source(), h, c.token, []byte("{}"))
			if c.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, source.ErrUnauthorized)
		})
	}
}

// TestAuthSourceThatCannotSign ensures that a signing secret for such a source shuts the
// integration instead of being ignored, and that the error says what to configure.
func TestAuthSourceThatCannotSign(t *testing.T) {
	err := source.Auth{SigningSecrets: []string{"key"}}.Check(alertmanager.Source(), sourcetest.Header(), "", nil)
	require.ErrorIs(t, err, source.ErrUnauthorized)
	require.ErrorContains(t, err, "bearer, basic or url_token")
}

// TestAuthErrorsHoldNoSecret ensures that neither what was configured nor what was sent
// shows in an error.
func TestAuthErrorsHoldNoSecret(t *testing.T) {
	a := source.Auth{Bearer: []string{"configured-b"}, Basic: []source.BasicUser{{User: "user", Password: "configured-p"}}, URLToken: []string{"configured-t"}}
	err := a.Check(generic.Source(), sourcetest.Header("Authorization", "Bearer sent-b"), "sent-t", nil)
	require.ErrorContains(t, err, "bearer token or a user and password (Basic) or a token at the end of the URL")
	for _, secret := range []string{"configured", "sent"} {
		require.NotContains(t, err.Error(), secret)
	}
}
