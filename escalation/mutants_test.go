//go:build mutants

package escalation

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mutant is Step with one of its guards broken.
type mutant struct{ name, file, old, new string }

var mutants = []mutant{
	{"a known command is done again", "step.go", `return id != "" && j.inc != nil`, `return false && j.inc != nil`},
	{"the timeline is not chained", "step.go", `e.Hash = e.chain(j.inc.Head)`, `e.Hash = e.chain("")`},
	{"Step changes its input", "incident.go", `c.SLAs = append([]SLA(nil), i.SLAs...)`, `c.SLAs = i.SLAs`},
	{"members of the last incident count in the next", "result.go", ` && s.Incident.ID == r.Incident.ID {`, ` {`},
	{"a member that was missing is a repeat", "fire.go", ` || !m.UnlistedAt.IsZero()`, ``},
	{"another severity is a repeat", "fire.go", ` || m.Severity != f.Decision.Severity`, ``},
	{"an omission counts as an explicit end", "fire.go", `!m.Firing && m.Explicit`, `!m.Firing`},
	{"no late duplicates", "fire.go", `j.takenAt().Sub(m.EndedAt) < LateDuplicate`, `false`},
	{"a person's resolve holds nothing back", "fire.go", `case soon && j.inc.Ending.Person() && same:`, `case false && same:`},
	{"without starts, a person's resolve holds nothing back", "fire.go", `ongoing := m.Firing`, `ongoing := false && m.Firing`},
	{"re-opened, it always pages", "fire.go", `ending.Acked && !ending.Person() && !rises`, `false && !rises`},
	{"a suppressed alert raises", "fire.go", `d.Suppressed == "" && `, ``},
	{"a rise moves the deadline away", "fire.go", `latest = j.inc.Position.Deadline`, `_ = j.inc.Position.Deadline`},
	{"another alert lengthens a quiet", "quiet.go", `case !q.Until.IsZero() && (now.Until.IsZero() || q.Until.Before(now.Until)):`, `default:`},
	{"a new book judges nothing again", "quiet.go", `if j.inc.Open() && j.inc.Quiet != nil {`, `if false {`},
	{"a mute is judged again in the same instant", "quiet.go", `Until: j.later(d.MutedUntil)`, `Until: j.Now`},
	{"a late end ends a later firing", "end.go", `!ends.IsZero() && ends.Before(m.StartsAt)`, `false && ends.Before(m.StartsAt)`},
	{"missing once is an end", "end.go", `j.Now.Sub(m.UnlistedAt) >= UnlistedFor`, `true`},
	{"an end while resolved is forgotten", "end.go", "!m.Firing || firesSince(j.inc, m, c.Heard) {\n", "!m.Firing || !j.inc.Open() {\n"},
	{"clocks run on after the end", "end.go", `j.stopSLAs()`, ``},
	{"an acknowledgement cancels nothing", "respond.go", `j.cancelPages("acknowledged by " + by.Name)`, ``},
	{"passing on cancels nothing", "respond.go", `j.cancelPages("passed on by " + by.Name)`, ``},
	{"anybody's second asking closes", "respond.go", ` && sameActor(*j.inc.CloseAsk, c.By)`, ``},
	{"a mute does not count when an acknowledgement expires", "respond.go", `if j.quietAgain() {`, `if false {`},
	{"who had it is not paged first", "respond.go", `if !ok || len(u.Contacts) == 0 {`, `if ok || !ok {`},
	{"an empty tier is waited for", "tier.go", `if len(reachable) == 0 {`, `if false {`},
	{"rounds run as fast as they fail", "tier.go", `if person || !earliest.After(j.Now) {`, `if true {`},
	{"a person waits for the round", "tier.go", `j.endRound(pos, person)`, `j.endRound(pos, false)`},
	{"the fallback is paged once", "tier.go", `j.Now.Add(j.policy().fallbackEvery())`, `j.Now.Add(1000 * j.policy().fallbackEvery())`},
	{"a test page reaches the fallback", "tier.go", `if j.inc.Test {`, `if false {`},
	{"tiers of one name are one", "tier.go", `pos.Index < len(tiers) && tiers[pos.Index].Name == pos.Name`, `false`},
	{"a tier is found by its number alone", "tier.go", `if t.Name == pos.Name {`, `if false && t.Name == pos.Name {`},
	{"one contact is paged for two tiers", "page.go", `j.supersede(u, step.Contact)`, ``},
	{"who acknowledges is told", "page.go", `if t.User != by.User {`, `if true {`},
	{"no time for a retry", "page.go", `a.Deadline.Before(least)`, `false`},
	{"a stale holder is believed", "report.go", `case r.Token != "" && r.Token != a.Token:`, `case false:`},
	{"sent undoes delivered", "report.go", `if a.State.Live() { // a receipt`, `if true { // a receipt`},
	{"a retry after the acknowledgement begins", "report.go", `if a.Kind == paging.Page && !j.wantsPages(a) {`, `if false {`},
	{"a retry of what was passed on begins", "report.go", `slices.ContainsFunc(j.inc.Attempts, wanted)`, `(true || slices.ContainsFunc(j.inc.Attempts, wanted))`},
	{"a text under way never hears of the acknowledgement", "report.go", `case j.inc.State == Acknowledged && j.inc.Ack.By.User != a.User:`, `case false:`},
	{"one failed attempt hands on", "report.go", `ref.State != paging.Failed && ref.State != paging.Canceled`, `false`},
	{"one timer at a time", "timers.go", `for range timersAtOnce {`, `for range 1 {`},
	{"a tier's end is no timer", "timers.go", `consider(timerStep, i.Position.Deadline, 0)`, ``},
	{"an acknowledgement never expires", "timers.go", `consider(timerAck, i.Ack.Expires, 0)`, ``},
	{"silence goes on for ever", "timers.go", `consider(timerSilence, i.silentAt(), 0)`, ``},
	{"an outage counts as silence", "timers.go", `if j.Now.Sub(due) <= awayAfter {`, `if true {`},
	{"a rise moves a promise away", "promise.go", `deadline.Before(s.Deadline)`, `true`},
	{"a promise is warned of again and again", "promise.go", `s.WarnedAt = j.Now`, `_ = j.Now`},
	{"a shadow is told in every tier", "shadow.go", `case j.inc.Shadows[i].Run == s.Run:`, `case false:`},
	{"a shadow is told in the first run only", "shadow.go", `case j.inc.Shadows[i].Run == s.Run:`, `case true:`},
	{"who is paged is told as a shadow, too", "shadow.go", `if slices.Contains(paged, u) {`, `if false {`},
	{"a shadow hears of test pages", "shadow.go", `if j.inc.Test {`, `if false {`},
	{"only targets without a layer have shadows", "shadow.go", `t.Kind != TargetSchedule || !ok`, `t.Kind != TargetSchedule || !ok || t.Layer != ""`},
	{"a shadow who was paged is no acknowledger", "shadow.go", ` && !i.told(user) && !paged`, ` && !i.told(user) && (true || paged)`},
	{"a shadow who acknowledges is told", "page.go", `if s.User != by.User && `, `if `},
	{"a shadow who was paged hears of the end twice", "page.go", ` && !j.inc.told(s.User) {`, ` {`},
	{"a shadow whose page was under way hears of the end twice", "report.go", `case j.inc.shadow(a.User) >= 0:`, `case false:`},
	{"a memo is answered like a page", "step.go", `if j.inc.Memo {`, `if false {`},
	{"a memo is paged", "fire.go", `if j.inc.Memo {`, `if false {`},
	{"a memo is told again", "fire.go", `case c.Alert.Source == MemoSource:`, `case c.Alert.Source == MemoSource && j.inc.Open():`},
	{"a memo never ends", "memo.go", `if j.inc.Open() && !j.inc.NextDue().After(j.Now) {`, `if false {`},
	{"a memo is a page", "memo.go", `a.Kind, a.Breakthrough = paging.Memo, false`, `a.Kind, a.Breakthrough = paging.Page, false`},
	{"a tier's clock runs on", "promise.go", `if !s.Done() && s.Kind == SLAAcknowledge {`, `if false && s.Kind == SLAAcknowledge {`},
}

// TestMutants ensures that the stories and properties of this package notice every guard of
// Step that is broken. Run it with -tags mutants; it takes minutes.
func TestMutants(t *testing.T) {
	dir, err := os.Getwd()
	require.NoError(t, err)
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			by := kill(t, dir, m)
			if by == "" {
				t.Errorf("survived: %s (%s)", m.name, m.file)
				return
			}
			t.Logf("killed: %-60s by %s", m.name, by)
		})
	}
}

var firstFailure = regexp.MustCompile(`--- FAIL: (\S+) `)

// kill runs the tests against the mutant and returns the first one that failed.
func kill(t *testing.T, dir string, m mutant) string {
	path := filepath.Join(dir, m.file)
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(source), m.old), "%s: this guard is not there (once): %s", m.file, m.old)
	mutated := filepath.Join(t.TempDir(), m.file)
	require.NoError(t, os.WriteFile(mutated, []byte(strings.Replace(string(source), m.old, m.new, 1)), 0o600))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: mutated}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(file, overlay, 0o600))

	cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", file, "-vet=off", "-count=1", "-failfast", "-timeout=60s", ".", "-rapid.checks=300", "-rapid.nofailfile", "-rapid.shrinktime=1ms")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		return ""
	}
	require.NotContains(t, string(out), "[build failed]", "a mutant must compile: %s", out)
	if found := firstFailure.FindSubmatch(out); found != nil {
		return string(found[1])
	}
	return "a panic or the time limit"
}
