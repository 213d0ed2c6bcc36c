package source_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/routing"
	"tocsin/routing/source"
	"tocsin/routing/source/alertmanager"
	"tocsin/routing/source/generic"
	"tocsin/routing/source/github"
	"tocsin/routing/source/sarif"
	"tocsin/routing/source/sentry"
	"tocsin/routing/source/trivyoperator"
)

// row is one expected alert, written from the senders' documentation. An identity that
// ends in "*" is a prefix (the rest is a hash). Labels are those that matter.
type row struct {
	status                       routing.Status
	identity, group, word, title string
	links                        int
	starts, ends                 string
	labels                       l
}

type l map[string]string

type sample struct {
	event    string // the header that names the event, where the sender has one
	alerts   []row
	complete string // the complete group
}

const (
	F = routing.Firing
	R = routing.Resolved
	A = routing.Acknowledged

	amStart  = "2026-03-02T09:14:33.201Z"
	amEnd    = "2026-03-02T09:20:03.201Z"
	nodeDown = `{}/{team="infra"}:{alertname="NodeDown", cluster="mainnet"}`
	highErr  = `{}/{severity="critical"}:{alertname="HighErrorRate", service="withdrawals"}`
	gas      = "InsufficientGas: cannot estimate gas for withdrawal"
	sqli     = "Query built from user-controlled sources (Codertocat/Hello-World)"
	elliptic = "Elliptic's private key extraction in ECDSA upon signing a malformed input (acme/wallet-api)"
	hello10  = "Codertocat/Hello-World/code_scanning_alert/10"
	alpine   = "testdata/fixtures/images/alpine-310.tar.gz"
)

func node(status routing.Status, n int, fingerprint, ends string) row {
	return row{status, fingerprint, nodeDown, "critical", fmt.Sprintf("NodeDown on validator-%02d.example.test:9100", n), 1, amStart, ends,
		l{"cluster": "mainnet", "environment": "production", "instance": fmt.Sprintf("validator-%02d.example.test:9100", n)}}
}

func severity(n int, fingerprint, word string) row {
	return row{F, fingerprint, "{}:{}", word, fmt.Sprintf("A%d on h%d", n, n), 1, amStart, "", l{"severity": word}}
}

var alertmanagerSamples = map[string]sample{
	"api-v2-post-disk-running-full.json": {alerts: []row{
		{F, "8320f0af89d48747", "", "", "please check the instance example1", 0, "", "", l{"dev": "sda1"}},
		{F, "e1d3beb1bb24a40c", "", "", "please check the instance example1", 0, "", "", l{"dev": "sda2"}},
		{F, "831ef0af89d40470", "", "", "please check the instance example2", 0, "", "", nil},
		{F, "74eed9368316aaba", "", "", "please check the instance example2", 0, "", "", nil},
		{F, "7666d3970f6e15cf", "", "critical", "DiskRunningFull", 0, "", "", nil},
		{F, "6543bc164be4f176", "", "warning", "DiskRunningFull", 0, "", "", nil},
	}},
	"api-v2-post-from-falcosidekick.json": {alerts: []row{
		{F, "dbbdf2cdcca9d9bc", "", "critical", "Falco internal: syscall event drop", 0, "", "", l{"source": "falco", "n_drops": ">10000"}},
	}},
	"firing-two-alerts.json": {alerts: []row{
		{F, "a1bc48475b20e73d", "{}/{}:{}", "critical", "High CPU core temperature", 1, "2020-02-06T00:17:58.432911368Z", "", l{"host": "andromeda"}},
		{F, "c2ea85182f28cbd9", "{}/{}:{}", "critical", "High CPU core temperature", 1, "2020-02-06T00:17:58.432911368Z", "", l{"host": "andromeda"}},
	}},
	"firing-version3-numeric-groupkey.json": {alerts: []row{
		{F, "d2089d8d0f422129", "5615590933959184469", "critical", "Connect fail", 1, "2016-08-01T10:27:08.008Z", "", l{"environment": "Production", "service": "System"}},
	}},
	"resolved-single.json": {alerts: []row{
		{R, "a1bc48475b20e73d", "{}/{}:{}", "critical", "High CPU core temperature", 1, "2020-02-06T00:17:58.432911368Z", "", l{"host": "andromeda"}},
	}},
	"written-api-v2-post-firing.json":   {alerts: []row{{F, "660acf5bcbc520ad", "", "critical", "Target down", 1, amStart, "", l{"job": "node"}}}},
	"written-api-v2-post-resolved.json": {alerts: []row{{R, "660acf5bcbc520ad", "", "critical", "Target down", 1, amStart, "2026-03-02T09:29:33.201Z", nil}}},
	"written-empty-alerts.json":         {},
	"written-grouped-many-mixed.json": {complete: nodeDown, alerts: []row{
		node(F, 1, "f411cd9a58e88882", ""), node(F, 2, "73004756c58eb48f", ""), node(R, 3, "c970d37c82e34147", amEnd),
		node(F, 4, "7934137c95afc911", ""), node(F, 5, "247b5cff27476659", ""), node(R, 6, "c2a85db0816c6635", amEnd),
		node(F, 7, "6e52c738c240a4bc", ""), node(F, 8, "7e76b8f09f9994d5", ""), node(F, 9, "658b3e94d4642ec0", ""),
		node(R, 10, "27ead6055d2b0482", amEnd), node(F, 11, "428cbf5dbf8da2d0", ""), node(F, 12, "5e4aefb09781738d", ""),
	}},
	"written-missing-fields.json": {alerts: []row{{F, "24c8b7fe2f0ea762", "{}:{}", "", "EtcdBackupStale", 0, amStart, "", l{"instance": "etcd-0"}}}},
	"written-nonascii-and-long.json": {complete: "{}:{}", alerts: []row{
		{F, "a37140c86aea6585", "{}:{}", "warning", "队列积压 – backlog Δ > 10k 🚨", 1, amStart, "", l{"alertname": "Größenlimit", "instance": "hôte-é.example.test"}},
	}},
	"written-repeat-first-send.json":               {complete: highErr, alerts: []row{highError}},
	"written-repeat-second-send.json":              {complete: highErr, alerts: []row{highError}},
	"written-repeat-with-notification-reason.json": {complete: highErr, alerts: []row{highError}},
	"written-resolved-group.json": {complete: `{}:{alertname="DiskWillFillIn4Hours"}`, alerts: []row{
		{R, "f7272b9b0812a08a", `{}:{alertname="DiskWillFillIn4Hours"}`, "warning", "DiskWillFillIn4Hours on db-01.example.test:9100", 1, amStart, "2026-03-02T10:01:03.201Z", nil},
	}},
	"written-severity-variants.json": {complete: "{}:{}", alerts: []row{
		severity(1, "4887f800da987c21", "page"), severity(2, "4c226dfc8c57f230", "P1"), severity(3, "3e66d34a32ba27db", "CRITICAL"),
		severity(4, "bbd61e83ebcb97f7", "none"), severity(5, "23e2d92918e8e44e", "info"), severity(6, "fad9593b64dfdd67", "error"),
	}},
	"written-truncated.json": {alerts: []row{node(F, 1, "f411cd9a58e88882", ""), node(F, 2, "73004756c58eb48f", "")}},
	"written-watchdog.json": {complete: `{}:{alertname="Watchdog"}`, alerts: []row{
		{F, "7927142094510951", `{}:{alertname="Watchdog"}`, "none", "An alert that should always be firing to certify that Alertmanager is working properly.", 1, amStart, "", nil},
	}},
}

var highError = row{F, "b8c5aee44270df0f", highErr, "critical", "HighErrorRate on api-01.example.test:8080", 1, amStart, "", l{"service": "withdrawals"}}

func wallet(status routing.Status, word, starts string, links int, labels l) []row {
	return []row{{status, "issue:4509001", "", word, gas, links, starts, "", labels}}
}

func withdrawals(status routing.Status, word, ends string) []row {
	return []row{{status, "metric:88", "", word, "Withdrawal error rate", 1, "2026-03-02T09:00:00Z", ends, l{"environment": "production", "project": "wallet-api", "rule_id": "7"}}}
}

const firstSeen = "2026-03-02T08:58:04.12Z"

var sentrySamples = map[string]sample{
	"comment-created.json": {event: "comment"},
	"event-alert-exception-js.json": {event: "event_alert", alerts: []row{
		{F, "issue:1731239773", "", "error", "Error: Something external broke.", 1, "", "", l{"project": "zulip-integration-testing", "project_id": "5216640", "browser.name": "Firefox", "rule": "Send a webhook payload to Webhook.site"}}}},
	"event-alert-exception-python.json": {event: "event_alert", alerts: []row{
		{F, "issue:1635244907", "", "error", "Exception: Custom exception!", 1, "", "", l{"server_name": "hp-pavilion", "resource": "event_alert"}}}},
	"event-alert-message-node.json": {event: "event_alert", alerts: []row{{F, "issue:1638840427", "", "info", "Test event from node.", 1, "", "", nil}}},
	"event-alert-with-rule-action.json": {event: "event_alert", alerts: []row{
		{F, "issue:123", "", "", "Error #1: This is a test error!", 1, "", "", l{"environment": "production", "rule": "issue alert"}}}},
	"installation-created.json":                      {event: "installation"},
	"issue-assigned-to-user.json":                    {event: "issue"},
	"issue-created-exception.json":                   {event: "issue", alerts: []row{{F, "issue:1635244907", "", "error", "Exception: Custom exception!", 0, "2020-04-28T13:56:05.903736Z", "", l{"project": "zulip-integration-testing"}}}},
	"issue-resolved.json":                            {event: "issue", alerts: []row{{R, "issue:1638821441", "", "error", "Exception: program has entered an invalid state.", 0, "2020-04-30T05:54:15.092476Z", "", nil}}},
	"legacy-plugin-exception-python.json":            {alerts: []row{{F, "issue:1972208801", "", "error", "ValueError: new sentry error.", 1, "", "", l{"project": "foo-live", "rule": "Send a notification for new events"}}}},
	"legacy-plugin-v8.json":                          {alerts: []row{{F, "issue:541485531", "", "error", "This is an example Python exception", 1, "", "", l{"project": "alerta5", "browser": "Chrome 28.0"}}}},
	"metric-alert-critical-with-action.json":         {event: "metric_alert", alerts: []row{{F, "metric:789", "", "critical", "metric alert", 0, "", "", l{"rule": "metric alert"}}}},
	"metric-alert-resolved.json":                     {event: "metric_alert", alerts: []row{{R, "metric:789", "", "", "metric alert", 0, "", "", nil}}},
	"written-activity-alert-triggered.json":          {event: "activity_alert"},
	"written-comment-updated.json":                   {event: "comment"},
	"written-error-created.json":                     {event: "error"},
	"written-event-alert-fatal.json":                 {event: "event_alert", alerts: wallet(F, "fatal", "", 1, l{"environment": "production", "project": "wallet-api", "rule": "Any fatal in production"})},
	"written-event-alert-same-issue-next-event.json": {event: "event_alert", alerts: wallet(F, "fatal", "", 1, l{"environment": "production"})},
	"written-issue-archived.json":                    {event: "issue", alerts: wallet(A, "error", firstSeen, 1, nil)},
	"written-issue-assigned-team.json":               {event: "issue"},
	"written-issue-created-outage-uptime.json":       {event: "issue", alerts: []row{{F, "issue:4509002", "", "error", "Downtime detected for https://api.example.test/health", 1, firstSeen, "", l{"category": "outage"}}}},
	"written-issue-created-priority-high.json":       {event: "issue", alerts: wallet(F, "error", firstSeen, 1, l{"project": "wallet-api", "priority": "high", "logger": "wallet"})},
	"written-issue-resolved-in-next-release.json":    {event: "issue", alerts: wallet(R, "error", firstSeen, 1, nil)},
	"written-issue-unresolved-regressed.json":        {event: "issue", alerts: wallet(F, "error", "2026-03-02T09:12:44.004Z", 1, nil)},
	"written-legacy-plugin-current.json":             {alerts: wallet(F, "error", "", 1, l{"environment": "production", "project": "wallet-api"})},
	"written-metric-alert-critical.json":             {event: "metric_alert", alerts: withdrawals(F, "critical", "")},
	"written-metric-alert-resolved.json":             {event: "metric_alert", alerts: withdrawals(R, "", "2026-03-02T09:31:00Z")},
	"written-metric-alert-warning.json":              {event: "metric_alert", alerts: withdrawals(F, "warning", "")},
}

var githubSamples = map[string]sample{
	"code-scanning-closed-by-user.json": {event: "code_scanning_alert", alerts: []row{
		{R, hello10, "", "error", "CVE-2020-27218 Severity=Medium Package=http2-hpack Version=9.4.27.v20200227 (Codertocat/Hello-World)", 1, "2021-02-11T02:49:18Z", "2021-02-11T02:59:08Z", nil}}},
	"code-scanning-created.json": {event: "code_scanning_alert", alerts: []row{{F, hello10, "", "error", sqli, 1, "2021-02-11T03:10:43Z", "", l{"rule": "java/sql-injection", "tool": "CodeQL"}}}},
	"code-scanning-fixed.json":   {event: "code_scanning_alert", alerts: []row{{R, hello10, "", "error", sqli, 1, "2021-02-11T03:10:43Z", "", nil}}},
	"code-scanning-reopened-with-organization.json": {event: "code_scanning_alert", alerts: []row{
		{F, hello10, "", "note", "Add the frozen_string_literal comment to the top of files to help transition to frozen string literals by default. (Codertocat/Hello-World)", 1, "2020-07-22T14:06:31Z", "", nil}}},
	"dependabot-created.json": {event: "dependabot_alert", alerts: []row{
		{F, "wolfy1339/pika-pack/dependabot_alert/20", "", "medium", "semver vulnerable to Regular Expression Denial of Service (wolfy1339/pika-pack)", 2, "2023-06-24T13:57:12Z", "", l{"package": "semver", "ecosystem": "npm", "cve": "CVE-2022-25883", "repository": "wolfy1339/pika-pack"}}}},
	"ping.json": {event: "ping"},
	"repository-vulnerability-create.json": {event: "repository_vulnerability_alert", alerts: []row{
		{F, "Codertocat/Hello-World/repository_vulnerability_alert/2", "", "moderate", "CVE-2018-16470 in rack (Codertocat/Hello-World)", 2, "2021-03-01T01:23:45Z", "", l{"package": "rack"}}}},
	"repository-vulnerability-dismiss.json": {event: "repository_vulnerability_alert", alerts: []row{
		{R, "Codertocat/Hello-World/repository_vulnerability_alert/2", "", "moderate", "CVE-2018-3728 in many_versioned_gem (Codertocat/Hello-World)", 2, "2017-10-25T00:00:00Z", "2017-10-25T00:00:00Z", nil}}},
	"secret-scanning-reopened.json": {event: "secret_scanning_alert", alerts: []row{
		{F, "Codertocat/Hello-World/secret_scanning_alert/191", "", "high", "Secret exposed: adafruit_io_key (Codertocat/Hello-World)", 1, "", "", l{"secret_type": "adafruit_io_key"}}}},
	"security-advisory-published.json": {event: "security_advisory", alerts: []row{
		{F, "GHSA-rf4j-j272-fj86", "", "moderate", "Moderate severity vulnerability that affects django", 1, "2018-10-03T21:13:54Z", "", l{"package": "django", "ecosystem": "pip"}}}},
	"security-advisory-withdrawn.json": {event: "security_advisory", alerts: []row{
		{R, "GHSA-8v27-2fg9-7h62", "", "critical", "Withdrawn: Arbitrary Code Execution in static-eval", 1, "2021-05-06T16:11:25Z", "2021-05-06T16:13:08Z", nil}}},
	"written-code-scanning-appeared-in-branch.json": {event: "code_scanning_alert", alerts: []row{
		{F, "acme/wallet-api/code_scanning_alert/10", "", "high", "Database query built from user-controlled sources (acme/wallet-api)", 1, "2026-03-01T03:10:43Z", "", nil}}},
	"written-dependabot-dismissed.json":    {event: "dependabot_alert", alerts: []row{{R, "acme/wallet-api/dependabot_alert/7", "", "critical", elliptic, 2, "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z", nil}}},
	"written-dependabot-reintroduced.json": {event: "dependabot_alert", alerts: []row{{F, "acme/wallet-api/dependabot_alert/7", "", "critical", elliptic, 2, "2026-03-02T09:00:00Z", "", l{"ghsa": "GHSA-vjh7-7g9h-fjfh"}}}},
	"written-secret-scanning-created.json": {event: "secret_scanning_alert", alerts: []row{
		{F, "acme/wallet-api/secret_scanning_alert/42", "", "critical", "Secret exposed: Stripe API Key (acme/wallet-api)", 1, "2026-03-02T09:00:00Z", "", l{"validity": "active"}}}},
	"written-secret-scanning-resolved.json": {event: "secret_scanning_alert", alerts: []row{
		{R, "acme/wallet-api/secret_scanning_alert/42", "", "critical", "Secret exposed: Stripe API Key (acme/wallet-api)", 1, "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z", nil}}},
}

func trivy(cve, title string) row {
	return row{F, "Trivy/" + cve + "/sha256:*", "Trivy", "medium", title, 1, "", "", l{"path": alpine, "rule": cve}}
}

func tutorial(status routing.Status, word, title string) row {
	return row{status, "SarifSamples/TUT1001/sha256:*", "SarifSamples", word, title, 0, "", "", l{"rule": "TUT1001"}}
}

func slither(n int, rule, word, title string) row {
	id := strings.Repeat(fmt.Sprintf("c0ffee%02d", n), 8)
	return row{F, "Slither/" + rule + "/id=" + id, "Slither", word, title, 0, "", "", l{"path": "src/Vault.sol", "level": "warning"}}
}

const unusedVariable = "js/unused-local-variable/primaryLocationLineHash=39fa2ee980eb94b0:1,primaryLocationStartColumnFingerprint=4"

var sarifSamples = map[string]sample{
	"baseline-states.json": {alerts: []row{
		tutorial(R, "warning", "Absent result."), tutorial(F, "warning", "Unchanged result."), tutorial(F, "warning", "Updated result."), tutorial(F, "warning", "New result.")}},
	"codeql-two-runs.json": {alerts: []row{
		{F, "LGTM.com/" + unusedVariable, "LGTM.com", "note", "Unused variable, import, function or class", 0, "", "", l{"path": "main.js"}},
		{F, "CodeQL command-line toolchain/" + unusedVariable, "CodeQL command-line toolchain", "note", "Unused variable, import, function or class", 0, "", "", nil},
		{F, "CodeQL command-line toolchain/js/inconsistent-use-of-new/primaryLocationLineHash=5061c3315a741b7d:1,primaryLocationStartColumnFingerprint=7",
			"CodeQL command-line toolchain", "note", "Inconsistent use of 'new'", 0, "", "", l{"path": "src/promiseUtils.js"}}}},
	"default-rule-configuration.json": {alerts: []row{
		tutorial(F, "error", "This result is an error according to the default rule configuration."),
		{F, "SarifSamples/TUT1002/sha256:*", "SarifSamples", "warning", "This result is a warning according to the default rule configuration.", 0, "", "", nil}}},
	"dockle.json": {alerts: []row{
		{F, "Dockle/CIS-DI-0010/sha256:*", "Dockle", "error", "Do not store credential in ENVIRONMENT vars/files", 0, "", "", nil},
		{F, "Dockle/CIS-DI-0005/sha256:*", "Dockle", "note", "Enable Content trust for Docker", 0, "", "", nil},
		{F, "Dockle/CIS-DI-0006/sha256:*", "Dockle", "note", "Add HEALTHCHECK instruction to the container image", 0, "", "", nil},
		{F, "Dockle/CIS-DI-0008/sha256:*", "Dockle", "note", "Confirm safety of setuid/setgid files", 0, "", "", nil}}},
	"grype-image.json": {alerts: []row{
		{F, "grype/CVE-1999-0001-package-1/primaryLocationLineHash=efe125c0a2b4bdafe476b69ba51a49734780c62b93803950319056acebe4323f:1", "grype", "high", "CVE-1999-0001 low vulnerability for package-1 package", 1, "", "", l{"level": "note"}},
		{F, "grype/CVE-1999-0002-package-2/primaryLocationLineHash=bafe9890c7cda00bf4d1b1a57d1d20b08e27162e718235a3d38a9a8d2f449ed1:1", "grype", "high", "CVE-1999-0002 critical vulnerability for package-2 package", 1, "", "", l{"level": "error"}}}},
	"njsscan.json": {alerts: []row{
		{F, "nodejsscan/node_insecure_random_generator/sha256:*", "nodejsscan", "warning", "crypto.pseudoRandomBytes()/Math.random() is a cryptographically weak random number generator.", 1, "", "", l{"path": "file:///src/index.js"}},
		{F, "nodejsscan/node_password/sha256:*", "nodejsscan", "error", "A hardcoded password in plain text is identified. Store it properly in an environment variable.", 1, "", "", nil}}},
	// The last one is under review and rejected: nobody accepted it, so it is shown, as the
	// one under review alone is (the sample's own text about the last disagrees with that).
	"suppressions.json": {alerts: []row{
		tutorial(F, "warning", "This result is visible because it is not suppressed."),
		tutorial(F, "warning", "This result is visible because its suppression was rejected."),
		tutorial(F, "warning", "This result is visible because its suppression is still under review."),
		tutorial(F, "warning", "This result is hidden because at least one suppression has not yet been rejected (it is still under review).")}},
	"trivy-alpine.json": {alerts: []row{
		trivy("CVE-2019-1549", "openssl: information disclosure in fork()"), trivy("CVE-2019-1551", "openssl: Integer overflow in RSAZ modular exponentiation on x86_64"),
		trivy("CVE-2019-1549", "openssl: information disclosure in fork()"), trivy("CVE-2019-1551", "openssl: Integer overflow in RSAZ modular exponentiation on x86_64")}},
	"written-empty-results.json": {},
	"written-slither-contract.json": {alerts: []row{
		slither(1, "0-1-reentrancy-eth", "high", "Reentrancy vulnerabilities"), slither(2, "0-0-arbitrary-send-eth", "high", "Functions that send Ether to arbitrary destinations"),
		slither(3, "2-1-timestamp", "low", "Block timestamp"), slither(4, "3-0-solc-version", "info", "Incorrect versions of Solidity")}},
}

const (
	scanned     = "2023-03-23T16:23:01Z"
	walletImage = "wallet-api acme/wallet-api:4.2.0"
	walletID    = "VulnerabilityReport/default/replicaset-wallet-api-6d4f-wallet-api"
	nginxID     = "VulnerabilityReport/default/replicaset-nginx-deployment-965685897-nginx"
	nginx       = "default/nginx-deployment-965685897 nginx library/nginx:alpine"
)

var trivyOperatorSamples = map[string]sample{
	"clustercompliancereport.json": {alerts: []row{{F, "ClusterComplianceReport//cis", "", "critical", "2 critical failing controls in CIS Kubernetes Benchmarks v1.23", 0, "", "", nil}}},
	"configauditreport-single.json": {alerts: []row{{F, "ConfigAuditReport/default/replicaset-nginx-deployment-965685897", "", "low",
		"1 low configuration problem in default/nginx-deployment-965685897", 0, "2023-03-23T16:22:54Z", "", l{"resource_kind": "ReplicaSet"}}}},
	"exposedsecretreport-single.json": {alerts: []row{{F, "ExposedSecretReport/default/replicaset-nginx-deployment-c868466d4-nginx", "", "critical",
		"1 critical exposed secret in default/nginx-deployment-c868466d4 nginx library/secret:latest", 0, "2023-03-24T08:34:18Z", "", l{"container": "nginx"}}}},
	"vulnerabilityreport-no-vuln.json": {alerts: []row{{R, nginxID, "", "", "No vulnerabilities in " + nginx, 0, scanned, scanned, nil}}},
	"vulnerabilityreport-single.json":  {alerts: []row{{F, nginxID, "", "critical", "1 critical vulnerability in " + nginx, 1, scanned, "", l{"namespace": "default", "image": "library/nginx:alpine"}}}},
	"written-verb-delete.json":         {alerts: []row{{R, walletID, "", "", "Report deleted: vulnerabilities in default/wallet-api-6d4f " + walletImage, 1, scanned, "", nil}}},
	"written-verb-update.json":         {alerts: []row{{F, walletID, "", "critical", "1 critical vulnerability in default/wallet-api-6d4f " + walletImage, 1, scanned, "", nil}}},
}

var genericSamples = map[string]sample{
	"written-plain-alert.json": {alerts: []row{{F, "signer-quorum", "", "critical", "Signer quorum lost", 1, "", "", l{"environment": "production", "service": "signer", "source_name": "signer-watch"}}}},
}

// TestSamples ensures that every sample of a sender's body means what the sender's
// documentation says, and that no sample is left out.
func TestSamples(t *testing.T) {
	files, alerts := 0, 0
	for _, s := range []struct {
		source      source.Source
		eventHeader string
		samples     map[string]sample
	}{
		{alertmanager.Source(), "", alertmanagerSamples}, {sentry.Source(), "Sentry-Hook-Resource", sentrySamples},
		{github.Source(), "X-GitHub-Event", githubSamples}, {sarif.Source(), "", sarifSamples},
		{trivyoperator.Source(), "", trivyOperatorSamples}, {generic.Source(), "", genericSamples},
	} {
		dir := filepath.Join(samplesDir(t), s.source.Name)
		found, err := filepath.Glob(filepath.Join(dir, "*.json"))
		require.NoError(t, err)
		for _, path := range found {
			require.Contains(t, s.samples, filepath.Base(path), "a new sample of %s needs an expectation", s.source.Name)
		}
		for file, want := range s.samples {
			t.Run(s.source.Name+"/"+file, func(t *testing.T) {
				body, err := os.ReadFile(filepath.Join(dir, file))
				require.NoError(t, err)
				h := http.Header{}
				if s.eventHeader != "" && want.event != "" {
					h.Set(s.eventHeader, want.event)
				}
				checkSample(t, s.source, h, body, want)
				files, alerts = files+1, alerts+len(want.alerts)
			})
		}
	}
	fmt.Printf("samples: %d files, %d alerts\n", files, alerts)
}

func checkSample(t *testing.T, src source.Source, h http.Header, body []byte, want sample) {
	b, err := src.Decode(h, body, time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Empty(t, b.Rejected)
	require.Equal(t, len(want.alerts) == 0, b.Note != "", "a note says why there is no alert, and only then")
	require.Len(t, b.Alerts, len(want.alerts))
	require.Equal(t, want.complete, strings.Join(b.CompleteGroups, "|"))
	seen := map[string]bool{}
	for i, a := range b.Alerts {
		w := want.alerts[i]
		prefix, hashed := strings.CutSuffix(w.identity, "*")
		if hashed {
			require.True(t, strings.HasPrefix(a.Identity, prefix), a.Identity)
			w.identity = a.Identity
		}
		require.False(t, seen[a.Identity], "identity %s twice", a.Identity)
		seen[a.Identity] = true
		got := row{a.Status, a.Identity, a.Group, a.SeverityWord, a.Title, len(a.Links), stamp(a.StartsAt), stamp(a.EndsAt), w.labels}
		require.Equal(t, w, got)
		require.Subset(t, a.Labels, w.labels)
		require.Equal(t, src.Name, a.Source)
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

// samplesDir finds the shared samples beside the repository.
func samplesDir(t *testing.T) string {
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		require.NotEqual(t, filepath.Dir(dir), dir, "no go.mod above the test")
		dir = filepath.Dir(dir)
	}
	dir = filepath.Join(dir, "..", "shared", "samples")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("TOCSIN_REQUIRE_SHARED") == "1" {
			t.Fatalf("TOCSIN_REQUIRE_SHARED=1, but the shared samples are missing: %v", err)
		}
		t.Skip("the shared samples of real bodies are not beside this repository; the sources' own tests cover the same cases")
	}
	return dir
}
