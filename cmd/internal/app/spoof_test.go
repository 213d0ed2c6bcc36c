package app_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/standin"
	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/paging/twilio"
)

// scheme is a way in which a sender signs.
type scheme struct {
	name, path, header string
	body, other        string // what is sent, and another body of the same sender
	more               map[string]string
	sign               func(key, body string) string
	key, wrongKey      string // the configured secret, and that of another integration
}

func hmac256(prefix string) func(key, body string) string {
	return func(key, body string) string {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(body))
		return prefix + hex.EncodeToString(mac.Sum(nil))
	}
}

// signedEvents has a generic integration that signs, beside Sentry, GitHub and Twilio.
var signedEvents = strings.Replace(small, "  - { name: basic,",
	"  - { name: signed, source: generic, auth: { signing_secret: [{ env: TOCSIN_DEMO_EVENTS_TOKEN }, { env: TOCSIN_TEST_BASIC_PASSWORD }] } }\n  - { name: basic,", 1)

func schemes(w *apptest.World) []scheme {
	form := func(text string) string {
		return url.Values{"MessageSid": {"SM00000000000000000000000000000001"}, "From": {anaPhone}, "To": {standin.Number}, "Body": {text}}.Encode()
	}
	return []scheme{
		{"sentry", "/webhooks/sentry", "Sentry-Hook-Signature", string(w.JSON(sentryIssue("created", "4711", "Intruder"))),
			string(w.JSON(sentryIssue("created", "4712", "Other"))), map[string]string{"Sentry-Hook-Resource": "issue"},
			hmac256(""), w.Env[standin.EnvSentry], w.Env[standin.EnvGitHub]},
		{"github", "/webhooks/code", "X-Hub-Signature-256", `{"action":"created","alert":{"number":1}}`, `{"action":"created","alert":{"number":2}}`,
			map[string]string{"X-GitHub-Event": "code_scanning_alert"}, hmac256("sha256="), w.Env[standin.EnvGitHub], w.Env[standin.EnvSentry]},
		{"generic", "/webhooks/signed", "X-Tocsin-Signature", string(plainEvent), `{"title":"Other"}`, nil,
			hmac256("sha256="), w.Env[standin.EnvEvents], w.Env[standin.EnvGitHub]},
		{"twilio", "/twilio/sms", twilio.SignatureHeader, form("10"), form("list"), map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
			func(key, body string) string {
				values, _ := url.ParseQuery(body)
				return twilio.Sign(key, w.URL+"/twilio/sms", values)
			}, w.Env[standin.EnvAuthToken], w.Env[standin.EnvSentry]},
	}
}

// forgeries are what somebody without the secret can try: a body and the value of the header.
func forgeries(s scheme) map[string][2]string {
	good := s.sign(s.key, s.body)
	prefix, digest, ok := strings.Cut(good, "=")
	if prefix += "="; !ok || len(digest) < 2 {
		prefix, digest = "", good
	}
	sha := hmac.New(sha1.New, []byte(s.key))
	sha.Write([]byte(s.body))
	raw, _ := hex.DecodeString(digest)
	return map[string][2]string{
		"none":                   {s.body, ""},
		"wrong":                  {s.body, s.sign("nonsense", s.body)},
		"altered body":           {strings.Replace(s.body, "1", "2", 1) + " ", good},
		"another source's key":   {s.body, s.sign(s.wrongKey, s.body)},
		"of an older body":       {s.body, s.sign(s.key, s.other)},
		"of no body":             {s.body, s.sign(s.key, "")},
		"cut short":              {s.body, good[:len(good)-1]},
		"another case":           {s.body, prefix + swapCase(digest)},
		"another encoding":       {s.body, prefix + base64.StdEncoding.EncodeToString(append(raw, 1))},
		"a weaker hash":          {s.body, "sha1=" + hex.EncodeToString(sha.Sum(nil))},
		"with an empty secret":   {s.body, s.sign("", s.body)},
		"bad first, then good":   {s.body, "nonsense\x00" + good}, // two headers
		"good with something on": {s.body, good + ", " + good},
	}
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 32
		case r >= 'A' && r <= 'Z':
			return r + 32
		}
		return r
	}, s)
}

// Attack 1: nobody who lacks the secret gets a delivery or a reply in, whatever he does to the
// signature; all four answers are the same; and the right one is taken, also by the second of two
// secrets while one is rotated.
func TestSpoofedWebhooks(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, apptest.Bolt, signedEvents)
	g := w.Run()
	for _, s := range schemes(w) {
		for name, forged := range forgeries(s) {
			t.Run(s.name+"/"+name, func(t *testing.T) {
				answer := s.post(t, g, forged[0], strings.Split(forged[1], "\x00"))
				assert.Equal(t, http.StatusUnauthorized, answer.Status, answer.Body)
				assert.Empty(t, apptest.Leaks(answer.Body, w.Env))
				assert.NotContains(t, answer.Body, s.sign(s.key, s.body))
			})
		}
	}
	require.Empty(t, g.List())
	for _, s := range schemes(w) {
		answer := s.post(t, g, s.body, []string{s.sign(s.key, s.body)})
		assert.Less(t, answer.Status, 401, "%s: the right signature: %s", s.name, answer.Body)
	}
	signed := schemes(w)[2]
	answer := signed.post(t, g, signed.other, []string{signed.sign(w.Env[apptest.EnvBasic], signed.other)})
	assert.Equal(t, http.StatusOK, answer.Status, "the second secret")
}

func (s scheme) post(t *testing.T, g *apptest.Gateway, body string, signatures []string) apptest.Answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.URL+s.path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	for name, value := range s.more {
		r.Header.Set(name, value)
	}
	for _, signature := range signatures {
		r.Header.Add(s.header, signature)
	}
	return g.Send(r)
}

// Attack 2: a signed request that somebody recorded has no second effect: the same delivery is a
// duplicate or a repeat, the same text gets the same answer, an old text and an old receipt change
// nothing any more, and a restart forgets none of it.
func TestReplayedRequests(t *testing.T) {
	t.Parallel()
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, small)
		g := w.Run()
		first := g.Sentry("issue", sentryIssue("created", "1", "Recorded"))
		require.Equal(t, 1, first.Opened)
		id := first.Incidents[0]
		page := w.Page(anaPhone, "Recorded")
		code := apptest.Code(t, page)
		ack := url.Values{"MessageSid": {"SM00000000000000000000000000000007"}, "From": {anaPhone}, "To": {standin.Number}, "Body": {code}}
		answer := g.SignedForm("/twilio/sms", ack)
		require.Contains(t, answer.Body, "Acked "+code)
		undo := url.Values{"MessageSid": {"SM00000000000000000000000000000008"}, "From": {anaPhone}, "To": {standin.Number}, "Body": {code + "u"}}
		g.SignedForm("/twilio/sms", undo)
		replay := func(g *apptest.Gateway) {
			again := g.Sentry("issue", sentryIssue("created", "1", "Recorded"))
			require.Zero(t, again.Opened, "the recorded delivery opens nothing")
			require.Equal(t, answer.Body, g.SignedForm("/twilio/sms", ack).Body, "the same text, the same answer")
			require.Equal(t, escalation.Triggered, g.Incident(id).Incident.State, "and no second effect: the acknowledgement was undone")
		}
		replay(g)
		status := g.Incident(id).Attempts[0]
		g.Becomes(id, "delivered", func(d api.IncidentDetail) bool { return d.Attempts[0].State == paging.Delivered })
		for _, old := range []string{"queued", "sent", "failed", "undelivered"} {
			form := url.Values{"MessageSid": {status.ProviderID}, "MessageStatus": {old}, "ErrorCode": {"30008"}}
			require.Equal(t, http.StatusNoContent, g.SignedForm("/twilio/status/"+string(status.ID), form).Status)
		}
		require.Equal(t, "delivered", string(g.Incident(id).Attempts[0].State), "a status only goes forward")
		require.NoError(t, g.Stop())
		g = w.Run()
		replay(g)
		resolved := g.Sentry("issue", sentryIssue("resolved", "1", "Recorded"))
		require.Equal(t, 1, resolved.Ended)
		late := url.Values{"MessageSid": {"SM00000000000000000000000000000009"}, "From": {anaPhone}, "To": {standin.Number}, "Body": {code}}
		g.SignedForm("/twilio/sms", late)
		require.Equal(t, escalation.Resolved, g.Incident(id).Incident.State, "an acknowledgement of what is over changes nothing")
	})
}
