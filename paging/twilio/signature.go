package twilio

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"mime"
	"net/url"
	"slices"
	"strings"

	"github.com/twilio/twilio-go/client"
)

// SignatureHeader carries the signature of Twilio's requests to us.
const SignatureHeader = "X-Twilio-Signature"

const formType = "application/x-www-form-urlencoded"

// Validator tells Twilio's requests from forged ones
// (https://www.twilio.com/docs/usage/webhooks/webhooks-security). A request is good when any
// of the tokens signed it. Requests can be replayed: the caller recognises repeats by
// MessageSid.
type Validator struct {
	Tokens    []string // empty ones are refused: anybody can sign with them
	PublicURL string   // scheme, host and path prefix as configured at Twilio
}

// Valid checks one request. requestURI is http.Request.RequestURI, path and query exactly as
// sent; the host is always that of PublicURL, since Host and X-Forwarded-* are the sender's
// word. body is the raw body. A body that is not a form must be covered by bodySHA256 in the
// query. Of a form only the body's parameters may be used, not those of a merged query.
func (v Validator) Valid(requestURI, contentType string, body []byte, signature string) bool {
	if signature == "" || !strings.HasPrefix(requestURI, "/") || strings.Contains(requestURI, "#") {
		return false
	}
	full := strings.TrimRight(v.PublicURL, "/") + requestURI
	u, err := url.Parse(full)
	if err != nil || u.Host == "" {
		return false
	}
	mediaType, _, _ := mime.ParseMediaType(contentType)
	var form url.Values
	hash := u.Query().Get("bodySHA256")
	if hash == "" && len(body) > 0 {
		if mediaType != formType {
			return false
		}
		if form, err = url.ParseQuery(string(body)); err != nil {
			return false // Twilio escapes semicolons and percent signs
		}
	}
	if hash != "" && !sameHash(body, hash) {
		return false
	}
	ok := false
	for _, t := range v.Tokens {
		if t != "" && signedBy(t, full, form, body, signature) {
			ok = true // go on: the time taken tells nothing
		}
	}
	return ok
}

// signedBy asks twilio-go first. It looks at the first value of a repeated name only, which
// would leave the others unsigned, so those forms are ours to judge; so are the spellings of
// a URL that it does not know.
func signedBy(token, full string, form url.Values, body []byte, signature string) bool {
	rv := client.NewRequestValidator(token)
	if !repeats(form) && rv.ValidateBody(full, body, signature) {
		return true
	}
	for _, u := range spellings(full) {
		if hmac.Equal([]byte(Sign(token, u, form)), []byte(signature)) {
			return true
		}
	}
	return false
}

// Sign returns the signature of a request: the URL followed by the sorted names of the form,
// each with its values (repeated values once, sorted), under HMAC-SHA1 with the token. A URL's
// fragment is never part of it; the caller leaves it out.
func Sign(token, fullURL string, form url.Values) string {
	names := make([]string, 0, len(form))
	for n := range form {
		names = append(names, n)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString(fullURL)
	for _, n := range names {
		values := slices.Clone(form[n])
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			b.WriteString(n)
			b.WriteString(v)
		}
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(b.String()))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func sameHash(body []byte, want string) bool {
	sum := sha256.Sum256(body)
	return hmac.Equal([]byte(hex.EncodeToString(sum[:])), []byte(strings.ToLower(want)))
}

func repeats(form url.Values) bool {
	for _, v := range form {
		if len(v) > 1 {
			return true
		}
	}
	return false
}

// spellings are the ways in which Twilio may have written the URL that it signed: with or
// without a port, and with an apostrophe of the query escaped. All of them name the same
// resource.
func spellings(full string) []string {
	scheme, rest, ok := strings.Cut(full, "://")
	if !ok {
		return []string{full}
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host, tail := rest[:end], rest[end:]
	bare := host
	// The colon of a port comes after the bracket of an IPv6 address and after user:password@.
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexAny(host, "]@") {
		bare = host[:i]
	}
	port := ":80"
	if scheme == "https" {
		port = ":443"
	}
	tails := []string{tail}
	if path, query, ok := strings.Cut(tail, "?"); ok && strings.Contains(query, "'") {
		tails = append(tails, path+"?"+strings.ReplaceAll(query, "'", "%27"))
	}
	var out []string
	for _, t := range tails {
		out = append(out, scheme+"://"+bare+t)
		if host == bare {
			out = append(out, scheme+"://"+bare+port+t)
		} else {
			out = append(out, scheme+"://"+host+t)
		}
	}
	return out
}
