// Package provider spoils the telephone network above a gateway in every way that Twilio and
// carriers are known to fail, and counts what reaches people all the same. It holds tests only.
//
// The real binary runs on each store under a stream of alerts (package lab). One fault follows
// the other: slow answers, errors of every shape, broken connections, texts that are taken and
// never delivered, receipts that are lost, doubled, early, late or out of order. What may lose
// a text for good strikes the first two tiers' phones only, so that the verdict can ask for
// each accepted alert to be on some phone: the ladder has to go on.
package provider
