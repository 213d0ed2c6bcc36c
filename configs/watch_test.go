package configs

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/routing"
)

// loadWith loads the minimal example with something added at the top, and to its integration.
func loadWith(t *testing.T, top, integration string, env map[string]string) (*Config, error) {
	t.Helper()
	text := strings.ReplaceAll(minimal(t), "\nroute:", "\n"+top+"\nroute:")
	if integration != "" {
		text = strings.Replace(text, "source: alertmanager,", "source: alertmanager, "+integration+",", 1)
		require.Contains(t, text, integration)
	}
	return Load(filepath.Join(writeFiles(t, map[string]string{"c.yaml": text}), "c.yaml"), Options{Registry: registry(), Env: func(name string) (string, bool) {
		if v, ok := env[name]; ok {
			return v, true
		}
		return anyEnv(name)
	}})
}

// It ensures that what watches Tocsin is read, with its defaults.
func TestWatch(t *testing.T) {
	env := map[string]string{"BEAT": "https://beats.example.org/ping/0b1c"}
	c, err := loadWith(t, "heartbeat: { url: { env: BEAT } }\ncanary: { every: 10m, to: user:ana }\n", "expect_every: 10m", env)
	require.NoError(t, err)
	assert.Equal(t, time.Minute, c.Heartbeat.Every)
	assert.Equal(t, "https://beats.example.org/ping/0b1c", c.Heartbeat.URL.Reveal())
	assert.NotContains(t, fmt.Sprintf("%+v", *c), "0b1c", "it is a secret")
	assert.Equal(t, Canary{Every: 10 * time.Minute, Within: 2 * time.Minute, Policy: "direct:user:ana"}, c.Canary)
	assert.Equal(t, c.Severities.MostUrgent(), c.Watch.Severity)
	assert.Equal(t, 10*time.Minute, c.Integrations[0].ExpectEvery)
	assert.Empty(t, c.Integrations[0].ExpectSeverity)

	c, err = loadWith(t, "watch: { severity: P1 }", "", nil)
	require.NoError(t, err)
	assert.Equal(t, Watch{Severity: "P1"}, c.Watch)
	assert.False(t, c.Heartbeat.On())
	assert.False(t, c.Canary.On())
	c, err = loadWith(t, "", "expect_every: 1h, expect_severity: P1", nil)
	require.NoError(t, err)
	assert.Equal(t, routing.Severity("P1"), c.Integrations[0].ExpectSeverity)
}

// It ensures that what would watch nothing is refused where it stands, and that no message
// repeats the address.
func TestWatchFaults(t *testing.T) {
	env := map[string]string{"HTTP": "http://beats.example.org/ping/0b1c", "USER": "https://me:0b1c@beats.example.org", "NONE": "0b1c", "LOCAL": "http://127.0.0.1:9/0b1c"}
	for top, want := range map[string]string{
		"heartbeat: { every: 1m }":                              "heartbeat: url is missing",
		"heartbeat: { url: https://beats.example.org/ping }":    "a secret must not stand in the configuration",
		"heartbeat: { url: { env: HTTP } }":                     "must be https",
		"heartbeat: { url: { env: USER } }":                     "is no http or https address without a user",
		"heartbeat: { url: { env: NONE } }":                     "is no http or https address",
		"heartbeat: { url: { env: LOCAL }, every: 1s }":         "must be at least 10s",
		"watch: { policy: nowhere }":                            `policy "nowhere" is not defined`,
		"watch: { severity: P9 }":                               `severity "P9" is no step of the scale`,
		"canary: { to: user:ana }":                              "every is missing",
		"canary: { every: 10m }":                                "nobody is texted",
		"canary: { every: 10m, to: user:nobody }":               `user "nobody" is not defined`,
		"canary: { every: 10m, to: team:everyone }":             "is no user",
		"canary: { every: 10m, within: 1h, to: user:ana }":      "must not be longer than every",
		"canary: { every: 10m, to: user:ana, policy: nowhere }": "both say who is texted",
	} {
		_, err := loadWith(t, top, "", env)
		require.ErrorContains(t, err, want, top)
		assert.NotContains(t, err.Error(), "0b1c", top)
		assert.Regexp(t, `c\.yaml:\d+`, err.Error(), top)
	}
	for integration, want := range map[string]string{
		"expect_every: 1s":                       "must be at least 10s",
		"expect_severity: P1":                    "of no use without expect_every",
		"expect_every: 1h, expect_severity: P77": "is no step of the scale",
	} {
		_, err := loadWith(t, "", integration, nil)
		require.ErrorContains(t, err, want, integration)
	}
	_, err := loadWith(t, "heartbeat: { url: { env: LOCAL } }", "", env)
	require.NoError(t, err, "a literal address is the admin's own word")
}
