package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"tocsin/cmd/internal/api"
	"tocsin/escalation/engine"
)

// peerAnswer bounds what is read of another process's answer.
const peerAnswer = 16 << 10

// peerClient talks to processes that announced themselves in the store, at the address that
// they gave there. It follows no redirect and asks no proxy.
func peerClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: 10 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Offer asks the processes that this one knows of, all at once, whether a reply is theirs.
func (a *App) Offer(ctx context.Context, in engine.Text) (string, bool) {
	body, err := json.Marshal(api.Offer{ID: in.ID, From: in.From, Body: in.Body, At: a.engine.Now()})
	if err != nil {
		return "", false
	}
	now := a.engine.Now()
	answers := make(chan api.Offered)
	asked := 0
	for _, p := range a.peers.Peers() {
		if p.URL == "" || now.Sub(p.At) > peerKept {
			continue
		}
		asked++
		go func() {
			answer := a.offerTo(ctx, p.URL, body)
			select {
			case answers <- answer:
			case <-ctx.Done():
			}
		}()
	}
	for range asked {
		select {
		case answer := <-answers:
			if answer.Taken {
				return answer.Answer, true
			}
		case <-ctx.Done():
			return "", false
		}
	}
	return "", false
}

// peerKept is how long after its last word a process is asked: it may be cut off from the store.
const peerKept = time.Hour

func (a *App) offerTo(ctx context.Context, url string, body []byte) (answer api.Offered) {
	signature := a.secret.Sign(body)
	if signature == "" {
		return answer
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+api.OfferPath, bytes.NewReader(body))
	if err != nil {
		return answer
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(api.PeerSignature, signature)
	res, err := a.peerHTTP.Do(r)
	if err != nil {
		return answer
	}
	defer func() { _ = res.Body.Close() }() // read as far as it matters
	if res.StatusCode == http.StatusOK {
		_ = json.NewDecoder(io.LimitReader(res.Body, peerAnswer)).Decode(&answer) // what cannot be read was not taken
	}
	return answer
}

// Peers is how many other processes on the store this one knows of.
func (a *App) Peers() int { return len(a.peers.Peers()) }
