package twilio_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/paging"
	"tocsin/paging/twilio"
	"tocsin/paging/twilio/telephone"
)

// Receipts come in any order: their ranks put them right, and what ends a text says why.
func TestParseStatus(t *testing.T) {
	at := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	cases := []struct {
		status, code string
		result       paging.Result
		rank         int
		reason       string
	}{
		{"queued", "", paging.ResultReceipt, 1, ""},
		{"sending", "", paging.ResultReceipt, 2, ""},
		{"sent", "", paging.ResultReceipt, 3, ""},
		{"undelivered", "30003", paging.ResultFailed, 4, "undelivered: the phone is off or has no signal (temporary, Twilio's code 30003)"},
		{"failed", "30006", paging.ResultFailed, 4, "failed: a landline, or a carrier that takes no texts (bad_contact, Twilio's code 30006)"},
		{"failed", "", paging.ResultFailed, 4, "failed without an error code"},
		{"canceled", "", paging.ResultFailed, 4, "canceled at Twilio"},
		{"delivered", "", paging.ResultDelivered, 5, ""},
		{"read", "", paging.ResultDelivered, 6, ""},
		{"pondered", "", paging.ResultReceipt, 0, ""},
	}
	for _, v := range cases {
		form := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {v.status}, "ErrorCode": {v.code}, "NewField": {"x"}}
		r, ok := twilio.ParseStatus("a-1", form, at)
		require.True(t, ok)
		assert.Equal(t, paging.Report{Attempt: "a-1", Result: v.result, At: at, Provider: "twilio", ProviderID: "SM1",
			ProviderStatus: v.status, ProviderRank: v.rank, Reason: v.reason}, r)
	}
	_, ok := twilio.ParseStatus("a-1", url.Values{"MessageSid": {"SM1"}}, at)
	assert.False(t, ok)
	_, ok = twilio.ParseStatus("a-1", url.Values{"MessageStatus": {"sent"}}, at)
	assert.False(t, ok)
	_, known := twilio.Rank("pondered")
	assert.False(t, known)
}

// An incoming text is read with what it needs and refused without; pictures do no harm.
func TestParseInbound(t *testing.T) {
	in, err := twilio.ParseInbound(url.Values{"MessageSid": {"SM1"}, "From": {"rcs:" + phone}, "To": {ours}, "NumMedia": {"2"}, "MediaUrl0": {"https://example.org/x"}})
	require.NoError(t, err)
	assert.Equal(t, twilio.Inbound{From: phone, To: ours, MessageSID: "SM1", NumMedia: 2}, in)
	for _, bad := range []url.Values{{}, {"MessageSid": {"SM1"}}, {"From": {phone}, "To": {ours}},
		{"MessageSid": {strings.Repeat("x", 65)}, "From": {phone}, "To": {ours}}} {
		_, err := twilio.ParseInbound(bad)
		assert.Error(t, err)
	}
}

// The TwiML is one text whatever the text holds, and no text at all for "".
func TestMessagingResponse(t *testing.T) {
	assert.Equal(t, xml.Header+"<Response/>", string(twilio.MessagingResponse("")))
	for _, s := range []string{"Acked 12", `</Message><Message to="+1">&amp; "x" 'y' <&>`, "Größe 🔥\nzwei"} {
		var doc struct{ Message []string }
		require.NoError(t, xml.Unmarshal(twilio.MessagingResponse(s), &doc))
		assert.Equal(t, []string{s}, doc.Message)
	}
	var doc struct{ Message string }
	require.NoError(t, xml.Unmarshal(twilio.MessagingResponse("a\x00b"), &doc))
	assert.Equal(t, "a\uFFFDb", doc.Message)
}

// gateway receives what the telephone posts, as Tocsin's own handlers will: verify first.
type gateway struct {
	mu       sync.Mutex
	v        twilio.Validator
	reports  []paging.Report
	inbounds []twilio.Inbound
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	body, _ := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if !g.v.Valid(r.RequestURI, r.Header.Get("Content-Type"), body, r.Header.Get(twilio.SignatureHeader)) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	form, _ := url.ParseQuery(string(body))
	if id, ok := strings.CutPrefix(r.URL.Path, "/twilio/status/"); ok {
		if rep, ok := twilio.ParseStatus(paging.AttemptID(id), form, time.Time{}); ok {
			g.reports = append(g.reports, rep)
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	in, err := twilio.ParseInbound(form)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	g.inbounds = append(g.inbounds, in)
	w.Header().Set("Content-Type", "text/xml")
	_, _ = w.Write(twilio.MessagingResponse("Acked " + in.Body))
}

// A page goes out, its receipts come back in order under the attempt's name, the phone
// answers, and the confirmation reaches it: everything signed. With another token nothing
// gets through.
func TestPageAndReplyEndToEnd(t *testing.T) {
	g := &gateway{}
	hook := httptest.NewServer(g)
	defer hook.Close()
	g.v = twilio.Validator{Tokens: []string{"older", token}, PublicURL: hook.URL}
	r := newRig(t, hook.URL, nil)
	r.tel.SetSMSURL(hook.URL + "/twilio/sms#rc=3&rp=all")

	receipt, err := r.channel.Send(t.Context(), text)
	require.NoError(t, err)
	_, err = r.tel.WaitEvent(t.Context(), func(e telephone.Event) bool { return e.Callback != nil && e.Callback.Status == "delivered" })
	require.NoError(t, err)
	in, err := r.tel.Reply(t.Context(), phone, ours, "12 Größe 🔥 &=+%")
	require.NoError(t, err)
	shown, err := r.tel.Wait(t.Context(), func(x telephone.Text) bool { return x.Answers == in.SID && x.Reached == phone })
	require.NoError(t, err)
	assert.Equal(t, "Acked 12 Größe 🔥 &=+%", shown.Body)

	g.mu.Lock()
	defer g.mu.Unlock()
	var got []string
	for _, rep := range g.reports {
		assert.Equal(t, text.Attempt, rep.Attempt)
		assert.Equal(t, receipt.ProviderID, rep.ProviderID)
		got = append(got, rep.ProviderStatus)
	}
	assert.Equal(t, []string{"sending", "sent", "delivered"}, got)
	assert.Equal(t, []twilio.Inbound{{From: phone, To: ours, Body: "12 Größe 🔥 &=+%", MessageSID: in.SID}}, g.inbounds)

	g.v.Tokens = []string{"another"}
	g.mu.Unlock()
	_, err = r.tel.Reply(t.Context(), phone, ours, "12")
	g.mu.Lock()
	assert.ErrorContains(t, err, "403")
	assert.Len(t, g.inbounds, 1)
}

// nodeSigner signs random forms with the npm package twilio, which nobody here wrote.
const nodeSigner = `
const { getExpectedTwilioSignature, getExpectedBodyHash } = require('twilio/lib/webhooks/webhooks');
const pieces = ['ack', '12', ' ', '', 'é', '漢', '🔥', '&', '=', '+', '%', ';', "'", '"', '\n', '<b>', '~*()', '\u0000'];
const pick = () => Array.from({ length: Math.floor(Math.random() * 5) }, () => pieces[Math.floor(Math.random() * pieces.length)]).join('');
for (let i = 0; i < 300; i++) {
  const form = { MessageSid: 'SM' + i, body: 'lower', _x: '' };
  for (let n = Math.floor(Math.random() * 6); n > 0; n--) form['F' + Math.floor(Math.random() * 20)] = pick();
  if (i % 5 === 0) form.Twice = ['b', 'a', 'b'];
  const params = new URLSearchParams();
  for (const k in form) for (const v of [].concat(form[k])) params.append(k, v);
  const uri = '/twilio/sms' + (i % 3 === 0 ? '?n=' + i + '&q=a%20b%7C' : '');
  const url = 'https://pager.example.org' + (i % 4 === 0 ? ':443' : '') + uri;
  console.log(JSON.stringify({ uri, type: 'application/x-www-form-urlencoded', body: params.toString(), sig: getExpectedTwilioSignature('key' + i % 2, url, form) }));
}
const body = JSON.stringify({ status: 'sent' });
const uri = '/twilio/sms?bodySHA256=' + getExpectedBodyHash(body);
console.log(JSON.stringify({ uri, type: 'application/json', body, sig: getExpectedTwilioSignature('key0', 'https://pager.example.org' + uri, null) }));
`

// What Twilio's own library for Node signs passes; altered in any way, it does not.
func TestNodeSignatures(t *testing.T) {
	dir := os.Getenv("TOCSIN_NODE_MODULES")
	if dir == "" {
		if os.Getenv("TOCSIN_REQUIRE_SERVERS") == "1" {
			t.Fatal("TOCSIN_NODE_MODULES must name a folder with the npm package twilio")
		}
		t.Skip("skipped: TOCSIN_NODE_MODULES names no folder with the npm package twilio (npm install twilio)")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err == nil {
		dir = filepath.Join(dir, "node_modules")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "-e", nodeSigner)
	cmd.Env = append(os.Environ(), "NODE_PATH="+dir)
	out, err := cmd.Output()
	require.NoError(t, err)
	v := twilio.Validator{Tokens: []string{"key0", "key1"}, PublicURL: "https://pager.example.org"}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.Len(t, lines, 301)
	for _, line := range lines {
		var s struct{ URI, Type, Body, Sig string }
		require.NoError(t, json.Unmarshal([]byte(line), &s))
		body := []byte(s.Body)
		require.True(t, v.Valid(s.URI, s.Type, body, s.Sig), line)
		assert.False(t, v.Valid(s.URI, s.Type, append([]byte("Extra=1&"), body...), s.Sig), line)
		assert.False(t, v.Valid(s.URI, s.Type, []byte(s.Body+"x"), s.Sig), line)
		assert.False(t, v.Valid(s.URI+"0", s.Type, body, s.Sig), line)
		assert.False(t, v.Valid(s.URI, s.Type, body, "A"+s.Sig[1:]) && s.Sig[0] != 'A', line)
		assert.False(t, twilio.Validator{Tokens: []string{"key2"}, PublicURL: v.PublicURL}.Valid(s.URI, s.Type, body, s.Sig), line)
	}
}
