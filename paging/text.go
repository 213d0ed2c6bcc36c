package paging

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Every text fits one segment of GSM-7: a second one doubles the cost and, on the way to sixty
// people over one number, the time. Titles are cut to make room; codes and what to reply never are.

// Bounds of what stands beside the title, in septets.
const (
	maxWhere    = 50
	maxName     = 20
	maxSeverity = 12
	minTitle    = 24 // rather drop the place than cut a title below this
)

// PageText is the text of a page with its reply code. The clause about who is next is left out
// when nobody is, or when its time has passed already.
func PageText(a Attempt, code string, now time.Time) string {
	zone := zoneOf(a)
	after := fmt.Sprintf(". Reply %s = ack, %se = pass on", code, code)
	if a.Else != "" && (a.ElseAt.IsZero() || a.ElseAt.After(now)) {
		after += ". Else " + short(a.Else, maxName)
		if !a.ElseAt.IsZero() {
			after += " " + clock(a.ElseAt, now, zone)
		}
	}
	before := testMark(a) + short(string(a.Severity), maxSeverity) + " "
	if a.Where != "" {
		where := " (" + short(a.Where, maxWhere) + ")"
		if size(before+where+after)+min(minTitle, size(flat(a.Title))) <= GSMSingle {
			after = where + after
		}
	}
	return withTitle(before, a.Title, after)
}

// PlainText is the page once more for a provider that refused its text: nothing of the alert in it.
func PlainText(a Attempt, code string) string {
	return testMark(a) + short(string(a.Severity), maxSeverity) + " page " + code + ". Reply " + code + " = ack. See list"
}

// memoMax is two segments, with room for a character that would be torn between them: a memo goes
// by day and seldom.
const memoMax = 2*gsmPart - 1

// MemoText is the text of a memo: what it says, and from whom.
func MemoText(a Attempt) string { return short("Tocsin: "+a.Title, memoMax) }

// NoticeText tells somebody who was paged what another did, and a shadow who is paged. code is this phone's code of the
// incident.
func NoticeText(a Attempt, code string) string {
	before, verb := testMark(a), " "+a.What
	if a.By != "" {
		before += short(a.By, maxName) + verb + " "
		verb = ""
	}
	return withTitle(before+code+" ", a.Title, verb+" at "+clock(a.WhatAt, a.WhatAt, zoneOf(a))+nothingToDo(a.What))
}

// NoticesText tells of several incidents at once: notices has more than one, about the same
// thing done by the same person.
func NoticesText(notices []Attempt) string {
	a := notices[0]
	titles := make([]string, len(notices))
	for i := range notices {
		titles[i] = notices[i].Title
	}
	before := fmt.Sprintf("%d incidents %s: ", len(notices), a.What)
	if a.By != "" {
		before = fmt.Sprintf("%s %s %d incidents: ", short(a.By, maxName), a.What, len(notices))
	}
	after := " at " + clock(a.WhatAt, a.WhatAt, zoneOf(a)) + nothingToDo(a.What)
	return withItems(testMark(a)+before, len(titles), titles, "; ", after)
}

func nothingToDo(what string) string {
	switch {
	case slices.Contains([]string{"acked", "acknowledged", "resolved", "snoozed"}, what):
		return ". Nothing to do."
	case strings.HasSuffix(what, pagedFor):
		return ". You shadow: nothing to do."
	default:
		return "."
	}
}

const pagedFor = "paged for"

// PagedFor is what a notice to a shadow tells of the one who is named in it and of so many more.
func PagedFor(more int) string {
	if more > 0 {
		return fmt.Sprintf("and %d more are %s", more, pagedFor)
	}
	return "is " + pagedFor
}

// ForShadow says that the attempt only tells a shadow who is paged.
func (a *Attempt) ForShadow() bool { return a.Kind == Notice && strings.HasSuffix(a.What, pagedFor) }

// RollingText is the text for a flood: n incidents in one text with one code for all of them.
// The titles are the most urgent ones, in that order; there may be fewer than n.
func RollingText(n int, titles []string, code string) string {
	after := fmt.Sprintf(". Reply %s = ack all %d. list shows them", code, n)
	return withItems(fmt.Sprintf("%d more incidents: ", n), n, titles, "; ", after)
}

// Line is an incident in an answer.
type Line struct {
	Code     string // of the phone that is answered; empty when it has none
	Title    string
	Severity string    // for the list
	By       string    // who has it; empty: nobody yet
	At       time.Time // since when
	Next     string    // who is paged next; empty: unknown
	NextAt   time.Time
}

func (l Line) named(titleMax int) string {
	return strings.TrimSpace(l.Code + " " + short(l.Title, titleMax))
}

// Texts writes answers to replies, with the clock of the person who reads them.
type Texts struct {
	Zone *time.Location // nil: UTC
	Now  time.Time      // far times carry their day
}

// Acked confirms an acknowledgement that runs out at expires.
func (t Texts) Acked(code, title string, at, expires time.Time) string {
	after := " " + t.clock(at) + "."
	if !expires.IsZero() {
		after += " Pages again " + t.clock(expires) + "."
	}
	return withTitle("Acked "+code+" ", title, after+fmt.Sprintf(" %sr resolve, %su undo", code, code))
}

// AckedSeveral confirms the acknowledgement of several incidents.
func (t Texts) AckedSeveral(lines []Line, at time.Time) string {
	if len(lines) == 1 {
		return t.Acked(lines[0].Code, lines[0].Title, at, time.Time{})
	}
	return t.several("Acked", lines, at)
}

// ResolvedSeveral confirms that several incidents are closed.
func (t Texts) ResolvedSeveral(lines []Line, at time.Time) string {
	if len(lines) == 1 {
		return t.Resolved(lines[0].Code, lines[0].Title, at)
	}
	return t.several("Resolved", lines, at)
}

func (t Texts) several(done string, lines []Line, at time.Time) string {
	return withItems(fmt.Sprintf("%s %d: ", done, len(lines)), len(lines), named(lines), ", ", " "+t.clock(at)+".")
}

// AlreadyAcked answers a late acknowledgement: who was first.
func (t Texts) AlreadyAcked(code, title, by string, at time.Time) string {
	return withTitle(short(by, maxName)+" acked "+code+" ", title, " at "+t.clock(at)+". Nothing to do.")
}

// AlreadyResolved answers a reply about an incident that is over. by is empty when its alerts ended.
func (t Texts) AlreadyResolved(code, title, by string, at time.Time) string {
	who := ""
	if by != "" {
		who = " by " + short(by, maxName)
	}
	return withTitle(code+" ", title, " was resolved"+who+" at "+t.clock(at)+". Nothing to do.")
}

// StillFiring answers a resolve that only counted as an acknowledgement.
func (t Texts) StillFiring(code, title string) string {
	return withTitle("Acked "+code+" ", title, ". Still firing. "+code+"r again closes it.")
}

// Resolved confirms that the incident is closed.
func (t Texts) Resolved(code, title string, at time.Time) string {
	return withTitle("Resolved "+code+" ", title, " "+t.clock(at)+".")
}

// PassedOn confirms an escalation; next is who is paged now, empty when that is not known.
func (t Texts) PassedOn(code, title string, at time.Time, next string) string {
	after := " " + t.clock(at) + "."
	if next != "" {
		after += " Now " + short(next, maxName) + "."
	}
	return withTitle("Passed on "+code+" ", title, after)
}

// Snoozed confirms a snooze.
func (t Texts) Snoozed(code, title string, until time.Time) string {
	return withTitle("Snoozed "+code+" ", title, " until "+t.clock(until)+".")
}

// Undone confirms that an acknowledgement was taken back.
func (t Texts) Undone(code, title string) string {
	return withTitle("Undone "+code+" ", title, ". Pages you again.")
}

// NotAcked answers an undo of what nobody has acknowledged.
func (t Texts) NotAcked(code, title string) string {
	return withTitle("Nobody has acked "+code+" ", title, ". Reply "+code+" = ack")
}

// NoOpenPage answers a code that means nothing here, with what is open.
func (t Texts) NoOpenPage(code string, open []Line) string {
	before := "No open page " + short(code, 6) + ". "
	if len(open) == 0 {
		return before + "Nothing is open."
	}
	return withItems(before+"Open: ", len(open), named(open), ", ", replyHint(open))
}

// List answers "list", and a bare "ack" that could mean several pages.
func (t Texts) List(open []Line) string {
	if len(open) == 0 {
		return "Nothing is open."
	}
	items := make([]string, len(open))
	for i, l := range open {
		items[i] = strings.TrimSpace(l.Code + " " + short(l.Severity, maxSeverity))
		items[i] = strings.TrimSpace(items[i] + " " + short(l.Title, 32))
		if l.By != "" {
			items[i] += " (" + short(l.By, maxName) + ")"
		}
	}
	return withItems("Open: ", len(open), items, "; ", replyHint(open))
}

// Who answers "who": who has which incident, or who is next.
func (t Texts) Who(lines []Line) string {
	if len(lines) == 0 {
		return "Nothing is open."
	}
	items := make([]string, len(lines))
	for i, l := range lines {
		items[i] = l.named(32) + ": " + t.holder(l)
	}
	return withItems("", len(items), items, "; ", ".")
}

func (t Texts) holder(l Line) string {
	if l.By != "" {
		return short(l.By, maxName) + " since " + t.clock(l.At)
	}
	if l.Next == "" {
		return "nobody yet"
	}
	return "nobody yet, next " + short(l.Next, maxName) + " " + t.clock(l.NextAt)
}

// Help answers what was not understood. It teaches no word that carriers keep for themselves.
func (t Texts) Help() string {
	return "Not understood. Reply 12 = ack, 12r resolve, 12e pass on, list"
}

func (t Texts) clock(at time.Time) string { return clock(at, t.Now, t.Zone) }

// replyHint shows how to answer, by the first code that there is.
func replyHint(lines []Line) string {
	for _, l := range lines {
		if l.Code != "" {
			return ". Reply " + l.Code + " = ack"
		}
	}
	return "."
}

func named(lines []Line) []string {
	items := make([]string, len(lines))
	for i, l := range lines {
		items[i] = l.named(32)
	}
	return items
}

// clock prints HH:MM in that zone, with the day when the hour alone would mislead.
func clock(at, now time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	switch gap := at.Sub(now).Abs(); {
	case now.IsZero() || gap < 12*time.Hour:
		return at.In(zone).Format("15:04")
	case gap < 6*24*time.Hour:
		return at.In(zone).Format("Mon 15:04")
	default:
		return at.In(zone).Format("2 Jan 15:04")
	}
}

// zoneOf returns the attempt's zone, UTC when it is unknown to this machine.
func zoneOf(a Attempt) *time.Location {
	if zone, err := time.LoadLocation(a.Zone); err == nil {
		return zone
	}
	return time.UTC
}

func testMark(a Attempt) string {
	if a.Test {
		return "TEST "
	}
	return ""
}

// flat puts s on one line, in GSM-7.
func flat(s string) string { return strings.Join(strings.Fields(ToGSM(s)), " ") }

func short(s string, n int) string { return truncate(flat(s), n) }

func size(s string) int {
	n, _ := GSMSeptets(s)
	return n
}

// withTitle puts the title between two fixed ends, cut so that the whole is one segment. The
// ends are GSM-7 already.
func withTitle(before, title, after string) string {
	title = truncate(flat(title), GSMSingle-size(before)-size(after))
	if title == "" {
		before = strings.TrimSuffix(before, " ")
	}
	return before + title + after
}

// withItems puts as many items as fit one segment between two fixed ends, and "+N" for those
// of n that are left.
func withItems(before string, n int, items []string, sep, after string) string {
	room := GSMSingle - size(before) - size(after)
	list, shown := "", 0
	for ; shown < len(items); shown++ {
		item := short(items[shown], maxItem)
		left := room - size(rest(sep, n-shown-1))
		if shown == 0 {
			list = truncate(item, left)
			continue
		}
		if size(list+sep+item) > left {
			break
		}
		list += sep + item
	}
	if list == "" {
		return before + strings.TrimPrefix(rest(sep, n), sep) + after
	}
	return before + list + rest(sep, n-shown) + after
}

// maxItem bounds one item of an enumeration, so that one long title leaves room for others.
const maxItem = 60

func rest(sep string, n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf("%s+%d", sep, n)
}
