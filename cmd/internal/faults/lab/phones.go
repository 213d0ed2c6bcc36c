package lab

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

// Phones are the world outside: Twilio and twelve people, who outlive every crash.
type Phones struct {
	Telephone *telephone.Telephone // its faults can be set, its log be read

	url     string
	dice    *Dice
	answers int                 // of a hundred texts so many
	asks    chan telephone.Text // pages that somebody wants to answer
	work    sync.WaitGroup

	mu        sync.Mutex
	paged     map[string]bool   // cases that a page on a phone names
	confirmed map[string]string // cases whose acknowledgement was confirmed to a phone, with that text
	replies   int
}

// newPhones switches the phones on; they answer once they know where to (answerTo).
func newPhones(t testing.TB, d *Dice, o Options) *Phones {
	t.Helper()
	tel, err := telephone.New(telephone.Options{
		AccountSID: accountSID, AuthToken: authToken, Numbers: []string{ourNumber}, Clock: time.Now, Keep: 1 << 20,
	})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var handler http.Handler = tel
	if o.Provider != nil {
		handler = o.Provider(tel)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Close
	t.Cleanup(func() {
		require.NoError(t, tel.Close())
		require.NoError(t, server.Close())
	})
	return &Phones{
		Telephone: tel, url: "http://" + listener.Addr().String(), dice: d, answers: o.Answers,
		asks: make(chan telephone.Text, 1<<16), paged: map[string]bool{}, confirmed: map[string]string{},
	}
}

// answerTo has people read their texts, and answer some, until ctx ends.
func (p *Phones) answerTo(ctx context.Context, gateway string) {
	p.Telephone.SetSMSURL(gateway + "/twilio/sms")
	news := p.Telephone.Subscribe(ctx)
	p.work.Go(func() {
		for e := range news {
			p.read(e)
		}
	})
	for range 12 {
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

func (p *Phones) read(e telephone.Event) {
	if !isPage(e.Text) || e.Text.Reached != e.Text.To {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range caseName.FindAllString(e.Text.Body, -1) {
		p.paged[name] = true
	}
	if p.dice.Chance(p.answers) {
		p.asks <- *e.Text // room for every text of a run
	}
}

// answer acknowledges a page, and sends that again while nothing that was said came back, as
// people do.
func (p *Phones) answer(ctx context.Context, page telephone.Text) {
	name, code := caseName.FindString(page.Body), replyCode.FindStringSubmatch(page.Body)
	if code == nil {
		return
	}
	for range 20 {
		in, err := p.Telephone.Reply(ctx, page.To, page.From, code[1])
		if err == nil && len(in.Answers) == 1 && strings.Contains(in.Answers[0], name) {
			p.confirm(name, in.Answers[0])
			return
		}
		if err == nil && len(in.Answers) == 1 && strings.HasPrefix(in.Answers[0], "No open page") {
			return // it was ended meanwhile, or went with a server that has been replaced
		}
		if !Pause(ctx, 300*time.Millisecond) {
			return
		}
	}
}

// confirm notes an answer that says somebody has it: "Acked 12 …" or "u1 acked 12 …".
func (p *Phones) confirm(name, answer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.replies++
	if strings.HasPrefix(answer, "Acked ") || strings.Contains(answer, " acked ") {
		p.confirmed[name] = answer
	}
}

// Knows says whether a page on a phone names that alert.
func (p *Phones) Knows(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paged[name]
}

// unpaged are the cases among names that no page names.
func (p *Phones) unpaged(names []string) []string {
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

// Copies counts the texts that the provider took, by attempt.
func (p *Phones) Copies() map[string]int {
	n := map[string]int{}
	for _, e := range p.Telephone.Log() {
		if x := e.Text; x != nil && x.Via == telephone.ViaAPI {
			n[x.Callback]++
		}
	}
	return n
}

// texts are those that reached a phone, by their id at the provider.
func (p *Phones) texts() map[string]telephone.Text {
	out := map[string]telephone.Text{}
	for _, e := range p.Telephone.Log() {
		if x := e.Text; x != nil && x.Reached == x.To {
			out[x.SID] = *x
		}
	}
	return out
}
