package app_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/standin"
)

// Attack 8: bodies that are made to cost much. Each is answered in its turn, with 2xx or 4xx, and
// leaves a process that still takes alerts.
func TestExpensiveBodies(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, apptest.Bolt, small)
	g := w.Run()
	events := g.Bearer(standin.EnvEvents)
	for name, body := range map[string]string{
		"deep arrays":          strings.Repeat("[", 1<<20),
		"deep objects":         strings.Repeat(`{"a":`, 1<<18),
		"deep and closed":      `{"title":"t","labels":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}",
		"a long number":        `{"title":"t","key":` + strings.Repeat("9", 1<<20) + "}",
		"a huge exponent":      `{"title":"t","key":1e999999999,"started_at":1e308}`,
		"many labels":          `{"title":"t","labels":{` + manyKeys(50_000) + `"z":"z"}}`,
		"one name many times":  `{"title":"t",` + strings.Repeat(`"key":"k",`, 100_000) + `"severity":"low"}`,
		"a long title":         `{"title":"` + strings.Repeat("é", 1<<20) + `"}`,
		"long label":           `{"title":"t","labels":{"` + strings.Repeat("n", 1<<20) + `":"` + strings.Repeat("v", 1<<20) + `"}}`,
		"many links":           `{"title":"t","links":[` + strings.Repeat(`"https://example.org/",`, 50_000) + `1]}`,
		"escapes":              `{"title":"` + strings.Repeat(`\u0000`, 200_000) + `"}`,
		"lone surrogates":      `{"title":"` + strings.Repeat(`\ud800`, 1000) + ` t"}`,
		"rubbish in a list":    "[" + strings.Repeat("1,", 500_000) + "1]",
		"white space":          strings.Repeat(" ", 1<<20) + "{}",
		"a string without end": `{"title":"` + strings.Repeat(`\\`, 1<<20),
	} {
		began := time.Now()
		answer := g.Post("/webhooks/events", []byte(body), events)
		assert.Less(t, answer.Status, 500, "%s: %s", name, answer.Body)
		assert.Less(t, len(answer.Body), 64<<10, name)
		assert.Less(t, time.Since(began), 10*time.Second, name)
	}
	require.Equal(t, 1, g.Scan(scan(1, "After it all")).Opened)
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"k%d":"v",`, i)
	}
	return b.String()
}

// Attack 8: of a body of two million tiny alerts, of which memory would grow a hundredfold, those
// are taken that can be stored in time, and the answer says what became of the rest.
func TestManyTinyAlerts(t *testing.T) {
	w := apptest.New(t, apptest.Bolt, small)
	g := w.Run()
	body := "[" + strings.Repeat(`{"title":"t"},`, 2_000_000) + `{"title":"t"}]`
	answer := g.Post("/webhooks/events", []byte(body), g.Bearer(standin.EnvEvents))
	require.Contains(t, []int{http.StatusOK, http.StatusServiceUnavailable}, answer.Status, answer.Body) // 503 on a busy machine
	if answer.Status == http.StatusOK {
		require.Contains(t, answer.Body, "the body holds 2000001 alerts, and at most 50000 of one are taken")
	}
	require.Equal(t, 1, g.Scan(scan(1, "After it all")).Opened)
}

// Attack 8: connections that never finish. Headers that drip are cut off, large headers are
// refused, and bodies that never come keep nobody out, also many of them.
func TestSlowSenders(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, apptest.Bolt, small)
	g := w.Run()
	address := strings.TrimPrefix(g.URL, "http://")
	dial := func(text string) net.Conn {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = io.WriteString(conn, text)
		require.NoError(t, err)
		return conn
	}
	drip := dial("POST /webhooks/events HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	for range 100 { // 3.2 GB announced by strangers and by one who may
		dial("POST /webhooks/sentry HTTP/1.1\r\nHost: x\r\nContent-Length: 33554432\r\n\r\nx")
		dial("POST /webhooks/scans/" + w.Env[standin.EnvScans] + " HTTP/1.1\r\nHost: x\r\nContent-Length: 33554432\r\n\r\nx")
	}
	large := dial("POST /webhooks/events HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-Large: "+strings.Repeat("x", 1000)+"\r\n", 60))
	_, _ = io.WriteString(large, strings.Repeat("X-Large: "+strings.Repeat("x", 1000)+"\r\n", 60)) // may be cut off already
	for i := range 20 {
		require.Equal(t, 1, g.Event(apptest.Event{Key: fmt.Sprint(i), Title: "Meanwhile"}).Alerts)
	}
	require.Equal(t, http.StatusOK, g.Do(http.MethodGet, "/readyz", nil, nil).Status)
	require.NoError(t, drip.SetReadDeadline(time.Now().Add(30*time.Second)))
	answer, err := io.ReadAll(drip)
	require.NoError(t, err, "headers that drip are cut off")
	require.NotContains(t, string(answer), "200 OK")
	require.NoError(t, large.SetReadDeadline(time.Now().Add(30*time.Second)))
	got := make([]byte, 12)
	if _, err := io.ReadFull(large, got); err == nil { // or reset
		require.True(t, bytes.HasPrefix(got, []byte("HTTP/1.1 431")), "%s", got)
	}
}
