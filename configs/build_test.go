package configs

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/routing"
	"tocsin/schedules"
)

func date(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func who(people []*paging.User) (names []string) {
	for _, p := range people {
		names = append(names, string(p.Name))
	}
	return names
}

// It ensures that the tiers of the P0–P3 example lead to the people whom its rotations
// name, before and after a hand-off and during an override.
func TestBookPeople(t *testing.T) {
	book := loadExample(t, "p0-p3.yaml").Book()
	core, security := book.Policies["core"], book.Policies["security"]
	for _, c := range []struct {
		at   string
		tier escalation.Tier
		want []string
	}{
		{"2026-01-05T07:59:59Z", core.Tiers[0], nil}, // before the first hand-off, 09:00 in Berlin
		{"2026-01-05T08:00:00Z", core.Tiers[0], []string{"ana"}},
		{"2026-01-12T07:59:59Z", core.Tiers[0], []string{"ana"}},
		{"2026-01-12T08:00:00Z", core.Tiers[0], []string{"ben"}},
		{"2026-01-12T08:00:00Z", core.Tiers[1], []string{"chidi"}},
		{"2026-01-12T08:00:00Z", core.Tiers[2], []string{"dana"}},
		{"2026-02-28T12:00:00Z", core.Tiers[0], []string{"ben"}},
		{"2026-03-01T12:00:00Z", core.Tiers[0], []string{"ana"}}, // override
		{"2026-03-30T07:00:00Z", core.Tiers[0], []string{"ana"}}, // 09:00 in summer time
		{"2026-03-30T06:59:59Z", core.Tiers[0], []string{"chidi"}},
		{"2026-01-05T21:00:00Z", security.Tiers[0], []string{"farid", "gita"}}, // a group serves together
		{"2026-01-06T08:00:00Z", security.Tiers[0], []string{"eve"}},
	} {
		people, _ := book.People(c.tier.Page, date(c.at))
		assert.Equal(t, c.want, who(people), "%s at %s", c.tier.Name, c.at)
	}
	everyone, _ := book.People(core.Fallback.For("P0"), date("2026-06-01T00:00:00Z"))
	assert.Len(t, everyone, 7)
	lead, _ := book.People(core.Fallback.For("P2"), date("2026-06-01T00:00:00Z"))
	assert.Equal(t, []string{"dana"}, who(lead))
}

// It ensures that the table of the P0–P3 example judges alerts as the file says.
func TestBookRoutes(t *testing.T) {
	book := loadExample(t, "p0-p3.yaml").Book()
	monday, sunday := date("2026-06-01T10:00:00Z"), date("2026-06-07T10:00:00Z")
	for name, c := range map[string]struct {
		alert routing.Alert
		at    time.Time
		want  routing.Decision
	}{
		"critical metric": {routing.Alert{Source: "alertmanager", SeverityWord: "Critical", Labels: map[string]string{"alertname": "Down"}}, sunday,
			routing.Decision{Policy: "core", Severity: "P0", Route: "route"}},
		"unknown word": {routing.Alert{Source: "alertmanager", SeverityWord: "odd"}, sunday,
			routing.Decision{Policy: "core", Severity: "P2", Route: "route"}},
		"Sentry error": {routing.Alert{Source: "sentry", SeverityWord: "error"}, sunday,
			routing.Decision{Policy: "core", Severity: "P2", Route: "route"}},
		"leaked secret": {routing.Alert{Source: "github", Labels: map[string]string{"event": "secret_scanning_alert"}}, sunday,
			routing.Decision{Policy: "security", Severity: "P0", Route: "route.routes[0]"}},
		"finding in a vault": {routing.Alert{Source: "sarif", Integration: "scans", SeverityWord: "warning", Labels: map[string]string{"path": "contracts/vault/Vault.sol"}}, sunday,
			routing.Decision{Policy: "security", Severity: "P1", Route: "route.routes[0]"}},
		"small finding at the weekend": {routing.Alert{Source: "sarif", Integration: "scans", SeverityWord: "note"}, sunday,
			routing.Decision{Policy: "security", Severity: "P3", Route: "route.routes[0].routes[0]", Hold: 10 * time.Minute, Muted: `outside time interval "office"`}},
		"small finding in the office": {routing.Alert{Source: "sarif", Integration: "scans", SeverityWord: "note"}, monday,
			routing.Decision{Policy: "security", Severity: "P3", Route: "route.routes[0].routes[0]", Hold: 10 * time.Minute}},
		"watchdog": {routing.Alert{Source: "alertmanager", SeverityWord: "none", Labels: map[string]string{"alertname": "Watchdog"}}, monday,
			routing.Decision{Policy: "core", Severity: "P3", Route: "route.routes[1]", Suppressed: "watchdogs never page"}},
	} {
		got := book.Table.Route(c.alert, c.at)
		require.Len(t, got, 1, name)
		assert.NotEmpty(t, got[0].Reasons, name)
		d := got[0]
		d.Key, d.Reasons, d.MutedUntil, d.ReopenWithin = "", nil, time.Time{}, 0
		assert.Equal(t, c.want, d, name)
	}
}

// It ensures that all other parts of the book are as written: ladders, deadlines, the
// scale, and how long a silent alert stays open.
func TestBookDetails(t *testing.T) {
	c := loadExample(t, "p0-p3.yaml")
	book := c.Book()
	assert.Equal(t, []paging.Step{
		{Contact: paging.Contact{Name: "mobile", Channel: paging.SMS, Address: "+12025550101"}},
		{Contact: paging.Contact{Name: "mobile", Channel: paging.SMS, Address: "+12025550101"}, After: 2 * time.Minute},
	}, book.Users["ana"].Ladder(routing.Urgent))
	assert.Len(t, book.Users["ben"].Ladder(routing.Urgent), 1)
	assert.Equal(t, "Europe/Berlin", book.Users["ana"].Location.String())

	core := book.Policies["core"]
	assert.Equal(t, schedules.UserID("ana"), core.Owner)
	assert.Equal(t, 3, core.Repeat)
	assert.Equal(t, 90*time.Minute, core.Tiers[0].AcknowledgeWithin.For("P2"))
	assert.Equal(t, escalation.DefaultFallbackEvery, book.Policies["security"].FallbackEvery)
	assert.Equal(t, 8*time.Hour, book.Policies["security"].Tiers[0].AcknowledgeWithin.For("P3"))
	for name, policy := range book.Policies { // two tiers may sleep, and the promise still holds
		for _, level := range book.Scale.Levels {
			sum := policy.Tiers[0].AcknowledgeWithin.For(level.Name) + policy.Tiers[1].AcknowledgeWithin.For(level.Name)
			assert.Less(t, sum, level.RespondWithin, "%s %s", name, level.Name)
		}
	}
	assert.Equal(t, map[routing.Severity]time.Duration{"P0": 5 * time.Minute, "P1": time.Hour, "P2": 4 * time.Hour, "P3": 24 * time.Hour}, respond(book.Scale))
	assert.Equal(t, escalation.DefaultResolveAfter, book.ResolveAfter["images"])

	scans, ok := c.Integration("scans")
	require.True(t, ok)
	assert.Equal(t, []string{fakeSecret}, scans.Auth.URLToken)
	assert.False(t, scans.Auth.Open)
	assert.Equal(t, "https://pager.example.org", c.PublicURL)
	assert.Equal(t, fakeSecret, c.Providers[0].AuthTokens[0].Reveal())
}

func respond(scale routing.Scale) map[routing.Severity]time.Duration {
	out := map[routing.Severity]time.Duration{}
	for _, level := range scale.Levels {
		out[level.Name] = level.RespondWithin
	}
	return out
}

// It ensures the defaults of what a configuration leaves out.
func TestDefaults(t *testing.T) {
	c := loadExample(t, "minimal.yaml")
	assert.Equal(t, DefaultRetention, c.Retention)
	assert.Equal(t, DefaultRecord, c.Record)
	assert.Equal(t, respond(loadExample(t, "full.yaml").Severities), respond(c.Severities))
	assert.Equal(t, routing.Severity("P2"), c.Severities.Default)
	word, known := c.Severities.FromWord("DISASTER")
	assert.Equal(t, routing.Severity("P0"), word)
	assert.True(t, known)
	assert.Equal(t, "UTC", c.Book().Users["ana"].Location.String())
	assert.False(t, c.Book().StrongCodes)
	got := c.Book().Table.Route(routing.Alert{Title: "t"}, date("2026-06-01T00:00:00Z"))
	assert.Equal(t, 10*time.Minute, got[0].ReopenWithin)
}

// It ensures that what the demo fills in arrives: its own address and the stand-in's.
func TestDemoValues(t *testing.T) {
	c := loadExample(t, "demo.yaml")
	assert.Equal(t, "http://127.0.0.1:9999", c.Providers[0].BaseURL)
	assert.Equal(t, "http://127.0.0.1:9999", c.PublicURL)
	assert.Equal(t, 6*time.Second, c.Book().Policies["platform"].Tiers[0].AcknowledgeWithin.For("P0"))
	assert.Len(t, c.Integrations, 5)
}

// It ensures that no way of printing a configuration shows a secret, nor does the error
// of a bad secret.
func TestSecretsStayHidden(t *testing.T) {
	c := loadExample(t, "full.yaml")
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "config", c, "token", c.APITokens[0].Token, "integration", c.Integrations[0])
	written, err := json.Marshal(map[string]any{"tokens": c.APITokens, "providers": c.Providers, "integrations": c.Integrations})
	require.NoError(t, err)
	hidden := struct{ inner Secret }{c.APITokens[0].Token}
	printed := fmt.Sprintf("%v %+v %#v %s %x %q %v", *c, *c, *c, c.APITokens, c.APITokens[0].Token, c.Providers, hidden)
	for _, text := range []string{logged.String(), string(written), printed} {
		assert.NotContains(t, text, fakeSecret)
		assert.NotContains(t, text, fmt.Sprintf("%x", fakeSecret))
	}
	assert.Contains(t, printed, redacted)

	for _, leak := range []string{"bearer: " + fakeSecret, "bearer: { " + fakeSecret + "x: [1] }", "bearer: { file: a, env: b }"} {
		text := strings.Replace(minimal(t), "bearer: { env: PROMETHEUS_TOKEN }", leak, 1)
		_, err := Parse("x.yaml", []byte(text), registry(), anyEnv)
		require.Error(t, err)
		if !strings.Contains(leak, "x: [1]") { // an unknown key is no secret
			assert.NotContains(t, err.Error(), fakeSecret)
		}
	}
}

// It ensures that commands that only look take a configuration without a provider, and
// that nothing else does.
func TestAllowNoProvider(t *testing.T) {
	text := minimal(t)
	text = text[:strings.Index(text, "providers:")]
	reg := registry()
	_, err := Parse("x.yaml", []byte(text), reg, anyEnv)
	require.ErrorContains(t, err, "there is no provider")
	reg.AllowNoProvider = true
	_, err = Parse("x.yaml", []byte(text), reg, anyEnv)
	require.NoError(t, err)
}

// It ensures what is asked of a file with a secret.
func TestSecretFiles(t *testing.T) {
	text := strings.Replace(minimal(t), "bearer: { env: PROMETHEUS_TOKEN }", "bearer: [{ file: s/a }]", 1)
	for name, c := range map[string]struct{ content, want string }{
		"newline is cut": {fakeSecret + "\n", ""},
		"empty":          {"\n", "file s/a is empty"},
		"lines":          {"a\nb\n", "more than one line"},
		"large":          {strings.Repeat("x", maxSecretSize+1), "that is no secret"},
	} {
		dir := writeFiles(t, map[string]string{"c.yaml": text, "s/a": c.content})
		config, err := Load(filepath.Join(dir, "c.yaml"), Options{Registry: registry(), Env: anyEnv})
		if c.want != "" {
			require.ErrorContains(t, err, c.want, name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, []string{fakeSecret}, config.Integrations[0].Auth.Bearer)
	}
	_, err := Parse("built-in.yaml", []byte(text), registry(), anyEnv)
	require.ErrorContains(t, err, "is built in and has no folder")

	if os.Getuid() == 0 {
		return // root may read everything
	}
	dir := writeFiles(t, map[string]string{"c.yaml": text, "s/a": fakeSecret})
	require.NoError(t, os.Chmod(filepath.Join(dir, "s/a"), 0))
	_, err = Load(filepath.Join(dir, "c.yaml"), Options{Registry: registry(), Env: anyEnv})
	require.ErrorContains(t, err, "may not be read")
}

// It ensures that `insecure: true` opens exactly the integration that says so.
func TestInsecure(t *testing.T) {
	text := strings.Replace(minimal(t), "auth: { bearer: { env: PROMETHEUS_TOKEN } }", "insecure: true", 1)
	c, err := Parse("x.yaml", []byte(text), registry(), anyEnv)
	require.NoError(t, err)
	assert.True(t, c.Integrations[0].Auth.Open)

	text = strings.Replace(minimal(t), "{ env: PROMETHEUS_TOKEN }", "inline-token }, insecure: true, auth: {", 1)
	_, err = Parse("x.yaml", []byte(text), registry(), anyEnv)
	require.ErrorContains(t, err, "written twice")

	text = strings.Replace(minimal(t), "auth: { bearer: { env: PROMETHEUS_TOKEN } }", "insecure: true, auth: { bearer: inline-token }", 1)
	c, err = Parse("x.yaml", []byte(text), registry(), anyEnv)
	require.NoError(t, err)
	assert.False(t, c.Integrations[0].Auth.Open)
	assert.Equal(t, []string{"inline-token"}, c.Integrations[0].Auth.Bearer)
}

// It ensures that what works but is weak is a warning, with its place.
func TestWarnings(t *testing.T) {
	users := "users:\n  - { name: ana, contacts: [{ name: mobile, sms: '+12025550101' }] }\n"
	for name, c := range map[string]struct{ old, new, want string }{
		"no fallback":        {"    fallback: ['user:ana']\n", "", "has no fallback"},
		"partial fallback":   {"fallback: ['user:ana']", "fallback: { P0: ['user:ana'] }", "leaves some severities out"},
		"no deadline":        {", acknowledge_within: 5m", "", "15m is used"},
		"partial deadline":   {"acknowledge_within: 5m", "acknowledge_within: { P0: 5m }", "15m is used"},
		"same person again":  {"acknowledge_within: 5m }]", "acknowledge_within: 5m }, { name: second, page: ['user:ana'], acknowledge_within: 5m }]", "user:ana is paged by the tier before"},
		"unused policy":      {"users:\n", "  - { name: b, tiers: [{ name: x, page: ['user:ana'], acknowledge_within: 5m }], fallback: ['user:ana'] }\nusers:\n", `no route leads to policy "b"`},
		"no contact":         {"users:\n", "users:\n  - { name: ben }\n", "has no contact"},
		"shared phone":       {users, users + "  - { name: ben, contacts: [{ name: mobile, sms: '+12025550101' }] }\n", "also the phone of ana"},
		"implausible number": {"'+12025550101'", "'+19995550101'", "does not look like a number"},
		"open integration":   {"auth: { bearer: { env: PROMETHEUS_TOKEN } }", "insecure: true", "anybody who reaches"},
		"plain http":         {"https://pager", "http://pager", "is http"},
		"urgency left out":   {"'+12025550101' }]", "'+12025550101' }], rules: { urgent: [{ contact: mobile }], low: [{ contact: mobile }] }", "no rule for urgency normal"},
	} {
		text := minimal(t)
		require.Contains(t, text, c.old, name)
		config, err := Parse("x.yaml", []byte(strings.Replace(text, c.old, c.new, 1)), registry(), anyEnv)
		require.NoError(t, err, name)
		require.Len(t, config.Warnings(), 1, "%s: %v", name, config.Warnings())
		assert.Contains(t, config.Warnings()[0].Message, c.want)
		assert.Positive(t, config.Warnings()[0].Line)
		assert.True(t, config.Warnings()[0].Warning)
	}
}

// It ensures that gaps of the coming days are found, that later ones are not, and that a
// deliberate gap counts as well.
func TestWeaknesses(t *testing.T) {
	c := loadExample(t, "p0-p3.yaml")
	assert.Empty(t, c.Weaknesses(date("2026-06-01T00:00:00Z")))
	gaps := c.Weaknesses(date("2026-01-01T00:00:00Z"))
	require.Len(t, gaps, 4) // two layers of core, security, and a tier that has nobody by it
	assert.Contains(t, gaps[0].Message, "core/primary has nobody on call now, until Mon 5 Jan 09:00 (Europe/Berlin)")
	assert.Equal(t, "p0-p3.yaml", gaps[0].File)
	assert.True(t, gaps[0].Warning)

	data, err := examplesFile("p0-p3.yaml")
	require.NoError(t, err)
	text := strings.Replace(data, "participants: [ana, ben, chidi]", "participants: [ana, none, chidi]", 1)
	c, err = Parse("x.yaml", []byte(text), registry(), anyEnv)
	require.NoError(t, err)
	gaps = c.Weaknesses(date("2026-01-10T00:00:00Z"))
	require.Len(t, gaps, 3) // and the tier that leans on it, before and after the clock changes
	assert.Contains(t, gaps[0].Message, "core/primary has nobody on call Mon 12 Jan 09:00 - Mon 19 Jan 09:00, every 3 weeks")
}
