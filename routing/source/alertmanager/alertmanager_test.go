package alertmanager

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/routing"
	"tocsin/routing/source"
	"tocsin/routing/source/sourcetest"
)

// TestMessage ensures that each alert of a webhook is read alone, with its own status,
// times, texts and links, and that a group that was not cut is complete.
func TestMessage(t *testing.T) {
	b, err := sourcetest.Fixture(t, Source(), "mixed.json")
	require.NoError(t, err)
	const group = `{}:{alertname="QueueStuck"}`
	require.Equal(t, routing.Batch{
		CompleteGroups: []string{group},
		Alerts: []routing.Alert{
			{
				Source: "alertmanager", Identity: "00000000000000a1", Group: group, Status: routing.Firing,
				Title: "Queue mail is stuck", Description: "No job for 10 min", SeverityWord: "page",
				Labels: map[string]string{"alertname": "QueueStuck", "severity": "page", "queue": `mail "bulk"`},
				Links: []routing.Link{{Text: "source", URL: "https://prom.example.org/graph"}, {Text: "runbook", URL: "https://runbooks.example.org/queue"},
					{Text: "dashboard", URL: "https://grafana.example.org/d/1"}},
				StartsAt: sourcetest.At(t, "2026-03-30T08:00:00Z"),
			},
			{
				Source: "alertmanager", Identity: "00000000000000a2", Group: group, Status: routing.Resolved,
				Title: "Queue sms is stuck", SeverityWord: "low",
				Labels:   map[string]string{"alertname": "QueueStuck", "queue": "sms"},
				Links:    []routing.Link{{Text: "alertmanager", URL: "https://am.example.org"}},
				StartsAt: sourcetest.At(t, "2026-03-30T08:00:00Z"), EndsAt: sourcetest.At(t, "2026-03-30T09:00:00Z"),
			},
			{
				Source: "alertmanager", Identity: "00000000000000a3", Group: group, Status: routing.Resolved,
				Title: "Queue push is stuck", Labels: map[string]string{"alertname": "QueueStuck", "queue": "push"},
				Links:    []routing.Link{{Text: "alertmanager", URL: "https://am.example.org"}},
				StartsAt: sourcetest.At(t, "2026-03-30T08:00:00Z"),
			},
		},
	}, b)
}

// TestPoisoned ensures that alerts which cannot be taken cost only themselves, that odd
// fields cost nothing, and that a group with a gap is not complete.
func TestPoisoned(t *testing.T) {
	b, err := sourcetest.Fixture(t, Source(), "poisoned.json")
	require.NoError(t, err)
	require.Equal(t, []routing.Rejection{
		{Index: 1, Reason: "not an object"}, {Index: 2, Reason: "not an object"},
		{Index: 3, Reason: `status "unknown" is neither firing nor resolved`}, {Index: 4, Reason: `status "" is neither firing nor resolved`},
	}, b.Rejected)
	require.Empty(t, b.CompleteGroups)
	require.Len(t, b.Alerts, 2)
	require.Equal(t, map[string]string{"alertname": "Good", "count": "7"}, b.Alerts[0].Labels)
	require.True(t, b.Alerts[0].StartsAt.IsZero())
	require.Equal(t, "17", b.Alerts[1].Identity)
}

// TestPosted ensures that in the array of API v2 only an end that has come resolves.
func TestPosted(t *testing.T) {
	b, err := sourcetest.Fixture(t, Source(), "posted.json")
	require.NoError(t, err)
	var got []string
	for _, a := range b.Alerts {
		got = append(got, a.Labels["job"]+" "+string(a.Status)+" "+a.EndsAt.Format(time.TimeOnly))
	}
	require.Equal(t, []string{"a firing 00:00:00", "b resolved 12:00:00", "c firing 00:00:00", "d firing 00:00:00"}, got)
	require.Len(t, b.Rejected, 2)
	require.Empty(t, b.CompleteGroups)
}

// TestCompleteGroup ensures that a group counts as complete only when the body says so.
func TestCompleteGroup(t *testing.T) {
	alert := `"alerts":[{"status":"firing","labels":{"a":"b"}}]`
	for body, complete := range map[string]bool{
		`{"groupKey":"g","truncatedAlerts":0,` + alert + `}`:    true,
		`{"groupKey":"g","truncatedAlerts":1,` + alert + `}`:    false,
		`{"groupKey":"g",` + alert + `}`:                        false,
		`{"groupKey":"g","truncatedAlerts":null,` + alert + `}`: false,
		`{"groupKey":"","truncatedAlerts":0,` + alert + `}`:     false,
		`{"truncatedAlerts":0,` + alert + `}`:                   false,
		`{"groupKey":"g","truncatedAlerts":0,"alerts":[]}`:      false,
		`{"groupKey":"g","truncatedAlerts":0,"alerts":null}`:    false,
		`{"groupKey":"g","truncatedAlerts":"0 ",` + alert + `}`: false,
		`{"groupKey":12345,"truncatedAlerts":0,` + alert + `}`:  true,
	} {
		b, err := sourcetest.Decode(t, Source(), body)
		require.NoError(t, err, body)
		require.Equal(t, complete, len(b.CompleteGroups) == 1, body)
		require.Empty(t, b.DeliveryID)
	}
}

// TestUnusable ensures that a body that can never be taken is an error that says why.
func TestUnusable(t *testing.T) {
	for body, want := range map[string]string{
		`{"alerts":[`:                 "not valid JSON at byte 11",
		`{"status":"firing"}`:         `the array "alerts"`,
		`{"alerts":{"status":"x"}}`:   `the array "alerts"`,
		`"text"`:                      "found a string, expected an object",
		`{"alerts":[{"status":"x"}]}`: "nothing in it could be taken; item 0",
		`[{"labels":{}}]`:             "without labels",
		``:                            "not valid JSON",
	} {
		_, err := sourcetest.Decode(t, Source(), body)
		require.ErrorContains(t, err, want, body)
	}
}

// TestDepth ensures that nesting is refused at the same depth, with the same words, wherever it
// is in a body: both readings of the usual shape count on their way.
func TestDepth(t *testing.T) {
	for _, c := range []struct {
		around int
		shape  string
	}{
		{1, `{"x":%s,"alerts":[` + good + `]}`},
		{1, `{"alerts":[` + good + `],"x":%s}`},
		{1, `{"x":%s,"alerts":[],"alerts":[` + good + `]}`},
		{3, `{"alerts":[` + good + `,{"x":%s,` + good[1:] + `]}`},
		{4, `{"alerts":[{"x":[[1],%s],` + good[1:] + `],"alerts":[` + good + `]}`},
		{2, `[{"x":%s,` + good[1:] + `]`},
	} {
		for _, depth := range []int{source.MaxDepth - 1, source.MaxDepth, source.MaxDepth + 1} {
			body := fmt.Appendf(nil, c.shape, strings.Repeat("[", depth-c.around)+strings.Repeat("]", depth-c.around))
			_, err := decode(nil, body, time.Time{})
			if depth > source.MaxDepth {
				require.ErrorContains(t, err, "nests deeper")
				require.EqualError(t, err, source.CheckDepth(body).Error())
			} else {
				require.NoError(t, err, "%s", body)
			}
		}
	}
}

const good = `{"status":"firing","labels":{"a":"b"}}`

// TestFingerprint ensures that a missing fingerprint is computed as Prometheus does; the
// numbers are those of prometheus/common's own tests and of an alert that carries its own.
func TestFingerprint(t *testing.T) {
	for want, labels := range map[string]map[string]string{
		"cbf29ce484222325": {},
		"507a62d79ee76c9a": {"name": "garland, briggs", "fear": "love is not enough"},
		"a1bc48475b20e73d": {"alertname": "High CPU Temperature", "host": "andromeda", "severity": "critical", "empty": ""},
	} {
		require.Equal(t, want, fingerprint(labels))
	}
}

// bodies are all fixtures, and bodies that try the border of the fast reading.
func bodies(t testing.TB) [][]byte {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	out := [][]byte{
		benchBody(3),
		[]byte(` { "alerts" : [ { "x" : [ {"y":"]}\""} , 1 ] , "labels" : { "a\n" : "\u00e9\\" } , "status" : "firing" , "z" : -1.5e3 } , {"status":"firing","z":true} ] } `),
		[]byte("{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"a\":\"\xff\"}}]}"),
		[]byte(` {"alerts" : []}`),
		[]byte(`{"alerts":[{"status":"firing","status":"resolved","labels":null,"endsAt":null}]}`),
		[]byte(`{"alerts":[{"status":"firing","annotations":{"summary":"a"},"annotations":{"title":"b"}}]}`),
	}
	for _, f := range files {
		body, err := os.ReadFile(f)
		require.NoError(t, err)
		out = append(out, body)
	}
	return out
}

// TestFastReadingAgrees ensures that the reading without reflection and the tolerant one
// understand a body alike.
func TestFastReadingAgrees(t *testing.T) {
	for _, body := range bodies(t) {
		fast, err := decode(nil, body, time.Time{})
		require.NoError(t, err)
		if body[0] == '[' {
			continue
		}
		slow, err := decodeTolerantly(body)
		require.NoError(t, err)
		require.Equal(t, slow, fast, "%s", body)
	}
}

// FuzzDecode ensures that no body panics or yields half an alert, and that both readings agree.
func FuzzDecode(f *testing.F) {
	for _, body := range bodies(f) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := Source().Decode(sourcetest.Header(), body, time.Unix(1_800_000_000, 0))
		sourcetest.Sound(t, Source(), b, err)
		slow, slowErr := decodeTolerantly(body)
		if slowErr == nil && err == nil && len(body) > 0 {
			require.Equal(t, slow, b)
		}
		if source.Kind(body) != '[' {
			require.Equal(t, fmt.Sprint(slowErr), fmt.Sprint(err))
		}
	})
}
