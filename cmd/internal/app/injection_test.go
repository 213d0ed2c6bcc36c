package app_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/standin"
)

// nasty are titles that try to be more than a title. Each ends with a mark to find it by.
var nasty = map[string]string{
	"a second line":        "Disk\r\nReply 99 = ack everything MARK",
	"a Unicode line":       "Disk\u2028Reply 99 = ack everything\u2029 MARK",
	"next line, form feed": "Disk\u0085Reply 99\f99\v99 MARK",
	"ANSI colours":         "Disk\x1b[2J\x1b[31mfull\x1b]0;owned\x07 MARK",
	"a log line":           "Disk\n{\"level\":\"ERROR\",\"msg\":\"forged\"} MARK",
	"reading direction":    "Disk \u202e99 ylpeR\u202c \u2066x\u2069 MARK",
	"NUL and delete":       "Disk\x00\x7f full MARK",
	"no UTF-8":             "Disk \xff\xfe full MARK",
	"TwiML":                "</Message><Redirect>https://evil.example.org</Redirect><Message> MARK",
	"CDATA":                "]]><Dial>+12025550199</Dial><![CDATA[ MARK",
	"HTML":                 "<script>alert(1)</script><img src=x onerror=alert(1)> MARK",
	"a template":           "{{.Secret}} ${env:HOME} %s%n%x MARK",
	"a formula":            "=HYPERLINK(\"https://evil.example.org\") MARK",
	"a key of JSON":        "\",\"state\":\"resolved\",\"x\":\" MARK",
	"iCalendar":            "Disk\r\nEND:VEVENT\r\nBEGIN:VEVENT MARK",
	"SQL and shell":        "'; DROP TABLE incidents; -- $(id) `id` MARK",
	"a Redis command":      "\r\n*1\r\n$8\r\nFLUSHALL\r\n MARK",
	"a metric":             "x\"} 1\ntocsin_alerts_total{integration=\"forged MARK",
}

// event is the generic source's alert as raw JSON, so that a title may hold what is no UTF-8.
func nastyEvent(key, title string) []byte {
	quoted, _ := json.Marshal(title) // keeps everything but bytes that are no UTF-8
	if strings.Contains(title, "\xff") {
		quoted = []byte(`"` + title + `"`)
	}
	return []byte(`{"key":"` + key + `","title":` + string(quoted) + `,"description":` + string(quoted) + `,"severity":"critical"}`)
}

// Attack 7: whatever a title holds, it stays text of one line in the page and in the answer to a
// reply, one JSON object a line in the log, and a string in the API; nothing is interpreted.
func TestInjection(t *testing.T) {
	t.Parallel()
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, small)
		g := w.Run()
		n := 0
		for name, title := range nasty {
			n++
			mark := "Q" + strings.Repeat("Z", n) + "Q"
			title = strings.TrimSuffix(title, "MARK") + mark
			answer := g.Post("/webhooks/events", nastyEvent(mark, title), g.Bearer(standin.EnvEvents))
			require.Equal(t, http.StatusOK, answer.Status, "%s: %s", name, answer.Body)
		}
		list := g.List()
		require.Len(t, list, len(nasty), "each is one incident")
		for _, i := range list {
			assert.Empty(t, badRunes(i.Title), "%q", i.Title)
			assert.Equal(t, "triggered", string(i.State))
			checkRaw(t, g.Do(http.MethodGet, "/api/v1/incidents/"+string(i.ID), nil, g.Bearer(standin.EnvAPIToken)))
		}
		w.Page(anaPhone)
		form := url.Values{"MessageSid": {"SM00000000000000000000000000000021"}, "From": {anaPhone}, "To": {standin.Number}, "Body": {"list"}}
		checkTwiML(t, g.SignedForm("/twilio/sms", form).Body)
		for _, text := range w.Pages() {
			assert.NotContains(t, text.Body, "\n", "one line: %q", text.Body)
			assert.Empty(t, badRunes(text.Body), "%q", text.Body)
			offers := regexp.MustCompile(`Reply \d+ = ack`).FindAllString(text.Body, -1)
			assert.LessOrEqual(t, len(offers), 2, "%q", text.Body)
			if len(offers) > 0 {
				assert.NotContains(t, offers[len(offers)-1], "99", "the last offer is ours: %q", text.Body)
			}
		}
		metrics := g.Do(http.MethodGet, "/metrics", nil, nil).Body
		assert.NotContains(t, metrics, "forged")
		assert.NotContains(t, metrics, "evil.example.org")
		require.NoError(t, g.Stop())
		checkLog(t, w.Logs.String())
	})
}

// badRunes are characters that end a line, move a cursor or turn the reading direction.
func badRunes(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return r
		}
		return -1
	}, s)
}

func checkRaw(t *testing.T, a apptest.Answer) {
	t.Helper()
	assert.Equal(t, http.StatusOK, a.Status)
	assert.Contains(t, a.Header.Get("Content-Type"), "application/json")
	assert.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"), "a browser must not take JSON for a page")
	var v any
	require.NoError(t, json.Unmarshal([]byte(a.Body), &v))
	assert.NotContains(t, a.Body, "<script>", "escaped, should a browser read it all the same")
}

// checkTwiML: one Response with one Message, and nothing else in it.
func checkTwiML(t *testing.T, body string) {
	t.Helper()
	var elements []string
	for d := xml.NewDecoder(strings.NewReader(body)); ; {
		token, err := d.Token()
		if token == nil {
			require.ErrorContains(t, err, "EOF")
			break
		}
		if start, ok := token.(xml.StartElement); ok {
			elements = append(elements, start.Name.Local)
		}
	}
	assert.Equal(t, []string{"Response", "Message"}, elements, body)
}

// checkLog: each line is one JSON object, and none is somebody else's.
func checkLog(t *testing.T, log string) {
	t.Helper()
	assert.NotContains(t, log, "\x1b")
	for line := range strings.Lines(log) {
		var entry struct{ Time, Level, Msg string }
		require.NoError(t, json.Unmarshal([]byte(line), &entry), "%q", line)
		require.NotEmpty(t, entry.Time, "%q", line)
		require.NotEqual(t, "forged", entry.Msg)
	}
}

// Attack 7 in the path and the headers: what a stranger writes there forges no line of the log, and
// comes back in no answer.
func TestInjectionByPath(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, apptest.Bolt, small)
	g := w.Run()
	for _, path := range []string{
		"/webhooks/%0a%7B%22level%22%3A%22ERROR%22%7D", "/webhooks/x%1b%5b31m", "/webhooks/..%2f..%2fetc%2fpasswd", "/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
		"/calendars/schedules/%0d%0aEND:VCALENDAR/x.ics", "/webhooks/events/%00", "/api/v1/incidents/%0a%0dx", "/twilio/status/%0ax", "/webhooks/" + strings.Repeat("a", 30000),
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			answer := g.Do(method, path, []byte(`{}`), map[string]string{"User-Agent": "x\tforged", "X-Forwarded-For": "forged"})
			assert.GreaterOrEqual(t, answer.Status, 400, path)
			assert.Less(t, answer.Status, 500, path)
			assert.NotContains(t, answer.Body, "script", path)
			assert.Less(t, len(answer.Body), 500, path)
			assert.Equal(t, "nosniff", answer.Header.Get("X-Content-Type-Options"), path)
			assert.Contains(t, answer.Header.Get("Content-Type"), "application/json", path)
		}
	}
	require.NoError(t, g.Stop())
	checkLog(t, w.Logs.String())
	assert.NotContains(t, w.Logs.String(), "forged")
}
