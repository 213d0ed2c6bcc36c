// Package demo shows the whole main job on one machine: the real gateway on the embedded
// store, four people who do not exist, and a telephone that stands in for Twilio. It plays an
// Alertmanager, a Sentry and a scanner; the visitor answers the texts, in the terminal or on
// the page at "/".
//
// With Auto the story answers for itself and is checked: what the phones showed, read from the
// telephone's log, and what the HTTP API says. Nothing else is asked, so the check would
// notice a gateway that only believes it paged. Deadlines are seconds in the configuration;
// the clock is the real one.
package demo
