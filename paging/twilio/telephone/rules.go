package telephone

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Bounds of Twilio's API.
const (
	maxBody     = 1600 // characters
	maxValidity = 36000 * time.Second
)

// draft is a request for a text that passed the rules.
type draft struct {
	from, to, body, callback string
	valid                    time.Duration
}

// judge applies Twilio's rules to a request, the more basic ones first.
func (t *Telephone) judge(form url.Values) (draft, *apiError) {
	d := draft{from: form.Get("From"), to: form.Get("To"), body: form.Get("Body"), callback: form.Get("StatusCallback"), valid: maxValidity}
	if form.Get("SmartEncoded") == "true" {
		d.body = smartEncode(d.body)
	}
	switch {
	case d.to == "":
		return d, &apiError{Code: 21604, Message: "A 'To' phone number is required."}
	case d.from == "":
		return d, &apiError{Code: 21603, Message: "A 'From' phone number is required."}
	case d.body == "":
		return d, &apiError{Code: 21602, Message: "Message body is required."}
	case !e164.MatchString(d.to):
		return d, &apiError{Code: 21211, Message: "Invalid 'To' Phone Number: " + masked(d.to)}
	case !slices.Contains(t.numbers, d.from):
		return d, &apiError{Code: 21606, Message: "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination/account"}
	case d.from == d.to:
		return d, &apiError{Code: 21266, Message: "'To' and 'From' number cannot be the same"}
	case len(utf16.Encode([]rune(d.body))) > maxBody:
		return d, &apiError{Code: 21617, Message: "The concatenated message body exceeds the 1600 character limit."}
	case d.callback != "" && !isWeb(d.callback):
		return d, &apiError{Code: 21609, Message: "The 'StatusCallback' URL is not a valid URL."}
	}
	if v := form.Get("ValidityPeriod"); v != "" {
		n, err := strconv.Atoi(v)
		d.valid = time.Duration(n) * time.Second
		if err != nil || n < 1 || d.valid > maxValidity {
			return d, &apiError{Code: 21624, Message: "The Validity Period must be between 1 and 36000 seconds."}
		}
	}
	return d, nil
}

// keyword is what a whole text means to Twilio and the carriers.
type keyword int

const (
	plain keyword = iota
	optOut
	optIn
)

func keywordOf(body string) keyword {
	switch strings.ToUpper(strings.TrimSpace(body)) {
	case "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT":
		return optOut
	case "START", "YES", "UNSTOP":
		return optIn
	default:
		return plain
	}
}

// smartEncode replaces the look-alikes that would turn a text into UCS-2.
func smartEncode(s string) string {
	return strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "‘", "'", "’", "'", "–", "-", "—", "-", "…", "...", "\u00a0", " ").Replace(s)
}

func isWeb(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// masked hides most of a number, as Twilio does in its errors.
func masked(number string) string {
	r := []rune(number)
	if len(r) > 4 {
		for i := 2; i < len(r)-2; i++ {
			r[i] = 'X'
		}
	}
	return string(r)
}

// usualStatus is the HTTP status that Twilio gives an error code.
func usualStatus(code int) int {
	switch code {
	case 20003, 20005:
		return http.StatusUnauthorized
	case 20404:
		return http.StatusNotFound
	case 20429:
		return http.StatusTooManyRequests
	case 20500:
		return http.StatusInternalServerError
	case 20503:
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}
