package client

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/escalation"
)

// serve answers every request alike and tells what was asked.
func serve(t *testing.T, status int, answer string) (c *Client, asked *string) {
	t.Helper()
	asked = new(string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*asked = strings.TrimSpace(r.Method + " " + r.URL.RequestURI() + " " + r.Header.Get("Authorization") + " " + string(body))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	c, err := New(server.URL, "token-of-a-test")
	require.NoError(t, err)
	return c, asked
}

func TestEveryCallAsksWhatTheAPIOffers(t *testing.T) {
	// Ensures method, path, query, token and body of each call.
	for _, tc := range []struct {
		name, want string
		call       func(c *Client) error
	}{
		{"open incidents", "GET /api/v1/incidents Bearer token-of-a-test", func(c *Client) error {
			_, err := c.Incidents(t.Context(), false, 0, "")
			return err
		}},
		{"a page of all", "GET /api/v1/incidents?all=true&before=inc-7&limit=5 Bearer token-of-a-test", func(c *Client) error {
			_, err := c.Incidents(t.Context(), true, 5, "inc-7")
			return err
		}},
		{"one, its id escaped", "GET /api/v1/incidents/a%2Fb%3Fc Bearer token-of-a-test", func(c *Client) error {
			_, err := c.Incident(t.Context(), "a/b?c")
			return err
		}},
		{"snooze", `POST /api/v1/incidents/inc-7/snooze Bearer token-of-a-test {"as":"ana","for":"30m"}`, func(c *Client) error {
			_, err := c.Act(t.Context(), "inc-7", Snooze, api.Action{As: "ana", For: "30m"})
			return err
		}},
		{"test page", `POST /api/v1/test-pages Bearer token-of-a-test {"user":"ana"}`, func(c *Client) error {
			_, err := c.TestPage(t.Context(), "ana")
			return err
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, asked := serve(t, http.StatusOK, `{}`)
			require.NoError(t, tc.call(c))
			require.Equal(t, tc.want, *asked)
		})
	}
}

func TestAnswersAreDecoded(t *testing.T) {
	// Ensures that what the server says arrives in the shared types.
	c, _ := serve(t, http.StatusOK, `{"outcome":"already_acked","by":"ben","incident":{"id":"inc-7","title":"Disk"}}`)
	out, err := c.Act(t.Context(), "inc-7", Ack, api.Action{})
	require.NoError(t, err)
	require.Equal(t, escalation.AlreadyAcked, out.Outcome)
	require.Equal(t, "ben", out.By)
	require.Equal(t, "Disk", out.Incident.Title)
}

func TestRefusalsAreTheServersSentence(t *testing.T) {
	// Ensures that people read what the server said, or at least what was odd about its answer.
	for _, tc := range []struct {
		name   string
		status int
		answer string
		want   string
		kind   string
	}{
		{"Tocsin's", 404, `{"error":{"kind":"not_found","message":"there is no incident inc-9"}}`, "there is no incident inc-9", "not_found"},
		{"a proxy's", 502, `<html>bad gateway</html>`, "answers 502 Bad Gateway; is that Tocsin's address?", ""},
		{"another shape", 400, `{"error":"no"}`, "answers 400 Bad Request", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := serve(t, tc.status, tc.answer)
			_, err := c.Incident(t.Context(), "inc-9")
			require.ErrorContains(t, err, tc.want)
			var refusal *Error
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, tc.status, refusal.Status)
			require.Equal(t, tc.kind, refusal.Kind)
		})
	}
}

func TestAnAnswerThatIsNotTocsinsIsAnError(t *testing.T) {
	// Ensures that a page of another server is not taken for an empty list.
	c, _ := serve(t, http.StatusOK, `<html>hello</html>`)
	_, err := c.Incidents(t.Context(), false, 0, "")
	require.ErrorContains(t, err, "does not answer like Tocsin")
}

func TestARedirectCarriesTheTokenNowhere(t *testing.T) {
	// Ensures that a redirect is refused before anything is sent to its target.
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer server.Close()
	c, err := New(server.URL, "token-of-a-test")
	require.NoError(t, err)
	_, err = c.Incidents(t.Context(), false, 0, "")
	require.ErrorContains(t, err, "the server redirects to "+other.URL)
}

func TestServersThatDoNotAnswer(t *testing.T) {
	// Ensures that a closed port and a silent server end in a sentence, in bounded time.
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.URL
	server.Close()
	c, err := New(address, "")
	require.NoError(t, err)
	_, err = c.Incidents(t.Context(), false, 0, "")
	require.ErrorContains(t, err, "cannot reach Tocsin at 127.0.0.1")

	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer silent.Close()
	defer close(release)
	c, err = New(silent.URL, "")
	require.NoError(t, err)
	require.Equal(t, Timeout, c.http.Timeout)
	c.http.Timeout = 50 * time.Millisecond
	_, err = c.Incidents(t.Context(), false, 0, "")
	require.ErrorContains(t, err, "did not answer within")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Incidents(ctx, false, 0, "")
	require.ErrorIs(t, err, context.Canceled)
}

func TestWhatCannotBeAskedIsRefusedAtOnce(t *testing.T) {
	// Ensures that bad addresses, tokens and ids never become a request.
	for _, address := range []string{"", "127.0.0.1:8420", "ftp://example.org", "http://user:secret@example.org", "http://"} {
		_, err := New(address, "")
		require.ErrorContains(t, err, "address", address)
		require.NotContains(t, err.Error(), "secret")
	}
	_, err := New("http://example.org", "two words")
	require.ErrorContains(t, err, "token")
	require.NotContains(t, err.Error(), "two words")

	c, err := New("http://127.0.0.1:1", "")
	require.NoError(t, err)
	for _, id := range []string{"", ".", ".."} {
		_, err = c.Incident(t.Context(), id)
		require.ErrorContains(t, err, "is not the id of an incident")
	}
}
