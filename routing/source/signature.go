package source

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Signature returns prefix + lower-case hex of HMAC-SHA256(secret, body): what Sentry
// (no prefix), GitHub and the generic source ("sha256=") put into a header.
func Signature(prefix string, body []byte, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return prefix + hex.EncodeToString(mac.Sum(nil))
}

// VerifySignature checks the value of the named header against [Signature] in constant
// time. The prefix and the case of the hex digits must fit exactly: no sender varies them.
func VerifySignature(header, value, prefix string, body []byte, secret string) error {
	switch {
	case secret == "":
		return fmt.Errorf("%w: the signing secret of this integration is empty", ErrUnauthorized)
	case value == "":
		return fmt.Errorf("%w: header %s is missing", ErrUnauthorized, header)
	case !Equal(value, Signature(prefix, body, secret)):
		return fmt.Errorf("%w: header %s does not fit the body and the configured secret", ErrUnauthorized, header)
	}
	return nil
}
