package outage_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/backup"
	"tocsin/cmd/internal/standin"
	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/escalation/store/redisstore"
	"tocsin/escalation/store/redistest"
	"tocsin/paging/twilio/telephone"
)

// A gateway that dies while it is on its own loses nothing: started again when the store is
// back it merges what it kept, the acknowledgement too, and pages nobody again.
func TestKilledOnItsOwn(t *testing.T) {
	t.Parallel()
	binary := apptest.Build(t)
	w := newWorld(t, team)
	g, p := w.Serve(binary)
	w.Redis.Kill()
	page := rings(t, w, g, apptest.Event{Key: "acked", Title: "Checkout errors", Severity: "critical"})
	require.Contains(t, w.Reply(anaPhone, apptest.Code(t, page)), "Acked")
	rings(t, w, g, apptest.Event{Key: "open", Title: "Login fails", Severity: "critical"})
	g.Event(apptest.Event{Key: "p2", Title: "Backup late", Severity: "warning"})
	p.Kill()
	w.Redis.Restart()
	g, _ = w.Serve(binary)
	isBack(t, g)
	w.Page(anaPhone, "Backup late")
	states := map[string]escalation.State{}
	for _, inc := range g.List() {
		require.NotContains(t, states, inc.Title)
		states[inc.Title] = inc.State
	}
	require.Equal(t, map[string]escalation.State{
		"Checkout errors": escalation.Acknowledged, "Login fails": escalation.Triggered, "Backup late": escalation.Triggered,
	}, states)
	w.Never(time.Now().Add(2*time.Second), "nobody else is paged", func(x telephone.Text) bool { return x.To == benPhone && apptest.IsPage(x) })
	require.Len(t, w.Pages(), 3, w.Screens())
}

// Of two gateways one is cut off, and both hear of the same trouble: each pages, for neither
// can know of the other, and in the end there is one incident. An acknowledgement at either
// side counts, and a repeat of the alert at either pages nobody.
func TestOneOfTwoCutOff(t *testing.T) {
	for name, ackAlone := range map[string]bool{"acknowledged where it is cut off": true, "acknowledged at the other": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, team)
			alone := w.Run() // Twilio reaches this one
			w.Store, w.Alone = w.Redis.URL(), t.TempDir()
			other := w.Run()
			w.link.Cut()
			e := apptest.Event{Key: "same", Title: "Checkout errors", Severity: "critical"}
			page := rings(t, w, alone, e)
			id := other.Opens(e)
			require.Eventually(t, func() bool { return len(w.Pages()) == 2 }, apptest.Patience, 20*time.Millisecond, "both page")
			alone.Event(e)
			other.Event(e)
			if ackAlone {
				require.Contains(t, w.Reply(anaPhone, apptest.Code(t, page)), "Acked")
			} else {
				_, err := other.API.Act(t.Context(), string(id), "ack", api.Action{As: "ana"})
				require.NoError(t, err)
			}
			w.link.Mend()
			isBack(t, alone)
			list := other.List()
			require.Len(t, list, 1, "one incident in the end")
			require.Equal(t, id, list[0].ID)
			require.Equal(t, escalation.Acknowledged, list[0].State)
			require.Equal(t, "ana", string(list[0].Ack.By.User))
			require.Contains(t, w.Reply(anaPhone, apptest.Code(t, page)+"r"), "Still firing", "the code of the cut-off side leads to the same incident")
			alone.Event(e)
			w.Never(time.Now().Add(2*time.Second), "nobody else is paged", func(x telephone.Text) bool { return x.To == benPhone && apptest.IsPage(x) })
			require.Len(t, w.Pages(), 2, w.Screens())
			d := other.Incident(id)
			require.Zero(t, escalation.VerifyTimeline(d.Timeline, ""))
			var foreign []escalation.Entry
			for _, x := range d.Timeline {
				if x.Foreign != nil {
					foreign = append(foreign, *x.Foreign)
				}
			}
			require.NotEmpty(t, foreign)
			require.Zero(t, escalation.VerifyTimeline(foreign, ""), "the timeline of the cut-off side is there, with its own chain")
		})
	}
}

// What fires at a gateway that is cut off, and ends at the other that knows nothing of it, is over
// when both come together; and what was kept of it does not wake anybody again.
func TestEndedAtTheOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, team)
	alone := w.Run()
	w.Store, w.Alone = w.Redis.URL(), t.TempDir()
	other := w.Run()
	w.link.Cut()
	rings(t, w, alone, apptest.Event{Key: "over", Title: "Checkout errors", Severity: "critical"})
	alone.Event(apptest.Event{Key: "p2", Title: "Backup late", Severity: "warning"})
	other.Event(apptest.Event{Key: "over", Action: "resolve"})
	other.Event(apptest.Event{Key: "p2", Action: "resolve"})
	w.link.Mend()
	isBack(t, alone)
	list := other.List()
	require.Len(t, list, 1, "what came and went left no incident")
	require.Equal(t, escalation.Resolved, list[0].State)
	require.Zero(t, escalation.VerifyTimeline(other.Incident(list[0].ID).Timeline, ""))
	w.Never(time.Now().Add(2*time.Second), "nobody else is paged", func(x telephone.Text) bool { return x.To == benPhone && apptest.IsPage(x) })
	require.Len(t, w.Pages(), 1, w.Screens())
}

// Many alerts of lesser severity that came in meanwhile are told in few texts, and not at all
// when they ended before the store was back.
func TestNoFloodAfterwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t, team)
	g := w.Run()
	w.Redis.Kill()
	const many = 60
	for i := range many {
		g.Event(apptest.Event{Key: fmt.Sprint("k", i), Title: fmt.Sprintf("Trouble %02d.", i), Severity: "warning"})
	}
	for i := range many / 2 {
		g.Event(apptest.Event{Key: fmt.Sprint("k", i), Action: "resolve"})
	}
	w.Redis.Restart()
	isBack(t, g)
	require.Len(t, g.List(), many/2, "what came and went left no incident")
	w.Await(40*time.Second, "the text for all of them", func(x telephone.Text) bool {
		return strings.Contains(x.Body, " incidents")
	})
	w.Never(time.Now().Add(3*time.Second), "nobody hears of what is over", func(x telephone.Text) bool {
		for i := range many / 2 {
			if strings.Contains(x.Body, fmt.Sprintf("Trouble %02d.", i)) {
				return true
			}
		}
		return false
	})
	require.LessOrEqual(t, len(w.Pages()), 6, "few texts:\n%s", w.Screens())
}

// What was acknowledged before the store went away wakes nobody when its alert is repeated
// meanwhile, unless it has become more urgent.
func TestAcknowledgedBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, team)
	g := w.Run()
	e := apptest.Event{Key: "acked", Title: "Checkout errors", Severity: "critical"}
	id := g.Opens(e)
	require.Contains(t, w.Reply(anaPhone, apptest.Code(t, w.Page(anaPhone, "Checkout errors"))), "Acked")
	high := apptest.Event{Key: "rises", Title: "Queue grows", Severity: "high"}
	rises := g.Opens(high)
	require.Contains(t, w.Reply(anaPhone, apptest.Code(t, w.Page(anaPhone, "Queue grows"))), "Acked")
	w.Redis.Kill()
	g.Event(e)
	g.Event(e)
	high.Severity = "critical"
	g.Event(high)
	w.Page(anaPhone, "P0 Queue grows")
	w.Redis.Restart()
	isBack(t, g)
	require.Len(t, g.List(), 2)
	require.Equal(t, escalation.Acknowledged, g.Incident(id).Incident.State)
	require.Equal(t, escalation.Triggered, g.Incident(rises).Incident.State, "it was acknowledged as something less urgent")
	w.Never(time.Now().Add(2*time.Second), "nobody else is paged", func(x telephone.Text) bool { return x.To == benPhone && apptest.IsPage(x) })
	require.Len(t, w.Pages(), 3, w.Screens())
}

// A reply that reaches the wrong gateway finds its way to the one whose text it answers: from
// the one that is cut off to the one that has the store, and the other way round.
func TestReplyAtTheOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, team)
	direct, through := w.Redis.URL(), w.Store
	w.Store = through
	alone := w.Run() // Twilio reaches this one
	w.Store, w.Alone = direct, t.TempDir()
	other := w.Run()
	old := other.Opens(apptest.Event{Key: "old", Title: "Disk full", Severity: "critical"})
	oldPage := w.Page(anaPhone, "Disk full")
	require.Eventually(t, func() bool { return strings.Count(w.Logs.String(), "tocsin runs") == 2 }, apptest.Patience, 20*time.Millisecond)
	knowEachOther(t, alone, other)
	w.link.Cut()
	page := rings(t, w, alone, apptest.Event{Key: "new", Title: "Checkout errors", Severity: "critical"})
	require.Contains(t, w.Reply(anaPhone, apptest.Code(t, oldPage)), "Acked", "asked of the one with the store")
	require.Equal(t, escalation.Acknowledged, other.Incident(old).Incident.State, "at once")
	form := url.Values{"MessageSid": {"SM" + strings.Repeat("7", 32)}, "AccountSid": {w.Env[standin.EnvAccount]},
		"From": {anaPhone}, "To": {standin.Number}, "Body": {apptest.Code(t, page)}}
	require.Contains(t, other.SignedForm("/twilio/sms", form).Body, "Acked", "asked of the one that sent the text")
	w.link.Mend()
	isBack(t, alone)
	for _, inc := range other.List() {
		require.Equal(t, escalation.Acknowledged, inc.State, inc.Title)
	}
	require.Len(t, w.Pages(), 2, w.Screens())
	for _, signature := range []string{"", "nonsense"} {
		refused := other.Post(api.OfferPath, []byte(`{"id":"x","from":"+12025550101","body":"10"}`), map[string]string{api.PeerSignature: signature})
		require.Equal(t, http.StatusUnauthorized, refused.Status)
	}
}

// knowEachOther waits until both have announced themselves and learnt of the other.
func knowEachOther(t *testing.T, gateways ...*apptest.Gateway) {
	t.Helper()
	for _, g := range gateways {
		require.Eventually(t, func() bool { return g.Peers() == len(gateways)-1 }, 20*time.Second, 50*time.Millisecond)
	}
}

// A backup over the API is one of the shared store itself, also when a spool stands beside it.
func TestBackupBesideASpool(t *testing.T) {
	t.Parallel()
	w := newWorld(t, team)
	g := w.Run()
	id := g.Opens(apptest.Event{Key: "kept", Title: "Disk full", Severity: "critical"})
	answer := g.Do(http.MethodGet, "/api/v1/backup", nil, w.Bearer(standin.EnvAPIToken))
	require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	other := redistest.Start(t, redistest.Always)
	_, err := backup.Restore(t.Context(), strings.NewReader(answer.Body), other.URL(), false)
	require.NoError(t, err)
	s, err := redisstore.Open(t.Context(), other.URL())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	got, err := s.List(t.Context(), store.Filter{Limit: 10})
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, id, got[0].ID)
}
