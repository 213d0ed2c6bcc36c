package twilio_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/paging"
	"tocsin/paging/twilio"
	"tocsin/paging/twilio/telephone"
)

func options(base string) twilio.Options {
	return twilio.Options{AccountSID: account, AuthTokens: []string{token}, From: []string{ours}, BaseURL: base}
}

// newChannel returns a channel to a handler, and closes both after the test.
func newChannel(t *testing.T, h http.HandlerFunc, change ...func(*twilio.Options)) *twilio.Channel {
	t.Helper()
	srv := httptest.NewServer(h)
	o := options(srv.URL)
	for _, f := range change {
		f(&o)
	}
	c, err := twilio.New(o)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close(); srv.Close() })
	return c
}

var text = paging.Message{Attempt: "01J0000000testtest00-a1", To: phone, Body: "P1 Disk full. Reply 12 = ack"}

// New names every mistake at once, and no mistake quotes a secret.
func TestNewRefuses(t *testing.T) {
	_, err := twilio.New(twilio.Options{AccountSID: "AC1", AuthTokens: []string{"good", " "}, From: []string{"2025550100"},
		BaseURL: "ftp://user:hunter2@example.org", PublicURL: "https://user:hunter2@example.org"})
	require.Error(t, err)
	for _, word := range []string{"account_sid", "auth_tokens[1]", "from[0]", "base_url", "public_url"} {
		assert.ErrorContains(t, err, word)
	}
	assert.NotContains(t, err.Error(), "hunter2")
	_, err = twilio.New(twilio.Options{AccountSID: account})
	assert.ErrorContains(t, err, "auth_tokens is empty")
	assert.ErrorContains(t, err, "from is empty")
	c, err := twilio.New(options(""))
	require.NoError(t, err)
	assert.Equal(t, "twilio", c.Name())
}

// The request that Twilio gets: where from, for how long, with a receipt that names the
// attempt, under the prefix of base_url; the environment's edge and region play no part.
func TestSendRequest(t *testing.T) {
	t.Setenv("TWILIO_EDGE", "dublin")
	t.Setenv("TWILIO_REGION", "ie1")
	var got url.Values
	var path string
	c := newChannel(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		got, path = r.PostForm, r.URL.Path
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"sid":"SM1","status":"accepted","num_segments":"2","from":"+12025550100"}`)
	}, func(o *twilio.Options) { o.PublicURL = "https://pager.example.org/x/"; o.BaseURL += "/api/laml/" })
	for _, v := range []struct {
		valid time.Duration
		want  string
	}{{0, "300"}, {time.Second, "60"}, {2 * time.Minute, "120"}, {48 * time.Hour, "36000"}} {
		m := text
		m.ValidFor = v.valid
		r, err := c.Send(t.Context(), m)
		require.NoError(t, err)
		assert.Equal(t, paging.Receipt{ProviderID: "SM1", Status: "accepted", Rank: 0, Segments: 2, From: ours}, r)
		assert.Equal(t, url.Values{"To": {phone}, "From": {ours}, "Body": {text.Body}, "SmartEncoded": {"true"}, "RiskCheck": {"disable"},
			"ValidityPeriod": {v.want},
			"StatusCallback": {"https://pager.example.org/x/twilio/status/01J0000000testtest00-a1#rc=3&rp=all"}}, got)
	}
	assert.Equal(t, "/api/laml/2010-04-01/Accounts/"+account+"/Messages.json", path)
}

// A phone always hears from the same of our numbers, also when another one is added or
// goes, and all numbers carry their share.
func TestSenderIsStable(t *testing.T) {
	pick := func(from ...string) map[string]string {
		out := map[string]string{}
		var last string
		c := newChannel(t, func(w http.ResponseWriter, r *http.Request) {
			last = r.FormValue("From")
			fmt.Fprint(w, `{"sid":"SM1"}`)
		}, func(o *twilio.Options) { o.From = from })
		for i := range 40 {
			to := fmt.Sprintf("+1202555%04d", 200+i)
			_, err := c.Send(t.Context(), paging.Message{To: to, Body: "x"})
			require.NoError(t, err)
			out[to] = last
		}
		return out
	}
	a, b, c := "+12025550110", "+12025550111", "+12025550112"
	three, reordered, two := pick(a, b, c), pick(c, a, b), pick(a, b)
	assert.Equal(t, three, reordered)
	used := map[string]int{}
	for to, from := range three {
		used[from]++
		if from != c {
			assert.Equal(t, from, two[to], "a phone changed hands although its number stayed")
		}
	}
	assert.Len(t, used, 3)
}

type errorCase struct {
	name   string
	status int
	body   string
	class  paging.Class
	code   int
}

func errorCases() []errorCase {
	jsonError := func(code, status int) string {
		return fmt.Sprintf(`{"code":%d,"message":"no %s for %s","status":%d}`, code, token, phone, status)
	}
	return []errorCase{
		{"invalid number", 400, jsonError(21211, 400), paging.BadContact, 21211},
		{"landline", 400, jsonError(21614, 400), paging.BadContact, 21614},
		{"opted out", 400, jsonError(21610, 400), paging.OptedOut, 21610},
		{"wrong token", 401, jsonError(20003, 401), paging.BadAccount, 20003},
		{"forbidden, HTML", 403, "<html>", paging.BadAccount, 0},
		{"country not allowed", 400, jsonError(21408, 400), paging.BadAccount, 21408},
		{"not our number", 400, jsonError(21606, 400), paging.BadAccount, 21606},
		{"too long", 400, jsonError(21617, 400), paging.BadContent, 21617},
		{"queue overflow", 400, jsonError(21611, 400), paging.Temporary, 21611},
		{"a code of next year", 400, jsonError(39999, 400), paging.Temporary, 39999},
		{"HTML 400", 400, "<html>", paging.Temporary, 0},
		{"too many, JSON", 429, jsonError(20429, 429), paging.Temporary, 20429},
		{"too many, HTML", 429, "<html>", paging.Temporary, 0},
		{"server error, JSON", 500, jsonError(20500, 500), paging.UnknownResult, 20500},
		{"server error, HTML", 502, strings.Repeat("<html>", 600), paging.UnknownResult, 0},
		{"unknown account", 404, jsonError(20404, 404), paging.BadAccount, 20404},
		{"not Twilio at all", 404, "404 page not found", paging.BadAccount, 0},
		{"redirect", 302, "", paging.BadAccount, 0},
		{"created, no SID", 201, `{}`, paging.UnknownResult, 0},
		{"created, null SID", 201, `{"sid":null,"num_segments":null}`, paging.UnknownResult, 0},
		{"created, HTML", 201, "<html>", paging.UnknownResult, 0},
		{"created, empty", 201, "", paging.UnknownResult, 0},
		{"created, endless", 201, strings.Repeat(" ", 5<<20) + `{"sid":"SM1"}`, paging.UnknownResult, 0},
		{"created and failed", 201, `{"sid":"SM1","status":"failed","error_code":30006}`, paging.BadContact, 30006},
	}
}

// Each answer of Twilio, or of what stands in between, means one thing for the next try.
func TestSendErrorClasses(t *testing.T) {
	for _, v := range errorCases() {
		t.Run(v.name, func(t *testing.T) {
			var calls atomic.Int32
			c := newChannel(t, func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				w.Header().Set("Retry-After", "7")
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(v.status)
				fmt.Fprint(w, v.body)
			})
			_, err := c.Send(t.Context(), text)
			var se *paging.SendError
			require.ErrorAs(t, err, &se)
			assert.Equal(t, v.class, se.Class, se.Error())
			assert.Equal(t, v.code, se.Code)
			assert.EqualValues(t, 1, calls.Load(), "one Send is one request")
			if v.status > 299 {
				assert.Equal(t, v.status, se.Status)
				assert.Equal(t, 7*time.Second, se.RetryAfter)
			}
			said := fmt.Sprintf("%v %+v %v", err, se, se.Err)
			assert.NotContains(t, said, token, "a secret in an error")
			assert.NotContains(t, said, base64.StdEncoding.EncodeToString([]byte(account+":"+token)))
		})
	}
}

// A date in Retry-After counts from the server's own clock.
func TestRetryAfterDate(t *testing.T) {
	c := newChannel(t, func(w http.ResponseWriter, _ *http.Request) {
		at := time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)
		w.Header().Set("Date", at.Format(http.TimeFormat))
		w.Header().Set("Retry-After", at.Add(90*time.Second).Format(http.TimeFormat))
		w.WriteHeader(http.StatusTooManyRequests)
	})
	_, err := c.Send(t.Context(), text)
	assert.Equal(t, 90*time.Second, paging.AsSendError(err).RetryAfter)
}

// Only what was written may be on its way: a refused connection, a dead context and a broken
// TLS handshake are free to retry, a connection lost after the request is not.
func TestWrittenOrNot(t *testing.T) {
	send := func(ctx context.Context, o twilio.Options) paging.Class {
		t.Helper()
		c, err := twilio.New(o)
		require.NoError(t, err)
		defer c.Close()
		_, err = c.Send(ctx, text)
		require.Error(t, err)
		return paging.AsSendError(err).Class
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := "http://" + l.Addr().String()
	require.NoError(t, l.Close())
	assert.Equal(t, paging.Temporary, send(t.Context(), options(nobody)))

	cutting := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer cutting.Close()
	assert.Equal(t, paging.UnknownResult, send(t.Context(), options(cutting.URL)))

	dead, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, paging.Temporary, send(dead, options(cutting.URL)))

	assert.Equal(t, paging.Temporary, send(t.Context(), options(strings.Replace(cutting.URL, "http:", "https:", 1))))

	half := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "500")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"sid":`)
	}))
	defer half.Close()
	assert.Equal(t, paging.UnknownResult, send(t.Context(), options(half.URL)))
}

// The channel's own time-out ends a call whose context has none.
func TestTimeout(t *testing.T) {
	r := newRig(t, "", nil)
	r.tel.SetFault("", telephone.Fault{Hang: true})
	o := options(r.server.URL)
	o.Timeout = 20 * time.Millisecond
	c, err := twilio.New(o)
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Send(t.Context(), text)
	assert.Equal(t, paging.UnknownResult, paging.AsSendError(err).Class)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

// When a rotation kills one token the other is used, at once and from then on.
func TestTokenRotation(t *testing.T) {
	var tried []string
	c := newChannel(t, func(w http.ResponseWriter, r *http.Request) {
		_, p, _ := r.BasicAuth()
		tried = append(tried, p)
		if p != "new" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"code":20003}`)
			return
		}
		fmt.Fprint(w, `{"sid":"SM1"}`)
	}, func(o *twilio.Options) { o.AuthTokens = []string{"old", "new"} })
	for range 2 {
		_, err := c.Send(t.Context(), text)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"old", "new", "new"}, tried)
}

// Find knows a text again that Twilio re-encoded or lists without dates, and is not misled
// by replies, older texts, other phones and half-equal bodies.
func TestFind(t *testing.T) {
	since := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	date := func(d time.Duration) string { return `"` + since.Add(d).Format(time.RFC1123Z) + `"` }
	row := func(sid, to, dir, body, created string) string {
		return fmt.Sprintf(`{"sid":%q,"to":%q,"direction":%q,"body":%q,"date_created":%s,"date_sent":null,"status":"queued","num_segments":null,"error_code":null}`, sid, to, dir, body, created)
	}
	const api = "outbound-api"
	cases := []struct {
		name, dated, undated string // the rows of the two answers
		found                bool
	}{
		{"sent", row("SM1", phone, api, "Disk “full” – 12", date(time.Second)), "", true},
		{"null date, vouched for by the filter", row("SM1", phone, api, "Disk “full” – 12", "null"), "", true},
		{"re-encoded", row("SM1", phone, api, `Disk "full" - 12`, date(0)), "", true},
		{"trial account", row("SM1", phone, api, "Sent from your Twilio trial account - Disk “full” – 12", date(0)), "", true},
		{"not sent yet", "", row("SM1", phone, api, "Disk “full” – 12", date(0)), true},
		{"a clock half a minute behind", "", row("SM1", phone, api, "Disk “full” – 12", date(-30*time.Second)), true},
		{"an older text", "", row("SM1", phone, api, "Disk “full” – 12", date(-2*time.Minute)), false},
		{"undated and not vouched for", "", row("SM1", phone, api, "Disk “full” – 12", "null"), false},
		{"another code", row("SM1", phone, api, "Disk “full” – 13", date(0)), "", false},
		{"more text", row("SM1", phone, api, "Disk “full” – 12 again", date(0)), "", false},
		{"a reply", row("SM1", phone, "inbound", "Disk “full” – 12", date(0)), "", false},
		{"another phone", row("SM1", stray, api, "Disk “full” – 12", date(0)), "", false},
		{"no SID", row("", phone, api, "Disk “full” – 12", date(0)), "", false},
		{"nothing", "", "", false},
	}
	for _, v := range cases {
		t.Run(v.name, func(t *testing.T) {
			c := newChannel(t, func(w http.ResponseWriter, r *http.Request) {
				q := r.URL.Query()
				assert.Equal(t, phone, q.Get("To"))
				size, rows := "50", v.undated
				if q.Has("DateSent>") {
					size = "1000"
					assert.Equal(t, "2026-03-01T02:59:00Z", q.Get("DateSent>"))
					rows = v.dated
				}
				assert.Equal(t, size, q.Get("PageSize"))
				fmt.Fprintf(w, `{"messages":[%s]}`, rows)
			})
			r, found, err := c.Find(t.Context(), paging.Message{To: phone, Body: "Disk “full” – 12"}, since)
			require.NoError(t, err)
			assert.Equal(t, v.found, found)
			if found {
				assert.Equal(t, paging.Receipt{ProviderID: "SM1", Status: "queued", Rank: 1}, r)
			}
		})
	}
}

// A look-up that fails is an error, never "not found".
func TestFindFails(t *testing.T) {
	c := newChannel(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	_, found, err := c.Find(t.Context(), text, time.Now())
	assert.False(t, found)
	assert.Equal(t, http.StatusBadGateway, paging.AsSendError(err).Status)
}
