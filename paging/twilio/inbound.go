package twilio

import (
	"bytes"
	"encoding/xml"
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// Inbound is a text that a phone sent to one of our numbers. The numbers are what the
// carrier claims; From can be forged.
type Inbound struct {
	From       string
	To         string
	Body       string // may be empty, as with a picture alone
	MessageSID string // the same when Twilio posts the same text again
	NumMedia   int    // pictures and the like, which are never fetched
}

// maxSID bounds what is taken as a message SID (34 characters today), since it becomes a key.
const maxSID = 64

// ParseInbound reads the form of Twilio's webhook for incoming texts. Unknown fields are
// ignored: Twilio adds some without notice.
func ParseInbound(form url.Values) (Inbound, error) {
	in := Inbound{
		// An RCS sender has the same number in front of which Twilio writes the channel.
		From:       strings.TrimPrefix(form.Get("From"), "rcs:"),
		To:         strings.TrimPrefix(form.Get("To"), "rcs:"),
		Body:       form.Get("Body"),
		MessageSID: first(form, "MessageSid", "SmsMessageSid", "SmsSid"),
	}
	switch {
	case in.MessageSID == "" || len(in.MessageSID) > maxSID:
		return Inbound{}, errors.New("twilio: the form of an incoming text has no usable MessageSid")
	case in.From == "" || in.To == "":
		return Inbound{}, errors.New("twilio: the form of an incoming text lacks From or To")
	}
	if n, err := strconv.Atoi(form.Get("NumMedia")); err == nil && n > 0 {
		in.NumMedia = n
	}
	return in, nil
}

// MessagingResponse is the TwiML document that answers an incoming text with one text, or
// with none when text is empty. Serve it as text/xml. Characters that XML cannot hold become
// U+FFFD.
func MessagingResponse(text string) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if text == "" {
		b.WriteString("<Response/>")
		return b.Bytes()
	}
	b.WriteString("<Response><Message>")
	_ = xml.EscapeText(&b, []byte(text)) // a bytes.Buffer takes everything
	b.WriteString("</Message></Response>")
	return b.Bytes()
}
