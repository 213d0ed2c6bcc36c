// Package ical reads calendars as duties and writes duties as calendars
// (iCalendar, RFC 5545). It is pure: bytes in, shifts out, and the reverse.
//
// # Reading
//
// [Reader.Shifts] makes fixed shifts of the events of a calendar as Google, Outlook,
// Exchange, Apple and others export them; [Reader.Spans] makes the spans of a calendar
// of holidays or time off. The reader is strict about time and lenient about the rest:
// a date, a zone or a rule that it cannot be sure of is an error with its line, all of
// them at once, because a shift that is silently missing pages nobody. An event whose
// title names nobody is a warning.
//
// Zones are looked up in this order: the IANA name; the Windows name; a path that ends
// in an IANA name; the name that Outlook shows, such as "(UTC+01:00) Amsterdam, Berlin";
// the X-LIC-LOCATION and then the rules of the calendar's own VTIMEZONE. Times without a
// zone are in X-WR-TIMEZONE, else in the zone handed in. Dates without a time belong to no
// place (public calendars of holidays say UTC): they are days of the zone handed in.
//
// Rules are expanded on the wall clock, as if it were UTC, and each reading then becomes
// the first instant at which the local clock shows that time or later: after a gap its
// first valid instant, in a fold the first occurrence. So hand-offs that meet on the wall
// clock meet in fact. The end of a repeated event that has a DTEND follows the wall clock
// too, which is what calendars show; the hours of a DURATION pass exactly, its days and
// weeks on the wall clock (RFC 5545 §3.3.6).
//
// DTSTART is always an instance, whether its rule would give it or not. Of equal UID (and
// RECURRENCE-ID) the highest SEQUENCE holds, then the latest DTSTAMP, then the last in the
// file; with METHOD:CANCEL or STATUS:CANCELLED it takes the event away.
//
// The lines of a calendar are read here and not by a library, for the number of the line
// in an error and because input may be hostile: size, lines, depth, events and the days
// that rules make us look at are bounded. [rrule] expands rules only after a check of all
// that makes it loop or panic.
//
// # Writing
//
// [EventsOf] and [Feed] write the feed that a calendar program subscribes to. Times are in
// UTC. [Sign] and [Verify] are for its address.
//
// [rrule]: https://pkg.go.dev/github.com/teambition/rrule-go
package ical
