package telephone_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/paging/twilio"
	"tocsin/paging/twilio/telephone"
)

// Receipts are signed and in order, and come dropped, twice or in the opposite order when a
// fault says so; the first status has none.
func TestReceipts(t *testing.T) {
	cases := []struct {
		name  string
		fault telephone.Fault
		want  []string
		codes []string
	}{
		{"well", telephone.Fault{}, []string{"sending", "sent", "delivered"}, []string{"", "", ""}},
		{"undelivered", telephone.Fault{Undelivered: 30008}, []string{"sending", "sent", "undelivered"}, []string{"", "", "30008"}},
		{"dropped", telephone.Fault{DropCallbacks: true}, nil, nil},
		{"twice", telephone.Fault{DuplicateCallbacks: true}, []string{"sending", "sending", "sent", "sent", "delivered", "delivered"}, make([]string, 6)},
		{"reversed", telephone.Fault{ReverseCallbacks: true, Undelivered: 30003}, []string{"undelivered", "sent", "sending"}, []string{"30003", "", ""}},
	}
	for _, v := range cases {
		t.Run(v.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &hooks{}
				tel := start(t, h)
				defer func() { _ = tel.Close() }()
				tel.SetFault("", v.fault)
				require.Equal(t, http.StatusCreated, post(tel, "StatusCallback", hook+"/status/a-1?x=1#rc=3&rp=all").Code)
				synctest.Wait()
				assert.Equal(t, v.want, h.got("MessageStatus"))
				assert.Equal(t, v.codes, h.got("ErrorCode"))
				for _, f := range h.forms {
					assert.Equal(t, []string{tel.Texts(phone)[0].SID, phone, ours, account}, []string{f.Get("MessageSid"), f.Get("To"), f.Get("From"), f.Get("AccountSid")})
				}
			})
		})
	}
}

// A webhook that fails is called again only as the URL's fragment says, under one
// idempotency token.
func TestRetries(t *testing.T) {
	cases := []struct {
		fragment string
		status   int
		calls    int
	}{{"", 503, 1}, {"#rc=3&rp=all", 503, 4}, {"#rc=2&rp=5xx", 503, 3}, {"#rc=2&rp=4xx,ct", 503, 1}, {"#rc=2&rp=4xx", 403, 3}, {"#rc=9&rp=all", 503, 2}, {"#rc=0&rp=all", 503, 1}, {"#rc=3&rp=all", 204, 1}, {"#rc=3&rp=all", 302, 1}}
	for _, v := range cases {
		h := &hooks{answer: func(int, url.Values) (int, string, string) { return v.status, "", "" }}
		tel := start(t, h, func(o *telephone.Options) { o.SMSURL += v.fragment })
		in, err := tel.Reply(t.Context(), phone, ours, "12")
		assert.Equal(t, v.status >= 300, err != nil)
		assert.Equal(t, v.status, in.Status)
		assert.Len(t, h.tokens, v.calls, "%q and %d", v.fragment, v.status)
		for _, tok := range h.tokens {
			assert.Equal(t, h.tokens[0], tok)
		}
	}
}

// What the webhook answers becomes texts to the phone, or an error that says what was wrong.
func TestReplyAnswers(t *testing.T) {
	cases := []struct {
		kind, body string
		texts      []string
		problem    string
	}{
		{"", "", nil, ""},
		{"text/xml; charset=utf-8", string(twilio.MessagingResponse("Acked 12 <Disk> & more")), []string{"Acked 12 <Disk> & more"}, ""},
		{"application/xml", `<Response><Message>a</Message><Redirect/><Message><Body>b</Body></Message><Message/></Response>`, []string{"a", "b"}, ""},
		{"text/xml", string(twilio.MessagingResponse("")), nil, ""},
		{"text/plain", "plain", []string{"plain"}, ""},
		{"application/json", "{}", nil, "12300"},
		{"text/xml", "<html><p></html>", nil, "12100"},
		{"text/xml", "<Message>a</Message>", nil, "12100"},
	}
	for _, v := range cases {
		h := &hooks{answer: func(int, url.Values) (int, string, string) { return 200, v.kind, v.body }}
		tel := start(t, h)
		in, err := tel.Reply(t.Context(), phone, ours, "12")
		if v.problem != "" {
			assert.ErrorContains(t, err, v.problem)
		} else {
			assert.NoError(t, err)
		}
		var got []string
		for _, want := range v.texts {
			x, err := tel.Wait(t.Context(), func(x telephone.Text) bool { return x.Reached == phone && x.Body == want })
			require.NoError(t, err)
			assert.Equal(t, telephone.ViaTwiML, x.Via)
			assert.Equal(t, in.SID, x.Answers)
			got = append(got, x.Body)
		}
		assert.Equal(t, in.Answers, got)
		assert.Equal(t, v.texts, got)
		assert.Len(t, tel.Texts(phone), len(v.texts))
	}
}

// A reply can be lost on its way, or come twice under one SID; a number that is not the
// account's cannot be texted.
func TestReplyFaults(t *testing.T) {
	h := &hooks{answer: func(n int, _ url.Values) (int, string, string) { return 200, "text/plain", fmt.Sprint("answer ", n) }}
	tel := start(t, h)
	tel.SetFault(phone, telephone.Fault{DropReplies: true, Times: 1})
	in, err := tel.Reply(t.Context(), phone, ours, "12")
	require.NoError(t, err)
	assert.True(t, in.Lost)
	assert.Empty(t, h.got("Body"))
	tel.SetFault(phone, telephone.Fault{DuplicateReplies: true})
	in, err = tel.Reply(t.Context(), phone, ours, "13")
	require.NoError(t, err)
	assert.Equal(t, []string{in.SID, in.SID}, h.got("MessageSid"))
	assert.Equal(t, []string{"answer 2"}, in.Answers)
	_, err = tel.Reply(t.Context(), phone, stray, "14")
	assert.ErrorContains(t, err, "not one of the account's numbers")
	tel.SetSMSURL("")
	_, err = tel.Reply(t.Context(), phone, ours, "15")
	assert.ErrorContains(t, err, "no SMS URL")
}

// The log is bounded however many texts come at once, and a subscriber sees each change once
// and in order.
func TestLogAndSubscribe(t *testing.T) {
	tel := start(t, nil, func(o *telephone.Options) { o.Keep = 100 })
	ctx, cancel := context.WithCancel(t.Context())
	events := tel.Subscribe(ctx)
	require.Equal(t, http.StatusCreated, post(tel).Code)
	var seen []string
	last := int64(0)
	for len(seen) < 4 {
		e := <-events
		assert.Greater(t, e.Seq, last)
		last = e.Seq
		seen = append(seen, e.Text.Status)
	}
	assert.Equal(t, []string{"queued", "sending", "sent", "delivered"}, seen)
	cancel()
	for range events { // closes
	}

	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				post(tel)
			}
		})
	}
	wg.Wait()
	log := tel.Log()
	assert.LessOrEqual(t, len(log), 125)
	sids := map[string]bool{}
	for _, e := range log {
		assert.Regexp(t, `^SM[0-9a-f]{32}$`, e.Text.SID)
		sids[e.Text.SID] = true
	}
	assert.Len(t, sids, len(log), "a SID came twice")

}

// Close ends everything: texts that wait, webhooks that hang, waiters and subscribers.
func TestClose(t *testing.T) {
	h := &hooks{hang: make(chan struct{})}
	tel := start(t, h)
	short, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	_, err := tel.Wait(short, func(telephone.Text) bool { return false })
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	tel.SetFault("", telephone.Fault{Delay: time.Hour})
	post(tel)
	rest := tel.Subscribe(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := tel.Reply(t.Context(), phone, ours, "12")
		failed <- err
	}()
	<-h.hang
	require.NoError(t, tel.Close())
	select {
	case err := <-failed:
		assert.ErrorContains(t, err, "webhook failed")
	case <-time.After(5 * time.Second): // of a webhook's 15
		t.Fatal("Close did not end the hanging webhook")
	}
	for range rest {
	}
	_, err = tel.Wait(t.Context(), func(telephone.Text) bool { return false })
	assert.ErrorIs(t, err, telephone.ErrClosed)
	_, err = tel.Reply(t.Context(), phone, ours, "12")
	assert.ErrorIs(t, err, telephone.ErrClosed)
	assert.Equal(t, http.StatusServiceUnavailable, post(tel).Code)
	_, open := <-tel.Subscribe(t.Context())
	assert.False(t, open)
}
