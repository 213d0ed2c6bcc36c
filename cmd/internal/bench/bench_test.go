package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/escalation/store/memstore"
	"tocsin/routing/source/alertmanager"
)

// TestMain lets the test binary be the gateway too, as bench itself is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-gateway" {
		if err := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestEveryMeasureOnTheEmbeddedStore(t *testing.T) {
	// It ensures that every measure runs to its end on a real gateway process and fills its row.
	var log strings.Builder
	b := &bench{dir: t.TempDir(), log: &log, sizes: sizes{rounds: 1, window: 600 * time.Millisecond, limit: 100,
		pages: 3, pending: []int{50}, due: 100 * time.Millisecond, incidents: 130, cpu: 5 * time.Millisecond}}
	b.stores = b.kinds("embedded")
	require.NoError(t, b.all(t.Context(), ""), log.String())
	text := b.report.markdown()
	for _, want := range []string{"| embedded, fsync, 1 a body |", "| embedded, fsync, 64 a body |", "first page, P0", "60 alerts to 60 people",
		"lateness of a due timer, 50 pending", "memory with 130 open", "to ready", "idle CPU", "route match over 10 000", "who is on call", "decoding an alert of 6",
		"as members grow", "as routes grow", "as open incidents grow", "| goal | reached | wanted |"} {
		assert.Contains(t, text, want)
	}
	for _, r := range b.report.rows {
		assert.True(t, r.embedded != "" || strings.Contains(r.what, "in the store") || strings.Contains(r.what, "Alertmanager"), r.what)
	}
	for _, r := range b.report.ingest["embedded, fsync"] {
		assert.Positive(t, r.perSecond)
		assert.Positive(t, r.share)
		assert.LessOrEqual(t, r.p50, r.p99)
	}
}

func TestOnlyKnownParts(t *testing.T) {
	// It ensures that a misspelt part is an error and not an empty table.
	b := &bench{log: &strings.Builder{}}
	require.ErrorContains(t, b.all(t.Context(), "cpu,ingets"), "ingest, page, timers, memory, cpu, growth, takeover and rival")
}

func TestShotCarriesTheAlertsThatItIsNumberedFor(t *testing.T) {
	// It ensures that every numbering is a valid body of distinct alerts in one complete group.
	g := &gateway{addr: "127.0.0.1:1", secrets: newSecrets(), since: time.Now()}
	s := newShot(g, 64, "7")
	seen := map[string]bool{}
	for _, first := range []int{0, 64, 999_999_000 - 64} {
		s.number(first)
		batch, err := alertmanager.Source().Decode(nil, s.body(), time.Now())
		require.NoError(t, err)
		require.Len(t, batch.Alerts, 64)
		assert.Len(t, batch.CompleteGroups, 1)
		for i, a := range batch.Alerts {
			assert.Equal(t, fmt.Sprintf("checkout-%09d", first+i), a.Labels["pod"])
			assert.Equal(t, fmt.Sprintf("%09dabcdef0", first+i), a.Identity)
			assert.False(t, seen[a.Identity])
			seen[a.Identity] = true
		}
	}
	assert.InDelta(t, 700, len(s.body())/64, 70, "about 700 bytes an alert")
	assert.Contains(t, string(s.raw), fmt.Sprintf("Content-Length: %d\r\n", len(s.body())))
}

func TestConfigurationIsTaken(t *testing.T) {
	// It ensures that the largest configuration has no fault and a phone of its own for everyone.
	n := full().pages + crowd
	config, err := parse(yaml(n, false, "http://127.0.0.1:1", "http://127.0.0.1:2"), newSecrets())
	require.NoError(t, err)
	phones := map[string]bool{}
	for _, u := range config.Book().Users {
		phones[u.Contacts[0].Address] = true
	}
	assert.Len(t, phones, n+1)
}

func TestRecordedChangesAreWhatAStoreTakes(t *testing.T) {
	// It ensures that the limit is measured with changes that a store applies: held incidents
	// with their alert, due in an hour, and touches that are taken.
	s := memstore.New(memstore.Options{})
	m, err := newMaker(t.Context(), s.Shards())
	require.NoError(t, err)
	defer m.close()
	for range 2 {
		changes, err := m.make(t.Context(), 100)
		require.NoError(t, err)
		revisions, err := commitAll(t.Context(), s, changes)
		require.NoError(t, err)
		for _, c := range changes {
			assert.Len(t, c.Members, 1)
			assert.Equal(t, m.now.Add(time.Hour).Unix(), c.Due.Unix())
		}
		taken, err := s.Touch(t.Context(), touchesOf(changes, revisions))
		require.NoError(t, err)
		assert.NotContains(t, taken, false)
	}
}

func TestPostReadsTheWholeAnswer(t *testing.T) {
	// It ensures that answers of any framing leave the connection ready for the next request,
	// and that anything but 200 is an error.
	answers := []func(http.ResponseWriter){
		func(w http.ResponseWriter) { _, _ = w.Write([]byte("short")) },
		func(w http.ResponseWriter) { _, _ = w.Write([]byte(strings.Repeat("long", 5000))) },
		func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		func(http.ResponseWriter) {},
	}
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answers[n](w); n++ }))
	defer server.Close()
	w, err := dial(server.Listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = w.conn.Close() }()
	for i := range answers {
		err := w.post([]byte("POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 0\r\n\r\n"))
		if i == 2 {
			require.ErrorContains(t, err, "503")
			continue
		}
		require.NoError(t, err)
	}
	assert.Equal(t, len(answers), n)
}

func TestPercentileAndMedian(t *testing.T) {
	// It ensures the nearest-rank percentile, and the median of odd and even counts.
	times := make([]time.Duration, 200)
	for i := range times {
		times[i] = time.Duration(i + 1)
	}
	assert.EqualValues(t, 100, percentile(times, 0.5))
	assert.EqualValues(t, 198, percentile(times, 0.99))
	assert.EqualValues(t, 1, percentile(times[:1], 0.99))
	assert.Zero(t, percentile(nil, 0.5))
	assert.InDelta(t, 2, median([]float64{9, 1, 2}), 0)
	assert.InDelta(t, 2.5, median([]float64{9, 1, 2, 3}), 0)
}

func TestReplaceBetweenTheMarks(t *testing.T) {
	// It ensures that only what stands between the marks changes, again and again.
	path := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(path, []byte("# A\n\n"+benchStart+"\nold\n"+benchEnd+"\n\nend\n"), 0o600))
	for range 2 {
		require.NoError(t, replaceIn(path, "new\n"))
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, "# A\n\n"+benchStart+"\nnew\n"+benchEnd+"\n\nend\n", string(data))
	}
	_, err := replace([]byte("no marks"), "new")
	require.ErrorContains(t, err, benchStart)
}

func TestFiguresForPeople(t *testing.T) {
	// It ensures how figures are written.
	assert.Equal(t, "100 000", count(100_000))
	assert.Equal(t, "1 000 000", count(1_000_000))
	assert.Equal(t, "60", count(60))
	assert.Equal(t, "42 k", thousands(42_100))
	assert.Equal(t, "1.2 k", thousands(1_234))
	assert.Equal(t, "0.5 ms", millis(540*time.Microsecond))
	assert.Equal(t, "12 ms", millis(12*time.Millisecond))
}

func TestALineAMeasure(t *testing.T) {
	// It ensures the form of the lines at the end, and that a goal is judged by its sign.
	assert.Equal(t, "bench: decoding 3.70 us/alert (goal <= 3) missed", figure{"decoding", 3.7, "us/alert", "<= 3"}.String())
	assert.Equal(t, "bench: share 70.4 % (goal >= 70) met", figure{"share", 70.4, "%", ">= 70"}.String())
	assert.Equal(t, "bench: p99 10.0 ms (goal < 10) missed", figure{"p99", 10, "ms", "< 10"}.String())
	assert.Equal(t, "bench: rate 12346 alerts/s (no goal)", figure{"rate", 12345.6, "alerts/s", ""}.String())
}

func TestRunsAreComparedWithTheLastOfTheirSize(t *testing.T) {
	// It ensures that a run is added to the history, and set beside the last one of its size.
	path := filepath.Join(t.TempDir(), "new", "history.jsonl")
	shown := ""
	for _, run := range []struct {
		value float64
		short bool
	}{{10, true}, {50, false}, {12, true}} {
		var out strings.Builder
		r := report{figures: []figure{{"share", run.value, "%", ""}}}
		require.NoError(t, r.remember(path, past{At: time.Unix(0, 0).UTC(), Short: run.short}, &out))
		shown = out.String()
	}
	assert.Equal(t, "since the run of 1970-01-01T00:00:00Z:\n  share 10.0 -> 12.0 % (+20 %)\n", shown)
	require.NoError(t, os.WriteFile(path, []byte("{}\nbroken"), 0o600))
	_, err := lastRun(path, true)
	require.ErrorContains(t, err, path+":2:")
}
