package ical

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// Sign makes the token that opens the feed of a subject, such as "schedule:platform" or
// "user:ana": HMAC-SHA256 (RFC 2104) in URL-safe base64, 43 characters. The same key and
// subject give the same token, so the address stays; a subject with something more in it,
// such as "user:ana:2", revokes one feed, and a new key all. Without a key there is no token.
func Sign(key []byte, subject string) string {
	if len(key) == 0 {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("calendar feed\x00" + subject)) // so that the key may sign other things too
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Verify says whether token is that of the subject, in a time that does not depend on how
// much of it is right. Without a key nothing is.
func Verify(key []byte, subject, token string) bool {
	return len(key) > 0 && hmac.Equal([]byte(Sign(key, subject)), []byte(token))
}
