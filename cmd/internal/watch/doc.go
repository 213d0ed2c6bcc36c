// Package watch is who watches the pager: processes announce in the store that they are there,
// what they own and when each part of them last moved, and each looks at itself, at the others
// and at the work that the shared store holds.
//
// # Who is there
//
// A [Registry] announces its process every few seconds and remembers what the others said, so
// that they are still known while the store is away. A process that has not announced itself
// for [Gone] is taken for dead, but its slot stays its own for a day: it may only be cut off
// from the store, and go on paging out of its own block of reply codes.
//
// # Slots
//
// A slot is the number of such a block; no two processes hold the same one. A process says
// which free slot it wants, and then looks again: it holds the slot only when nobody else
// claims it. Of two that want the same slot the later one to say so sees the other, whatever
// the order of their looks; whoever sees another claim gives way, so that both never hold it.
//
// # What is looked at
//
//   - vitals.go, watcher.go: when ingest, commit, timers and delivery last moved. The outside
//     heartbeat is called only while all of them do.
//   - alarms.go: a part that stands, here or in another process, late timers and a missing
//     canary page people: one incident per trouble, whichever processes see it.
//   - audit.go: open incidents to which nothing is going to happen, or whose timer is missing
//     from the store's index, are repaired through the normal door.
//   - silence.go: integrations with expect_every that have fallen silent.
//   - canary.go: a test incident that goes the whole way again and again.
//
// There is no HTTP here: how a listener is asked and an address called is handed in.
package watch
