// Package audit is the log that outlives what it tells of: one hash-chained, append-only list
// of records per installation, and the rules by which an outsider finds out what was changed
// behind its back. It is pure: it takes data and returns findings.
//
// # The chain
//
// A record is one line of JSON, the body. Its hash is, in lower-case hex,
//
//	SHA-256( "tocsin-audit-1\n" + hash before + "\n" + SHA-256 of the body + "\n" )
//
// and the hash before record 1 is 64 zeros. The body is hashed as it is written, byte for
// byte, so that nobody needs to know how Tocsin encodes JSON; and since only its digest goes
// into the chain, a proof can leave out the bodies of records that are not the reader's
// business (see [Link]). Records come in batches, each one value of the series [Series] in the
// store: a head line with its format, the number of the first record and the hash before it, then
// a line a record, hash and body; in format 2 these lines are deflated (RFC 1951).
//
// # What is recorded
//
// Every revision of the configuration and of the overlay with the digest of its stored bytes;
// every opening, acknowledgement and end of an incident with the newest entry of its timeline
// at that moment (its Seq and Head cover everything before it); some time after its last
// change a seal of everything that an incident consists of ([Rows]); who changed something
// through the API, and how often credentials were refused; starts and stops of processes.
//
// # What it proves
//
// Whoever can write the store can rewrite the chain as well. So the head of the chain is to be
// kept elsewhere now and then ([Anchor]): what was recorded up to there can never be changed
// unseen. Records are written in the background and not with the incident: the last second
// before a crash may be missing. What is found without a record afterwards is recorded as
// [Found], which says so.
package audit
