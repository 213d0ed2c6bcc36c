// Package configs turns YAML into a [Config]: everything that is configured, checked,
// with the [escalation.Book] that all judgements are made from.
//
// # How a file is read
//
//	bytes ──parse──▶ YAML nodes ──names──▶ who and what is defined ──decode──▶ Config, Book
//
// Nothing stops at the first fault. A fault is noted with its file, line and column and
// reading goes on with something harmless in its place, so that one run of `tocsin check`
// shows them all ([Problems]). Names are gathered before anything is decoded, so that
// every reference is checked where it stands and a typing error gets a suggestion.
//
// A folder is read like one file: lists that hold named things (users, policies, …) are
// joined in the order of the file names; what can be said only once (route, severities,
// public_url, …) must stand in one file.
//
// # Bundles and what is added to them
//
//	files ──ReadBundle──▶ Bundle ──Config──▶ Config, Book ──With──▶ Config, Book
//
// A [Bundle] is the YAML files and the calendars that they name, as bytes: what a revision
// keeps, without the secrets that it refers to. [Load] is a bundle that is decoded at once. What operations add
// later (pins of rollouts, overrides) makes a copy of the Config ([Config.With]); what it
// names and the files no longer have is left out and told ([Config.Skipped]).
//
// # What it does not know
//
// No source, no provider and no calendar format is known here: cmd passes them in a
// [Registry]. The package reads the configuration and the files of its secrets and nothing
// else. It knows no clock: what depends on the time of day, such as a gap in a schedule, is
// asked for with an instant ([Config.Weaknesses]).
//
// # Secrets
//
// A secret is a reference to a file or an environment variable; only an integration that is
// insecure may have it inline. Its value is kept in a [Secret], which never prints it. What a
// reference stands for never stands in a [Problem], secret or not: whoever may propose a
// configuration chooses what it refers to. A bundle holds what stands inline, and [Bundle.Redacted] is one to be shown.
package configs
