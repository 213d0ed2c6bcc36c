package twilio

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"tocsin/paging"
)

// Rank orders the statuses of an outgoing message, because receipts come in any order and
// more than once: only a higher rank counts. known is false for a status that Twilio added
// since; it is worth storing and nothing else.
func Rank(status string) (rank int, known bool) {
	switch status {
	case "accepted", "scheduled":
		return 0, true
	case "queued":
		return 1, true
	case "sending":
		return 2, true
	case "sent":
		return 3, true
	case "undelivered", "failed", "canceled":
		return 4, true
	case "delivered", "partially_delivered":
		return 5, true
	case "read":
		return 6, true
	default:
		return 0, false
	}
}

// ParseStatus reads the form of a status callback for an attempt. ok is false when the form
// names no message or no status, which Twilio never sends. "sent" is only a receipt: where a
// carrier gives none of its own it stays the last word.
func ParseStatus(attempt paging.AttemptID, form url.Values, at time.Time) (r paging.Report, ok bool) {
	sid := first(form, "MessageSid", "SmsSid")
	status := first(form, "MessageStatus", "SmsStatus")
	if sid == "" || status == "" {
		return paging.Report{}, false
	}
	rank, _ := Rank(status)
	r = paging.Report{Attempt: attempt, Result: paging.ResultReceipt, At: at, Provider: "twilio",
		ProviderID: sid, ProviderStatus: status, ProviderRank: rank}
	code, _ := strconv.Atoi(form.Get("ErrorCode"))
	delivered, failure := outcome(status, &code)
	switch {
	case delivered:
		r.Result = paging.ResultDelivered
	case failure != "":
		r.Result, r.Reason = paging.ResultFailed, failure
	}
	return r, true
}

// outcome says what a status means: whether the phone has the text, or why Twilio gave it up.
// Both are empty while the status is not the last.
func outcome(status string, code *int) (delivered bool, failure string) {
	switch status {
	case "delivered", "read":
		return true, ""
	case "canceled":
		return false, "canceled at Twilio"
	case "failed", "undelivered":
	default:
		return false, ""
	}
	if code == nil || *code == 0 {
		return false, status + " without an error code"
	}
	class, why := Explain(*code)
	return false, fmt.Sprintf("%s: %s (%s, Twilio's code %d)", status, why, class, *code)
}

func first(form url.Values, names ...string) string {
	for _, n := range names {
		if v := form.Get(n); v != "" {
			return v
		}
	}
	return ""
}
