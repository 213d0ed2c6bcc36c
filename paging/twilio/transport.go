package twilio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twilio/twilio-go/client"
)

// maxAnswer bounds what is read of one answer. A page of 1000 messages is about 1.2 MB.
const maxAnswer = 4 << 20

// bound is twilio-go's BaseClient for one call. The client of twilio-go knows no context,
// forgets to close error bodies and loses the status and headers of errors that are not JSON.
type bound struct {
	c     *Channel
	ctx   context.Context
	token string
}

var _ client.BaseClient = (*bound)(nil)

// AccountSid fills the path of the request.
func (b *bound) AccountSid() string { return b.c.account }

// SetTimeout does nothing: the context decides.
func (b *bound) SetTimeout(time.Duration) {}

// SetOauth does nothing: requests carry the account's token.
func (b *bound) SetOauth(client.OAuth) {}

// OAuth is never used.
func (b *bound) OAuth() client.OAuth { return nil }

// SendRequest sends one request to the configured base URL and reads the whole answer. The
// error is an *answerError for a status outside 2xx and a *brokenError when there was none.
func (b *bound) SendRequest(method, rawURL string, data url.Values,
	headers map[string]interface{}, body ...byte) (*http.Response, error) {
	req, wrote, err := b.request(method, rawURL, data, headers, body)
	if err != nil {
		return nil, &brokenError{Err: err}
	}
	res, err := b.c.http.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // without the URL, which names the account
		}
		return nil, &brokenError{Wrote: wrote.Load(), Err: err}
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return nil, newAnswerError(res, answer)
	}
	if err != nil {
		return nil, &brokenError{Wrote: true, Err: err}
	}
	res.Body = io.NopCloser(bytes.NewReader(answer))
	return res, nil
}

// request builds the request; wrote becomes true as soon as its header left for the server.
func (b *bound) request(method, rawURL string, data url.Values,
	headers map[string]interface{}, body []byte) (*http.Request, *atomic.Bool, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, nil, err
	}
	target := b.c.base.JoinPath(u.EscapedPath())
	if method == http.MethodGet || method == http.MethodDelete {
		target.RawQuery = data.Encode()
	} else if body == nil {
		body = []byte(data.Encode())
	}
	wrote := new(atomic.Bool)
	trace := &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(b.ctx, trace), method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	for k, v := range headers {
		req.Header.Set(k, fmt.Sprint(v))
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "tocsin")
	req.SetBasicAuth(b.c.account, b.token)
	return req, wrote, nil
}

// httpClient returns a client that follows no redirect: a followed POST becomes a GET, and
// the token would travel to wherever the answer points.
func httpClient(given *http.Client) *http.Client {
	h := http.Client{}
	if given != nil {
		h = *given
	} else {
		h.Transport = &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:   5 * time.Second,
			ForceAttemptHTTP2:     true,
			MaxIdleConnsPerHost:   8,
			IdleConnTimeout:       60 * time.Second,
			ExpectContinueTimeout: time.Second,
		}
	}
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &h
}

// answerError is an answer with a status outside 2xx. Code is 0 when the body is not
// Twilio's JSON, as from a proxy in between.
type answerError struct {
	Status     int
	Code       int
	Message    string
	RetryAfter time.Duration
}

func (e *answerError) Error() string { return fmt.Sprintf("HTTP status %d, code %d", e.Status, e.Code) }

func newAnswerError(res *http.Response, body []byte) *answerError {
	e := &answerError{Status: res.StatusCode, RetryAfter: retryAfter(res.Header)}
	var said struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &said) == nil {
		e.Code, e.Message = said.Code, said.Message
	}
	return e
}

// retryAfter reads Retry-After (RFC 9110 §10.2.3). A date counts from the answer's own Date.
func retryAfter(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.Atoi(v); err == nil {
		return time.Duration(min(max(n, 0), 86400)) * time.Second
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), 24*time.Hour)
}

// brokenError is a request without an answer. Wrote says that Twilio may have it.
type brokenError struct {
	Wrote bool
	Err   error
}

func (e *brokenError) Error() string { return e.Err.Error() }
func (e *brokenError) Unwrap() error { return e.Err }
