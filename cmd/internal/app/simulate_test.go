package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/paging/twilio/telephone"
	"tocsin/routing"
)

// step is one page, foretold or real. Offset counts from the alert.
type step struct {
	tier   string
	round  int
	user   string
	to     string
	offset time.Duration
}

func (s step) String() string {
	return fmt.Sprintf("%6.2f s  %-10s round %d  %s %s", s.offset.Seconds(), s.tier, s.round, s.user, s.to)
}

// realPages are an incident's pages as the telephone got them, matched to their attempts by the
// provider's id; offsets are the telephone's.
func realPages(t *testing.T, w *apptest.World, d api.IncidentDetail) []step {
	t.Helper()
	texts := map[string]telephone.Text{}
	for _, x := range w.Pages() {
		texts[x.SID] = x
	}
	var steps []step
	for _, a := range d.Attempts {
		if a.Kind != paging.Page || a.ProviderID == "" {
			continue
		}
		x, ok := texts[a.ProviderID]
		require.True(t, ok, "the telephone never got %s", a.ID)
		require.Equal(t, a.Address, x.To)
		steps = append(steps, step{a.Tier, a.Round, string(a.User), x.To, x.At.Sub(d.Incident.OpenedAt)})
	}
	require.Len(t, texts, len(steps), "every text has its attempt")
	return steps
}

func foretold(s escalation.Simulation) []step {
	var steps []step
	for _, p := range s.Pages {
		steps = append(steps, step{p.Tier, p.Round, p.User, p.Address, p.Offset})
	}
	return steps
}

// who is what a page is compared by, apart from its time.
func (s step) who() step {
	s.offset = 0
	return s
}

// assertSame compares page by page: each that was foretold came to the same contact of the same
// tier and round, in time. A tier's time counts from when it really began, so what was late
// before is not held against what follows. What came after the last one that was foretold is
// not looked at.
func assertSame(t *testing.T, want, got []step) {
	t.Helper()
	came := map[step][]time.Duration{}
	for _, g := range got {
		came[g.who()] = append(came[g.who()], g.offset)
	}
	for _, offsets := range came {
		slices.Sort(offsets)
	}
	var drift time.Duration
	for _, w := range want {
		offsets := came[w.who()]
		if !assert.NotEmpty(t, offsets, "never came: %s", w) {
			continue
		}
		late := offsets[0] - w.offset
		came[w.who()] = offsets[1:]
		t.Logf("%s   really %+5d ms", w, late.Milliseconds())
		assert.GreaterOrEqual(t, late, -early, "earlier than foretold: %s", w)
		assert.LessOrEqual(t, late-drift, mostLate, "later than foretold: %s", w)
		drift = max(drift, late)
	}
	last := want[len(want)-1].offset
	for who, offsets := range came {
		for _, at := range offsets {
			assert.Greater(t, at, last-early, "not foretold: %s", who)
		}
	}
}

// quick is the built-in example with shorter deadlines: tiers of two seconds at P0, the second
// text to ana after one, the fallback again after two.
func quick(t *testing.T) string {
	t.Helper()
	text := exampleConfig(t)
	for from, to := range map[string]string{
		"acknowledge_within: { P0: 6s, P1: 8s, default: 12s }": "acknowledge_within: { P0: 2s, P1: 8s, default: 12s }",
		"fallback_every: 10s": "fallback_every: 2s",
		"after: 3s":           "after: 1s",
		"rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [ana, ben, chidi] }": "rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [ana] }",
		"rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [ben, chidi, ana] }": "rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [ben] }",
	} {
		require.Contains(t, text, from, "the example has changed; adapt this story")
		text = strings.ReplaceAll(text, from, to)
	}
	return text
}

// What simulate foretells of the built-in example is what the gateway does when nobody answers:
// the same pages to the same people, all tiers, both rounds and the fallback twice, each within
// a second of its time.
func TestSimulationForetellsWhatHappens(t *testing.T) {
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, quick(t))
		g := w.Run()
		config, err := w.Load()
		require.NoError(t, err)
		labels := map[string]string{"alertname": "CheckoutErrors", "team": "payments"}
		sims := escalation.Simulate(config.Book(), routing.Alert{
			Source: "generic", Integration: "events", Identity: "k", Status: routing.Firing,
			Title: "Checkout errors 7%", SeverityWord: "critical", Labels: labels,
		}, time.Now(), time.Minute)
		require.Len(t, sims, 1)
		want := foretold(sims[0])
		require.Equal(t, []string{"ana", "ana", "ben", "dana"}, usersOf(want[:4]), "the first round: ana twice, ben, dana")
		require.Len(t, want, 2*4+2*4+2, "two rounds, and everybody twice, ana with her second text")

		id := g.Opens(apptest.Event{Key: "k", Title: "Checkout errors 7%", Severity: "critical", Labels: labels})
		w.Await(time.Minute, "as many texts as were foretold", func(telephone.Text) bool { return len(w.Pages()) >= len(want) })
		d := g.Becomes(id, "reported", func(d api.IncidentDetail) bool { return sentAttempts(d) >= len(want) })
		assertSame(t, want, realPages(t, w, d))
		_, err = g.API.Act(t.Context(), string(id), "ack", api.Action{})
		require.NoError(t, err)
	})
}

func usersOf(steps []step) (users []string) {
	for _, s := range steps {
		users = append(users, s.user)
	}
	return users
}

func sentAttempts(d api.IncidentDetail) (n int) {
	for _, a := range d.Attempts {
		if a.Kind == paging.Page && a.ProviderID != "" {
			n++
		}
	}
	return n
}
