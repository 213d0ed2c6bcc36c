package twilio_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/paging"
	"tocsin/paging/channeltest"
	"tocsin/paging/twilio"
	"tocsin/paging/twilio/telephone"
)

const (
	account = "AC00000000000000000000000000000001"
	token   = "test-token-of-nobody"
	ours    = "+12025550100"
	phone   = "+12025550101"
	stray   = "+12025550102"
)

// rig is a channel on a telephone, over a real socket.
type rig struct {
	tel     *telephone.Telephone
	server  *httptest.Server
	channel *twilio.Channel
	close   func() // idempotent
}

// loopback reaches this machine only: at a public URL that is made up nobody answers, and no
// test asks for its address.
type loopback struct{ *http.Transport }

func (l loopback) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Hostname() != "127.0.0.1" {
		return nil, errors.New("nobody is there")
	}
	return l.Transport.RoundTrip(r)
}

// newRig wires a channel to a telephone; wrap may stand in between.
func newRig(t *testing.T, public string, wrap func(http.Handler) http.Handler) *rig {
	t.Helper()
	o := telephone.Options{AccountSID: account, AuthToken: token, Numbers: []string{ours}, Clock: time.Now}
	o.HTTPClient = &http.Client{Transport: loopback{&http.Transport{DisableKeepAlives: true}}}
	tel, err := telephone.New(o)
	require.NoError(t, err)
	var h http.Handler = tel
	if wrap != nil {
		h = wrap(h)
	}
	server := httptest.NewServer(h)
	channel, err := twilio.New(twilio.Options{AccountSID: account, AuthTokens: []string{token}, From: []string{ours},
		BaseURL: server.URL, PublicURL: public})
	require.NoError(t, err)
	r := &rig{tel: tel, server: server, channel: channel}
	r.close = sync.OnceFunc(func() {
		_ = tel.Close()
		server.Close()
		channel.Close()
	})
	t.Cleanup(r.close)
	return r
}

func (r *rig) taken() int { return len(r.tel.Texts(phone)) }

func (r *rig) answer(a channeltest.Answer) {
	r.tel.SetFault(phone, map[channeltest.Answer]telephone.Fault{
		channeltest.Accept:      {},
		channeltest.BadContact:  {Code: 21211},
		channeltest.OptedOut:    {Code: 21610},
		channeltest.BadAccount:  {Code: 20003},
		channeltest.BadContent:  {Code: 21617},
		channeltest.RateLimited: {Code: 20429, RetryAfter: channeltest.RetryAfter},
		channeltest.ServerError: {Status: http.StatusServiceUnavailable},
		channeltest.Hang:        {Hang: true},
		channeltest.Drop:        {Cut: true, Accept: true},
	}[a])
}

// The Twilio channel keeps every promise of a channel, on a telephone whose every exchange
// fits Twilio's own description of its API.
func TestChannelConformance(t *testing.T) {
	d := twilioDescription(t, false)
	channeltest.Run(t, func(t *testing.T) channeltest.Harness {
		r := newRig(t, "https://pager.example.org", d.wrap(t))
		return channeltest.Harness{Channel: r.channel, To: phone, Answer: r.answer, Taken: r.taken, Close: r.close}
	})
}

// described is Twilio's OpenAPI description; nil describes nothing.
type described struct{ router routers.Router }

// twilioDescription loads the description that lies beside the repository. Without it a test
// that needs it is skipped, or fails when TOCSIN_REQUIRE_SHARED is 1.
func twilioDescription(t *testing.T, needed bool) *described {
	t.Helper()
	root, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		require.NotEqual(t, root, filepath.Dir(root), "no go.mod above the test")
		root = filepath.Dir(root)
	}
	raw, err := os.ReadFile(filepath.Join(root, "..", "shared", "twilio", "twilio_api_v2010.messages-calls.json"))
	if err != nil {
		if os.Getenv("TOCSIN_REQUIRE_SHARED") == "1" {
			t.Fatalf("Twilio's API description is missing: %v", err)
		}
		if needed {
			t.Skip("skipped: Twilio's API description (../shared/twilio) is not here; TOCSIN_REQUIRE_SHARED=1 demands it")
		}
		return nil
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	require.NoError(t, err)
	doc.Servers = nil // wherever it runs
	for _, p := range doc.Paths.Map() {
		p.Servers = nil
	}
	router, err := gorillamux.NewRouter(doc)
	require.NoError(t, err)
	return &described{router}
}

// wrap checks each request on its way in and each good answer on its way out. The description
// has no error answers.
func (d *described) wrap(t *testing.T) func(http.Handler) http.Handler {
	if d == nil {
		return nil
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			in, err := d.request(r)
			if !assert.NoError(t, err, "the request does not fit Twilio's description") {
				w.WriteHeader(http.StatusTeapot)
				return
			}
			rec := httptest.NewRecorder()
			next.ServeHTTP(rec, r)
			if rec.Code < 300 {
				assert.NoError(t, d.response(in, rec), "the answer does not fit Twilio's description: %s", rec.Body)
			}
			for k, v := range rec.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(rec.Code)
			_, _ = w.Write(rec.Body.Bytes())
		})
	}
}

func (d *described) request(r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	route, params, err := d.router.FindRoute(r)
	if err != nil {
		return nil, err
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{MultiError: true, IncludeResponseStatus: true,
			AuthenticationFunc: func(_ context.Context, a *openapi3filter.AuthenticationInput) error {
				if _, _, ok := r.BasicAuth(); !ok {
					return a.NewError(http.ErrNoCookie)
				}
				return nil
			}}}
	return in, openapi3filter.ValidateRequest(context.Background(), in)
}

func (d *described) response(in *openapi3filter.RequestValidationInput, rec *httptest.ResponseRecorder) error {
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: rec.Code, Header: rec.Header(), Options: in.Options}
	out.SetBodyBytes(rec.Body.Bytes())
	return openapi3filter.ValidateResponse(context.Background(), out)
}

// The description really judges: a request and an answer that do not fit are noticed.
func TestDescriptionNotices(t *testing.T) {
	d := twilioDescription(t, true)
	path := "/2010-04-01/Accounts/" + account + "/Messages.json"
	post := func(form string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(account, token)
		return r
	}
	in, err := d.request(post("To=%2B12025550101&Body=x"))
	require.NoError(t, err)
	_, err = d.request(post("Body=x"))
	assert.Error(t, err, "To is missing")
	_, err = d.request(post("To=%2B12025550101&ValidityPeriod=soon"))
	assert.Error(t, err, "ValidityPeriod is no number")
	rec := httptest.NewRecorder()
	rec.Header().Set("Content-Type", "application/json")
	rec.WriteHeader(http.StatusCreated)
	rec.Body = bytes.NewBufferString(`{"sid":"SM1","status":"wat"}`)
	assert.Error(t, d.response(in, rec), "neither SID nor status are Twilio's")
}

// Each exchange of channel and telephone, page by page, fits Twilio's description; the list
// knows filters, pages and replies.
func TestExchangesFitTwiliosDescription(t *testing.T) {
	d := twilioDescription(t, true)
	r := newRig(t, "", d.wrap(t))
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer hook.Close()
	r.tel.SetSMSURL(hook.URL)
	r.tel.SetFault(stray, telephone.Fault{Undelivered: 30003})
	for _, to := range []string{phone, stray, phone} {
		_, err := r.channel.Send(t.Context(), paging.Message{To: to, Body: "P1 “Disk” full. Reply 12 = ack"})
		require.NoError(t, err)
	}
	in, err := r.tel.Reply(t.Context(), phone, ours, "12")
	require.NoError(t, err)
	settled := 0
	_, err = r.tel.Wait(t.Context(), func(x telephone.Text) bool {
		if x.Status == "delivered" || x.Status == "undelivered" {
			settled++
		}
		return settled == 3
	})
	require.NoError(t, err)

	base := r.server.URL + "/2010-04-01/Accounts/" + account + "/Messages"
	q := func(kv ...string) string {
		v := url.Values{}
		for i := 0; i < len(kv); i += 2 {
			v.Set(kv[i], kv[i+1])
		}
		return base + ".json?" + v.Encode()
	}
	soon, past := time.Now().Add(time.Hour).UTC().Format(time.RFC3339), time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	for _, c := range []struct {
		url   string
		count int
	}{
		{q(), 4}, {q("PageSize", "3"), 3}, {q("PageSize", "3", "Page", "1"), 1}, {q("Page", "9"), 0},
		{q("To", phone), 2}, {q("To", ours), 1}, {q("From", phone), 1}, {q("To", stray, "DateSent>", past), 1},
		{q("DateSent>", soon), 0}, {q("DateSent<", soon), 4}, {q("DateSent<", past), 0},
	} {
		assert.Equal(t, c.count, strings.Count(get(t, c.url), `"sid":`), c.url)
	}
	assert.Contains(t, get(t, base+"/"+in.SID+".json"), `"direction":"inbound"`)
	assert.Contains(t, get(t, base+"/"+r.tel.Texts(stray)[0].SID+".json"), `"error_code":30003`)
}

func get(t *testing.T, u string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u, nil)
	require.NoError(t, err)
	req.SetBasicAuth(account, token)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode, b.String())
	return b.String()
}
