// Package sentry reads the webhooks of Sentry's integration platform, and those of the
// old project-level WebHooks plugin.
//
// The header Sentry-Hook-Resource says what a body is about; where it is missing (the
// plugin, a file on the command line) the keys of the body say it.
//
//	event_alert              firing; nothing ever resolves it but issue.resolved of the same issue
//	issue.created            firing
//	issue.unresolved         firing again, from the time it was last seen
//	issue.resolved           resolved
//	issue.archived, ignored  acknowledged: somebody chose to live with it, so paging stops,
//	                         but it is not over, and Sentry may un-archive it
//	metric_alert             critical and warning fire, resolved resolves
//	plugin                   firing
//	issue.assigned, error, comment, installation, activity_alert, …
//	                         taken without an alert (error comes once per event; the
//	                         issue and its alerts speak for it)
//
// The identity of everything about an issue is "issue:<id>", so that an alert of a rule
// and the issue's own life meet. It is never the event's id. One issue fires many times.
// Only issues carry the time they began (firstSeen); an event's own time would make each
// event look like a new start, so events have no start.
//
// The signature is lower-case hex of HMAC-SHA256 over the raw bytes in
// Sentry-Hook-Signature, in Sentry-App-Signature for actions of alert rules. Time and
// Request-ID are not signed and are new for each retry, so the delivery identity is the
// hash of the body.
//
// Reference: https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
package sentry
