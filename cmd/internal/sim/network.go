package sim

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"tocsin/paging"
	"tocsin/paging/twilio"
)

// What the provider does wrong for a while.
const (
	refuses     = "refuses for now"            // not taken, a retry helps
	unreachable = "number cannot be reached"   // not taken, for good
	silentTaken = "takes it without an answer" // the outcome is unknown
	silentLost  = "loses it without an answer" // the outcome is unknown
	unlisted    = "takes it without an answer, and lists it late"
	swallows    = "takes it and loses it"       // no receipt ever
	undelivered = "takes it, cannot deliver it" // the receipt says so
	slow        = "is slow"                     // but answers in time
	early       = "sends receipts before answering"
	doubled     = "sends receipts twice"
	noReceipts  = "sends no receipts"
)

func providerModes() []string {
	return []string{refuses, unreachable, silentTaken, silentLost, unlisted, swallows, undelivered, slow, early, doubled, noReceipts}
}

// network is the provider with the phones behind it. Its books are kept under the world's mutex.
type network struct {
	w       *world
	windows []window
	taken   []message
}

type window struct {
	until time.Time
	who   int // -1: every phone
	mode  string
}

type message struct {
	Send
	status string
	listed time.Duration // so long after it was taken it is found
}

// line is the provider as one life of a process sees it.
type line struct {
	net *network
	l   *life
}

// Name is the provider's name.
func (*line) Name() string { return "network" }

var codeIn = regexp.MustCompile(`Reply (\d+) = ack`)

// Send hands a text over, unless the process dies before or meanwhile.
func (c *line) Send(ctx context.Context, m paging.Message) (paging.Receipt, error) {
	w := c.net.w
	if c.l.isDead() {
		return paging.Receipt{}, unknown(errCrashed)
	}
	f := c.l.fate("send")
	mode := c.net.mode(m.To)
	time.Sleep(w.jitter(c.l.name, "send", string(m.Attempt)) * 3)
	if f.crash == Before {
		w.kill(c.l, f.down, "before the provider has the text")
	}
	if c.l.isDead() {
		return paging.Receipt{}, unknown(errCrashed)
	}
	taken := mode != refuses && mode != unreachable && mode != silentLost
	sent := c.net.keep(c.l.name, m, taken, mode)
	if taken {
		w.away.Go(func() { c.net.carry(sent, mode) })
	}
	if f.crash == After {
		w.kill(c.l, f.down, "when the provider has the text")
	}
	if c.l.isDead() {
		return paging.Receipt{}, unknown(errCrashed)
	}
	switch mode {
	case refuses:
		return paging.Receipt{}, &paging.SendError{Class: paging.Temporary, Status: 503, Message: "try later"}
	case unreachable:
		return paging.Receipt{}, &paging.SendError{Class: paging.BadContact, Code: 21211, Message: "no such number"}
	case silentTaken, silentLost, unlisted:
		<-ctx.Done()
		return paging.Receipt{}, unknown(ctx.Err())
	case slow, early:
		time.Sleep(3 * time.Second)
	}
	time.Sleep(w.jitter(c.l.name, "sent", string(m.Attempt)) * 3)
	if c.l.isDead() {
		return paging.Receipt{}, unknown(errCrashed)
	}
	return paging.Receipt{ProviderID: sent.SID, Status: "queued", Rank: 1, Segments: 1}, nil
}

func unknown(err error) error {
	return &paging.SendError{Class: paging.UnknownResult, Message: "no answer", Err: err}
}

// Find looks through what the provider lists by now.
func (c *line) Find(_ context.Context, m paging.Message, since time.Time) (paging.Receipt, bool, error) {
	if c.l.isDead() {
		return paging.Receipt{}, false, unknown(errCrashed)
	}
	w := c.net.w
	time.Sleep(w.jitter(c.l.name, "find", string(m.Attempt)) * 3)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range c.net.taken {
		if t.To == m.To && t.Body == m.Body && !t.At.Before(since.Add(-time.Minute)) && time.Since(t.At) > t.listed {
			rank, _ := twilio.Rank(t.status)
			return paging.Receipt{ProviderID: t.SID, Status: t.status, Rank: rank}, true, nil
		}
	}
	return paging.Receipt{}, false, nil
}

func (n *network) mode(number string) string {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	for _, f := range n.windows {
		if time.Now().Before(f.until) && (f.who < 0 || phones()[f.who].number == number) {
			n.w.fault("provider, to %s: %s", number, f.mode)
			return f.mode
		}
	}
	return ""
}

// keep notes what reached the provider.
func (n *network) keep(by string, m paging.Message, taken bool, mode string) Send {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	s := Send{At: time.Now(), By: by, ID: m.Attempt, To: m.To, Body: m.Body, Taken: taken, Late: mode == unlisted}
	if taken {
		s.SID = "SM" + strconv.Itoa(len(n.taken)+1)
		n.taken = append(n.taken, message{s, "queued", listedAfter(mode)})
	}
	n.w.h.Sends = append(n.w.h.Sends, s)
	n.w.note("%s sends to %s (taken %v): %s", by, m.To, taken, m.Body)
	return s
}

func listedAfter(mode string) time.Duration {
	if mode == unlisted {
		return 40 * time.Second
	}
	return time.Second
}

// carry brings a text to its phone and tells the gateway of it.
func (n *network) carry(s Send, mode string) {
	w := n.w
	if mode == swallows {
		return
	}
	wait := 2*time.Second + 100*w.jitter("carry", s.SID)
	if mode == unlisted { // when it is asked for, given up and sent again
		wait += 10*time.Second + 4000*w.jitter("unlisted", s.SID)%(10*time.Second)
	}
	if mode == early {
		wait = w.jitter("carry", s.SID)
	}
	time.Sleep(wait)
	status := "delivered"
	if mode == undelivered {
		status = "undelivered"
	} else {
		w.lock(func() {
			t := Text{At: time.Now(), To: s.To, Body: s.Body}
			if found := codeIn.FindStringSubmatch(s.Body); found != nil {
				t.Code = found[1]
			}
			w.h.Inbox = append(w.h.Inbox, t)
		})
	}
	times := 1
	switch mode {
	case noReceipts:
		times = 0
	case doubled:
		times = 2
	}
	for range times {
		n.receipt(s, status)
		n.receipt(s, "sent")
	}
}

// receipt tells one process of a status, once: Twilio does not tell again.
func (n *network) receipt(s Send, status string) {
	n.w.lock(func() {
		for i := range n.taken {
			if n.taken[i].SID == s.SID {
				n.taken[i].status = status
			}
		}
	})
	first := int(n.w.jitter("receipt", s.SID, status)) % len(n.w.procs)
	l := n.w.alive(first)
	if l == nil {
		return
	}
	form := url.Values{"MessageSid": {s.SID}, "MessageStatus": {status}}
	if status == "undelivered" {
		form.Set("ErrorCode", "30003")
	}
	report, ok := twilio.ParseStatus(s.ID, form, l.engine.Now())
	if !ok {
		panic(fmt.Sprint("sim: a receipt that cannot be read: ", form))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	_ = l.engine.Report(ctx, []paging.Report{report}) // lost: nothing may depend on it
	time.Sleep(n.w.jitter("next receipt", s.SID))
}
