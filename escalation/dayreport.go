package escalation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/schedules"
)

// The readiness report goes to an owner by day, from 09:00 to 17:00 on the owner's own clock,
// and at most once a day. On Mondays it tells all that is ahead. From Tuesday to Friday it
// tells what is near (Soon), and at weekends what begins within two days; both only when the
// owner has not been told of it since Monday. An owner who has seen it all hears nothing.
const (
	reportFrom, reportTo = 9, 17 // hours
	weekendReach         = 48 * time.Hour
)

// NextReport is the next 09:00 in zone after now. Weekends count: see above what is told then.
func NextReport(now time.Time, zone *time.Location) time.Time {
	y, m, d := now.In(zone).Date()
	for ; ; d++ {
		if at := time.Date(y, m, d, reportFrom, 0, 0, 0, zone); at.After(now) {
			return at
		}
	}
}

// Owners are who answers for any schedule or policy, in order of name.
func (b *Book) Owners() []schedules.UserID {
	owners := map[schedules.UserID]bool{}
	for _, p := range b.Policies {
		owners[p.Owner] = true
	}
	for _, s := range b.Schedules {
		owners[s.Owner()] = true
	}
	delete(owners, "") // the root's owner hears of these
	return slices.Sorted(maps.Keys(owners))
}

// ReportTime says whether an owner may be told now, by day, and when the next day begins.
func (b *Book) ReportTime(owner schedules.UserID, now time.Time) (zone *time.Location, open bool, next time.Time) {
	zone = b.dayZone(owner)
	return zone, byDay(now.In(zone)), NextReport(now, zone)
}

// dayZone is where a person's day is. Who names no zone most likely lives by the first schedule,
// in order of name, that they own or can serve on.
func (b *Book) dayZone(user schedules.UserID) *time.Location {
	if u, ok := b.Users[user]; ok && u.Location != nil {
		return u.Location
	}
	for _, name := range slices.Sorted(maps.Keys(b.Schedules)) {
		if s := b.Schedules[name]; s.Owner() == user || slices.Contains(s.Users(), user) {
			return s.Zone()
		}
	}
	return time.UTC
}

func byDay(local time.Time) bool { return local.Hour() >= reportFrom && local.Hour() < reportTo }

// Report is what an owner is told on one day.
type Report struct {
	Key     string   // of the memo: one for an owner and day
	Title   string   // the text
	Details string   // every finding, a line each
	Told    []string // the IDs that the owner has been told of by then
}

// reportLines bounds the details of a report.
const reportLines = 50

// NewReport is what owner is to be told now; false when that is nothing. told are the IDs of an
// earlier report; findings are those of [Readiness].
func NewReport(findings []Finding, owner schedules.UserID, now time.Time, zone *time.Location, told []string) (Report, bool) {
	local := now.In(zone)
	var due []Finding
	r := Report{Key: "readiness/" + string(owner) + "/" + local.Format(time.DateOnly)}
	for i := range findings {
		f := &findings[i]
		if f.Owner != owner {
			continue
		}
		known := slices.Contains(told, f.ID)
		tell := f.due(local) && (local.Weekday() == time.Monday || !known)
		if tell {
			due = append(due, *f)
		}
		if tell || known {
			r.Told = append(r.Told, f.ID)
		}
	}
	if len(due) == 0 {
		return Report{}, false
	}
	r.Title, r.Details = title(due, local), details(due)
	return r, true
}

// due says whether this day is one to tell of f.
func (f *Finding) due(local time.Time) bool {
	if !byDay(local) {
		return false
	}
	switch local.Weekday() {
	case time.Monday:
		return true
	case time.Saturday, time.Sunday:
		return f.From.Before(local.Add(weekendReach))
	default:
		return f.Soon
	}
}

// titleMost leaves room for what follows, in two segments.
const titleMost = 220

// title tells the first finding and counts the others.
func title(due []Finding, local time.Time) string {
	first := due[0] // it begins first
	first.From, first.Until = first.From.In(local.Location()), first.Until.In(local.Location())
	if !first.To.IsZero() {
		first.To = first.To.In(local.Location())
	}
	text := []rune(first.brief + " " + first.when(local))
	if len(text) > titleMost {
		text = append(text[:titleMost-3], '.', '.', '.')
	}
	more := -1
	for _, f := range due {
		more += 1 + f.More
	}
	if more > 0 {
		return string(text) + fmt.Sprintf(", and %d more. See tocsin check.", more)
	}
	return string(text) + ". See tocsin check."
}

func details(due []Finding) string {
	var all []string
	for i, f := range due {
		if i == reportLines {
			all = append(all, fmt.Sprintf("and %d more", len(due)-i))
			break
		}
		all = append(all, f.Text)
	}
	return strings.Join(all, "\n")
}
