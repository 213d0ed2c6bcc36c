package demo_test

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/demo"
	"tocsin/cmd/internal/standin"
	"tocsin/paging/twilio/telephone"
)

// out is a buffer that several goroutines may write to.
type out struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *out) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *out) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func tell(t *testing.T, tamper func(*demo.Stage)) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var o out
	err := demo.Run(ctx, demo.Options{Listen: "127.0.0.1:0", Auto: true, Out: &o, Version: "test", Tamper: tamper})
	return o.String(), err
}

// The story comes true against the real gateway on the embedded store. It is held to a second of
// its deadlines, so nothing else runs beside it.
func TestStoryComesTrue(t *testing.T) {
	text, err := tell(t, nil)
	require.NoError(t, err, text)
	assert.Contains(t, text, "The story came true.")
	assert.NotContains(t, text, "FAIL")
}

// A telephone that misbehaves makes the same story fail, and the failure names what was not met.
func TestStoryNoticesABrokenTelephone(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		tamper func(*demo.Stage)
		unmet  string
	}{
		"reply dropped": {
			tamper: func(s *demo.Stage) { s.World.Phone.SetFault("", telephone.Fault{DropReplies: true}) },
			unmet:  "the reply acknowledges the incident",
		},
		"page dropped": {
			tamper: func(s *demo.Stage) { s.World.Phone.SetFault("", telephone.Fault{Swallow: true}) },
			unmet:  "the page shows on the phone of",
		},
		"wrong recipient": {
			tamper: func(s *demo.Stage) {
				s.World.Phone.SetFault("", telephone.Fault{RedirectTo: "+12025550199"})
			},
			unmet: "every text reaches the phone that it is for",
		},
		"secondary paged after the ack": {
			tamper: pageAfterAck,
			unmet:  "nobody is paged after the acknowledgement of " + demo.CheckoutTitle,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := tell(t, test.tamper)
			require.ErrorIs(t, err, demo.ErrStory, text)
			assert.ErrorContains(t, err, test.unmet)
			assert.Contains(t, text, "FAIL")
		})
	}
}

// pageAfterAck lets the telephone show one more page when the acknowledgement was confirmed,
// as if the gateway had gone on paging.
func pageAfterAck(s *demo.Stage) {
	confirmed := s.World.Phone.Subscribe(context.Background())
	go func() {
		for e := range confirmed {
			if e.Text == nil || e.Text.Via != telephone.ViaTwiML || !strings.HasPrefix(e.Text.Body, "Acked") || !strings.Contains(e.Text.Body, demo.CheckoutTitle) {
				continue
			}
			form := url.Values{"To": {"+12025550104"}, "From": {standin.Number}, "Body": {"P0 " + demo.CheckoutTitle + ". Reply 99 = ack, 99e = pass on"}}
			account := s.World.Env[standin.EnvAccount]
			target := s.World.Env[standin.EnvTwilioURL] + "/2010-04-01/Accounts/" + account + "/Messages.json"
			r, err := http.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
			if err != nil {
				return
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.SetBasicAuth(account, s.World.Env[standin.EnvAuthToken])
			if answer, err := http.DefaultClient.Do(r); err == nil {
				_ = answer.Body.Close()
			}
			return
		}
	}()
}

// What is open without credentials stays on loopback.
func TestOnlyLoopback(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", "192.0.2.1:8420", ":8420", "example.org:80", "nonsense"} {
		_, err := demo.ListenLoopback(address)
		assert.Error(t, err, address)
	}
}
