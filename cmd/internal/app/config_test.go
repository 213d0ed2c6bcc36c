package app_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/client"
	"tocsin/cmd/internal/standin"
	"tocsin/configs"
	"tocsin/configs/edit"
	"tocsin/configs/history"
	"tocsin/schedules"
)

// rota pages whoever is on call this week.
const rota = apptest.Base + `
route: { policy: team }
policies:
  - name: team
    tiers:
      - { name: primary, page: ['schedule:team/primary'], acknowledge_within: 10m }
    fallback: ['user:dana']
schedules:
  - name: team
    time_zone: Europe/Berlin
    layers:
      # Who wakes up. Every week, on Monday at nine.
      - name: primary
        rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [ana, ben, chidi] }
users:
  - { name: ana, contacts: [{ name: mobile, sms: '+12025550101' }] }
  - { name: ben, contacts: [{ name: mobile, sms: '+12025550102' }] }
  - { name: chidi, contacts: [{ name: mobile, sms: '+12025550103' }] }
  - { name: dana, contacts: [{ name: mobile, sms: '+12025550104' }] }
`

// followed is how long a process may work by an older revision.
const followed = time.Second

func proposal(yaml string, parent uint64) history.Proposal {
	return history.Proposal{
		Bundle: &configs.Bundle{Files: []configs.File{{Name: "tocsin.yaml", Data: []byte(yaml)}}}, Parent: parent, Reason: "a test",
	}
}

// status is what a gateway says of itself.
func statusOf(t *testing.T, g *apptest.Gateway) (s api.Status) {
	t.Helper()
	s, err := g.API.Status(t.Context())
	require.NoError(t, err)
	return s
}

// follows waits until a gateway works by that revision and returns how long it took.
func follows(t *testing.T, g *apptest.Gateway, number uint64, since time.Time) time.Duration {
	t.Helper()
	require.Eventually(t, func() bool { return statusOf(t, g).Config == number }, apptest.Patience, 5*time.Millisecond)
	return time.Since(since)
}

// A revision that is applied at one process is in force at the other within a second, and so is
// an override; who was on call stays so; of two who apply at once one is refused with what the
// other changed; a rollback restores every byte.
func TestConfigOnTwoProcesses(t *testing.T) {
	w := apptest.New(t, apptest.Redis, rota)
	first, second := w.Run(), w.Run()
	ctx := t.Context()
	original, err := first.API.Revision(ctx, 0)
	require.NoError(t, err)
	require.Equal(t, uint64(1), original.Number)
	require.Equal(t, rota, string(original.Bundle.Files[0].Data))
	require.Equal(t, history.FromFiles, original.Origin)
	second.Opens(apptest.Event{Key: "a", Title: "Before.", Severity: "critical"})
	holder := w.Page("", "Before.").To

	changed := strings.Replace(rota, "[ana, ben, chidi]", "[dana, chidi, ben, ana]", 1)
	began := time.Now()
	change, err := first.API.ApplyConfig(ctx, proposal(changed, 1))
	require.NoError(t, err)
	require.Equal(t, uint64(2), change.Revision.Number)
	require.NotEmpty(t, change.Handovers)
	require.Contains(t, change.Text, "+        rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [dana, chidi, ben, ana] }")
	took := follows(t, second, 2, began)
	t.Logf("the other process followed after %s", took.Round(time.Millisecond))
	assert.Less(t, took, followed)
	second.Opens(apptest.Event{Key: "b", Title: "After.", Severity: "critical"})
	require.Equal(t, holder, w.Page("", "After.").To, "a change of the rotation moves nobody's shift")

	apply := func(g *apptest.Gateway, names string) error {
		_, err := g.API.ApplyConfig(ctx, proposal(strings.Replace(rota, "[ana, ben, chidi]", names, 1), 2))
		return err
	}
	results := make(chan error, 2)
	go func() { results <- apply(first, "[ana, ben]") }()
	go func() { results <- apply(second, "[ana, chidi]") }()
	one, other := <-results, <-results
	if one == nil {
		one, other = other, one
	}
	require.NoError(t, other, "one of two is taken")
	var refused *client.Error
	require.ErrorAs(t, one, &refused, "the other is refused")
	require.Equal(t, http.StatusConflict, refused.Status)
	require.Contains(t, refused.Message, "-        rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [dana, chidi, ben, ana] }")
	require.Contains(t, refused.Message, "+        rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [ana, ")

	back, err := second.API.ApplyConfig(ctx, history.Proposal{Rollback: 1})
	require.NoError(t, err)
	require.Equal(t, uint64(4), back.Revision.Number, "a rollback is a new revision")
	restored, err := first.API.Revision(ctx, 0)
	require.NoError(t, err)
	require.Equal(t, original.Bundle, restored.Bundle, "every byte")
	follows(t, first, 4, time.Now())
	first.Opens(apptest.Event{Key: "c", Title: "Back.", Severity: "critical"})
	require.Equal(t, holder, w.Page("", "Back.").To)

	day := time.Now().UTC()
	from := schedules.Civil{Year: day.Year(), Month: day.Month(), Day: day.Day()}
	to := from
	to.Year++
	began = time.Now()
	_, err = first.API.AddOverride(ctx, history.Override{Schedule: "team", Override: schedules.Override{
		Type: schedules.Replace, From: yesterday(from), To: to, Add: "dana",
	}})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return statusOf(t, second).Overlay == 1 }, apptest.Patience, 5*time.Millisecond)
	assert.Less(t, time.Since(began), followed)
	second.Opens(apptest.Event{Key: "d", Title: "Covered.", Severity: "critical"})
	w.Page(danaPhone, "Covered.")
	now, err := second.API.OnCall(ctx, "team", "primary", time.Time{})
	require.NoError(t, err)
	require.Equal(t, []schedules.UserID{"dana"}, now.Users)
	require.Equal(t, schedules.SourceOverride, now.Source)
	require.Equal(t, "o1", now.Duties[0].By)
}

func yesterday(c schedules.Civil) schedules.Civil {
	t := time.Date(c.Year, c.Month, c.Day-1, 0, 0, 0, 0, time.UTC)
	return schedules.Civil{Year: t.Year(), Month: t.Month(), Day: t.Day()}
}

// A process that is killed while it applies leaves one whole revision active: the one before or
// the one after, with its bytes and its number in order.
func TestApplyKilled(t *testing.T) {
	binary := apptest.Build(t)
	w := apptest.New(t, apptest.Redis, rota)
	s := w.OpenStore()
	h := &history.History{Series: s, Build: w.Build, Token: func() string { return fmt.Sprint(rand.Uint64()) }}
	_, err := h.Apply(t.Context(), proposal(rota, 0), time.Now())
	require.NoError(t, err)
	applied := map[string]bool{rota: true}
	const rounds = 40
	for i := range rounds {
		yaml := strings.Replace(rota, "Who wakes up.", fmt.Sprintf("Who wakes up, round %d.", i), 1)
		applied[yaml] = true
		w.Write(yaml)
		p := w.Start(binary, "config", "apply", "--store", w.Store, "--config", w.Config)
		time.AfterFunc(time.Duration(rand.IntN(60))*time.Millisecond, func() { p.Abort() })
		<-p.Done()

		active, err := h.Load(t.Context())
		require.NoError(t, err)
		content := string(active.Revision.Bundle.Files[0].Data)
		require.True(t, applied[content], "a whole revision: %s", content)
		require.Equal(t, active.Revision.Bundle.Hash(), active.Revision.Hash)
	}
	list, err := h.List(t.Context(), 1000)
	require.NoError(t, err)
	t.Logf("%d of %d applies were done before they were killed", len(list)-1, rounds)
	for i, m := range list {
		require.Equal(t, uint64(len(list)-i), m.Number)
		require.Equal(t, m.Number-1, m.Parent)
	}
	require.Greater(t, len(list), 1, "some were done")
	require.Less(t, len(list), rounds+1, "some were killed before")
}

// In a managed installation single values are edited over the API: comments and order stay, the
// files of a process are reported when they differ and never applied. One that is kept in files
// refuses the edit.
func TestManaged(t *testing.T) {
	w := apptest.New(t, apptest.Bolt, rota)
	g := w.Run()
	set := history.Proposal{Ops: []edit.Op{{Op: "set", Path: "schedules[team].layers[primary].rotation.every", Value: "2 weeks"}}}
	_, err := g.API.ApplyConfig(t.Context(), set)
	var refused *client.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.Message, "kept in files")
	require.NoError(t, g.Stop())

	managed := "config_mode: managed # edited in place\n" + rota
	w.Write(managed)
	g = w.Run()
	_, err = g.API.ApplyConfig(t.Context(), set)
	require.NoError(t, err)
	r, err := g.API.Revision(t.Context(), 0)
	require.NoError(t, err)
	want := strings.Replace(managed, "every: 1 week", "every: 2 weeks", 1)
	require.Equal(t, want, string(r.Bundle.Files[0].Data), "nothing else changed")
	require.Equal(t, history.FromEdit, r.Origin)

	w.Write(strings.Replace(managed, "[ana, ben, chidi]", "[ben]", 1))
	require.Equal(t, http.StatusOK, g.Post("/-/reload", nil, w.Bearer(standin.EnvAPIToken)).Status)
	require.Contains(t, w.Logs.String(), "the files differ from the active revision")
	require.NoError(t, g.Stop())
	g = w.Run()
	r, err = g.API.Revision(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, want, string(r.Bundle.Files[0].Data), "files never go before what was edited")
}

// The files of a process win when they changed, and only then: what was applied since stays
// over a restart, and a process whose secrets do not suffice keeps what it has.
func TestFilesAndApply(t *testing.T) {
	w := apptest.New(t, apptest.Bolt, rota)
	g := w.Run()
	other := strings.Replace(rota, "[ana, ben, chidi]", "[ana, ben]", 1)
	_, err := g.API.ApplyConfig(t.Context(), proposal(other, 0))
	require.NoError(t, err)
	_, err = g.API.ApplyConfig(t.Context(), proposal(strings.Replace(rota, "TOCSIN_DEMO_AUTH_TOKEN", "TOCSIN_DEMO_MISSING", 1), 0))
	var refused *client.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.Message, "TOCSIN_DEMO_MISSING")
	require.NoError(t, g.Stop())

	active := func(g *apptest.Gateway) string {
		r, err := g.API.Revision(t.Context(), 0)
		require.NoError(t, err)
		return string(r.Bundle.Files[0].Data)
	}
	g = w.Run()
	require.Equal(t, other, active(g), "the files have not changed since they were brought")
	require.NoError(t, g.Stop())
	third := strings.Replace(rota, "[ana, ben, chidi]", "[chidi]", 1)
	w.Write(third)
	g = w.Run()
	require.Equal(t, third, active(g), "files that changed win")
	w.Write(rota)
	require.Equal(t, http.StatusOK, g.Post("/-/reload", nil, w.Bearer(standin.EnvAPIToken)).Status)
	require.Equal(t, rota, active(g))
}
