package twilio

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"tocsin/paging"
)

// Explain says what one of Twilio's error codes (https://www.twilio.com/docs/api/errors)
// means for the next try, and why in a sentence for people. The list of codes is open-ended:
// an unknown one is temporary, so that the page goes on over another way and is tried again.
func Explain(code int) (paging.Class, string) {
	class, known := classOf(code)
	if text := textOf(code); text != "" {
		return class, text
	}
	if !known {
		return class, "Twilio refused the text for a reason that is not known here"
	}
	switch class {
	case paging.BadContact:
		return class, "the number cannot receive texts: correct it"
	case paging.OptedOut:
		return class, "the person told Twilio to stop"
	case paging.BadAccount:
		return class, "the Twilio account or its settings do not allow the text: see Twilio's console"
	case paging.BadContent:
		return class, "the text itself was refused"
	default:
		return class, "Twilio or the carrier could not take the text for now"
	}
}

// classOf sorts the codes that matter to an SMS pager.
func classOf(code int) (class paging.Class, known bool) {
	switch code {
	case 21211, 21214, 21217, 21265, 21421, 21604, 21612, 21614, 21635, 30005, 30006:
		return paging.BadContact, true
	case 21610:
		return paging.OptedOut, true
	case 20003, 20005, 20403, 20404, 30002, // credentials, suspended account
		21408, 21215, 13227, // countries that are not allowed
		21212, 21603, 21606, 21659, 21660, 21661, 21703, 21704, // the sender
		21608, 21219, // trial account
		30034, 30033, 30035, 30032, 30024, 30018, // registration of the sender
		30023, 30027, 21663, // caps, wrong region
		21609, 21624, 90007: // parameters
		return paging.BadAccount, true
	case 21602, 21617, 30004, 30007:
		return paging.BadContent, true
	case 14107, 20429, 20500, 20503, 21611, 30001, 30003, 30008, 30017, 30022, 30036, 30410, 30450:
		return paging.Temporary, true
	default:
		return paging.Temporary, false
	}
}

// textOf words the codes that responders and admins meet.
func textOf(code int) string {
	switch code {
	case 20003:
		return "Twilio refuses account_sid or auth_tokens: check them"
	case 20005:
		return "the Twilio account is suspended: see Twilio's console"
	case 20429:
		return "too many requests to Twilio at once"
	case 21211, 21614, 21217:
		return "the number is not a valid mobile number: correct it"
	case 21408:
		return "the Twilio account may not text that country: allow it in Twilio's console"
	case 21606, 21603, 21659:
		return "the sender is not a number of the Twilio account: correct from"
	case 21608:
		return "a trial account texts verified numbers only"
	case 21610:
		return "the person texted STOP: START from that phone undoes it"
	case 21617:
		return "the text is longer than 1600 characters"
	case 30003:
		return "the phone is off or has no signal"
	case 30005:
		return "the phone is unknown to its carrier"
	case 30006:
		return "a landline, or a carrier that takes no texts"
	case 30007:
		return "a carrier filtered the text"
	case 30008:
		return "the carrier did not say why the text was lost"
	case 30034, 30032:
		return "the sender is not registered with the carriers: see Twilio's console"
	case 30036:
		return "the text waited longer than it was valid"
	default:
		return ""
	}
}

// sendError turns what a call ended with into the words of paging. No token appears in it.
func (c *Channel) sendError(err error) *paging.SendError {
	var answer *answerError
	if errors.As(err, &answer) {
		return c.answered(answer)
	}
	var broken *brokenError
	if !errors.As(err, &broken) {
		return &paging.SendError{Class: paging.UnknownResult, Message: "Twilio's answer cannot be read: the text may have been sent", Err: err}
	}
	if broken.Wrote {
		return &paging.SendError{Class: paging.UnknownResult, Message: "Twilio did not answer: the text may have been sent", Err: broken.Err}
	}
	return &paging.SendError{Class: paging.Temporary, Message: "Twilio could not be reached, nothing was sent", Err: broken.Err}
}

func (c *Channel) answered(e *answerError) *paging.SendError {
	se := &paging.SendError{Code: e.Code, Status: e.Status, RetryAfter: e.RetryAfter, Err: e}
	class, known := classOf(e.Code)
	switch {
	case e.Status == http.StatusTooManyRequests || e.Code == 20429:
		se.Class, se.Message = paging.Temporary, "too many requests to Twilio at once" // never processed
	case e.Status >= 500:
		se.Class, se.Message = paging.UnknownResult, fmt.Sprintf("Twilio answered HTTP %d: the text may have been sent", e.Status)
	case known:
		se.Class = class
		_, se.Message = Explain(e.Code)
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		se.Class, se.Message = paging.BadAccount, fmt.Sprintf("HTTP %d: check account_sid and auth_tokens", e.Status)
	case e.Status == http.StatusNotFound || e.Status < 400:
		se.Class, se.Message = paging.BadAccount, fmt.Sprintf("HTTP %d: base_url does not lead to Twilio's API", e.Status)
	default:
		se.Class, se.Message = paging.Temporary, fmt.Sprintf("Twilio refused the text with HTTP %d%s", e.Status, c.quote(e.Message))
	}
	return se
}

// quote adds what Twilio said, short and without our tokens.
func (c *Channel) quote(said string) string {
	for _, t := range c.tokens {
		said = strings.ReplaceAll(said, t, "[secret]")
	}
	said = strings.Join(strings.Fields(said), " ")
	if r := []rune(said); len(r) > 160 {
		said = string(r[:160])
	}
	if said == "" {
		return ""
	}
	return fmt.Sprintf(": %q", said)
}
