// Package client speaks Tocsin's HTTP API for the command line: the types of package api,
// a time-out on everything, and the server's own sentence as the error.
//
//	c, err := client.New("http://127.0.0.1:8420", token)
//	out, err := c.Act(ctx, id, client.Ack, api.Action{As: "ana"})
//
// Nothing is retried: who stands at the terminal sees the error and decides. A redirect is
// an error, because following it would carry the token to another address.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tocsin/cmd/internal/api"
)

const (
	// Timeout bounds one request, from connecting to the last byte of the answer.
	Timeout = 15 * time.Second
	// maxAnswer bounds what is read of an answer, far above any real one.
	maxAnswer = 16 << 20
)

// The actions of POST /api/v1/incidents/{id}/{action}.
const (
	Ack      = "ack"
	Unack    = "unack"
	Snooze   = "snooze"
	Escalate = "escalate"
	Resolve  = "resolve"
	Reassign = "reassign"
)

// Error is an answer of the server that is not 2xx.
type Error struct {
	Status  int    // of HTTP
	Kind    string // for machines; empty when the answer is not Tocsin's
	Message string // for people
}

func (e *Error) Error() string { return e.Message }

// Client talks to one server. It is safe for concurrent use.
type Client struct {
	base  *url.URL
	token string
	http  *http.Client
}

// New makes a client of the server at that address (http or https, a path may lead it).
func New(server, token string) (*Client, error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the server's address is not one; write for example http://127.0.0.1:8420")
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the token holds a blank or a character that no HTTP header carries; check where it comes from")
	}
	return &Client{base: u, token: token, http: &http.Client{
		Timeout: Timeout,
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			return fmt.Errorf("the server redirects to %s; name that address if it is yours", r.URL.Redacted())
		},
	}}, nil
}

// Incidents lists incidents, newest first: the open ones, or with all also the resolved.
// before continues after an earlier page; limit 0 leaves the number to the server.
func (c *Client) Incidents(ctx context.Context, all bool, limit int, before string) (list api.IncidentList, err error) {
	q := url.Values{}
	if all {
		q.Set("all", "true")
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	if before != "" {
		q.Set("before", before)
	}
	return list, c.do(ctx, http.MethodGet, q, nil, &list, "incidents")
}

// Incident shows one incident with its members, attempts and timeline.
func (c *Client) Incident(ctx context.Context, id string) (detail api.IncidentDetail, err error) {
	return detail, c.do(ctx, http.MethodGet, nil, nil, &detail, "incidents", id)
}

// Act does something to an incident.
func (c *Client) Act(ctx context.Context, id, action string, body api.Action) (out api.Outcome, err error) {
	return out, c.do(ctx, http.MethodPost, nil, body, &out, "incidents", id, action)
}

// TestPage pages a person, to try whether it works.
func (c *Client) TestPage(ctx context.Context, user string) (out api.Outcome, err error) {
	return out, c.do(ctx, http.MethodPost, nil, api.TestPage{User: user}, &out, "test-pages")
}

// do sends a request to /api/v1/path… and decodes its answer.
func (c *Client) do(ctx context.Context, method string, query url.Values, body, into any, path ...string) error {
	req, err := c.request(ctx, method, query, body, path)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return c.unreachable(err)
	}
	defer func() { _ = res.Body.Close() }() // read to its end or given up: nothing can be lost
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return c.unreachable(err)
	case len(data) > maxAnswer:
		return fmt.Errorf("the answer of %s has more than %d MiB; ask for less with --limit", c.base.Host, maxAnswer>>20)
	case res.StatusCode < 200 || res.StatusCode > 299:
		return c.refusal(res.StatusCode, data)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s does not answer like Tocsin (%w); is the address right?", c.base.Host, err)
	}
	return nil
}

func (c *Client) request(ctx context.Context, method string, query url.Values, body any, path []string) (*http.Request, error) {
	var content io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(data)
	}
	for i, p := range path {
		if p == "" || p == "." || p == ".." {
			return nil, fmt.Errorf("%q is not the id of an incident", p)
		}
		path[i] = url.PathEscape(p)
	}
	u := c.base.JoinPath(append([]string{"api", "v1"}, path...)...)
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), content)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return req, nil
}

func (c *Client) unreachable(err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	var u *url.Error
	if errors.As(err, &u) {
		if u.Timeout() {
			return fmt.Errorf("%s did not answer within %s", c.base.Host, c.http.Timeout)
		}
		err = u.Err // without the method and path, which say nothing to people
	}
	return fmt.Errorf("cannot reach Tocsin at %s: %w", c.base.Host, err)
}

// refusal is the server's sentence, or one about the status when it has none.
func (c *Client) refusal(status int, data []byte) error {
	var said api.Error
	if err := json.Unmarshal(data, &said); err == nil && said.Error.Message != "" {
		return &Error{Status: status, Kind: said.Error.Kind, Message: said.Error.Message}
	}
	return &Error{Status: status, Message: fmt.Sprintf("%s answers %d %s; is that Tocsin's address?", c.base.Host, status, http.StatusText(status))}
}
