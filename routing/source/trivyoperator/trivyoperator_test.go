package trivyoperator

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/routing"
	"tocsin/routing/source/sourcetest"
)

// TestReport ensures that a report is one alert with its worst severity, the worst
// findings first, and everything that says where it is; and that a wrapper means the same.
func TestReport(t *testing.T) {
	body := fixture(t)
	want := routing.Alert{
		Source: "trivy-operator", Identity: "VulnerabilityReport/shop/replicaset-api-6d4f-api", Status: routing.Firing,
		Title:        "1 critical, 2 high, 1 unknown vulnerabilities in shop/api-6d4f api acme/api:4.2",
		Description:  "CRITICAL CVE-2026-0001 curl 8.1 (fixed in 8.2): curl: overflow\nHIGH CVE-2026-0002 zlib 1.2: zlib: overflow",
		SeverityWord: "critical",
		Labels: map[string]string{"kind": "VulnerabilityReport", "name": "replicaset-api-6d4f-api", "namespace": "shop", "resource_kind": "ReplicaSet",
			"resource_name": "api-6d4f", "container": "api", "image": "acme/api:4.2", "registry": "registry.example.org"},
		Links:    []routing.Link{{Text: "CVE-2026-0001", URL: "https://avd.example.org/1"}, {Text: "CVE-2026-0002", URL: "https://avd.example.org/2"}},
		StartsAt: sourcetest.At(t, "2026-03-30T10:00:00Z"),
	}
	for _, b := range []string{body, "[" + body + "]", `{"verb":"update","operatorObject":` + body + `}`} {
		got, err := sourcetest.Decode(t, Source(), b)
		require.NoError(t, err)
		require.Equal(t, routing.Batch{Alerts: []routing.Alert{want}}, got)
	}
	got, err := sourcetest.Decode(t, Source(), `{"verb":"delete","operatorObject":`+body+`}`)
	require.NoError(t, err)
	want.Status, want.SeverityWord, want.Title = routing.Resolved, "", "Report deleted: vulnerabilities in shop/api-6d4f api acme/api:4.2"
	require.Equal(t, []routing.Alert{want}, got.Alerts)
}

// TestCounts ensures that the summary decides: the highest count that is not zero, or the end.
func TestCounts(t *testing.T) {
	for summary, want := range map[string]string{
		`{"criticalCount":0,"highCount":0,"mediumCount":0,"lowCount":0}`: "resolved  | No configuration problems in n",
		`{"noneCount":3}`:                                "resolved  | No configuration problems in n",
		`{"unknownCount":2}`:                             "firing unknown | 2 unknown configuration problems in n",
		`{"lowCount":1}`:                                 "firing low | 1 low configuration problem in n",
		`{"mediumCount":1,"lowCount":9}`:                 "firing medium | 1 medium, 9 low configuration problems in n",
		`{"highCount":"3","criticalCount":-5}`:           "firing high | 3 high configuration problems in n",
		`{"highCount":9223372036854775807,"lowCount":1}`: "firing high | 9223372036854775807 high, 1 low configuration problems in n",
	} {
		b, err := sourcetest.Decode(t, Source(), fmt.Sprintf(`{"kind":"ClusterConfigAuditReport","metadata":{"name":"n"},"report":{"summary":%s,"updateTimestamp":"2026-03-30T10:00:00Z"}}`, summary))
		require.NoError(t, err)
		a := b.Alerts[0]
		require.Equal(t, want, fmt.Sprintf("%s %s | %s", a.Status, a.SeverityWord, a.Title))
		require.Equal(t, a.Status == routing.Resolved, !a.EndsAt.IsZero())
	}
}

// TestCompliance ensures that a compliance report counts its failing controls.
func TestCompliance(t *testing.T) {
	const controls = `"summaryReport":{"title":"CIS 1.23","controlCheck":[{"id":"1","name":"a","severity":"HIGH","totalFail":3},{"id":"2","name":"b","severity":"LOW","totalFail":0}]}`
	for status, want := range map[string]string{
		`{"summary":{"failCount":1},` + controls + `}`: "firing high 1 high failing control in CIS 1.23",
		`{` + controls + `}`:                           "firing high 1 high failing control in CIS 1.23",
		`{"summary":{"failCount":2}}`:                  "firing unknown 2 unknown failing controls in cis",
		`{"summary":{"failCount":0}}`:                  "resolved  No failing controls in cis",
		`{}`:                                           "ClusterComplianceReport has no result yet",
	} {
		b, err := sourcetest.Decode(t, Source(), `{"kind":"ClusterComplianceReport","metadata":{"name":"cis"},"status":`+status+`}`)
		require.NoError(t, err)
		got := b.Note
		for _, a := range b.Alerts {
			got += fmt.Sprintf("%s %s %s", a.Status, a.SeverityWord, a.Title)
		}
		require.Equal(t, want, got)
	}
}

// TestSecretIsNotForwarded ensures that what a secret scan matched stays out of the alert.
func TestSecretIsNotForwarded(t *testing.T) {
	b, err := sourcetest.Decode(t, Source(), `{"kind":"ExposedSecretReport","metadata":{"name":"n"},"report":{"summary":{"criticalCount":1},"secrets":[{"ruleID":"key","severity":"CRITICAL","title":"Key","target":"etc/key","match":"TOPSECRET"}]}}`)
	require.NoError(t, err)
	require.Equal(t, "CRITICAL key: Key in etc/key", b.Alerts[0].Description)
	require.NotContains(t, fmt.Sprint(b), "TOPSECRET")
}

// TestArray ensures that in an array the bad reports cost only themselves, and that what
// is no alert is taken.
func TestArray(t *testing.T) {
	b, err := sourcetest.Decode(t, Source(), `[{"kind":"SbomReport","metadata":{"name":"s"}},7,{"kind":"VulnerabilityReport","metadata":{"name":"v"}},{"kind":"RbacAssessmentReport","metadata":{"name":"r"},"report":{"summary":{"lowCount":1}}}]`)
	require.NoError(t, err)
	require.Len(t, b.Alerts, 1)
	require.Equal(t, []int{1, 2}, []int{b.Rejected[0].Index, b.Rejected[1].Index})
	require.Contains(t, b.Rejected[1].Reason, "whether it is clean cannot be told")

	for _, body := range []string{`[]`, `{"kind":"ClusterSbomReport","metadata":{"name":"s"}}`} {
		b, err = sourcetest.Decode(t, Source(), body)
		require.NoError(t, err)
		require.NotEmpty(t, b.Note)
	}
}

// TestUnusable ensures that a body without kind and name, a deletion above all, is an error.
func TestUnusable(t *testing.T) {
	for body, want := range map[string]string{
		`{}`: "kind and metadata.name",
		`{"verb":"delete","operatorObject":{"kind":"VulnerabilityReport","metadata":{}}}`: "kind and metadata.name",
		`{"verb":"delete","operatorObject":{"metadata":{"name":"n"}}}`:                    "kind and metadata.name",
		`{"kind":"VulnerabilityReport","metadata":{"name":"v"},"report":{}}`:              "report.summary",
		`{"kind":"VulnerabilityReport","metadata":"x"}`:                                   "/metadata",
		`{"kind":`: "not valid JSON at byte 8",
		`[{}]`:     "nothing in it could be taken",
	} {
		_, err := sourcetest.Decode(t, Source(), body)
		require.ErrorContains(t, err, want, body)
	}
}

func fixture(t testing.TB) string {
	body, err := os.ReadFile("testdata/vulnerability.json")
	require.NoError(t, err)
	return strings.TrimSpace(string(body))
}

// FuzzDecode ensures that no body panics or yields half an alert.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(fixture(f)))
	f.Add([]byte(`{"verb":"delete","operatorObject":` + fixture(f) + `}`))
	f.Add([]byte(`{"kind":"ClusterComplianceReport","metadata":{"name":"cis"},"status":{"summary":{"failCount":2}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := Source().Decode(sourcetest.Header(), body, time.Time{})
		sourcetest.Sound(t, Source(), b, err)
	})
}
