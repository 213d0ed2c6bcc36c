// Package routing turns an alert into decisions: how severe it is, which
// escalation policy answers for it, and which other alerts are the same trouble.
//
// The package is pure. It knows no clock, no network and no logger: time comes in
// as an argument, and everything configured is compiled once into a [Table] that
// never changes afterwards. So production, the simulator and the replay of history
// run the very same function.
//
//	source bytes ──(routing/source)──▶ Alert ──classify──▶ Severity + reasons
//	                                     │
//	                                     └──route tree──▶ []Decision{policy, dedup key, hold, mute}
//
// Routing fails open: whatever goes wrong here, the root policy gets the alert and
// the decision says why.
package routing
