package telephone_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/paging/twilio/telephone"
)

// A slow answer comes that much later, whether or not the text was taken, and whatever it says;
// receipts can overtake it or come long after it.
func TestSlowAnswersAndReceipts(t *testing.T) {
	cases := []struct {
		name     string
		fault    telephone.Fault
		status   int
		answered time.Duration // after the request
		texts    int
		receipts []string // when the answer is there
	}{
		{"taken", telephone.Fault{Slow: 7 * time.Second}, 201, 7 * time.Second, 1, []string{"sending", "sent", "delivered"}},
		{"refused", telephone.Fault{Slow: 7 * time.Second, Status: 502}, 502, 7 * time.Second, 0, nil},
		{"refused but taken", telephone.Fault{Slow: time.Second, Code: 20500, Accept: true}, 500, time.Second, 1, []string{"sending", "sent", "delivered"}},
		{"early", telephone.Fault{EarlyCallbacks: true, Undelivered: 30003}, 201, 0, 1, []string{"sending", "sent", "undelivered"}},
		{"late", telephone.Fault{LateCallbacks: time.Minute}, 201, 0, 1, nil},
	}
	for _, v := range cases {
		t.Run(v.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &hooks{}
				tel := start(t, h)
				defer func() { _ = tel.Close() }()
				tel.SetFault("", v.fault)
				begun := time.Now()
				answer := post(tel, "StatusCallback", hook)
				receipts := h.got("MessageStatus")
				assert.Equal(t, v.status, answer.Code)
				assert.Equal(t, v.answered, time.Since(begun))
				assert.Len(t, tel.Texts(phone), v.texts)
				assert.Equal(t, v.receipts, receipts)
				<-time.After(time.Hour) // of the bubble
				assert.Len(t, h.got("MessageStatus"), 3*v.texts)
			})
		})
	}
}

// A fault can hit every third text only, and looking for a single text suffers as looking for
// many does.
func TestFaultEvery(t *testing.T) {
	tel := start(t, nil)
	tel.SetFault("", telephone.Fault{Every: 3, Code: 20503})
	var codes []int
	for range 7 {
		codes = append(codes, post(tel).Code)
	}
	assert.Equal(t, []int{201, 201, 503, 201, 201, 503, 201}, codes)
	texts := tel.Texts(phone)
	require.Len(t, texts, 5)
	one := "/2010-04-01/Accounts/" + account + "/Messages/" + texts[0].SID + ".json"
	assert.Equal(t, http.StatusOK, ask(tel, one))
	tel.SetFault("", telephone.Fault{Status: http.StatusBadGateway, Lookups: true})
	assert.Equal(t, http.StatusBadGateway, ask(tel, one))
}

func ask(tel *telephone.Telephone, path string) int {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.SetBasicAuth(account, token)
	w := httptest.NewRecorder()
	tel.ServeHTTP(w, r)
	return w.Code
}
