package github

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/routing"
	"tocsin/routing/source"
	"tocsin/routing/source/sourcetest"
)

// TestCodeScanning ensures that an alert keeps its identity through its life, and that
// state, start and severity are GitHub's.
func TestCodeScanning(t *testing.T) {
	for _, c := range []struct {
		action, state string
		status        routing.Status
		starts, ends  string
	}{
		{"created", "open", routing.Firing, "2026-03-30T10:00:00Z", ""},
		{"appeared_in_branch", "open", routing.Firing, "2026-03-30T10:00:00Z", ""},
		{"reopened", "open", routing.Firing, "2026-03-31T10:00:00Z", ""},
		{"reopened_by_user", "open", routing.Firing, "2026-03-31T10:00:00Z", ""},
		{"closed_by_user", "dismissed", routing.Resolved, "2026-03-30T10:00:00Z", "2026-03-31T11:00:00Z"},
		{"fixed", "fixed", routing.Resolved, "2026-03-30T10:00:00Z", "2026-03-31T11:00:00Z"},
	} {
		want := routing.Alert{
			Source: "github", Identity: "acme/shop/code_scanning_alert/3", Status: c.status, Title: "Path from user input (acme/shop)",
			Description:  "This path depends on a query parameter.\nA path is built from user input.\nin files/open.go",
			SeverityWord: "critical",
			Labels:       map[string]string{"event": "code_scanning_alert", "repository": "acme/shop", "rule": "go/path-injection", "tool": "CodeQL"},
			Links:        []routing.Link{{Text: "github", URL: "https://github.com/acme/shop/security/code-scanning/3"}},
			StartsAt:     sourcetest.At(t, c.starts),
		}
		if c.ends != "" {
			want.EndsAt = sourcetest.At(t, c.ends)
		}
		for _, header := range [][]string{nil, {"X-GitHub-Event", "code_scanning_alert", "X-GitHub-Delivery", "d-1"}} {
			b, err := sourcetest.Decode(t, Source(), fixture(t, "code_scanning.json", "ACTION", c.action, "STATE", c.state), header...)
			require.NoError(t, err)
			require.Equal(t, []routing.Alert{want}, b.Alerts, c.action)
			require.Equal(t, len(header) > 0, b.DeliveryID == "d-1")
		}
	}
}

// TestForm ensures that a form-encoded delivery means the same, and is signed as a form.
func TestForm(t *testing.T) {
	json := fixture(t, "code_scanning.json", "ACTION", "created", "STATE", "open")
	form := "payload=" + url.QueryEscape(json)
	header := []string{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8", "X-GitHub-Event", "code_scanning_alert"}
	plain, err := sourcetest.Decode(t, Source(), json, header[2:]...)
	require.NoError(t, err)
	b, err := sourcetest.Decode(t, Source(), form, header...)
	require.NoError(t, err)
	require.Equal(t, plain, b)
	_, err = sourcetest.Decode(t, Source(), "other=1", header...)
	require.ErrorContains(t, err, "payload")

	auth := source.Auth{SigningSecrets: []string{"k"}}
	signed := func(of string) error {
		return auth.Check(Source(), sourcetest.Header("X-Hub-Signature-256", source.Signature("sha256=", []byte(of), "k")), "", []byte(form))
	}
	require.NoError(t, signed(form))
	require.Error(t, signed(json))
}

// TestDependabot ensures that package, advisory and links are there, and that an
// automatic dismissal ends the alert.
func TestDependabot(t *testing.T) {
	b, err := sourcetest.Fixture(t, Source(), "dependabot.json")
	require.NoError(t, err)
	require.Equal(t, []routing.Alert{{
		Source: "github", Identity: "acme/shop/dependabot_alert/8", Status: routing.Resolved, Title: "Endless loop in yaml (acme/shop)",
		Description: "go example.org/yaml < 1.2.3, fixed in 1.2.3\nA crafted document never ends.", SeverityWord: "high",
		Labels: map[string]string{"event": "dependabot_alert", "repository": "acme/shop", "package": "example.org/yaml", "ecosystem": "go",
			"manifest": "go.mod", "ghsa": "GHSA-aaaa-bbbb-cccc", "cve": "CVE-2026-0001"},
		Links: []routing.Link{{Text: "github", URL: "https://github.com/acme/shop/security/dependabot/8"},
			{Text: "GHSA-aaaa-bbbb-cccc", URL: "https://github.com/advisories/GHSA-aaaa-bbbb-cccc"}},
		StartsAt: sourcetest.At(t, "2026-03-30T10:00:00Z"), EndsAt: sourcetest.At(t, "2026-03-30T12:00:00Z"),
	}}, b.Alerts)
}

// TestSecret ensures that a live secret is critical and any other high, and that actions
// speak where old bodies have no state.
func TestSecret(t *testing.T) {
	for _, c := range []struct {
		action, validity, resolution string
		status                       routing.Status
		word                         string
	}{
		{"created", "active", "null", routing.Firing, "critical"},
		{"created", "unknown", "null", routing.Firing, "high"},
		{"reopened", "inactive", "null", routing.Firing, "high"},
		{"publicly_leaked", "active", "null", routing.Firing, "critical"},
		{"resolved", "active", `"revoked"`, routing.Resolved, "critical"},
		{"revoked", "", "null", routing.Resolved, "high"},
		{"assigned", "active", "null", "", ""},
	} {
		b, err := sourcetest.Decode(t, Source(), fixture(t, "secret.json", "ACTION", c.action, "VALIDITY", c.validity, "RESOLUTION", c.resolution))
		require.NoError(t, err)
		if c.status == "" {
			require.Equal(t, "secret_scanning_alert.assigned tells of no change", b.Note)
			continue
		}
		a := b.Alerts[0]
		require.Equal(t, c.status, a.Status, c.action)
		require.Equal(t, c.word, a.SeverityWord, c.action)
		require.Equal(t, "acme/shop/secret_scanning_alert/5", a.Identity)
		require.Equal(t, "Secret exposed: Example Token (acme/shop)", a.Title)
		require.Equal(t, "https://github.com/acme/shop/security/secret-scanning/5", a.Links[0].URL)
		require.Equal(t, c.status == routing.Resolved, !a.EndsAt.IsZero())
	}
}

// TestAdvisory ensures that an advisory fires until it is withdrawn.
func TestAdvisory(t *testing.T) {
	for action, status := range map[string]routing.Status{
		"published": routing.Firing, "updated": routing.Firing, "performed": routing.Firing, "withdrawn": routing.Resolved,
	} {
		b, err := sourcetest.Decode(t, Source(), fixture(t, "advisory.json", "ACTION", action))
		require.NoError(t, err)
		require.Equal(t, []routing.Alert{{
			Source: "github", Identity: "GHSA-aaaa-bbbb-cccc", Status: status, Title: "Endless loop in yaml",
			Description: "go example.org/yaml < 1.2.3\nA crafted document never ends.", SeverityWord: "high",
			Labels:   map[string]string{"event": "security_advisory", "ghsa": "GHSA-aaaa-bbbb-cccc", "cve": "CVE-2026-0001", "package": "example.org/yaml", "ecosystem": "go"},
			Links:    []routing.Link{{Text: "GHSA-aaaa-bbbb-cccc", URL: "https://github.com/advisories/GHSA-aaaa-bbbb-cccc"}},
			StartsAt: sourcetest.At(t, "2026-03-30T10:00:00Z"),
		}}, b.Alerts, action)
	}
}

// TestVulnerability ensures that the older event works, with its word and without a number.
func TestVulnerability(t *testing.T) {
	body := `{"action":"ACTION","alert":{"id":91095730123456789,"affected_package_name":"rack","affected_range":"< 2.0.6","fixed_in":"2.0.6","external_identifier":"CVE-2018-0001","external_reference":"https://nvd.example.org/CVE-2018-0001","severity":"moderate"},"repository":{"full_name":"acme/shop"}}`
	for action, status := range map[string]routing.Status{"create": routing.Firing, "reopen": routing.Firing, "dismiss": routing.Resolved, "resolve": routing.Resolved} {
		b, err := sourcetest.Decode(t, Source(), strings.Replace(body, "ACTION", action, 1))
		require.NoError(t, err)
		a := b.Alerts[0]
		require.Equal(t, []string{string(status), "acme/shop/repository_vulnerability_alert/id-91095730123456789", "moderate", "CVE-2018-0001 in rack (acme/shop)", "rack < 2.0.6, fixed in 2.0.6"},
			[]string{string(a.Status), a.Identity, a.SeverityWord, a.Title, a.Description})
		require.Len(t, a.Links, 1)
	}
}

// TestNotAlerts ensures that events about something else are taken without an alert.
func TestNotAlerts(t *testing.T) {
	for event, body := range map[string]string{
		"ping":                           `{"zen":"Keep it simple.","hook_id":1}`,
		"secret_scanning_alert_location": `{"action":"created","alert":{"number":5,"secret_type":"x"},"location":{"type":"commit"},"repository":{"full_name":"acme/shop"}}`,
		"push":                           `{"ref":"refs/heads/main"}`,
	} {
		b, err := sourcetest.Decode(t, Source(), body, "X-GitHub-Event", event)
		require.NoError(t, err)
		require.Equal(t, event+" is not an alert", b.Note)
		if event != "push" {
			inferred, err := sourcetest.Decode(t, Source(), body)
			require.NoError(t, err)
			require.Equal(t, b.Note, inferred.Note)
		}
	}
}

// TestUnusable ensures that a body of the wrong shape is an error that names what is missing.
func TestUnusable(t *testing.T) {
	for _, c := range []struct{ body, event, want string }{
		{`{}`, "", "X-GitHub-Event"},
		{`{"alert":{"number":1},"repository":{"full_name":"a/b"}}`, "", "X-GitHub-Event"},
		{`{"alert":{"number":1}}`, "dependabot_alert", "repository.full_name"},
		{`{"alert":{},"repository":{"full_name":"a/b"}}`, "code_scanning_alert", "a number"},
		{`{"security_advisory":{}}`, "security_advisory", "ghsa_id"},
		{`[]`, "ping", "expected an object"},
		{`{`, "ping", "not valid JSON at byte 1"},
	} {
		_, err := sourcetest.Decode(t, Source(), c.body, "X-GitHub-Event", c.event)
		require.ErrorContains(t, err, c.want)
	}
}

// TestSignature ensures that only GitHub's own SHA-256 signature passes. The vector is
// that of GitHub's documentation on validating deliveries.
func TestSignature(t *testing.T) {
	sourcetest.Signatures(t, Source(), "X-Hub-Signature-256", "sha256=")
	h := sourcetest.Header("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	require.NoError(t, source.Auth{SigningSecrets: []string{"It's a Secret to Everybody"}}.Check(Source(), h, "", []byte("Hello, World!")))
}

func fixture(t testing.TB, file string, replace ...string) string {
	body, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	return strings.NewReplacer(replace...).Replace(string(body))
}

// FuzzDecode ensures that no body and no event panics or yields half an alert.
func FuzzDecode(f *testing.F) {
	for _, file := range []string{"code_scanning.json", "dependabot.json", "secret.json", "advisory.json"} {
		body := fixture(f, file, "ACTION", "created", "STATE", "open", "VALIDITY", "active", "RESOLUTION", "null")
		f.Add([]byte(body), "", "application/json")
		f.Add([]byte("payload="+url.QueryEscape(body)), "dependabot_alert", "application/x-www-form-urlencoded")
	}
	f.Fuzz(func(t *testing.T, body []byte, event, media string) {
		b, err := Source().Decode(sourcetest.Header("X-GitHub-Event", event, "Content-Type", media), body, time.Time{})
		sourcetest.Sound(t, Source(), b, err)
	})
}
