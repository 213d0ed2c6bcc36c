package paging

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Message is one text for one person.
type Message struct {
	Attempt  AttemptID
	To       string
	Body     string
	ValidFor time.Duration // the provider drops it after this; a page that comes hours late only confuses
}

// Receipt is the provider's word that it took a message, and what it knows of it since.
type Receipt struct {
	ProviderID string
	Status     string
	Rank       int
	Segments   int
	From       string
	Delivered  bool   // the phone has it
	Failure    string // why the provider gave it up, for people; empty unless it did
}

// Channel sends messages over one provider. Every channel passes paging/channeltest.
type Channel interface {
	// Name is the provider's name for logs and the timeline.
	Name() string
	// Send hands the message over. A nil error means that the provider took it. Any other
	// error is a *SendError, which says whether a retry can help.
	Send(ctx context.Context, m Message) (Receipt, error)
	// Find looks for a message whose outcome is unknown, begun at or after since.
	Find(ctx context.Context, m Message, since time.Time) (Receipt, bool, error)
}

// Tracker is a channel whose provider can be asked what became of a message that it took: the
// way to learn of it when receipts are lost.
type Tracker interface {
	// Track returns the present state of the message with that id at the provider.
	Track(ctx context.Context, providerID string) (Receipt, error)
}

// Class says what a failed send means for the next try.
type Class string

// The classes of failed sends. Their handling is delivery's.
const (
	Temporary     Class = "temporary"      // not taken; try again with back-off
	UnknownResult Class = "unknown"        // may have been taken: look for it before sending again
	BadContact    Class = "bad_contact"    // this address can never be reached
	OptedOut      Class = "opted_out"      // the person told the provider to stop
	BadAccount    Class = "account"        // our account or configuration: the same for everyone
	BadContent    Class = "content"        // filtered or refused text: once more, plain and short
	NotConfigured Class = "not_configured" // no channel of that kind
)

// SendError is why a message was not sent.
type SendError struct {
	Class      Class
	Code       int // the provider's own error code, 0 when there is none
	Status     int // HTTP status, 0 when there was no answer
	RetryAfter time.Duration
	Message    string // for people; holds no secret
	Err        error
}

func (e *SendError) Error() string {
	s := string(e.Class) + ": " + e.Message
	if e.Code != 0 {
		s = fmt.Sprintf("%s (code %d)", s, e.Code)
	}
	return s
}

func (e *SendError) Unwrap() error { return e.Err }

// Permanent says that no retry over this contact can help.
func (e *SendError) Permanent() bool {
	switch e.Class {
	case BadContact, OptedOut, BadAccount, NotConfigured:
		return true
	default:
		return false
	}
}

// AsSendError returns err as a *SendError; anything else counts as an unknown outcome.
func AsSendError(err error) *SendError {
	var se *SendError
	if errors.As(err, &se) {
		return se
	}
	return &SendError{Class: UnknownResult, Message: "the outcome is unknown", Err: err}
}
