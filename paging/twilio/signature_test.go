package twilio_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/twilio/twilio-go/client"

	"tocsin/paging/twilio"
)

const (
	site     = "https://mycompany.com"
	form     = "application/x-www-form-urlencoded"
	five     = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"
	seven    = five + "&Reason=Participant&ReasonConferenceEnded=test"
	jsonHash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
	bindings = "MessagingBinding.Address=%2B1325xxxxxxx&MessagingBinding.Address=%2B1415xxxxxxx"
)

// The vectors that Twilio's helper libraries publish, all signed with the token 12345: ours
// accepts each of them, and no other token, URL, body or signature.
func TestValidPublishedVectors(t *testing.T) {
	vectors := []struct {
		name, public, uri, kind, body, signature string
		sdkFails                                 bool // twilio-go 1.31 refuses it
	}{
		{"five parameters", site, "/myapp.php?foo=1&bar=2", form, five, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", false},
		{"seven parameters", site, "/myapp.php?foo=1&bar=2", form, seven, "vOEb5UThFn24KEfnOFLQY2AE5FY=", false},
		{"https with its port", site + ":443", "/myapp.php?foo=1&bar=2", form, five, "kvajT1Ptam85bY51eRf/AJRuM3w=", false},
		{"signed with the port", site, "/myapp.php?foo=1&bar=2", form, five, "kvajT1Ptam85bY51eRf/AJRuM3w=", false},
		{"http with its port", "http://mycompany.com:80", "/myapp.php?foo=1&bar=2", form, five, "0ZXoZLH/DfblKGATFgpif+LLRf4=", false},
		{"http with another port", "http://mycompany.com:1234", "/myapp.php?foo=1&bar=2", form, five, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", false},
		{"http without a port", "http://mycompany.com", "/myapp.php?foo=1&bar=2", form, seven, "n2xBNyzSW7rfYStDtOFiFMv7qNo=", false},
		{"user and password", "https://user:pass@mycompany.com", "/myapp.php?foo=1&bar=2", form, five, "CukzLTc1tT5dXEDIHm/tKBanW10=", false},
		{"user, password, port", "https://user:pass@mycompany.com:443", "/myapp.php?foo=1&bar=2", form, five, "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI=", false},
		{"user only", "https://user@mycompany.com", "/myapp.php?foo=1&bar=2", form, five, "2YRLlVAflCqxaNicjMpJcSTgzSs=", false},
		{"other parameters", site, "/myapp.php?foo=1&bar=2", form, "property=value&boolean=true", "NBdBDr/T/lgjI+tlgpXjKZQZs/k=", false},
		{"JSON", site, "/myapp.php?foo=1&bar=2&bodySHA256=" + jsonHash, "application/json", `{"property": "value", "boolean": true}`, "a9nBmqA0ju/hNViExpshrM61xv4=", false},
		{"JSON, nothing else in the query", site, "/myapp.php?bodySHA256=" + jsonHash, "application/json", `{"property": "value", "boolean": true}`, "y77kIzt2vzLz71DgmJGsen2scGs=", false},
		{"empty JSON", site, "/myapp.php?foo=1&bar=2&bodySHA256=44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "application/json", `{}`, "Ldidvp12m26NI7eqEvxnEpkd9Hc=", false},
		{"repeated name", site, "/myapp.php?foo=1&bar=2", form, "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234", "IK+Dwps556ElfBT0I3Rgjkr1wJU=", true},
		{"repeated name and value", site, "/myapp.php?foo=1&bar=2", form, "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234", "IK+Dwps556ElfBT0I3Rgjkr1wJU=", true},
		{"repeated address", site, "/myapp.php?foo=1&bar=2", form, bindings, "83O6e2vORAoJHUNzJjDWN1jz+BA=", true},
		{"apostrophe in the query", site, "/myapp.php?foo=1&bar=2&Body=It's+amazing", form, five, "TfZzewPq8wqrGlMfyAud8+/IvJ0=", true},
	}
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			ours := twilio.Validator{Tokens: []string{"12345"}, PublicURL: v.public}
			assert.True(t, ours.Valid(v.uri, v.kind, []byte(v.body), v.signature))
			rv := client.NewRequestValidator("12345")
			assert.Equal(t, !v.sdkFails, rv.ValidateBody(v.public+v.uri, []byte(v.body), v.signature), "twilio-go has changed")

			assert.False(t, ours.Valid(v.uri+"x", v.kind, []byte(v.body), v.signature), "another URL")
			assert.False(t, ours.Valid(v.uri, v.kind, []byte(v.body+"x"), v.signature), "another body")
			assert.False(t, ours.Valid(v.uri, v.kind, nil, v.signature), "no body")
			assert.False(t, ours.Valid(v.uri, v.kind, []byte(v.body), ""), "no signature")
			assert.False(t, ours.Valid(v.uri, v.kind, []byte(v.body), v.signature[1:]), "part of the signature")
			ours.Tokens = []string{"54321"}
			assert.False(t, ours.Valid(v.uri, v.kind, []byte(v.body), v.signature), "another token")
		})
	}
}

// While a token is rotated both sign; an empty token never does, although HMAC would take it.
func TestValidTokens(t *testing.T) {
	const uri, body = "/twilio/sms", "Body=12"
	values := url.Values{"Body": {"12"}}
	signed := func(token string) string { return twilio.Sign(token, site+uri, values) }
	v := twilio.Validator{Tokens: []string{"", "new", "old"}, PublicURL: site + "/"}
	assert.True(t, v.Valid(uri, form, []byte(body), signed("new")))
	assert.True(t, v.Valid(uri, form, []byte(body), signed("old")))
	assert.False(t, v.Valid(uri, form, []byte(body), signed("")))
	assert.False(t, twilio.Validator{PublicURL: site}.Valid(uri, form, []byte(body), signed("")))
	assert.False(t, twilio.Validator{Tokens: []string{"new"}}.Valid(uri, form, []byte(body), signed("new")), "no public URL")
}

// What is not covered by the signature is refused: later values of a repeated name, bodies
// that are not forms, absolute request URIs and the host that the sender claims.
func TestValidRefusesWhatIsNotSigned(t *testing.T) {
	v := twilio.Validator{Tokens: []string{"12345"}, PublicURL: site + "/hooks"}
	sig := twilio.Sign("12345", site+"/hooks/twilio/sms", url.Values{"Body": {"12"}})
	assert.True(t, v.Valid("/twilio/sms", form+"; charset=UTF-8", []byte("Body=12"), sig), "a replay stays valid: Twilio signs no time")
	assert.False(t, v.Valid("/twilio/sms", form, []byte("Body=12&Body=all"), sig), "a value was added to a signed name")
	assert.False(t, v.Valid("/twilio/sms", form, []byte("Body=12&From=%2B12025550199"), sig), "a name was added")
	assert.False(t, v.Valid("/twilio/sms?Body=all", form, []byte("Body=12"), sig), "a query was added")
	assert.False(t, v.Valid("/twilio/sms", "text/plain", []byte("Body=12"), sig), "not a form")
	assert.False(t, v.Valid("/twilio/sms", form, []byte("Body=%zz"), sig), "a broken form")
	assert.False(t, v.Valid("https://evil.example.org/hooks/twilio/sms", form, []byte("Body=12"), sig), "absolute request URI")
	assert.False(t, v.Valid("@evil.example.org/twilio/sms", form, []byte("Body=12"), sig))
	other := twilio.Sign("12345", "https://evil.example.org/hooks/twilio/sms", url.Values{"Body": {"12"}})
	assert.False(t, v.Valid("/twilio/sms", form, []byte("Body=12"), other), "signed for another host")
	hash := "/twilio/sms?bodySHA256=" + jsonHash
	assert.False(t, v.Valid(hash, "application/json", []byte(`{"property": "other"}`), twilio.Sign("12345", site+"/hooks"+hash, nil)), "the hash is of another body")
}

// A GET is signed by its URL alone, and IPv6 hosts lose and gain their port like others.
func TestValidWithoutBodyAndIPv6(t *testing.T) {
	v := twilio.Validator{Tokens: []string{"12345"}, PublicURL: "https://[2001:db8::1]:443"}
	assert.True(t, v.Valid("/twilio/sms?a=1", "", nil, twilio.Sign("12345", "https://[2001:db8::1]/twilio/sms?a=1", nil)))
	assert.True(t, v.Valid("/twilio/sms?a=1", "", nil, twilio.Sign("12345", "https://[2001:db8::1]:443/twilio/sms?a=1", nil)))
	assert.False(t, v.Valid("/twilio/sms?a=1", "", nil, twilio.Sign("12345", "https://[2001:db8::2]/twilio/sms?a=1", nil)))

	v.PublicURL = "https://[2001:db8::1]"
	twice := url.Values{"Body": {"12", "13"}} // twilio-go leaves these to us
	assert.True(t, v.Valid("/twilio/sms", form, []byte("Body=12&Body=13"), twilio.Sign("12345", "https://[2001:db8::1]:443/twilio/sms", twice)))
}

// Nothing that a stranger sends makes the check panic or passes without the token.
func FuzzValid(f *testing.F) {
	f.Add("/twilio/sms?x=%zz", form, []byte("Body=12&Body=%"), "sig")
	f.Add("//[::1", "multipart/form-data; boundary=", []byte{0xff, ';'}, "")
	f.Add("/?bodySHA256="+jsonHash, "application/json", []byte(`{"property": "value", "boolean": true}`), "y77kIzt2vzLz71DgmJGsen2scGs=")
	f.Fuzz(func(t *testing.T, uri, kind string, body []byte, sig string) {
		v := twilio.Validator{Tokens: []string{"", "a token that nobody guesses"}, PublicURL: site}
		if v.Valid(uri, kind, body, sig) {
			t.Fatalf("accepted %q", uri)
		}
	})
}
