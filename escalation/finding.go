package escalation

import (
	"fmt"
	"strings"
	"time"

	"tocsin/schedules"
)

// write fills in the sentences.
func (f *Finding) write(h *fact, now time.Time) {
	what, advice := f.sentences(h)
	f.brief = what
	f.Text = what + " " + f.when(now) + " (" + h.zone.String() + "): " + advice
	if f.Kind == Unreachable {
		f.Text = what + ", first " + f.when(now) + " (" + h.zone.String() + "): " + advice
	}
}

// sentences are what is wrong, and what to do about it.
func (f *Finding) sentences(h *fact) (what, advice string) {
	who := names(f.Users)
	tier := f.Policy + ", " + f.Tier
	switch f.Kind {
	case Gap:
		return placeName(f.Schedule, f.Layer) + " has nobody on call", "add an override, or let a layer or the schedule's fallback cover it"
	case EmptyTier:
		if len(f.Users) > 0 {
			return tier + " reaches nobody", who + " cannot be paged; add a contact, or somebody else"
		}
		return tier + " leads to nobody", "name somebody who is there at that time"
	case Unreachable:
		why, place, _ := strings.Cut(h.detail, "\x00")
		return who + " " + why + " and " + place, "add a contact under users, or take " + who + " off"
	case AwayOnCall:
		return who + " is off but on call in " + f.Schedule, "find somebody who covers, and add an override"
	case DoubleBooking:
		return who + " is on call in " + f.Schedule + " and " + f.Also, "decide in which one somebody else serves"
	default:
		return f.consecutive(h.detail, who, tier)
	}
}

func (f *Finding) consecutive(detail, who, tier string) (what, advice string) {
	is := "is"
	if len(f.Users) > 1 {
		is = "are"
	}
	what = who + " " + is + " in " + tier + " and in the next tier, " + f.Also + ","
	switch {
	case detail == "the same" && len(f.Users) == 1:
		advice = who + " would be the only one paged by both"
	case detail == "the same":
		advice = "both page the same people and nobody else"
	case detail == "nobody new":
		advice = f.Also + " pages nobody who was not paged before"
	case detail == "":
		advice = "nobody else would be left"
	default:
		advice = "if " + who + " cannot answer, only " + detail + " would be left"
	}
	return what, advice + "; swap one of the shifts, or put somebody else into one tier"
}

func placeName(schedule, layer string) string {
	if layer == "" {
		return schedule
	}
	return schedule + "/" + layer
}

// names lists people for a sentence.
func names(users []schedules.UserID) string {
	const few = 6
	var b strings.Builder
	for i, u := range users {
		switch {
		case i == few:
			fmt.Fprintf(&b, " and %d more", len(users)-few)
			return b.String()
		case i > 0 && i == len(users)-1:
			b.WriteString(" and ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(u))
	}
	return b.String()
}

// when says when a finding holds: its first occurrence, and how it comes again.
func (f *Finding) when(now time.Time) string {
	text := interval(f.From, f.To, now)
	switch {
	case f.Count <= 1:
	case f.Every == "":
		text += fmt.Sprintf(", %d times until %s", f.Count, date(f.Until, now))
	default:
		text += fmt.Sprintf(", %s, %d times until %s", f.Every, f.Count, date(f.Until, now))
	}
	return text
}

// interval prints a span on the wall clock of from's zone; no end means: as far as can be seen.
func interval(from, to, now time.Time) string {
	begun := !from.After(now)
	switch {
	case to.IsZero() && begun:
		return "from now on"
	case to.IsZero():
		return "from " + date(from, now) + from.Format(" 15:04") + " on"
	case begun:
		return "now, until " + date(to, now) + to.Format(" 15:04")
	case dayOf(from) == dayOf(to):
		return date(from, now) + from.Format(" 15:04-") + to.Format("15:04")
	default:
		return date(from, now) + from.Format(" 15:04 - ") + date(to, now) + to.Format(" 15:04")
	}
}

// date prints a day, with its year where that is not the present one.
func date(t, now time.Time) string {
	if t.Year() != now.In(t.Location()).Year() {
		return t.Format("Mon 2 Jan 2006")
	}
	return t.Format("Mon 2 Jan")
}
