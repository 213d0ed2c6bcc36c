package crash_test

import (
	"context"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/paging/twilio/telephone"
)

// phones are the world outside: Twilio and twelve people, who outlive every crash.
type phones struct {
	telephone *telephone.Telephone
	url       string
	dice      *dice
	asks      chan telephone.Text // pages that somebody wants to answer
	work      sync.WaitGroup

	mu        sync.Mutex
	paged     map[string]bool   // cases that a page on a phone names
	confirmed map[string]string // cases whose acknowledgement was confirmed to a phone, with that text
	replies   int
}

// newPhones switches the phones on; they answer once they know where to (answerTo).
func newPhones(t *testing.T, d *dice) *phones {
	t.Helper()
	tel, err := telephone.New(telephone.Options{
		AccountSID: accountSID, AuthToken: authToken, Numbers: []string{ourNumber}, Clock: time.Now, Keep: 1 << 20,
	})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: tel, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Close
	t.Cleanup(func() {
		require.NoError(t, tel.Close())
		require.NoError(t, server.Close())
	})
	return &phones{
		telephone: tel, url: "http://" + listener.Addr().String(), dice: d,
		asks: make(chan telephone.Text, 1<<16), paged: map[string]bool{}, confirmed: map[string]string{},
	}
}

// answerTo has people read their texts, and answer some, until ctx ends.
func (p *phones) answerTo(ctx context.Context, gateway string) {
	p.telephone.SetSMSURL(gateway + "/twilio/sms")
	news := p.telephone.Subscribe(ctx)
	p.work.Go(func() {
		for e := range news {
			p.read(e)
		}
	})
	for range 3 {
		p.work.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case text := <-p.asks:
					p.answer(ctx, text)
				}
			}
		})
	}
}

var (
	caseName  = regexp.MustCompile(`case-\d{6}`)
	replyCode = regexp.MustCompile(`Reply (\d+) = ack`)
)

// isPage tells a page from a notice and from a confirmation.
func isPage(x *telephone.Text) bool {
	return x != nil && x.Via == telephone.ViaAPI && strings.Contains(x.Body, "= pass on")
}

func (p *phones) read(e telephone.Event) {
	if !isPage(e.Text) || e.Text.Reached != e.Text.To {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range caseName.FindAllString(e.Text.Body, -1) {
		p.paged[name] = true
	}
	if p.dice.chance(30) {
		p.asks <- *e.Text // room for every text of a run
	}
}

// answer acknowledges a page, and sends that again while nothing that was said came back, as
// people do.
func (p *phones) answer(ctx context.Context, page telephone.Text) {
	name, code := caseName.FindString(page.Body), replyCode.FindStringSubmatch(page.Body)
	if code == nil {
		return
	}
	for range 20 {
		in, err := p.telephone.Reply(ctx, page.To, page.From, code[1])
		if err == nil && len(in.Answers) == 1 && strings.Contains(in.Answers[0], name) {
			p.confirm(name, in.Answers[0])
			return
		}
		if !pause(ctx, 300*time.Millisecond) {
			return
		}
	}
}

// confirm notes an answer that says somebody has it: "Acked 12 …" or "u1 acked 12 …".
func (p *phones) confirm(name, answer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.replies++
	if strings.HasPrefix(answer, "Acked ") || strings.Contains(answer, " acked ") {
		p.confirmed[name] = answer
	}
}

func (p *phones) knows(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paged[name]
}

// unpaged are the cases among names that no page names.
func (p *phones) unpaged(names []string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, name := range names {
		if !p.paged[name] {
			out = append(out, name)
		}
	}
	return out
}

// copies counts the texts of each attempt.
func (p *phones) copies() map[string]int {
	n := map[string]int{}
	for _, e := range p.telephone.Log() {
		if x := e.Text; x != nil && x.Via == telephone.ViaAPI {
			n[x.Callback]++
		}
	}
	return n
}

// texts are those that reached a phone, by their id at the provider.
func (p *phones) texts() map[string]telephone.Text {
	out := map[string]telephone.Text{}
	for _, e := range p.telephone.Log() {
		if x := e.Text; x != nil && x.Reached == x.To {
			out[x.SID] = *x
		}
	}
	return out
}

// pause waits; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
