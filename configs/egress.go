package configs

import (
	"errors"
	"net/netip"
	"net/url"
)

// Egress is where Tocsin may call by itself, beside public addresses: the key egress.
type Egress struct {
	Allow     []netip.Prefix // inner addresses that a configured name may lead to
	PlainHTTP bool           // a configured name may be called over http
}

// Allows says whether a is listed.
func (e Egress) Allows(a netip.Addr) bool {
	for _, p := range e.Allow {
		if p.Contains(a.Unmap().WithZone("")) {
			return true
		}
	}
	return false
}

// Check judges what can be told from an address alone: it is https, or http to a literal IP
// address (the admin's own word) or where plain http is allowed.
func (e Egress) Check(u *url.URL) error {
	_, err := netip.ParseAddr(u.Hostname())
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("must be an http or https address")
	case u.Scheme == "http" && err != nil && !e.PlainHTTP:
		return errors.New("must be https; or allow http to names by egress: { plain_http: true }")
	}
	return nil
}

func (r *reader) egress() (e Egress) {
	f, ok := r.topMapping("egress", "allow", "plain_http")
	if !ok {
		return e
	}
	e.PlainHTTP = f.flag("plain_http")
	for _, item := range f.list("allow") {
		s, ok := r.text(item)
		if !ok {
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, err := netip.ParseAddr(s)
			if err != nil || a.Zone() != "" {
				r.fail(item, "%q is no block of addresses; write for example 10.1.0.0/16, or one address", s)
				continue
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		if p.Addr().Is4In6() {
			r.fail(item, "%q is written as IPv6; write the IPv4 addresses themselves", s)
			continue
		}
		e.Allow = append(e.Allow, p.Masked())
	}
	return e
}

// outgoing reads an address that Tocsin calls by itself and puts paths behind.
func (r *reader) outgoing(n node) (string, bool) {
	s, ok := r.baseURL(n)
	if !ok {
		return "", false
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", false // baseURL has said it
	}
	if err := r.outward.Check(u); err != nil {
		r.fail(n, "%v", err)
		return "", false
	}
	return s, true
}
