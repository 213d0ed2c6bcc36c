package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"tocsin/cmd/internal/api"
	"tocsin/paging/twilio/telephone"
)

// patience is how long the checker waits for something that should happen at once.
const patience = 3 * time.Second

// checker judges the story. It reads the telephone's log and the HTTP API, nothing else.
type checker struct {
	phone *telephone.Telephone
	url   string
	token string
	out   io.Writer
	unmet []string
}

// expect records one expectation by name.
func (c *checker) expect(name string, met bool, detail string) {
	mark := "ok  "
	if !met {
		mark = "FAIL"
		c.unmet = append(c.unmet, name)
	}
	if detail != "" {
		detail = ": " + detail
	}
	_, _ = fmt.Fprintf(c.out, "  %s %s%s\n", mark, name, detail)
}

// shown waits until the phone shows a text, sent since then, in which all parts occur.
func (c *checker) shown(ctx context.Context, phone string, since time.Time, wait time.Duration, parts ...string) (telephone.Text, bool) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	text, err := c.phone.Wait(ctx, func(t telephone.Text) bool {
		return t.Reached == phone && !t.At.Before(since) && containsAll(t.Body, parts)
	})
	return text, err == nil
}

func containsAll(s string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}

var replyCode = regexp.MustCompile(`Reply (\d{2,6}) = ack`)

// codeIn reads the reply code as a person would: from the text.
func codeIn(text telephone.Text) string {
	if m := replyCode.FindStringSubmatch(text.Body); m != nil {
		return m[1]
	}
	return ""
}

// isPage tells a page from a confirmation.
func isPage(t telephone.Text) bool { return strings.Contains(t.Body, "pass on") }

// pagesAfter lists the pages about title that any phone showed after that instant.
func (c *checker) pagesAfter(title string, at time.Time) []telephone.Text {
	var late []telephone.Text
	for _, e := range c.phone.Log() {
		if t := e.Text; t != nil && isPage(*t) && strings.Contains(t.Body, title) && t.At.After(at) {
			late = append(late, *t)
		}
	}
	return late
}

// strays lists the texts that reached another phone than the one they were for.
func (c *checker) strays() []telephone.Text {
	var strays []telephone.Text
	for _, e := range c.phone.Log() {
		if t := e.Text; t != nil && t.Reached != "" && t.Reached != t.To {
			strays = append(strays, *t)
		}
	}
	return strays
}

// incident asks the API for the newest incident with that title.
func (c *checker) incident(ctx context.Context, title string) (api.Incident, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/api/v1/incidents?all=true&limit=100", nil)
	if err != nil {
		return api.Incident{}, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return api.Incident{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	var list api.IncidentList
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		return api.Incident{}, err
	}
	for _, i := range list.Incidents {
		if i.Title == title {
			return i, nil
		}
	}
	return api.Incident{}, fmt.Errorf("no incident %q", title)
}

// becomes asks the API until the incident is as wanted, or patience ends.
func (c *checker) becomes(ctx context.Context, title string, want func(api.Incident) bool) (api.Incident, bool) {
	end := time.NewTimer(patience)
	defer end.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		i, err := c.incident(ctx, title)
		if err == nil && want(i) {
			return i, true
		}
		select {
		case <-ctx.Done():
			return i, false
		case <-end.C:
			return i, false
		case <-tick.C:
		}
	}
}
