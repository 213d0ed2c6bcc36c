// Package github reads GitHub's webhooks about security: code scanning, Dependabot, secret
// scanning, the older vulnerability alerts, and the advisories of its database.
//
// The header X-GitHub-Event says what a body is about; in a file without headers its keys
// say it. Whether an alert is open is read from alert.state, and from the action where
// old bodies have no state. An alert that comes back (reopened, reintroduced) starts when
// it was last updated, an alert that appeared in another branch is still the same one.
// Events that are not listed here are taken without an alert, so that a hook which sends
// everything does no harm.
//
//	identity  repository/event/number; of an advisory its GHSA id
//	severity  code scanning: rule.security_severity_level, else rule.severity;
//	          Dependabot and advisories: their own word ("moderate" in old bodies);
//	          secrets have none: "high", and "critical" when known to be live
//
// The signature is "sha256=" and lower-case hex of HMAC-SHA256 over the raw bytes, in
// X-Hub-Signature-256; of a form-encoded delivery it covers the form. The older SHA-1
// header is not looked at. X-GitHub-Delivery is the delivery identity, the same when
// somebody redelivers by hand. GitHub itself never retries.
//
// Reference: https://docs.github.com/en/webhooks/webhook-events-and-payloads
package github
