package lab

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// front is the load balancer before several gateways: Twilio and its phones know only its
// address. A request that one gateway does not answer goes to the next.
type front struct {
	gateways func() []*Gateway
	client   http.Client
}

// newFront listens before the gateways are made, since their configuration names it.
func newFront(t testing.TB, gateways func() []*Gateway) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f := &front{gateways: gateways, client: http.Client{
		Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second,
	}}
	server := &http.Server{Handler: f, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Close
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return "http://" + listener.Addr().String()
}

// ServeHTTP tries each gateway once.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, g := range f.gateways() {
		if f.pass(w, r, g.URL, body) {
			return
		}
	}
	http.Error(w, "no gateway answers", http.StatusBadGateway)
}

// pass is false when the gateway gave no answer, or said that it takes nothing for now.
func (f *front) pass(w http.ResponseWriter, r *http.Request, url string, body []byte) bool {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, url+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return false
	}
	out.Header, out.Host = r.Header.Clone(), r.Host
	answer, err := f.client.Do(out)
	if err != nil {
		return false
	}
	defer func() { _ = answer.Body.Close() }() // what follows is read to its end
	if answer.StatusCode == http.StatusServiceUnavailable {
		return false
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return false
	}
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.StatusCode)
	_, err = w.Write(text)
	return err == nil
}
