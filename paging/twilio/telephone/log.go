package telephone

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Via says how a text came to be.
type Via string

// The ways.
const (
	ViaAPI   Via = "api"   // created over the REST API
	ViaTwiML Via = "twiml" // the answer to a reply
)

// Text is one text to a phone.
type Text struct {
	SID       string
	At        time.Time // accepted
	SentAt    time.Time // zero while it waits
	From      string
	To        string
	Body      string
	Via       Via
	Status    string // Twilio's word
	ErrorCode int
	Segments  int
	Reached   string // the phone that shows it, "" while none does
	Callback  string // where receipts go
	Answers   string // of a TwiML text: the SID of the reply that it answers
}

// Inbound is one text from a phone to one of the account's numbers.
type Inbound struct {
	SID     string
	At      time.Time
	From    string
	To      string
	Body    string
	Status  int      // of the webhook's answer, 0 when there was none
	Answers []string // the texts in the answer
	Lost    bool     // dropped by a fault
	Err     string   // why the webhook failed
}

// Callback is one receipt as posted.
type Callback struct {
	SID    string // of the text
	At     time.Time
	Status string // of the text
	Answer int    // HTTP status, 0 when there was none
	Err    string
}

// Event is something that happened: exactly one of the pointers is set.
type Event struct {
	Seq      int64
	At       time.Time
	Text     *Text
	Inbound  *Inbound
	Callback *Callback
}

func (e Event) clone() Event {
	if e.Text != nil {
		v := *e.Text
		e.Text = &v
	}
	if e.Inbound != nil {
		v := *e.Inbound
		v.Answers = slices.Clone(v.Answers)
		e.Inbound = &v
	}
	if e.Callback != nil {
		v := *e.Callback
		e.Callback = &v
	}
	return e
}

// Log returns every text, reply and receipt in the order in which it began, at its latest
// state.
func (t *Telephone) Log() []Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]Event, 0, len(t.entries))
	for _, e := range t.entries {
		out = append(out, e.clone())
	}
	return out
}

// messages returns the texts and replies to a number, or all, in the order of the log.
func (t *Telephone) messages(to string) []Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Event
	for _, e := range t.entries {
		if (e.Text != nil && (to == "" || e.Text.To == to)) || (e.Inbound != nil && (to == "" || e.Inbound.To == to)) {
			out = append(out, e.clone())
		}
	}
	return out
}

// Texts returns the texts addressed to a phone, whether or not they arrived.
func (t *Telephone) Texts(to string) []Text {
	return t.pick(func(x Text) bool { return x.To == to })
}

// Screen returns the texts that a phone shows, a stranger's too.
func (t *Telephone) Screen(phone string) []Text {
	return t.pick(func(x Text) bool { return x.Reached == phone })
}

func (t *Telephone) pick(want func(Text) bool) []Text {
	var out []Text
	for _, e := range t.Log() {
		if e.Text != nil && want(*e.Text) {
			out = append(out, *e.Text)
		}
	}
	return out
}

// Wait returns the first text that satisfies want, in any state that it ever had, and waits
// for it if need be. The error wraps the context's, or is ErrClosed.
func (t *Telephone) Wait(ctx context.Context, want func(Text) bool) (Text, error) {
	e, err := t.WaitEvent(ctx, func(e Event) bool { return e.Text != nil && want(*e.Text) })
	if err != nil {
		return Text{}, err
	}
	return *e.Text, nil
}

// WaitEvent is Wait for any event.
func (t *Telephone) WaitEvent(ctx context.Context, want func(Event) bool) (Event, error) {
	next := 0
	for {
		news, changed := t.since(&next)
		for _, e := range news {
			if want(e) {
				return e, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Event{}, fmt.Errorf("telephone: waited in vain: %w", ctx.Err())
		case <-t.ctx.Done():
			return Event{}, ErrClosed
		}
	}
}

// Subscribe follows the changes from now on, one event for each. The channel closes when ctx
// ends or the telephone is closed. A slow reader holds up nothing but itself; after more
// than a few ten thousand changes it misses the oldest.
func (t *Telephone) Subscribe(ctx context.Context) <-chan Event {
	out := make(chan Event)
	t.mu.Lock()
	next := t.dropped + len(t.changes)
	t.mu.Unlock()
	started := t.spawn(func() {
		defer close(out)
		for {
			news, changed := t.since(&next)
			for _, e := range news {
				select {
				case out <- e:
				case <-ctx.Done():
					return
				case <-t.ctx.Done():
					return
				}
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			case <-t.ctx.Done():
				return
			}
		}
	})
	if !started {
		close(out)
	}
	return out
}

// since returns the changes from *next on, and what closes at the following one.
func (t *Telephone) since(next *int) ([]Event, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	from := max(*next-t.dropped, 0)
	out := make([]Event, 0, len(t.changes)-from)
	for _, e := range t.changes[from:] {
		out = append(out, e.clone()) // a reader may keep what it gets
	}
	*next = t.dropped + len(t.changes)
	return out, t.changed
}

// addLocked enters something new.
func (t *Telephone) addLocked(e *Event) {
	t.entries = append(t.entries, e)
	switch {
	case e.Text != nil:
		t.texts[e.Text.SID] = e
	case e.Inbound != nil:
		t.inbound[e.Inbound.SID] = e
	}
	if over := len(t.entries) - t.keep; over > t.keep/4 {
		for _, old := range t.entries[:over] {
			switch {
			case old.Text != nil:
				delete(t.texts, old.Text.SID)
			case old.Inbound != nil:
				delete(t.inbound, old.Inbound.SID)
			}
		}
		t.entries = slices.Clone(t.entries[over:])
	}
	t.noteLocked(e)
}

// noteLocked tells everybody that e is new or changed.
func (t *Telephone) noteLocked(e *Event) {
	t.seq++
	e.Seq = t.seq
	t.changes = append(t.changes, e.clone())
	if over := len(t.changes) - 4*t.keep; over > t.keep {
		t.changes = slices.Clone(t.changes[over:])
		t.dropped += over
	}
	close(t.changed)
	t.changed = make(chan struct{})
}
