package app_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/standin"
	"tocsin/paging/twilio/telephone"
)

// aRateLimited integration stands beside one without a limit of its own. It is day where ana lives.
func aRateLimited() string {
	zone := 12 - time.Now().UTC().Hour() // Etc/GMT-2 is two hours east
	name := fmt.Sprintf("Etc/GMT%+d", -zone)
	if zone == 0 {
		name = "Etc/GMT"
	}
	yaml := strings.Replace(small, "auth: { bearer: { env: TOCSIN_DEMO_EVENTS_TOKEN } } }",
		"auth: { bearer: { env: TOCSIN_DEMO_EVENTS_TOKEN } }, rate_limit: { alerts_per_second: 1, burst: 5 }, max_body: 1KiB }", 1)
	yaml = strings.Replace(yaml, "- name: team\n", "- name: team\n    owner: ana\n", 1)
	return strings.Replace(yaml, "name: ana, time_zone: Europe/Berlin", "name: ana, time_zone: "+name, 1)
}

// A sender that goes mad is told to wait with 503 and a time, never 429, while others come
// through; it is counted, and the owner hears of it once, by day. What was refused is taken later.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, apptest.Bolt, aRateLimited())
	g := w.Run()
	events := g.Bearer(standin.EnvEvents)
	post := func(i int) apptest.Answer {
		return g.Post("/webhooks/events", g.JSON(apptest.Event{Key: strconv.Itoa(i), Title: "Mad", Severity: "low"}), events)
	}
	var refused apptest.Answer
	require.Eventually(t, func() bool { refused = post(0); return refused.Status != http.StatusOK }, apptest.Patience, time.Millisecond)
	require.Equal(t, http.StatusServiceUnavailable, refused.Status)
	require.Equal(t, "1", refused.Header.Get("Retry-After"))
	require.Contains(t, refused.Body, "rate_limit")
	require.Equal(t, 1, g.Scan(scan(1, "Another sender")).Opened)
	require.Contains(t, g.Do(http.MethodGet, "/metrics", nil, nil).Body, `tocsin_deliveries_refused_total{integration="events",kind="rate"}`)
	require.Eventually(t, func() bool { return post(0).Status == http.StatusOK }, apptest.Patience, 200*time.Millisecond)

	large := g.Post("/webhooks/events", g.JSON(apptest.Event{Key: "large", Title: strings.Repeat("x", 1<<10)}), events)
	assert.Equal(t, http.StatusRequestEntityTooLarge, large.Status)
	packed := g.Post("/webhooks/events", plainEvent, map[string]string{"Authorization": events["Authorization"], "Content-Encoding": "gzip"})
	assert.Equal(t, http.StatusBadRequest, packed.Status)
	assert.Contains(t, packed.Body, "Content-Encoding")

	isMemo := func(x telephone.Text) bool {
		return strings.HasPrefix(x.Body, "Tocsin: integration events was told to wait ")
	}
	memo := w.Await(2*apptest.Patience, "the owner is told", isMemo)
	assert.Equal(t, anaPhone, memo.To)
	require.Eventually(t, func() bool { return post(0).Status != http.StatusOK }, apptest.Patience, time.Millisecond, "mad again")
	n := 0
	w.Never(time.Now().Add(6*time.Second), "the owner is told twice in a day", func(x telephone.Text) bool {
		if isMemo(x) && x.SID != memo.SID {
			n++
		}
		return n > 0
	})
}
