// Package history keeps what is configured as revisions in the store, so that every process
// works by the same one, and nothing that was ever in force is lost.
//
//	Proposal (files, edits, or a rollback; author, reason, parent)
//	   └▶ Plan   load → pin rotations (schedules.Roll) → compare → Change: what would happen
//	        └▶ Apply   one Append, refused when somebody was faster → Revision
//	             └▶ every process follows: Head is polled, Load builds the book
//
// # Two series
//
// A [Revision] holds the files as they were written, with what a rollout pinned. The
// [Overlay] holds what people arrange from day to day: overrides, swaps and requests for
// cover. Both are numbered from 1 and never change; a rollback is a new revision with old
// bytes. The book is made from the last of both.
//
// # What is where
//
// Files name where secrets come from, and each process reads its own; only what the files
// themselves hold inline (insecure: true) is part of a revision, and diffs leave it out. A process that cannot build a revision (a secret is missing there) keeps the
// book that it has and says so.
//
// The package knows no clock and no store, only the few calls of one that it needs ([Series]).
package history
