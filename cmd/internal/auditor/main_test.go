package auditor_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/auditor"
	"tocsin/cmd/internal/standin"
	"tocsin/configs/history"
	"tocsin/escalation"
	"tocsin/escalation/audit"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/schedules"
)

const (
	anaPhone = apptest.AnaPhone
	benPhone = apptest.BenPhone
)

var config = apptest.TwoTiers("2s", "10m") + `schedules:
  - { name: rota, time_zone: UTC, layers: [{ name: all, rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [ana, ben] } }] }
`

// life is what a gateway lived through: incidents in all states.
type life struct {
	open, acked, replied, resolved, reopened paging.IncidentID
}

// live has a gateway live through incidents of all states.
func live(t *testing.T, w *apptest.World, g *apptest.Gateway, name string) life {
	t.Helper()
	fire := func(key string) paging.IncidentID {
		s := g.Event(apptest.Event{Key: name + key, Title: "Trouble " + name + key + ".", Severity: "critical"})
		require.Len(t, s.Incidents, 1)
		return s.Incidents[0]
	}
	l := life{open: fire("open"), acked: fire("acked"), replied: fire("replied"), resolved: fire("resolved"), reopened: fire("reopened")}
	for _, key := range []string{"open", "acked", "replied", "resolved", "reopened"} {
		w.Page(anaPhone, "Trouble "+name+key)
	}
	act := func(id paging.IncidentID, action string) {
		out, err := g.API.Act(t.Context(), string(id), action, api.Action{As: "ben"})
		require.NoError(t, err)
		require.Equal(t, escalation.Done, out.Outcome)
	}
	act(l.acked, "ack")
	w.Reply(anaPhone, apptest.Code(t, w.Page(anaPhone, "Trouble "+name+"replied")))
	act(l.resolved, "ack")
	act(l.resolved, "resolve")
	g.Event(apptest.Event{Key: name + "reopened", Title: "Trouble " + name + "reopened.", Action: "resolve"})
	require.Equal(t, l.reopened, fire("reopened"))
	g.Becomes(l.open, "paged on", func(d api.IncidentDetail) bool {
		for _, a := range d.Attempts {
			if a.Address == benPhone && a.State == paging.Delivered {
				return true
			}
		}
		return false
	})
	return l
}

// verify holds a store against its log.
func verify(t *testing.T, s store.Store) auditor.Report {
	t.Helper()
	r, err := auditor.Verify(t.Context(), s, time.Now())
	require.NoError(t, err)
	return r
}

// TestClean ensures that what a gateway did, in whatever state it leaves its incidents, is in
// its audit log when it has stopped, and that nothing is found, neither while it runs nor after.
func TestClean(t *testing.T) {
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, config)
		g := w.Run()
		live(t, w, g, "")
		r, err := g.API.VerifyAudit(t.Context())
		require.NoError(t, err)
		require.Empty(t, problems(r), "while it runs")
		require.NoError(t, g.Stop())
		s := w.OpenStore()
		r = verify(t, s)
		require.Empty(t, r.Findings)
		require.Equal(t, 5, r.Incidents)
		require.Equal(t, 1, r.Revisions)
		lines, err := auditor.Records(t.Context(), s, 0, 1000)
		require.NoError(t, err)
		count := map[string]int{}
		for _, l := range lines {
			count[string(l.Kind)]++
		}
		require.Equal(t, map[string]int{
			"started": 1, "config": 1, "opened": 5, "acknowledged": 3, "resolved": 2, "reopened": 1, "sealed": 5,
			"access": 3, "checked": 1, "stopped": 1,
		}, count)
		require.True(t, lines[0].Complete)
	})
}

// problems are findings that are no notes.
func problems(r auditor.Report) []string {
	var out []string
	for _, f := range r.Findings {
		if !f.Note {
			out = append(out, fmt.Sprint(f))
		}
	}
	return out
}

// anchored is verify with a head kept elsewhere.
func anchored(t *testing.T, s store.Store, head audit.Head) auditor.Report {
	t.Helper()
	r, err := auditor.Verify(t.Context(), s, time.Now(), head)
	require.NoError(t, err)
	return r
}

// rearrange makes a second revision and an override.
func rearrange(t *testing.T, w *apptest.World, g *apptest.Gateway) {
	t.Helper()
	w.Write(strings.Replace(config, "acknowledge_within: 10m", "acknowledge_within: 11m", 1))
	require.Equal(t, http.StatusOK, g.Post("/-/reload", nil, w.Bearer(standin.EnvAPIToken)).Status)
	_, err := g.API.AddOverride(t.Context(), history.Override{Schedule: "rota", Override: schedules.Override{
		Type: schedules.Replace, From: schedules.Civil{Year: 2030, Month: 1, Day: 1}, To: schedules.Civil{Year: 2030, Month: 1, Day: 2},
		Remove: "ana", Add: "ben",
	}})
	require.NoError(t, err)
}
