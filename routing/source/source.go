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

// Source is a format that a sender speaks.
type Source struct {
	Name string

	// Decode turns a verified body into alerts. The caller fills Alert.Integration afterwards.
	// An error means that the body can never be taken (the sender gets 400); it names what is wrong, where.
	Decode func(h Header, body []byte, now time.Time) (routing.Batch, error)

	// Verify checks the sender's own signature over the raw bytes, in constant time.
	// nil when the sender cannot sign; then bearer, basic or url_token must guard the integration.
	Verify func(h Header, body []byte, secret string) error

	// ResolveAfter ends by silence what this source never resolves, unless the integration says otherwise.
	ResolveAfter time.Duration
}
