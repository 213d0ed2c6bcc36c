package outage_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/faults/lab"
	"tocsin/cmd/internal/standin"
	"tocsin/escalation"
	"tocsin/escalation/store/redistest"
	"tocsin/paging/twilio/telephone"
)

const (
	anaPhone = apptest.AnaPhone
	benPhone = apptest.BenPhone
)

// team has two tiers that leave enough time for an outage.
var team = apptest.TwoTiers("60s", "60s")

// world is a world whose gateways have a spool, on a Redis that loses nothing when it is killed.
type world struct {
	*apptest.World
	link *lab.Link // between the gateway and Redis
}

func newWorld(t *testing.T, yaml string) *world {
	w := &world{World: apptest.New(t, apptest.Bolt, yaml)}
	w.Redis = redistest.Start(t, redistest.Always)
	w.link = lab.NewLink(t, w.Redis.Addr())
	w.Store, w.Alone = w.link.URL(), t.TempDir()
	return w
}

// isBack waits until the gateway works on the store again.
func isBack(t *testing.T, g *apptest.Gateway) {
	t.Helper()
	require.Eventually(t, func() bool {
		a := g.Do(http.MethodGet, "/readyz", nil, nil)
		return a.Status == http.StatusOK && !strings.Contains(a.Body, "degraded")
	}, 30*time.Second, 50*time.Millisecond, "the gateway never finds its store again")
}

// rings posts a P0 and requires 2xx, and the phone within ten seconds of the POST.
func rings(t *testing.T, w *world, g *apptest.Gateway, e apptest.Event) telephone.Text {
	t.Helper()
	began := time.Now()
	g.Event(e)
	answered := time.Since(began)
	page := w.Page(anaPhone, e.Title)
	t.Logf("2xx after %s, the phone rings after %s", answered.Round(time.Millisecond), page.At.Sub(began).Round(time.Millisecond))
	require.Less(t, page.At.Sub(began), 10*time.Second)
	return page
}

// outages are the ways in which the store can be gone, and come back.
var outages = map[string]struct{ begin, end func(*world) }{
	"killed":  {func(w *world) { w.Redis.Kill() }, func(w *world) { w.Redis.Restart() }},
	"stopped": {func(w *world) { w.Redis.Pause() }, func(w *world) { w.Redis.Resume() }},
	"refused": {func(w *world) { w.link.Cut() }, func(w *world) { w.link.Mend() }},
	"partitioned": {
		func(w *world) {
			w.link.Spoil("timeout", "upstream", 1, `{"timeout": 0}`)
			w.link.Spoil("timeout", "downstream", 1, `{"timeout": 0}`)
		},
		func(w *world) { w.link.Drop(); w.link.Heal() },
	},
	"slow":       {func(w *world) { w.link.Spoil("latency", "downstream", 1, `{"latency": 5000}`) }, func(w *world) { w.link.Heal() }},
	"a bit slow": {func(w *world) { w.link.Spoil("latency", "downstream", 1, `{"latency": 1300}`) }, func(w *world) { w.link.Heal() }},
	"takes no writes": {
		func(w *world) { w.Redis.Must("CONFIG", "SET", "maxmemory", "1") },
		func(w *world) { w.Redis.Must("CONFIG", "SET", "maxmemory", "0") },
	},
}

// With the store gone a P0 is taken and rings within ten seconds, an acknowledgement by text
// counts, and what is less urgent is kept. When the store is back there is one incident of
// each, the acknowledgement holds, and nobody was texted twice for anything.
func TestStoreGone(t *testing.T) {
	for name, outage := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, team)
			g := w.Run()
			before := g.Opens(apptest.Event{Key: "before", Title: "Disk full", Severity: "critical"})
			old := w.Page(anaPhone, "Disk full")

			outage.begin(w)
			page := rings(t, w, g, apptest.Event{Key: "p0", Title: "Checkout errors", Severity: "critical"})
			require.Contains(t, w.Reply(anaPhone, apptest.Code(t, page)), "Acked "+apptest.Code(t, page)+" Checkout errors")
			g.Event(apptest.Event{Key: "p2", Title: "Backup late", Severity: "warning"})
			g.Event(apptest.Event{Key: "gone", Title: "Came and went", Severity: "warning"})
			g.Event(apptest.Event{Key: "gone", Action: "resolve"})
			require.Contains(t, w.Reply(anaPhone, apptest.Code(t, old)), "Kept: "+apptest.Code(t, old))
			require.Contains(t, g.Do(http.MethodGet, "/readyz", nil, nil).Body, "degraded: the store is away")
			g.Event(apptest.Event{Key: "p0", Title: "Checkout errors", Severity: "critical"})

			outage.end(w)
			isBack(t, g)
			w.Page(anaPhone, "Backup late")
			byTitle := map[string]api.Incident{}
			for _, inc := range g.List() {
				require.NotContains(t, byTitle, inc.Title, "one incident of each")
				byTitle[inc.Title] = inc
			}
			require.Equal(t, escalation.Acknowledged, byTitle["Checkout errors"].State)
			require.Equal(t, "ana", string(byTitle["Checkout errors"].Ack.By.User))
			require.Equal(t, escalation.Acknowledged, byTitle["Disk full"].State, "the kept reply counts")
			require.Equal(t, before, byTitle["Disk full"].ID)
			require.Equal(t, escalation.Triggered, byTitle["Backup late"].State)
			w.Never(time.Now().Add(3*time.Second), "nobody is paged twice", func(x telephone.Text) bool {
				return apptest.IsPage(x) && x.To == benPhone || strings.Contains(x.Body, "Came and went")
			})
			require.Len(t, w.Pages(), 3, "one text for each:\n%s", w.Screens())
			d := g.Incident(byTitle["Checkout errors"].ID)
			require.Zero(t, escalation.VerifyTimeline(d.Timeline, ""))
			require.Contains(t, g.Do(http.MethodGet, "/metrics", nil, w.Bearer(standin.EnvAPIToken)).Body, "tocsin_degraded 0")
			require.Contains(t, w.Reply(anaPhone, apptest.Code(t, page)+"r"), "Still firing", "the old code still works")
		})
	}
}
