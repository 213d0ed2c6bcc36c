package twilio

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"tocsin/paging"
)

// Limits of Twilio's ValidityPeriod. Below a minute the queue of a single long code (one
// segment a second) can already outlast the message; 36000 s is Twilio's own bound.
const (
	minValid     = time.Minute
	maxValid     = 36000 * time.Second
	defaultValid = 5 * time.Minute
)

// DefaultBaseURL is where Twilio's REST API lives.
const DefaultBaseURL = "https://api.twilio.com"

var (
	accountSID = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)
	e164       = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
)

// Options say how to reach one Twilio account.
type Options struct {
	Name       string       // in logs and the timeline; "twilio" when empty
	AccountSID string       // AC and 32 hexadecimal digits
	AuthTokens []string     // at least one; two while one is rotated
	From       []string     // our numbers, E.164
	BaseURL    string       // DefaultBaseURL when empty
	PublicURL  string       // where Twilio reaches us, for receipts; none are asked for when it is empty
	HTTPClient *http.Client // optional; its redirect policy is replaced
	Timeout    time.Duration
}

// DefaultTimeout bounds one call of Twilio's API, unless the context ends sooner.
const DefaultTimeout = 10 * time.Second

// Channel sends texts over Twilio. It is safe for concurrent use.
type Channel struct {
	name    string
	account string
	tokens  []string
	from    []string
	base    *url.URL
	public  string
	http    *http.Client
	timeout time.Duration
	current atomic.Int32 // index of the token that worked last
}

var (
	_ paging.Channel = (*Channel)(nil)
	_ paging.Tracker = (*Channel)(nil)
)

// New checks the options, all of them, and returns a channel. It does not call Twilio.
func New(o Options) (*Channel, error) {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("twilio: "+format, args...)) }
	if !accountSID.MatchString(o.AccountSID) {
		bad("account_sid must be AC and 32 hexadecimal digits")
	}
	if len(o.AuthTokens) == 0 {
		bad("auth_tokens is empty: name at least one token")
	}
	for i, t := range o.AuthTokens {
		if strings.TrimSpace(t) == "" {
			bad("auth_tokens[%d] is empty: with an empty token anybody could sign for Twilio", i)
		}
	}
	if len(o.From) == 0 {
		bad("from is empty: name at least one of the account's numbers")
	}
	for i, f := range o.From {
		if !e164.MatchString(f) {
			bad("from[%d] is not E.164 (like +12025550100)", i)
		}
	}
	if o.BaseURL == "" {
		o.BaseURL = DefaultBaseURL
	}
	base, err := webURL(o.BaseURL)
	if err != nil {
		bad("base_url: %w", err)
	}
	if o.PublicURL != "" {
		if _, err := webURL(o.PublicURL); err != nil {
			bad("public_url: %w", err)
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if o.Name == "" {
		o.Name = "twilio"
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	return &Channel{name: o.Name, account: o.AccountSID, tokens: append([]string(nil), o.AuthTokens...),
		from: append([]string(nil), o.From...), base: base, public: strings.TrimRight(o.PublicURL, "/"),
		http: httpClient(o.HTTPClient), timeout: o.Timeout}, nil
}

// webURL parses an absolute http or https URL without credentials, query or fragment. Its
// error does not quote the URL, which may hold a password.
func webURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, errors.New("must be an absolute http or https URL")
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("must hold no user name, query or fragment")
	}
	return u, nil
}

// Name is the provider's name for logs and the timeline.
func (c *Channel) Name() string { return c.name }

// Close drops idle connections. The channel can still be used.
func (c *Channel) Close() { c.http.CloseIdleConnections() }

// Send hands one text to Twilio. A nil error means that Twilio answered with a message SID.
func (c *Channel) Send(ctx context.Context, m paging.Message) (paging.Receipt, error) {
	p := &api.CreateMessageParams{}
	p.SetTo(m.To).SetFrom(c.sender(m.To)).SetBody(m.Body)
	p.SetValidityPeriod(int(validFor(m.ValidFor) / time.Second))
	p.SetSmartEncoded(true)
	p.SetRiskCheck("disable")
	if cb := c.callback(m.Attempt); cb != "" {
		p.SetStatusCallback(cb)
	}
	var msg *api.ApiV2010Message
	err := c.call(ctx, func(s *api.ApiService) (err error) {
		msg, err = s.CreateMessage(p)
		return err
	})
	if err != nil {
		return paging.Receipt{}, c.sendError(err)
	}
	r := receipt(msg)
	if r.ProviderID == "" {
		return paging.Receipt{}, &paging.SendError{Class: paging.UnknownResult,
			Message: "Twilio's answer names no message: the text may have been sent"}
	}
	if msg.ErrorCode != nil && (r.Status == "failed" || r.Status == "undelivered") {
		class, why := Explain(*msg.ErrorCode)
		return paging.Receipt{}, &paging.SendError{Class: class, Code: *msg.ErrorCode, Message: why}
	}
	if r.From == "" {
		r.From = *p.From
	}
	return r, nil
}

// callback is the receipt URL of an attempt, which names the attempt because a receipt can
// overtake the answer of Send. The fragment tells Twilio to retry three times for every
// reason; by default it retries failed connects only.
func (c *Channel) callback(id paging.AttemptID) string {
	if c.public == "" || id == "" {
		return ""
	}
	return c.public + "/twilio/status/" + url.PathEscape(string(id)) + "#rc=3&rp=all"
}

// sender picks the number that texts to a phone come from. It stays the same for a phone as
// long as that number is ours, so that its owner knows it and its thread of texts is whole
// (rendezvous hashing).
func (c *Channel) sender(to string) string {
	best, most := "", uint64(0)
	for _, f := range c.from {
		h := fnv.New64a()
		_, _ = h.Write([]byte(to + " " + f))
		if sum := h.Sum64(); best == "" || sum > most || (sum == most && f < best) {
			best, most = f, sum
		}
	}
	return best
}

// call runs one API call over a client bound to ctx. A token that Twilio refuses makes room
// for the next one, since a rotation kills the old token at once; a refused request was not
// processed, so this repeats nothing.
func (c *Channel) call(ctx context.Context, do func(*api.ApiService) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	first := int(c.current.Load())
	var err error
	for i := range c.tokens {
		n := (first + i) % len(c.tokens)
		b := &bound{c: c, ctx: ctx, token: c.tokens[n]}
		// A handler made by hand ignores TWILIO_EDGE and TWILIO_REGION of the environment.
		err = do(api.NewApiService(&client.RequestHandler{Client: b}))
		var answer *answerError
		if !errors.As(err, &answer) || answer.Status != http.StatusUnauthorized {
			c.current.Store(int32(n))
			return err
		}
	}
	return err
}

func validFor(d time.Duration) time.Duration {
	if d <= 0 {
		return defaultValid
	}
	return min(max(d, minValid), maxValid)
}

func receipt(msg *api.ApiV2010Message) paging.Receipt {
	r := paging.Receipt{ProviderID: value(msg.Sid), Status: value(msg.Status), From: value(msg.From)}
	r.Rank, _ = Rank(r.Status)
	r.Delivered, r.Failure = outcome(r.Status, msg.ErrorCode)
	r.Segments, _ = strconv.Atoi(value(msg.NumSegments)) // null or odd: 0, not known
	return r
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
