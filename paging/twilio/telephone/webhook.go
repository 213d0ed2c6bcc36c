package telephone

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tocsin/paging/twilio"
)

// Twilio waits this long for a webhook, and reads this much of its answer.
const (
	webhookTimeout = 15 * time.Second
	maxAnswer      = 64 << 10
)

// answer is how a webhook ended.
type answer struct {
	status      int
	contentType string
	body        []byte
	err         string
}

// post calls a webhook as Twilio does, signed, with the retries that the URL's fragment asks
// for (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
func (t *Telephone) post(ctx context.Context, hook string, form url.Values) answer {
	target, fragment, _ := strings.Cut(hook, "#")
	retries, again := overrides(fragment)
	token := newSID("") // the same for every try
	var a answer
	for try := 0; ; try++ {
		var failure string
		a, failure = t.postOnce(ctx, target, token, form)
		if failure == "" || try >= retries || !again(failure) || ctx.Err() != nil {
			return a
		}
	}
}

// overrides reads rc (retries) and rp (for which failures).
func overrides(fragment string) (retries int, again func(failure string) bool) {
	q, _ := url.ParseQuery(fragment)
	retries, policy := 1, "ct"
	if n, err := strconv.Atoi(q.Get("rc")); err == nil && n >= 0 && n <= 5 {
		retries = n
	}
	if rp := q.Get("rp"); rp != "" {
		policy = rp
	}
	return retries, func(failure string) bool {
		for _, p := range strings.Split(policy, ",") {
			if p == "all" || p == failure {
				return true
			}
		}
		return false
	}
}

// postOnce posts once. failure is Twilio's word for why a retry may help: ct (no
// connection), rt (no answer), 4xx, 5xx, or "".
func (t *Telephone) postOnce(ctx context.Context, target, token string, form url.Values) (a answer, failure string) {
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{err: "the URL cannot be used"}, ""
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	req.Header.Set("User-Agent", "TwilioProxy/1.1")
	req.Header.Set("I-Twilio-Idempotency-Token", token)
	req.Header.Set(twilio.SignatureHeader, twilio.Sign(t.token, target, form))
	res, err := t.http.Do(req)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" {
			return answer{err: err.Error()}, "ct"
		}
		return answer{err: err.Error()}, "rt"
	}
	defer res.Body.Close()
	a = answer{status: res.StatusCode, contentType: res.Header.Get("Content-Type")}
	if a.body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer)); err != nil {
		a.err = err.Error()
		return a, "rt"
	}
	switch {
	case a.status >= 500:
		a.err = "HTTP status " + strconv.Itoa(a.status)
		return a, "5xx"
	case a.status >= 400:
		a.err = "HTTP status " + strconv.Itoa(a.status)
		return a, "4xx"
	case a.status >= 300:
		a.err = "a redirect, which would lose the form"
	}
	return a, ""
}

func webhookClient(given *http.Client) *http.Client {
	h := http.Client{}
	if given != nil {
		h = *given
	} else {
		h.Transport = &http.Transport{
			DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, IdleConnTimeout: 30 * time.Second}
	}
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &h
}
