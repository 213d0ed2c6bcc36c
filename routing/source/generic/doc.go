// Package generic reads Tocsin's own JSON, for anything that can post: a script, a cron
// job, a monitor that has no source of its own yet. This page is its reference.
//
// The body is one object, or an array of them:
//
//	{
//	  "action": "trigger",
//	  "key": "signer-quorum",
//	  "title": "Signer quorum lost",
//	  "description": "2 of 5 signers answer",
//	  "severity": "critical",
//	  "labels": {"environment": "production", "service": "signer"},
//	  "links": [{"text": "status", "url": "https://status.example.org/signer"}, "https://runbooks.example.org/signer"],
//	  "started_at": "2026-03-02T09:00:00Z"
//	}
//
//	name         meaning                                                        also taken as
//	action       trigger (when absent), acknowledge or resolve                  status: firing, acknowledged, resolved
//	key          what it is about, the same from trigger to resolve             dedup_key
//	title        one line, at most 200 characters
//	description  plain text, at most 8 kB
//	severity     a word; the configured scale says what it means
//	labels       at most 64 names with text, for routing
//	links        at most 8, only http and https; objects or plain strings       url, for a single one
//	started_at   RFC 3339; a time that cannot be read is ignored
//	source       becomes the label source_name, unless there is one
//
// Only title is needed to trigger. To acknowledge or resolve, only key is needed.
// Without a key the identity is a hash of the title and the labels: the same title with
// the same labels is the same alert. Unknown names are ignored. Numbers and booleans are
// taken where text is expected.
//
// In an array each item stands alone: a bad one is reported and the others are taken.
// If nothing can be taken, the answer is an error.
//
// A sender may sign: X-Tocsin-Signature: sha256=<lower-case hex of HMAC-SHA256(secret, raw body)>.
// A bearer or URL token will do as well; the integration's auth decides.
//
// A trigger that is neither repeated nor resolved ends after a day of silence.
package generic
