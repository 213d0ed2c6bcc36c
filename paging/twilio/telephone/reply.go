package telephone

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tocsin/paging"
)

// Reply lets a phone text one of the account's numbers: it posts the signed webhook and
// sends the texts of the TwiML answer to the phone. STOP and START work as at Twilio, and
// reach the webhook as well. The error says why the webhook failed; the reply is in the log
// in any case.
func (t *Telephone) Reply(ctx context.Context, from, to, body string) (Inbound, error) {
	if !slices.Contains(t.numbers, to) {
		return Inbound{}, fmt.Errorf("telephone: %s is not one of the account's numbers", to)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.ctx, cancel)()
	e, hook, f, err := t.receive(from, to, body)
	if err != nil || f.DropReplies {
		return e, err
	}
	if hook == "" {
		return e, errors.New("telephone: no SMS URL is set")
	}
	form := t.replyForm(e)
	a := t.post(ctx, hook, form)
	if f.DuplicateReplies {
		a = t.post(ctx, hook, form)
	}
	var texts []string
	if a.err == "" {
		if texts, err = parseTwiML(a); err != nil {
			a.err = err.Error()
		}
	}
	e = t.answered(e, a, texts)
	if a.err != "" {
		return e, errors.New("telephone: the SMS webhook failed: " + a.err)
	}
	return e, nil
}

// receive enters a reply and heeds the keywords.
func (t *Telephone) receive(from, to, body string) (Inbound, string, Fault, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return Inbound{}, "", Fault{}, ErrClosed
	}
	f := t.takeLocked(from, Fault.replies)
	in := Inbound{SID: newSID("SM"), At: t.clock(), From: from, To: to, Body: body, Lost: f.DropReplies}
	stored := in
	t.addLocked(&Event{At: in.At, Inbound: &stored})
	if !in.Lost {
		switch keywordOf(body) {
		case optOut:
			t.opted[pair{from, to}] = true
		case optIn:
			delete(t.opted, pair{from, to})
		}
	}
	return in, t.smsURL, f, nil
}

// answered notes how the webhook ended and sends its texts. What goes to a phone that said
// STOP fails.
func (t *Telephone) answered(in Inbound, a answer, texts []string) Inbound {
	t.mu.Lock()
	defer t.mu.Unlock()
	in.Status, in.Answers, in.Err = a.status, texts, a.err
	if e := t.inbound[in.SID]; e != nil {
		*e.Inbound = in
		e.Inbound.Answers = slices.Clone(texts)
		t.noteLocked(e)
	}
	for _, body := range texts {
		e := &Event{At: t.clock(), Text: &Text{SID: newSID("SM"), At: t.clock(), From: in.To, To: in.From, Body: body,
			Via: ViaTwiML, Status: "queued", Segments: paging.Segments(body), Answers: in.SID}}
		if t.opted[pair{in.From, in.To}] {
			e.Text.Status, e.Text.ErrorCode = "failed", 21610
			t.addLocked(e)
			continue
		}
		t.startLocked(e, maxValidity, t.takeLocked(in.From, Fault.fate))
	}
	return in
}

// replyForm is the webhook's form. Places are empty, as for many numbers.
func (t *Telephone) replyForm(in Inbound) url.Values {
	return url.Values{"MessageSid": {in.SID}, "SmsSid": {in.SID}, "SmsMessageSid": {in.SID}, "AccountSid": {t.account},
		"From": {in.From}, "To": {in.To}, "Body": {in.Body}, "NumMedia": {"0"}, "NumSegments": {strconv.Itoa(paging.Segments(in.Body))},
		"SmsStatus": {"received"}, "ApiVersion": {"2010-04-01"}, "FromCountry": {"US"}, "ToCountry": {"US"},
		"FromCity": {""}, "FromState": {""}, "FromZip": {""}, "ToCity": {""}, "ToState": {""}, "ToZip": {""}}
}

// parseTwiML reads the texts of an answer. An empty answer is none; plain text is one text.
func parseTwiML(a answer) ([]string, error) {
	if strings.TrimSpace(string(a.body)) == "" {
		return nil, nil
	}
	kind, _, _ := strings.Cut(a.contentType, ";")
	switch strings.TrimSpace(strings.ToLower(kind)) {
	case "text/plain":
		return []string{string(a.body)}, nil
	case "text/xml", "application/xml", "text/html":
	default:
		return nil, fmt.Errorf("content type %q is neither text/xml nor text/plain (Twilio's error 12300)", a.contentType)
	}
	var doc struct {
		XMLName  xml.Name `xml:"Response"`
		Messages []struct {
			Text string `xml:",chardata"`
			Body string `xml:"Body"`
		} `xml:"Message"`
	}
	if err := xml.Unmarshal(a.body, &doc); err != nil {
		return nil, fmt.Errorf("the answer is no TwiML (Twilio's error 12100): %w", err)
	}
	var out []string
	for _, m := range doc.Messages {
		if body := orElse(m.Body, strings.TrimSpace(m.Text)); body != "" {
			out = append(out, body)
		}
	}
	return out, nil
}
