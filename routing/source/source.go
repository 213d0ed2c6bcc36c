// Package source holds what every source of alerts has in common: the shape of a
// [Source], the credentials that an integration may ask for, and the limits that any
// body must keep.
//
// A source lives in a folder of its own beside this file and exports one constructor.
// It is registered with one line in cmd/internal/app. The wire format never leaves its folder: bytes
// go in, [routing.Batch] comes out. Decode is pure and uses nothing but CPU.
package source

import (
	"time"

	"tocsin/routing"
)

// Header is the read side of a request's header; [net/http.Header] is one.
type Header interface{ Get(name string) string }

// Recorded is a header that was kept beside a body: the values of [Source.Headers].
type Recorded map[string]string

// Get implements [Header]. Only names as Source.Headers has them are known.
func (r Recorded) Get(name string) string { return r[name] }

// maxRecorded bounds the value of a recorded header, in bytes; a longer one is left out.
const maxRecorded = 512

// Record picks from h what Decode reads; nil when there is nothing.
func (s Source) Record(h Header) Recorded {
	var kept Recorded
	for _, name := range s.Headers {
		if v := h.Get(name); v != "" && len(v) <= maxRecorded {
			if kept == nil {
				kept = Recorded{}
			}
			kept[name] = v
		}
	}
	return kept
}

// Source is a format that a sender speaks.
type Source struct {
	Name string

	// Decode turns a verified body into alerts. The caller fills Alert.Integration afterwards.
	// An error means that the body can never be taken (the sender gets 400); it names what is wrong, where.
	Decode func(h Header, body []byte, now time.Time) (routing.Batch, error)

	// Headers names the headers that Decode reads, so that a recorded body can be decoded again.
	// Credentials and signatures are none of them.
	Headers []string

	// Verify checks the sender's own signature over the raw bytes, in constant time.
	// nil when the sender cannot sign; then bearer, basic or url_token must guard the integration.
	Verify func(h Header, body []byte, secret string) error

	// ResolveAfter ends by silence what this source never resolves, unless the integration says otherwise.
	ResolveAfter time.Duration
}
