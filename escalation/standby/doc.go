// Package standby keeps a process useful while the shared store is away: it goes on taking
// alerts into a folder of its own, the spool, pages at once for the severities that ask for
// it, and brings everything together when the store is back.
//
// # The way of a delivery
//
//	up        shared engine; no answer in time, or an error? look at the store:
//	          there after all: wait on · away: the delivery goes the way of "down"
//	down      ledger (fsync) → local engine, for what pages alone → 2xx
//	adopting  ledger → 2xx; paged as soon as all incidents are adopted
//	replaying as "up", while the ledger is worked off beside it
//
// It may be that the shared store has a delivery that was answered from the spool. That is no
// harm: both become one by dedup key.
//
// # The way back
//
// When the store has answered a few times in a row, [Standby] merges. Each step may be done
// twice, so a crash in between costs nothing; a process that starts with something in its spool
// begins here.
//
//  1. The local engine and its delivery stop; texts under way are finished, and the provider
//     is asked about those whose outcome is unknown.
//  2. Every local incident goes through the shared engine's door as one escalation.Adopt.
//  3. The codes of its texts are adopted, so that an old text still acknowledges.
//  4. Replies and receipts that were kept are applied. Until here the shared engine of this
//     process fires no timer and sends nothing: nobody is paged for what was acknowledged.
//  5. The ledger is read, each line judged by when it was taken: what others told the store
//     since counts for more, and of each alert only the last word. An end of what only another
//     process knows is remembered in the store until that process comes back. What opens is held
//     for some seconds, so that delivery tells of all of it in few texts.
//  6. The spool is emptied.
//
// A step that fails because the store is away again breaks the merge off; it begins anew later.
// One that the store answers and refuses, again and again, must not hold up the others: it goes
// to a file of its own beside the spool, with the reason, and an alert is paged as trouble of
// Tocsin itself.
//
// # Parts
//
// [Guard] stands before the shared store: it notices trouble, and while the store is away it
// refuses at once, so that nobody waits. The spool is an embedded store of its own with as
// many shards as the shared one, so that incidents keep their ids; its intake log is the
// ledger. Codes of local texts come from the block of the process's slot (store.SlotCodes).
package standby
