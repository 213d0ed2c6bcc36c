package telephone_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tocsin/paging/twilio"
	"tocsin/paging/twilio/telephone"
)

const (
	account = "AC00000000000000000000000000000001"
	token   = "test-token-of-nobody"
	ours    = "+12025550100"
	phone   = "+12025550101"
	stray   = "+12025550102"
	hook    = "https://pager.example.org/twilio"
)

// No test leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hooks plays the receiver of webhooks without a socket.
type hooks struct {
	mu     sync.Mutex
	forms  []url.Values
	tokens []string      // the idempotency token of each request
	hang   chan struct{} // when set, a request says so here and waits for its context
	answer func(n int, form url.Values) (status int, contentType, body string)
}

func (h *hooks) RoundTrip(r *http.Request) (*http.Response, error) {
	raw, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(raw))
	v := twilio.Validator{Tokens: []string{token}, PublicURL: "https://" + r.URL.Host}
	if r.URL.Fragment != "" || !v.Valid(r.URL.RequestURI(), r.Header.Get("Content-Type"), raw, r.Header.Get(twilio.SignatureHeader)) {
		return nil, errors.New("a request that Twilio would not send")
	}
	if h.hang != nil {
		h.hang <- struct{}{}
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forms = append(h.forms, form)
	h.tokens = append(h.tokens, r.Header.Get("I-Twilio-Idempotency-Token"))
	status, kind, body := http.StatusNoContent, "", ""
	if h.answer != nil {
		status, kind, body = h.answer(len(h.forms), form)
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {kind}, "Location": {"/elsewhere"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func (h *hooks) got(field string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, f := range h.forms {
		out = append(out, f.Get(field))
	}
	return out
}

func start(t *testing.T, h *hooks, change ...func(*telephone.Options)) *telephone.Telephone {
	t.Helper()
	if h == nil {
		h = &hooks{}
	}
	o := telephone.Options{AccountSID: account, AuthToken: token, Numbers: []string{ours}, Clock: time.Now,
		SMSURL: hook + "/sms", HTTPClient: &http.Client{Transport: h}}
	for _, f := range change {
		f(&o)
	}
	tel, err := telephone.New(o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = tel.Close() })
	return tel
}

// post asks for a text as Twilio's API takes it.
func post(tel *telephone.Telephone, kv ...string) *httptest.ResponseRecorder {
	form := url.Values{"To": {phone}, "From": {ours}, "Body": {"P1 Disk full"}}
	for i := 0; i < len(kv); i += 2 {
		form.Set(kv[i], kv[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, "/2010-04-01/Accounts/"+account+"/Messages.json", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(account, token)
	w := httptest.NewRecorder()
	tel.ServeHTTP(w, r)
	return w
}

type answer struct {
	SID, Status, Message string
	Code                 int
	MoreInfo             string `json:"more_info"`
}

func read(t *testing.T, w *httptest.ResponseRecorder) (a answer) {
	t.Helper()
	var raw map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &raw))
	a.SID, _ = raw["sid"].(string)
	a.Status, _ = raw["status"].(string)
	code, _ := raw["code"].(float64)
	a.Code = int(code)
	a.Message, _ = raw["message"].(string)
	a.MoreInfo, _ = raw["more_info"].(string)
	return a
}

// New refuses an account that could not exist.
func TestNewRefuses(t *testing.T) {
	good := telephone.Options{AccountSID: account, AuthToken: token, Numbers: []string{ours}, Clock: time.Now}
	for _, spoil := range []func(*telephone.Options){
		func(o *telephone.Options) { o.AccountSID = "AC1" }, func(o *telephone.Options) { o.AuthToken = "" },
		func(o *telephone.Options) { o.Clock = nil }, func(o *telephone.Options) { o.Numbers = nil },
		func(o *telephone.Options) { o.Numbers = []string{"12"} },
	} {
		o := good
		spoil(&o)
		_, err := telephone.New(o)
		assert.Error(t, err)
	}
}

// A request that breaks Twilio's rules gets Twilio's error, and no text comes of it.
func TestRules(t *testing.T) {
	tel := start(t, nil)
	cases := []struct {
		field, value string
		code, status int
	}{
		{"To", "", 21604, 400}, {"From", "", 21603, 400}, {"Body", "", 21602, 400},
		{"To", "12025550101", 21211, 400}, {"To", "+1202555010x", 21211, 400}, {"From", stray, 21606, 400}, {"To", ours, 21266, 400},
		{"Body", strings.Repeat("x", 1601), 21617, 400}, {"Body", strings.Repeat("🔥", 801), 21617, 400},
		{"StatusCallback", "pager", 21609, 400}, {"ValidityPeriod", "0", 21624, 400}, {"ValidityPeriod", "36001", 21624, 400}, {"ValidityPeriod", "soon", 21624, 400},
	}
	for _, v := range cases {
		w := post(tel, v.field, v.value)
		a := read(t, w)
		assert.Equal(t, v.status, w.Code, v.field)
		assert.Equal(t, v.code, a.Code, v.field)
		assert.NotEmpty(t, a.Message)
		assert.Contains(t, a.MoreInfo, "https://www.twilio.com/docs/errors/2")
	}
	assert.Empty(t, tel.Log())
	w := post(tel, "Body", strings.Repeat("x", 1600), "ValidityPeriod", "36000", "StatusCallback", hook)
	assert.Equal(t, http.StatusCreated, w.Code)
	assert.Equal(t, "queued", read(t, w).Status)
	w = post(tel, "Body", "“Disk” – full…", "SmartEncoded", "true")
	assert.Contains(t, w.Body.String(), `"body":"\"Disk\" - full..."`)
}

// Only the account's own token opens the API, and only its own account is there.
func TestCredentialsAndPaths(t *testing.T) {
	tel := start(t, nil)
	ask := func(method, path, user, password string) (int, answer) {
		r := httptest.NewRequest(method, path, nil)
		if user != "" {
			r.SetBasicAuth(user, password)
		}
		w := httptest.NewRecorder()
		tel.ServeHTTP(w, r)
		return w.Code, read(t, w)
	}
	list := "/2010-04-01/Accounts/" + account + "/Messages.json"
	for _, v := range []struct{ user, password string }{{"", ""}, {account, ""}, {account, "wrong"}, {"", token}, {"AC1", token}} {
		status, a := ask(http.MethodGet, list, v.user, v.password)
		assert.Equal(t, http.StatusUnauthorized, status)
		assert.Equal(t, 20003, a.Code)
	}
	other := strings.Replace(list, account, "AC00000000000000000000000000000002", 1)
	for _, path := range []string{other, "/", "/2010-04-01/Accounts/" + account + "/Messages/SM1.json", "/2010-04-01/Accounts/" + account + "/Calls.json"} {
		status, a := ask(http.MethodGet, path, account, token)
		assert.Equal(t, http.StatusNotFound, status, path)
		assert.Equal(t, 20404, a.Code, path)
	}
	status, _ := ask(http.MethodPost, other, account, token)
	assert.Equal(t, http.StatusNotFound, status)
	status, _ = ask(http.MethodGet, list+"?PageSize=1001", account, token)
	assert.Equal(t, http.StatusBadRequest, status)
	status, _ = ask(http.MethodGet, list, account, token)
	assert.Equal(t, http.StatusOK, status)
}

// A text takes its time through Twilio's statuses and ends as its fault says.
func TestFates(t *testing.T) {
	cases := []struct {
		name    string
		fault   telephone.Fault
		status  string
		code    int
		reached string
		after   time.Duration
	}{
		{"well", telephone.Fault{}, "delivered", 0, phone, 3 * time.Second},
		{"lost", telephone.Fault{Lose: true}, "sent", 0, "", 2 * time.Second},
		{"phone off", telephone.Fault{Undelivered: 30003}, "undelivered", 30003, "", 3 * time.Second},
		{"swallowed", telephone.Fault{Swallow: true}, "delivered", 0, "", 3 * time.Second},
		{"wrong recipient", telephone.Fault{RedirectTo: stray}, "delivered", 0, stray, 3 * time.Second},
		{"late", telephone.Fault{Delay: time.Minute}, "delivered", 0, phone, 63 * time.Second},
		{"too late", telephone.Fault{Delay: 3 * time.Minute}, "failed", 30036, "", 2 * time.Minute},
	}
	for _, v := range cases {
		t.Run(v.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tel := start(t, nil, func(o *telephone.Options) { o.Pause = time.Second })
				defer func() { _ = tel.Close() }()
				tel.SetFault(phone, v.fault)
				begun := time.Now()
				require.Equal(t, http.StatusCreated, post(tel, "ValidityPeriod", "120").Code)
				_, err := tel.Wait(t.Context(), func(x telephone.Text) bool { return x.Status == v.status })
				require.NoError(t, err)
				assert.Equal(t, v.after, time.Since(begun))
				<-time.After(time.Hour) // of the bubble: nothing more may happen
				x := tel.Texts(phone)[0]
				assert.Equal(t, []any{v.status, v.code, v.reached}, []any{x.Status, x.ErrorCode, x.Reached})
				if v.reached != "" {
					assert.Len(t, tel.Screen(v.reached), 1)
				}
			})
		})
	}
}

// A fault hits its phone or all, as often as told, the phone's own first, and an answer can
// be bad although the text was taken.
func TestFaultScope(t *testing.T) {
	tel := start(t, nil)
	tel.SetFault("", telephone.Fault{Code: 20429, RetryAfter: 7 * time.Second})
	tel.SetFault(phone, telephone.Fault{Code: 21211, Times: 1})
	assert.Equal(t, 21211, read(t, post(tel)).Code)
	w := post(tel)
	assert.Equal(t, 20429, read(t, w).Code)
	assert.Equal(t, http.StatusTooManyRequests, w.Code)
	assert.Equal(t, "7", w.Header().Get("Retry-After"))
	assert.Equal(t, 20429, read(t, post(tel, "To", stray)).Code)
	tel.SetFault(phone, telephone.Fault{DropReplies: true}) // says nothing about texts
	assert.Equal(t, 20429, read(t, post(tel)).Code)
	assert.Empty(t, tel.Texts(phone))
	tel.ClearFaults()
	assert.Equal(t, http.StatusCreated, post(tel).Code)
	tel.SetFault("", telephone.Fault{Status: http.StatusServiceUnavailable, Accept: true})
	w = post(tel)
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Contains(t, w.Body.String(), "<html>")
	tel.SetFault("", telephone.Fault{Cut: true, Accept: true})
	assert.Panics(t, func() { post(tel) })
	tel.SetFault("", telephone.Fault{Cut: true})
	assert.Panics(t, func() { post(tel) })
	tel.SetFault("", telephone.Fault{})
	assert.Len(t, tel.Texts(phone), 3, "well, 503 but taken, cut but taken")
}

// After STOP a number can text the phone no more until START; other numbers can, and the
// answer to STOP itself does not arrive.
func TestStopAndStart(t *testing.T) {
	h := &hooks{answer: func(int, url.Values) (int, string, string) {
		return 200, "text/xml", string(twilio.MessagingResponse("ok"))
	}}
	second := "+12025550109"
	tel := start(t, h, func(o *telephone.Options) { o.Numbers = []string{ours, second} })
	in, err := tel.Reply(t.Context(), phone, ours, " stop ")
	require.NoError(t, err)
	assert.Equal(t, []string{"ok"}, in.Answers)
	assert.Equal(t, 21610, read(t, post(tel)).Code)
	assert.Equal(t, http.StatusCreated, post(tel, "From", second).Code)
	assert.Equal(t, http.StatusCreated, post(tel, "To", stray).Code)
	assert.Equal(t, 21610, tel.Texts(phone)[0].ErrorCode)
	_, err = tel.Reply(t.Context(), phone, ours, "stop it")
	require.NoError(t, err)
	_, err = tel.Reply(t.Context(), phone, ours, "Start")
	require.NoError(t, err)
	assert.Equal(t, http.StatusCreated, post(tel).Code)
	assert.Equal(t, []string{" stop ", "stop it", "Start"}, h.got("Body"), "keywords reach the webhook too")
}
