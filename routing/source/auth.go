package source

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// ErrUnauthorized is wrapped by every refusal of [Auth.Check] and of the sources' Verify.
// The sentence around it says what was missing; it never holds a secret or what was sent instead.
var ErrUnauthorized = errors.New("unauthorized")

// BasicUser is one user and password of HTTP Basic authentication (RFC 7617).
type BasicUser struct{ User, Password string }

// Auth is what an integration asks of a sender. Each scheme takes several secrets, so
// that a secret can be rotated without a gap; any one of them will do. Empty secrets
// count as absent: they never let anybody in.
//
// There are two questions, and each that is configured must be answered: who knocks
// (Bearer, Basic or URLToken: any of them), and is the body the sender's own
// (SigningSecrets). So a signature cannot be bypassed by a weaker scheme.
type Auth struct {
	Bearer         []string // Authorization: Bearer … (RFC 6750)
	Basic          []BasicUser
	URLToken       []string // the last part of /webhooks/{integration}/{token}
	SigningSecrets []string // for the source's own signature over the raw bytes

	// Open lets anybody in: `insecure: true`, or the demo on loopback.
	Open bool
}

// Check says whether a request may be read. It fails closed: nothing configured, only
// empty secrets, or a signing secret for a source that cannot sign all refuse. Every
// comparison takes the same time whatever was sent.
func (a Auth) Check(src Source, h Header, urlToken string, body []byte) error {
	if err := a.CheckSender(h, urlToken); err != nil || a.Open || len(a.SigningSecrets) == 0 {
		return err
	}
	return a.checkSignature(src, h, body)
}

// CheckSender is the part of Check that needs no body: who fails it need not be listened to.
func (a Auth) CheckSender(h Header, urlToken string) error {
	if a.Open {
		return nil
	}
	knock := len(a.Bearer)+len(a.Basic)+len(a.URLToken) > 0
	if !knock && len(a.SigningSecrets) == 0 {
		return fmt.Errorf("%w: this integration has no credentials configured", ErrUnauthorized)
	}
	if knock && !a.knows(h.Get("Authorization"), urlToken) {
		return fmt.Errorf("%w: %s", ErrUnauthorized, a.expected())
	}
	return nil
}

// knows tries all secrets, and does not stop at the first that fits.
func (a Auth) knows(authorization, urlToken string) bool {
	scheme, value, _ := strings.Cut(authorization, " ")
	value = strings.TrimSpace(value)
	ok := false
	if strings.EqualFold(scheme, "Bearer") {
		for _, secret := range a.Bearer {
			ok = Equal(value, secret) || ok
		}
	}
	if strings.EqualFold(scheme, "Basic") {
		raw, err := base64.StdEncoding.DecodeString(value)
		user, password, found := strings.Cut(string(raw), ":")
		for _, b := range a.Basic {
			fits := Equal(password, b.Password)
			fits = Equal(user, b.User) && fits
			ok = (fits && found && err == nil) || ok
		}
	}
	for _, secret := range a.URLToken {
		ok = Equal(urlToken, secret) || ok
	}
	return ok
}

func (a Auth) expected() string {
	var want []string
	if len(a.Bearer) > 0 {
		want = append(want, "a bearer token")
	}
	if len(a.Basic) > 0 {
		want = append(want, "a user and password (Basic)")
	}
	if len(a.URLToken) > 0 {
		want = append(want, "a token at the end of the URL")
	}
	return "this integration expects " + strings.Join(want, " or ") + "; it was missing or is not a known one"
}

func (a Auth) checkSignature(src Source, h Header, body []byte) error {
	if src.Verify == nil {
		return fmt.Errorf("%w: source %q cannot sign; configure bearer, basic or url_token instead of a signing secret", ErrUnauthorized, src.Name)
	}
	var first error
	ok := false
	for _, secret := range a.SigningSecrets {
		if err := src.Verify(h, body, secret); err == nil {
			ok = true
		} else if first == nil {
			first = err
		}
	}
	if ok {
		return nil
	}
	if !errors.Is(first, ErrUnauthorized) {
		return fmt.Errorf("%w: the signature does not fit", ErrUnauthorized)
	}
	return first
}

// Equal compares a sent value with a secret in constant time. Both are hashed first, so
// that not even the length of the secret shows. An empty secret equals nothing.
func Equal(sent, secret string) bool {
	s, w := sha256.Sum256([]byte(sent)), sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(s[:], w[:]) == 1 && secret != ""
}
