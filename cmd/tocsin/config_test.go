package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/app"
	"tocsin/cmd/internal/registry"
	"tocsin/configs"
	"tocsin/configs/history"
	"tocsin/schedules"
)

// weekly is a configuration with one rotation; ana is on call at noon, until Monday the 9th.
const weekly = `public_url: https://pager.example.org
integrations: [{ name: prometheus, source: alertmanager, insecure: true }]
route: { policy: team }
policies:
  - name: team
    tiers: [{ name: primary, page: ['schedule:team/primary'], acknowledge_within: 5m }]
    fallback: ['user:eve']
schedules:
  - name: team
    time_zone: Europe/Berlin
    layers:
      - name: primary # who wakes up
        rotation: { every: 1 week, start: 2026-03-02T09:00, participants: [ana, ben, chidi] }
      - name: secondary
        rotation: { of: primary, offset: 1 }
users:
  - { name: ana, contacts: [{ name: mobile, sms: '+12025550101' }] }
  - { name: ben, contacts: [{ name: mobile, sms: '+12025550102' }] }
  - { name: chidi, contacts: [{ name: mobile, sms: '+12025550103' }] }
  - { name: dana, contacts: [{ name: mobile, sms: '+12025550104' }] }
  - { name: eve, contacts: [{ name: mobile, sms: '+12025550105' }] }
providers:
  - { name: twilio, type: twilio, account_sid: { env: SID }, auth_tokens: [{ env: TOKEN }], from: ['+12025550100'] }
`

// site is a folder with a configuration and a store.
type site struct {
	t      *testing.T
	config string
	store  string
}

func newSite(t *testing.T, yaml string) site {
	s := site{t, filepath.Join(t.TempDir(), "tocsin.yaml"), t.TempDir()}
	s.write(yaml)
	return s
}

func (s site) write(yaml string) {
	require.NoError(s.t, os.WriteFile(s.config, []byte(yaml), 0o600))
}

// run is tocsin config … on the site.
func (s site) run(args ...string) result {
	s.t.Helper()
	return call{env: map[string]string{"USER": "ana"}}.run(s.t, append([]string{"config"}, append(args, "--config", s.config, "--store", s.store)...)...)
}

// must is run for what has to succeed.
func (s site) must(args ...string) string {
	s.t.Helper()
	r := s.run(args...)
	require.Equal(s.t, exitOK, r.code, r.err)
	return r.out
}

// active is what the store says is in force.
func (s site) active() history.Active {
	s.t.Helper()
	opened, err := app.OpenStore(s.t.Context(), s.store)
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, opened.Close()) }()
	h := &history.History{Series: opened, Build: func(b configs.Bundle) (*configs.Config, error) {
		return b.Config(configs.Options{Registry: registry.Config(), NoSecrets: true})
	}}
	a, err := h.Load(context.Background())
	require.NoError(s.t, err)
	return a
}

// For each kind of change and each mode of rollout: who is on call now stays so, unless the
// change removes that very person at once; and the shifts that the command shows are exactly
// those that differ in the next 90 days, half hour by half hour, on every layer and as a whole.
func TestConfigDiffIsTheDifference(t *testing.T) {
	changes := map[string]string{
		"add": "[ana, dana, ben, chidi]", "add in front": "[dana, ana, ben, chidi]", "remove another": "[ana, chidi]",
		"remove the holder": "[ben, chidi]", "reorder": "[chidi, ben, ana]", "replace all but the holder": "[dana, ana]", "group": "[[ana, dana], ben, chidi]",
	}
	for what, participants := range changes {
		for _, mode := range []schedules.Rollout{schedules.RolloutNow, schedules.RolloutAfterShift, schedules.RolloutAfterRotation} {
			t.Run(what+" "+string(mode), func(t *testing.T) {
				t.Parallel()
				s := newSite(t, weekly)
				s.must("apply", "--reason", "the first")
				before := s.active()
				s.write(strings.Replace(weekly, "[ana, ben, chidi]", participants, 1))
				change := decode[history.Change](t, s.run("diff", "--json", "--rollout", string(mode)))
				text := s.must("diff", "--rollout", string(mode))
				s.must("apply", "--rollout", string(mode))
				after := s.active()

				was, is := before.Config.Book().Schedules["team"], after.Config.Book().Schedules["team"]
				for _, layer := range []string{"primary", "secondary"} {
					holder, now := was.On(layer, noon, nil), is.On(layer, noon, nil)
					if mode == schedules.RolloutNow && !strings.Contains(participants, string(holder[0])) {
						require.NotEqual(t, holder, now)
						continue
					}
					require.Subset(t, now, holder, "%s: the holder of the current shift keeps it", layer)
				}
				shown := 0
				for at := noon; at.Before(noon.Add(history.Ahead)); at = at.Add(30 * time.Minute) {
					for _, layer := range []string{"", "primary", "secondary"} {
						then, now := was.On(layer, at, nil), is.On(layer, at, nil)
						i := slices.IndexFunc(change.Handovers, func(h history.Handover) bool {
							return h.Layer == layer && !at.Before(h.From) && at.Before(h.To)
						})
						if i < 0 {
							require.ElementsMatch(t, then, now, "%s at %s", layer, at)
							continue
						}
						shown++
						require.ElementsMatch(t, then, change.Handovers[i].Before)
						require.ElementsMatch(t, now, change.Handovers[i].After)
						require.NotEqual(t, slices.Sorted(slices.Values(then)), slices.Sorted(slices.Values(now)))
					}
				}
				require.Positive(t, shown)
				layers := 0
				for _, h := range change.Handovers {
					if h.Layer != "" {
						layers++
					}
				}
				require.Contains(t, text, fmt.Sprintf("%s of the next 90 days", plural(layers, "shift", "shifts")))
			})
		}
	}
}

// The whole life of a configuration on a store: apply, history, show, a refused apply, rollback
// byte by byte, pull with its guard, and an edit of a managed one.
func TestConfigLife(t *testing.T) {
	s := newSite(t, weekly)
	require.Contains(t, s.must("history"), "no revision yet")
	require.Contains(t, s.must("apply", "--reason", "the first"), "r1 ")
	require.Contains(t, s.must("apply"), "says the same")
	second := strings.Replace(weekly, "every: 1 week", "every: 2 weeks", 1)
	s.write(second)
	out := s.must("apply", "--reason", "longer turns")
	require.Contains(t, out, "+        rotation: { every: 2 weeks, start: 2026-03-02T09:00, participants: [ana, ben, chidi] }")
	require.Contains(t, out, "r2 ")
	require.Regexp(t, `r2 \w+\s+2026-03-03T12:00:00Z\s+ana\s+apply\s+longer turns`, s.must("history"))
	require.Contains(t, s.must("show", "r1"), "every: 1 week")
	require.Contains(t, s.must("show"), "every: 2 weeks")

	s.write(strings.Replace(weekly, "5m", "6m", 1))
	late := s.run("apply", "--parent", "r1")
	require.Equal(t, exitFault, late.code)
	require.Contains(t, late.err, "r2 ")
	require.Contains(t, late.err, "+        rotation: { every: 2 weeks")
	require.Contains(t, s.must("history"), "r2 ")
	require.NotContains(t, s.must("history"), "r3 ", "nothing was applied")

	s.must("rollback", "1", "--reason", "too long")
	require.Equal(t, weekly, string(s.active().Revision.Bundle.Files[0].Data))
	require.Contains(t, s.must("history"), "rollback to r1")

	folder := t.TempDir()
	require.Contains(t, s.must("pull", folder), "r3 ")
	pulled := filepath.Join(folder, "tocsin.yaml")
	got, err := os.ReadFile(pulled)
	require.NoError(t, err)
	require.Equal(t, weekly, string(got))
	managed := "config_mode: managed\n" + weekly
	require.NoError(t, os.WriteFile(pulled, []byte(managed), 0o600))
	refused := s.run("pull", folder)
	require.Equal(t, exitFault, refused.code)
	require.Contains(t, refused.err, "was changed or added here")

	s.write(second)
	s.must("apply") // somebody else is faster
	mine := call{}.run(t, "config", "apply", "--config", pulled, "--store", s.store)
	require.Equal(t, exitFault, mine.code, "the files were pulled from r3")
	require.Contains(t, mine.err, "r4 ")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "more.yaml"), []byte("teams: [{ name: all, members: [ana] }]\n"), 0o600))
	refused = s.run("pull", folder)
	require.Equal(t, exitFault, refused.code)
	require.Regexp(t, `(more|tocsin).yaml was changed or added here`, refused.err)
	require.NoError(t, os.Remove(filepath.Join(folder, "more.yaml")))
	mine = call{}.run(t, "config", "apply", "--config", pulled, "--store", s.store, "--parent", "4")
	require.Equal(t, exitOK, mine.code, mine.err)
	s.must("edit", "set", "schedules[team].layers[primary].rotation.participants", `["ben", "ana"]`)
	require.Equal(t, strings.Replace(managed, "[ana, ben, chidi]", "[ben, ana]", 1), string(s.active().Revision.Bundle.Files[0].Data))
	require.Equal(t, exitUsage, s.run("apply", "--rollout", "later").code)
	require.Equal(t, exitUsage, s.run("show", "first").code)
}
