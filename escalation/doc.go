// Package escalation decides who is paged, when, and when it is over.
//
// Its heart is one pure function:
//
//	Step(env, incident, members, attempts, command) → (incident', changed rows, timeline, outcome)
//
// Every change of an incident is a [Command] through this one door: an alert that fires or
// ends, a person who acknowledges, an attempt that was reported, a timer that came due, a new
// book. Step reads no clock and does no I/O, so production, the simulator, the replay and the
// property tests run the same code. The engine around it (escalation/engine) loads, steps,
// commits and wakes; it decides nothing.
//
// # The life of an incident
//
//	(none) ──Fire──▶ quiet (held, muted, suppressed) ──reason ends──▶ triggered
//	(none) ──memo──▶ quiet: one text to one person ──1 h──▶ resolved
//	(none) ──Fire──▶ triggered: tier 0 → tier 1 → … → next round → fallback, again and again
//	triggered ──Acknowledge──▶ acknowledged ──expires──▶ triggered (acknowledger first, then tier 0)
//	any open state ──last member ends, or a person──▶ resolved ──fires again soon──▶ re-opened
//
// Beside the pages of a tier, the shadows of its schedules get a notice, and later that of the
// acknowledgement or the close. Nothing waits for them and nothing takes a notice back.
//
// Timers are not a list that could disagree with the state: [Incident.NextDue] derives the
// earliest from it, the store indexes that, and a [TimerDue] consumes all that are due. So an
// open incident that nobody acknowledged always has a next thing to do.
package escalation
