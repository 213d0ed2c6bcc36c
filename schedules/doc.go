// Package schedules answers who is on call: now, next, and over a span of time.
//
// # Model
//
// A [Spec] is what an admin writes; [Compile] checks it and turns it into a
// [Schedule], which is immutable and safe for any number of goroutines. A
// schedule has layers. Who serves on a layer at an instant follows from, in this
// order:
//
//  1. its description: what a rollout pinned for that time ([Layer.Before]);
//  2. the rotation, whose groups serve in turn, or fixed shifts; within the windows
//     and while the layer is effective. An empty group is a deliberate gap;
//  3. time off ([AwayRule]): of a group, those who are there serve alone. If nobody
//     is: by default the next who is there serves meanwhile (an empty group is
//     nobody's substitute) and the order stays;
//  4. the overrides that touch the layer: those that replace, remove and swap, in the order
//     in which they are listed. They are about the people of steps 2 and 3 only;
//  5. those that add, in the order in which they are listed, wherever they stand among the
//     others. An active [Only] stands for everything else there, the last of several.
//
// Of all layers together those of the highest priority serve that has somebody;
// equal ones serve together, each person once. Somebody by an [Addition] serves
// whatever priority hides, also on a layer where it is their turn anyway, and hides nobody.
// A layer that nobody serves under
// [AwayGap] hides lower ones all the same. Layers with [RoleShadow] never are on
// call. If nobody is, the fallback serves. Asked for by name, a layer tells its own
// people, without priority and fallback; the name of a role means its layers
// together, with the priorities among them. People are listed by priority, then in
// the order of layers.
//
// The secondary of a primary has its rotation by [Rotation.Of] and a distance in
// places; where time off is skipped, both count only those who are there, so that
// they are never the same group while enough are.
//
// # Wall clocks and daylight saving
//
// Hand-offs and overrides are written on the local wall clock, so that Monday
// 09:00 stays 09:00 all year: a week may last 167, 168 or 169 hours, and twelve
// hours eleven or thirteen. A wall clock becomes an instant by one rule: the
// first instant at which the local clock shows that time or later. Hence a time
// that is skipped (a gap) means the first valid instant after the gap, and a
// time that occurs twice (a fold) means its first occurrence. Only the end of an
// override, of time off, of a window or of what is effective means the last
// occurrence, so that it never ends early. The rule is
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
// A look-up is civil arithmetic plus a table of offsets: O(1) in the age of the
// rotation, also where turns count windows. All that begins and ends (overrides,
// time off, fixed shifts, phases) cuts time into disjoint cells when compiled, found
// by binary search; who serves in each turn of a cell is worked out when the cell is
// first asked for, and kept. Rendering walks from change to change, looks again only
// at layers that change, and never steps through the past. Whole shifts of a month that
// is asked about often are kept, ready-made.
//
// The package is pure: no clock, no logger. Only [Compile] reads the time-zone
// database. It embeds one, but Go prefers the machine's copy where there is one;
// set ZONEINFO so that all processes use the same.
package schedules
