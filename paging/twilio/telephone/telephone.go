// Package telephone is a stand-in for Twilio with phones attached. It serves the part of
// Twilio's REST API that the SMS channel uses, keeps what it accepted, moves each text
// through Twilio's statuses, posts signed receipts, and lets a phone answer. `tocsin demo`
// and the tests run on it; nothing leaves the machine.
//
// Everything that happens is one list of events (log.go): [Telephone.Log] reads it,
// [Telephone.Wait] waits on it and [Telephone.Subscribe] follows it. [Fault] says what goes
// wrong, for one phone or for all. The same faults serve tests and the demo.
//
// A text runs in two goroutines of its own, one for its statuses and one for its receipts,
// so that a receiver that hangs delays no text; receipts of one text stay in order.
// [Telephone.Close] ends all of them.
package telephone

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"
)

// Options describe the account that the telephone plays.
type Options struct {
	AccountSID string // AC and 32 hexadecimal digits
	AuthToken  string
	Numbers    []string         // the account's own numbers, E.164
	SMSURL     string           // where replies are posted; see SetSMSURL
	Clock      func() time.Time // required
	Pause      time.Duration    // between two statuses of a text; 0 for tests
	Keep       int              // how many texts and replies are kept; 10000 when 0
	HTTPClient *http.Client     // for webhooks; optional
}

// Telephone is the stand-in. Its methods are safe for concurrent use.
type Telephone struct {
	account string
	token   string
	numbers []string
	clock   func() time.Time
	pause   time.Duration
	keep    int
	http    *http.Client
	mux     *http.ServeMux

	ctx  context.Context // ends at Close
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	smsURL  string
	faults  map[string]*Fault // by phone, "" for all
	opted   map[pair]bool     // phones that said STOP to one of the numbers
	entries []*Event          // one per text, reply and receipt, at its latest state
	texts   map[string]*Event // by SID
	inbound map[string]*Event // by SID
	changes []Event           // one per change
	dropped int               // changes forgotten
	changed chan struct{}     // closed at the next change
	seq     int64
}

type pair struct{ phone, number string }

// ErrClosed is returned once the telephone is closed.
var ErrClosed = errors.New("telephone: closed")

var (
	sidShape = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)
	e164     = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
)

// New returns a telephone. Serve it over HTTP and point the channel's base URL at it.
func New(o Options) (*Telephone, error) {
	switch {
	case !sidShape.MatchString(o.AccountSID):
		return nil, errors.New("telephone: AccountSID must be AC and 32 hexadecimal digits")
	case o.AuthToken == "":
		return nil, errors.New("telephone: AuthToken is empty")
	case o.Clock == nil:
		return nil, errors.New("telephone: Clock is missing")
	case len(o.Numbers) == 0:
		return nil, errors.New("telephone: Numbers is empty")
	}
	for _, n := range o.Numbers {
		if !e164.MatchString(n) {
			return nil, fmt.Errorf("telephone: number %q is not E.164", n)
		}
	}
	if o.Keep <= 0 {
		o.Keep = 10000
	}
	t := &Telephone{account: o.AccountSID, token: o.AuthToken, numbers: slices.Clone(o.Numbers), clock: o.Clock,
		pause: o.Pause, keep: o.Keep, http: webhookClient(o.HTTPClient), smsURL: o.SMSURL,
		faults: map[string]*Fault{}, opted: map[pair]bool{}, texts: map[string]*Event{}, inbound: map[string]*Event{},
		changed: make(chan struct{})}
	t.ctx, t.stop = context.WithCancel(context.Background())
	t.mux = t.routes()
	return t, nil
}

// SetSMSURL says where replies are posted. As at Twilio a fragment such as #rc=3&rp=all sets
// retries.
func (t *Telephone) SetSMSURL(u string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.smsURL = u
}

// Numbers returns the account's own numbers.
func (t *Telephone) Numbers() []string { return slices.Clone(t.numbers) }

// Close ends every goroutine, request and subscription, and waits for them.
func (t *Telephone) Close() error {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.stop()
	t.wg.Wait()
	t.http.CloseIdleConnections()
	return nil
}

// spawn runs f until Close; it says false when the telephone is closed already.
func (t *Telephone) spawn(f func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.spawnLocked(f)
}

func (t *Telephone) spawnLocked(f func()) bool {
	if t.closed {
		return false
	}
	t.wg.Add(1)
	go func() {
		defer t.wg.Done()
		f()
	}()
	return true
}

// rest waits d, and says false when the telephone was closed meanwhile.
func (t *Telephone) rest(d time.Duration) bool {
	if d <= 0 {
		return t.ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-t.ctx.Done():
		return false
	}
}

// newSID is random, since a store may outlive the telephone and SIDs must not come again.
func newSID(prefix string) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return prefix + hex.EncodeToString(b[:])
}
