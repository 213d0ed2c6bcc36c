// Package engine is the shell around escalation.Step: it loads, steps, commits and wakes, and
// decides nothing itself.
//
//	Ingest, Do, Report, Reply ──▶ lanes ──▶ Load → Step, folded per incident → one Commit ──▶ answer
//	timer loop (ClaimTimers) ────▶ lanes                                          └─▶ wake delivery, timers
//
// # Lanes
//
// An incident's shard picks one of a few lanes, so that what concerns one incident is judged
// in order within a process. A lane takes everything that waits, folds it per incident and
// commits all of it in one store call (group commit). Across processes the store's revision
// guard decides: a conflict is loaded and judged again.
//
// Alerts are bounded: when too many wait, Ingest answers [ErrOverloaded] and the sender tries
// again. What people do, timers and reports go first and are never refused.
//
// # Time
//
// The engine's clock is the local one plus the measured offset to the store's, so that several
// processes agree on deadlines. It is the only place here that reads a clock.
package engine
