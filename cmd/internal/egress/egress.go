package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"tocsin/configs"
)

// ErrDenied is wrapped by every refusal to connect.
var ErrDenied = errors.New("not called")

// ErrTooLong ends the reading of an answer that is longer than allowed.
var ErrTooLong = errors.New("the answer is longer than allowed")

// Limits bound one call. What is zero gets a default.
type Limits struct {
	Timeout time.Duration // of the whole call, answer included; 10 s
	Answer  int64         // bytes of an answer; 1 MiB
}

const (
	defaultTimeout = 10 * time.Second
	defaultAnswer  = 1 << 20
	connectTimeout = 5 * time.Second
	maxHeader      = 64 << 10
)

// Client returns the client for one configured address; it calls no other scheme, host or
// port. The error says what is wrong with the address, and does not quote it: it may hold a
// secret.
func Client(address string, allowed configs.Egress, l Limits) (*http.Client, error) {
	return client(address, allowed, l, nil)
}

// client asks a resolver of its own in tests.
func client(address string, allowed configs.Egress, l Limits, resolver *net.Resolver) (*http.Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return nil, errors.New("must be an absolute http or https URL")
	}
	if u.User != nil {
		return nil, errors.New("must hold no user name")
	}
	if err := allowed.Check(u); err != nil {
		return nil, err
	}
	if l.Timeout <= 0 {
		l.Timeout = defaultTimeout
	}
	if l.Answer <= 0 {
		l.Answer = defaultAnswer
	}
	g := guard{host: u.Hostname(), allowed: allowed}
	dialer := &net.Dialer{Timeout: connectTimeout, ControlContext: g.control, Resolver: resolver}
	return &http.Client{
		Timeout: l.Timeout,
		Transport: &bounded{scheme: strings.ToLower(u.Scheme), host: portOf(u), answer: l.Answer, next: &http.Transport{
			DialContext:            dialer.DialContext, // and no Proxy: it would connect to whatever it is told
			TLSHandshakeTimeout:    connectTimeout,
			ResponseHeaderTimeout:  l.Timeout,
			MaxResponseHeaderBytes: maxHeader,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    8,
			IdleConnTimeout:        time.Minute,
			ExpectContinueTimeout:  time.Second,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// guard judges the addresses that a name was resolved to.
type guard struct {
	host    string // as configured
	allowed configs.Egress
}

// control runs on a socket that is not connected yet; address is what it will connect to.
func (g guard) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return fmt.Errorf("%w: %s is not TCP", ErrDenied, network)
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s is no address", ErrDenied, address)
	}
	return g.judge(to.Addr())
}

func (g guard) judge(a netip.Addr) error {
	if literal, err := netip.ParseAddr(g.host); err == nil && literal.Unmap().WithZone("") == a.Unmap().WithZone("") {
		return nil // the admin's own word
	}
	what := whatIs(a)
	if what == "" || g.allowed.Allows(a) {
		return nil
	}
	return fmt.Errorf("%w: %s leads to %s, %s; if that is meant, add it to egress.allow in the configuration", ErrDenied, g.host, a, what)
}

// bounded keeps to one address and bounds what is read of an answer.
type bounded struct {
	scheme, host string
	answer       int64
	next         *http.Transport
}

// RoundTrip implements [http.RoundTripper].
func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != b.scheme || portOf(r.URL) != b.host {
		if r.Body != nil {
			_ = r.Body.Close() // as a RoundTripper must
		}
		return nil, fmt.Errorf("%w: this client is for another address", ErrDenied)
	}
	res, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = &body{ReadCloser: res.Body, left: b.answer}
	return res, nil
}

// CloseIdleConnections is what [http.Client.CloseIdleConnections] asks for.
func (b *bounded) CloseIdleConnections() { b.next.CloseIdleConnections() }

// portOf is the host and port of u, with the default of its scheme.
func portOf(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case strings.EqualFold(u.Scheme, "https"):
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// body gives up when an answer, which may have been compressed, goes on for too long.
type body struct {
	io.ReadCloser
	left int64
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrTooLong
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, ErrTooLong
	}
	return n, err
}
