package ical

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	ics "github.com/arran4/golang-ical"

	"tocsin/schedules"
)

// refresh is how often programs are asked to fetch a feed again (RFC 7986 §5.7).
const refresh = "PT1H"

// Event is a duty in a feed: the same people, on the same layer of a schedule, from Start up
// to End.
type Event struct {
	Schedule   string
	Layer      string // "" when it is by no layer, such as the fallback
	Users      []schedules.UserID
	Start, End time.Time

	// Personal events are in the feed of their only user; the title need not name them.
	Personal bool
	// Nth counts, from 0, the duties of the same people on the same layer that begin on the
	// same day, in UTC.
	Nth int
}

// UID names the event for calendar programs. It is made of the schedule, the layer, the
// people, the day on which the duty begins (in UTC) and its number on that day. So a duty
// that stays keeps its UID, one that ends at another time or begins at another time of that
// day keeps it and gets new times, and one that other people take over is another event.
func (e Event) UID() string {
	h := sha256.New()
	fields := []string{e.Schedule, e.Layer, e.Start.UTC().Format(time.DateOnly), strconv.Itoa(e.Nth)}
	for _, part := range append(fields, slices.Sorted(slices.Values(texts(e.Users)))...) {
		fmt.Fprintf(h, "%d:%s", len(part), part) // no two lists of parts look the same
	}
	return hex.EncodeToString(h.Sum(nil)[:16]) + "@tocsin"
}

// Title is what calendars show: "On call: platform (primary): ana, ben", or without the
// people in their own feed.
func (e Event) Title() string {
	title := "On call: " + e.Schedule
	if e.Layer != "" {
		title += " (" + e.Layer + ")"
	}
	if !e.Personal {
		title += ": " + strings.Join(texts(e.Users), ", ")
	}
	return clean(title)
}

func texts(users []schedules.UserID) []string {
	out := make([]string, len(users))
	for i, u := range users {
		out[i] = string(u)
	}
	return out
}

// EventsOf makes events of the shifts of a schedule: for each layer those of the people who
// serve on it, or with only those of one person. Gaps make none, and duties that go on from
// shift to shift are one event. The shifts may be those of one layer, of all layers, or
// final ones; they are clipped to the window they were rendered for, so render it from
// some time in the past, where a start that moves with the window disturbs nobody.
func EventsOf(schedule string, shifts []schedules.Shift, only schedules.UserID) []Event {
	var out []Event
	open := map[string]int{} // by layer and people: the last event in out
	for _, shift := range shifts {
		for _, e := range duties(schedule, shift, only) {
			key := fmt.Sprintf("%q %q", e.Layer, slices.Sorted(slices.Values(e.Users)))
			if i, ok := open[key]; ok && !out[i].End.Before(e.Start) {
				if e.End.After(out[i].End) {
					out[i].End = e.End
				}
				continue
			} else if ok && sameDay(out[i].Start, e.Start) {
				e.Nth = out[i].Nth + 1
			}
			open[key] = len(out)
			out = append(out, e)
		}
	}
	return out
}

// duties are the events of one shift, by layer in order of appearance.
func duties(schedule string, shift schedules.Shift, only schedules.UserID) []Event {
	var out []Event
	for i, user := range shift.Users {
		layer := shift.Layer
		if i < len(shift.Duties) && shift.Duties[i].User == user {
			layer = shift.Duties[i].Layer
		}
		if only != "" && user != only {
			continue
		}
		at := slices.IndexFunc(out, func(e Event) bool { return e.Layer == layer })
		if at < 0 {
			at = len(out)
			out = append(out, Event{Schedule: schedule, Layer: layer, Start: shift.Start, End: shift.End, Personal: only != ""})
		}
		out[at].Users = append(out[at].Users, user)
	}
	return out
}

func sameDay(a, b time.Time) bool {
	return a.UTC().Format(time.DateOnly) == b.UTC().Format(time.DateOnly)
}

// Feed writes a calendar that programs can subscribe to. Times are in UTC, so that no program
// needs to know our zones; lines end in CRLF and are folded (RFC 5545 §3.1). There is no
// METHOD, which would make an invitation of it, and on-call time does not show as busy. now
// becomes DTSTAMP: the time of the last change, if equal feeds shall have equal bytes.
// Control characters in names are removed, so that no text can add a line.
func Feed(name string, events []Event, now time.Time) []byte {
	cal := ics.NewCalendarFor("tocsin")
	cal.SetProductId("-//tocsin//on-call feed//EN")
	cal.SetCalscale("GREGORIAN")
	cal.SetXWRCalName(clean(name))
	cal.SetRefreshInterval(refresh)
	cal.SetXPublishedTTL(refresh)
	for _, e := range events {
		event := cal.AddEvent(e.UID())
		event.SetDtStampTime(now)
		event.SetStartAt(e.Start)
		event.SetEndAt(e.End)
		event.SetSummary(e.Title())
		event.SetTimeTransparency(ics.TransparencyTransparent)
	}
	return []byte(cal.Serialize(ics.WithNewLineWindows))
}

// clean makes one line of a text: white space becomes a space, control characters and
// separators of lines go, and so do bytes that are no UTF-8.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}
