package provider_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/faults/lab"
	"tocsin/escalation/store/redistest"
	"tocsin/paging/twilio/telephone"
)

// trouble is one way to fail. Losing troubles may keep a text from its reader for good.
type trouble struct {
	name   string
	fault  telephone.Fault
	losing bool
}

// troubles: a send of the gateway gives up after 5 s, and a text whose receipt is missing is
// asked for after 20 s.
func troubles() []trouble {
	return []trouble{
		{name: "slow", fault: telephone.Fault{Slow: time.Second, Every: 2}},
		{name: "slower than the client waits, but taken", fault: telephone.Fault{Slow: 6 * time.Second, Every: 10}},
		{name: "no answer, not taken", fault: telephone.Fault{Hang: true, Every: 10}},
		{name: "500 in JSON", fault: telephone.Fault{Code: 20500, Every: 3}},
		{name: "503 as HTML, but taken", fault: telephone.Fault{Status: http.StatusServiceUnavailable, Accept: true, Every: 3}},
		{name: "502 as HTML", fault: telephone.Fault{Status: http.StatusBadGateway, Every: 3}},
		{name: "429", fault: telephone.Fault{Code: 20429, RetryAfter: time.Second, Every: 2}},
		{name: "reset before it is taken", fault: telephone.Fault{Cut: true, Every: 3}},
		{name: "reset after it is taken", fault: telephone.Fault{Cut: true, Accept: true, Every: 3}},
		{name: "receipts lost", fault: telephone.Fault{DropCallbacks: true}},
		{name: "receipts twice", fault: telephone.Fault{DuplicateCallbacks: true}},
		{name: "receipts out of order", fault: telephone.Fault{ReverseCallbacks: true}},
		{name: "receipts before the answer", fault: telephone.Fault{EarlyCallbacks: true}},
		{name: "receipts late", fault: telephone.Fault{LateCallbacks: 3 * time.Second}},
		{name: "delivered late", fault: telephone.Fault{Delay: 3 * time.Second}},
		{name: "never delivered", fault: telephone.Fault{Undelivered: 30008}, losing: true},
		{name: "never delivered, said before the answer", fault: telephone.Fault{Undelivered: 30003, EarlyCallbacks: true}, losing: true},
		{name: "never delivered, and not said", fault: telephone.Fault{Undelivered: 30003, DropCallbacks: true}, losing: true},
		{name: "taken with an error and never delivered, and not said", losing: true,
			fault: telephone.Fault{Undelivered: 30008, DropCallbacks: true, Status: http.StatusBadGateway, Accept: true}},
		{name: "sent for ever", fault: telephone.Fault{Lose: true}, losing: true},
	}
}

// Whatever the provider does, an accepted alert reaches a phone.
func TestProvider(t *testing.T) {
	binary := lab.Build(t)
	var report lab.Report
	t.Run("cells", func(t *testing.T) {
		t.Run("embedded", func(t *testing.T) {
			t.Parallel()
			report.Add(t, "provider", "embedded", play(t, binary, t.TempDir()))
		})
		t.Run("Redis", func(t *testing.T) {
			t.Parallel()
			report.Add(t, "provider", "Redis", play(t, binary, redistest.Start(t, redistest.Always).URL()))
		})
	})
	t.Log(report.Table())
}

// struck is how many sends each trouble sees at least.
const struck = 60

// play lets one trouble follow the other, each while its share of the alerts comes in.
func play(t *testing.T, binary, store string) lab.Verdict {
	var sends atomic.Int64
	l := lab.New(t, lab.Options{
		Provider: func(telephone http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					sends.Add(1)
				}
				telephone.ServeHTTP(w, r)
			})
		},
		Binary: binary, Stores: []string{store}, Pace: 150 * time.Millisecond, Answers: 10,
		Within: [...]string{"2s", "4s", "1m"}, Spoilt: true,
	})
	all, alerts := troubles(), lab.Number(t, "TOCSIN_FAULTS_ALERTS", 1000)
	for n, x := range all {
		for user := range lab.People {
			if !x.losing || lab.TierOf(user) < 2 {
				l.Phones.Telephone.SetFault(lab.NumberOf(user), x.fault)
			}
		}
		l.Crashed.Add(1) // whose outcome is unknown may be sent once more
		before := sends.Load()
		l.Await(alerts * (n + 1) / len(all))
		require.Eventually(t, func() bool { return sends.Load() >= before+struck }, time.Minute, 10*time.Millisecond, "nobody sends while it is %q", x.name)
		l.Phones.Telephone.ClearFaults()
	}
	v := l.End()
	t.Logf("late: %s", l.Late)
	tally(t, l)
	return v
}

// tally prints how the texts ended, and checks that the losing troubles did strike.
func tally(t *testing.T, l *lab.Lab) {
	ends := map[string]int{}
	for _, e := range l.Phones.Telephone.Log() {
		if x := e.Text; x != nil && x.Via == telephone.ViaAPI {
			end := x.Status
			if x.ErrorCode != 0 {
				end += fmt.Sprint(" ", x.ErrorCode)
			}
			ends[end]++
		}
	}
	t.Logf("texts by their end at the provider: %v", ends)
	for _, end := range []string{"delivered", "undelivered 30003", "undelivered 30008", "sent"} {
		assert.Positive(t, ends[end], end)
	}
}
