package telephone

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tocsin/paging"
)

// messageJSON is Twilio's message resource
// (https://www.twilio.com/docs/messaging/api/message-resource).
type messageJSON struct {
	SID                 string            `json:"sid"`
	AccountSID          string            `json:"account_sid"`
	MessagingServiceSID *string           `json:"messaging_service_sid"`
	From                string            `json:"from"`
	To                  string            `json:"to"`
	Body                string            `json:"body"`
	Status              string            `json:"status"`
	Direction           string            `json:"direction"`
	NumSegments         string            `json:"num_segments"`
	NumMedia            string            `json:"num_media"`
	DateCreated         string            `json:"date_created"`
	DateUpdated         string            `json:"date_updated"`
	DateSent            *string           `json:"date_sent"`
	ErrorCode           *int              `json:"error_code"`
	ErrorMessage        *string           `json:"error_message"`
	Price               *string           `json:"price"`
	PriceUnit           *string           `json:"price_unit"`
	APIVersion          string            `json:"api_version"`
	URI                 string            `json:"uri"`
	SubresourceURIs     map[string]string `json:"subresource_uris"`

	sentAt time.Time
}

type pageJSON struct {
	Messages        []messageJSON `json:"messages"`
	Page            int           `json:"page"`
	PageSize        int           `json:"page_size"`
	Start           int           `json:"start"`
	End             int           `json:"end"`
	URI             string        `json:"uri"`
	FirstPageURI    string        `json:"first_page_uri"`
	NextPageURI     *string       `json:"next_page_uri"`
	PreviousPageURI *string       `json:"previous_page_uri"`
}

// resource shows a text or a reply as Twilio does.
func (t *Telephone) resource(e Event) messageJSON {
	m := messageJSON{AccountSID: t.account, NumMedia: "0", APIVersion: "2010-04-01", DateCreated: rfc2822(e.At), DateUpdated: rfc2822(e.At)}
	if x := e.Text; x != nil {
		m.SID, m.From, m.To, m.Body, m.Status = x.SID, x.From, x.To, x.Body, x.Status
		m.DateCreated, m.DateUpdated = rfc2822(x.At), rfc2822(x.At)
		m.NumSegments, m.Direction, m.sentAt = strconv.Itoa(x.Segments), "outbound-api", x.SentAt
		if x.Via == ViaTwiML {
			m.Direction = "outbound-reply"
		}
		if x.ErrorCode != 0 {
			m.ErrorCode = &x.ErrorCode
		}
	}
	if x := e.Inbound; x != nil {
		m.SID, m.From, m.To, m.Body, m.Status = x.SID, x.From, x.To, x.Body, "received"
		m.NumSegments, m.Direction, m.sentAt = strconv.Itoa(paging.Segments(x.Body)), "inbound", x.At
	}
	if !m.sentAt.IsZero() {
		s := rfc2822(m.sentAt)
		m.DateSent, m.DateUpdated = &s, s
	}
	m.URI = fmt.Sprintf("/2010-04-01/Accounts/%s/Messages/%s.json", t.account, m.SID)
	m.SubresourceURIs = map[string]string{"media": fmt.Sprintf("/2010-04-01/Accounts/%s/Messages/%s/Media.json", t.account, m.SID)}
	return m
}

func (t *Telephone) page(q url.Values, ms []messageJSON, page, size, start int, more bool) pageJSON {
	uri := func(n int) string {
		v := url.Values{}
		for k := range q {
			v.Set(k, q.Get(k))
		}
		v.Set("PageSize", strconv.Itoa(size))
		v.Set("Page", strconv.Itoa(n))
		return fmt.Sprintf("/2010-04-01/Accounts/%s/Messages.json?%s", t.account, v.Encode())
	}
	if ms == nil {
		ms = []messageJSON{}
	}
	p := pageJSON{Messages: ms, Page: page, PageSize: size, Start: start, End: start + max(len(ms)-1, 0), URI: uri(page), FirstPageURI: uri(0)}
	if more {
		next := uri(page + 1)
		p.NextPageURI = &next
	}
	if page > 0 {
		previous := uri(page - 1)
		p.PreviousPageURI = &previous
	}
	return p
}

func rfc2822(t time.Time) string { return t.UTC().Format(time.RFC1123Z) }

// apiError is Twilio's refusal. Status follows from Code when it is 0.
type apiError struct {
	Code       int
	Message    string
	Status     int
	RetryAfter time.Duration
}

func refuse(w http.ResponseWriter, e apiError) {
	if e.Status == 0 {
		e.Status = usualStatus(e.Code)
	}
	if e.Message == "" {
		e.Message = "refused with code " + strconv.Itoa(e.Code)
	}
	setRetryAfter(w, e.RetryAfter)
	writeJSON(w, e.Status, map[string]any{"code": e.Code, "message": e.Message, "status": e.Status,
		"more_info": "https://www.twilio.com/docs/errors/" + strconv.Itoa(e.Code)})
}

func notFound(w http.ResponseWriter, r *http.Request) {
	refuse(w, apiError{Code: 20404, Message: "The requested resource " + r.URL.Path + " was not found"})
}

func setRetryAfter(w http.ResponseWriter, d time.Duration) {
	if d > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(d.Seconds())))
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client went away
}
