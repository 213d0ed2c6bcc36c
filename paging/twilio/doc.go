// Package twilio sends pages as SMS through Twilio and reads what Twilio posts back:
// delivery receipts and replies.
//
// [Channel] speaks Twilio's 2010-04-01 REST API through the generated code of twilio-go,
// over a transport of our own (transport.go): a request ends with its context, an error
// keeps its HTTP status and Retry-After, and it is known whether anything was written
// before a connection broke. That last point decides everything about retries, because
// Twilio has no idempotency key for messages: what was not written is free to send again,
// what was may already ring. See [Channel.Find].
//
// [Validator] checks X-Twilio-Signature against the configured public URL, never against
// the Host header. A signature has no time in it: a captured request stays valid for ever,
// so callers recognise repeats by MessageSid.
//
// The folder telephone holds a stand-in for Twilio with phones attached, for the demo and
// for tests.
package twilio
