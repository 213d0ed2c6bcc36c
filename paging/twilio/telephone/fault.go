package telephone

import (
	"net/http"
	"strings"
	"time"
)

// Fault is what goes wrong with the texts to a phone and its replies. Fields combine.
type Fault struct {
	// The answer to the request that creates a text.
	Code       int           // Twilio's error code, with its usual HTTP status
	Status     int           // HTTP status; without a Code the answer is a page of HTML
	RetryAfter time.Duration // header Retry-After, whole seconds
	Hang       bool          // no answer until the client gives up
	Cut        bool          // the connection breaks instead of an answer
	Slow       time.Duration // the answer, faulty or not, comes this much later; with no other fault the text is taken at once
	Accept     bool          // the text is taken all the same
	Lookups    bool          // looking for texts to this phone suffers likewise

	// What becomes of an accepted text.
	Lose        bool          // it stays "sent" for ever and reaches nobody
	Undelivered int           // it ends undelivered with this code (30003, 30008)
	Swallow     bool          // it is said to be delivered, but no phone shows it
	Delay       time.Duration // it waits before it is sent; past its validity it fails with 30036
	RedirectTo  string        // another phone shows it

	// Its receipts.
	DropCallbacks      bool
	DuplicateCallbacks bool
	ReverseCallbacks   bool // all of them in the opposite order, at the end
	EarlyCallbacks     bool // all of them come before the answer to the request that created the text
	LateCallbacks      time.Duration

	// The phone's replies.
	DropReplies      bool // the webhook is never called
	DuplicateReplies bool // it is called twice with one MessageSid; the first answer is lost

	Every int // it hits every so manieth text or reply that it concerns; 0 for each
	Times int // how many texts or replies it hits; 0 for all until cleared

	seen int // texts and replies that it concerned so far
}

// SetFault sets the fault of one phone, or with "" that of all phones. A phone's own fault
// comes before the common one, as far as it concerns the matter at hand. The zero Fault
// clears.
func (t *Telephone) SetFault(phone string, f Fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f == (Fault{}) {
		delete(t.faults, phone)
		return
	}
	t.faults[phone] = &f
}

// ClearFaults clears every fault.
func (t *Telephone) ClearFaults() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.faults)
}

// takeLocked finds the fault that hits a phone and counts it.
func (t *Telephone) takeLocked(phone string, concerns func(Fault) bool) Fault {
	for _, key := range []string{phone, ""} {
		f := t.faults[key]
		if f == nil || !concerns(*f) {
			continue
		}
		if f.seen++; f.Every > 1 && f.seen%f.Every != 0 {
			return Fault{}
		}
		hit := *f
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				delete(t.faults, key)
			}
		}
		return hit
	}
	return Fault{}
}

func (f Fault) answers() bool { return f.Code != 0 || f.Status != 0 || f.Hang || f.Cut }

func (f Fault) fate() bool {
	return f.Lose || f.Undelivered != 0 || f.Swallow || f.Delay > 0 || f.RedirectTo != ""
}

func (f Fault) receipts() bool {
	return f.DropCallbacks || f.DuplicateCallbacks || f.ReverseCallbacks || f.EarlyCallbacks || f.LateCallbacks > 0
}

func (f Fault) replies() bool { return f.DropReplies || f.DuplicateReplies }

func (f Fault) texts() bool { return f.answers() || f.Slow > 0 || f.fate() || f.receipts() }

func (f Fault) lookups() bool { return f.Lookups && (f.answers() || f.Slow > 0) }

// linger holds an answer back. Nothing is answered to a client that has gone meanwhile.
func (t *Telephone) linger(r *http.Request, f Fault) {
	if f.Slow <= 0 {
		return
	}
	timer := time.NewTimer(f.Slow)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	case <-t.ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

// play gives the faulty answer.
func (t *Telephone) play(w http.ResponseWriter, r *http.Request, f Fault) {
	t.linger(r, f)
	switch {
	case f.Hang:
		select {
		case <-r.Context().Done():
		case <-t.ctx.Done():
		}
		panic(http.ErrAbortHandler)
	case f.Cut:
		panic(http.ErrAbortHandler) // net/http breaks the connection
	case f.Code != 0:
		refuse(w, apiError{Code: f.Code, Status: f.Status, RetryAfter: f.RetryAfter})
	default:
		setRetryAfter(w, f.RetryAfter)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.Status)
		padding := strings.Repeat("<!-- a proxy's page, as long as they are -->\n", 70)
		_, _ = w.Write([]byte("<html><body><h1>" + http.StatusText(f.Status) + "</h1></body></html>\n" + padding))
	}
}
