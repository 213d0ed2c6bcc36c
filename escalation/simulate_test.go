package escalation

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/paging"
	"tocsin/routing"
	"tocsin/schedules"
)

// textedTwice gives everyone a ladder for urgent alerts: a text now, and again after two minutes.
func textedTwice(m *maker) {
	for _, u := range m.users {
		u.Rules = map[routing.Urgency][]paging.Rule{routing.Urgent: {{Contact: "mobile"}, {Contact: "mobile", After: 2 * time.Minute}}}
	}
	m.rota = map[string]*schedules.Schedule{}
	p := m.policies["p"]
	p.Tiers[0].Page = targetsOf("user:ana")
}

func simulate(t *testing.T, severity, label string, horizon time.Duration) Simulation {
	_, opts := options([]string{label})
	w := &world{book: bookOf(textedTwice), now: clock("03:00")}
	sims := Simulate(w.book, w.alert("a", severity, opts), w.now, horizon)
	require.Len(t, sims, 1)
	require.Zero(t, VerifyTimeline(sims[0].Timeline, ""))
	return sims[0]
}

type simulated struct {
	offset string
	tier   string
	round  int
	user   string
	until  string
}

func pagesOf(sim Simulation) (pages []simulated) {
	for _, p := range sim.Pages {
		pages = append(pages, simulated{short(p.Offset), p.Tier, p.Round, p.User, p.Deadline.Format("15:04")})
	}
	return pages
}

// TestSimulate ensures that a simulation of three tiers, two rounds and a fallback says whom it
// pages and when, as one works it out by hand.
func TestSimulate(t *testing.T) {
	require.Equal(t, []simulated{
		{"0s", "primary", 0, "ana", "03:05"}, {"2m", "primary", 0, "ana", "03:05"},
		{"5m", "secondary", 0, "ben", "03:10"}, {"7m", "secondary", 0, "ben", "03:10"},
		{"10m", "escalation", 0, "dana", "03:15"}, {"12m", "escalation", 0, "dana", "03:15"},
		{"15m", "primary", 1, "ana", "03:20"}, {"17m", "primary", 1, "ana", "03:20"},
		{"20m", "secondary", 1, "ben", "03:25"}, {"22m", "secondary", 1, "ben", "03:25"},
		{"25m", "escalation", 1, "dana", "03:30"}, {"27m", "escalation", 1, "dana", "03:30"},
		{"30m", "fallback", 1, "dana", "03:40"}, {"32m", "fallback", 1, "dana", "03:40"},
		{"40m", "fallback", 1, "dana", "03:50"}, {"42m", "fallback", 1, "dana", "03:50"},
	}, pagesOf(simulate(t, "P1", "", 24*time.Hour)))
}

// TestSimulateQuiet ensures that a simulation tells of holds, suppression and drops, and ends
// at its horizon.
func TestSimulateQuiet(t *testing.T) {
	held := simulate(t, "P1", "hold=yes", 16*time.Minute)
	require.Equal(t, "held for 10m", held.Quiet)
	require.Equal(t, []simulated{{"10m", "primary", 0, "ana", "03:15"}, {"12m", "primary", 0, "ana", "03:15"}, {"15m", "secondary", 0, "ben", "03:20"}}, pagesOf(held))

	suppressed := simulate(t, "P1", "suppress=yes", 24*time.Hour)
	require.Equal(t, `suppressed by rule "watchdogs"`, suppressed.Quiet)
	require.Empty(t, suppressed.Pages)

	dropped := simulate(t, "P1", "drop=yes", 24*time.Hour)
	require.Equal(t, `dropped by rule "noise"`, dropped.Quiet)
	require.Empty(t, dropped.Pages)
	require.Empty(t, dropped.Timeline)
}
