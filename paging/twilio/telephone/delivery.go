package telephone

import (
	"net/url"
	"slices"
	"strconv"
	"time"
)

// maxStatuses bounds how many statuses a text goes through.
const maxStatuses = 8

// startLocked enters a text and starts the two goroutines that carry it. told is closed when
// the last receipt was posted; it is nil when the telephone is closed.
func (t *Telephone) startLocked(e *Event, valid time.Duration, f Fault) (told chan struct{}) {
	receipts := make(chan string, maxStatuses)
	sid, url := e.Text.SID, e.Text.Callback
	if !t.spawnLocked(func() { defer close(receipts); t.carry(sid, valid, f, receipts) }) {
		return nil
	}
	t.addLocked(e)
	told = make(chan struct{})
	t.spawnLocked(func() { defer close(told); t.receipts(sid, url, f, receipts) })
	return told
}

// carry moves a text through its statuses. Twilio posts no receipt for the first.
func (t *Telephone) carry(sid string, valid time.Duration, f Fault, receipts chan<- string) {
	if f.Delay > valid {
		if t.rest(valid) {
			t.become(sid, "failed", 30036, f, receipts)
		}
		return
	}
	if !t.rest(f.Delay) || !t.rest(t.pause) {
		return
	}
	t.become(sid, "sending", 0, f, receipts)
	if !t.rest(t.pause) {
		return
	}
	t.become(sid, "sent", 0, f, receipts)
	if f.Lose || !t.rest(t.pause) {
		return
	}
	switch {
	case f.Undelivered != 0:
		t.become(sid, "undelivered", f.Undelivered, f, receipts)
	default:
		t.become(sid, "delivered", 0, f, receipts)
	}
}

// become gives a text its next status; with "delivered" it shows on a phone.
func (t *Telephone) become(sid, status string, code int, f Fault, receipts chan<- string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.texts[sid]
	if e == nil {
		return // forgotten
	}
	e.Text.Status, e.Text.ErrorCode = status, code
	switch {
	case status == "sent":
		e.Text.SentAt = t.clock()
	case status == "delivered" && !f.Swallow:
		e.Text.Reached = orElse(f.RedirectTo, e.Text.To)
	}
	t.noteLocked(e)
	receipts <- status // never blocks: there is room for every status
}

// receipts posts the receipts of one text as they come.
func (t *Telephone) receipts(sid, callback string, f Fault, in <-chan string) {
	var late []string
	for status := range in {
		if callback == "" || f.DropCallbacks {
			continue
		}
		late = append(late, status)
		if !t.rest(f.LateCallbacks) {
			return
		}
		if f.ReverseCallbacks {
			continue
		}
		t.receipt(sid, callback, late[0], f)
		late = late[:0]
	}
	slices.Reverse(late)
	for _, status := range late {
		t.receipt(sid, callback, status, f)
	}
}

func (t *Telephone) receipt(sid, callback, status string, f Fault) {
	t.mu.Lock()
	e := t.texts[sid]
	if e == nil {
		t.mu.Unlock()
		return
	}
	text := *e.Text
	t.mu.Unlock()
	form := url.Values{"MessageSid": {sid}, "SmsSid": {sid}, "MessageStatus": {status}, "SmsStatus": {status},
		"From": {text.From}, "To": {text.To}, "AccountSid": {t.account}, "ApiVersion": {"2010-04-01"}}
	if text.ErrorCode != 0 && (status == "undelivered" || status == "failed") {
		form.Set("ErrorCode", strconv.Itoa(text.ErrorCode))
	}
	times := 1
	if f.DuplicateCallbacks {
		times = 2
	}
	for range times {
		answer := t.post(t.ctx, callback, form)
		t.mu.Lock()
		t.addLocked(&Event{At: t.clock(), Callback: &Callback{SID: sid, At: t.clock(), Status: status, Answer: answer.status, Err: answer.err}})
		t.mu.Unlock()
	}
}
