// Package schedules answers who is on call: now, next, and over a span of time.
//
// # Model
//
// A [Spec] is what an admin writes; [Compile] checks it and turns it into a
// [Schedule], which is immutable and safe for any number of goroutines. A
// schedule has layers. A layer has one rotation: groups of people who serve in
// turn, each for "N hours, days, weeks or months", from a first hand-off on. A
// group serves together; an empty group is a deliberate gap. Overrides replace,
// add or remove people for a while; several that touch the same instant apply
// in the order in which they are listed, so the last one wins. Without a layer
// named, those on call are the people of all layers, in layer order, each once.
//
// # Wall clocks and daylight saving
//
// Hand-offs and overrides are written on the local wall clock, so that Monday
// 09:00 stays 09:00 all year: a week may last 167, 168 or 169 hours, and twelve
// hours eleven or thirteen. A wall clock becomes an instant by one rule: the
// first instant at which the local clock shows that time or later. Hence a time
// that is skipped (a gap) means the first valid instant after the gap, and a
// time that occurs twice (a fold) means its first occurrence. Only the end of an
// override means the last occurrence, so that it never ends early. The rule is
// monotone: hand-offs never swap, and every instant belongs to exactly one turn.
// A turn that lies wholly inside a gap has no length and is skipped; the order
// of the others stays. Months are clamped from the first hand-off: 31 January,
// 28 February, 31 March.
//
// The mirror image of the rule makes look-ups direct: the turn at an instant is
// the turn of the highest wall clock shown up to then (the clock itself, except
// while a fold repeats). time.Date and AddDate are not used for wall clocks: what
// they do in gaps and folds is unspecified and depends on the sign of the offset.
//
// # Cost
//
// A rotation look-up is civil arithmetic plus one binary search for the offset:
// O(1) in the age of the rotation. Overrides are cut into disjoint cells when
// compiled: O(log overrides). Rendering is O(layers) per change of people.
//
// The package is pure: no clock, no logger. Only [Compile] reads the time-zone
// database. It embeds one, but Go prefers the machine's copy where there is one;
// set ZONEINFO so that all processes use the same.
package schedules
