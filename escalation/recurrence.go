package escalation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// fact is what a finding says, without when.
type fact struct {
	Finding
	zone   *time.Location
	detail string // what makes two facts of one place and the same people different
}

// place is what the finding is about, without people.
func (f *fact) place() string {
	return strings.Join([]string{string(f.Kind), f.Schedule, f.Layer, f.Policy, f.Tier, f.Also}, "\x00")
}

func (f *fact) key() string { return fmt.Sprint(f.place(), "\x00", f.Users, "\x00", f.detail) }

// happening is a fact with all the spans in which it holds, in order.
type happening struct {
	fact
	spans []span
}

// rhythm is occurrences of one happening with the same local clock times.
type rhythm struct {
	spans []span
	every string // empty: one occurrence, or no regular pattern
}

// wall is a span on the local wall clock: when in the day it begins and ends, and how many
// days it is long.
type wall struct{ begin, end, days int }

func wallOf(s span, zone *time.Location) (w wall, day int) {
	from, to := atSecond(s.from, zone), atSecond(s.to, zone)
	day = dayOf(from)
	return wall{secondOf(from), secondOf(to), dayOf(to) - day}, day
}

// dayOf counts local days, without a look at how long they are.
func dayOf(t time.Time) int {
	y, m, d := t.Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

func secondOf(t time.Time) int { return t.Hour()*3600 + t.Minute()*60 + t.Second() }

// rhythms sorts spans by their wall clocks, so that what comes again every week is one.
func rhythms(spans []span, zone *time.Location) []rhythm {
	index, days := map[wall]int{}, [][]int{}
	var out []rhythm
	for _, s := range spans {
		w, day := wallOf(s, zone)
		i, known := index[w]
		if !known {
			i = len(out)
			index[w] = i
			out, days = append(out, rhythm{}), append(days, nil)
		}
		out[i].spans, days[i] = append(out[i].spans, s), append(days[i], day)
	}
	for i := range out {
		out[i].every = pattern(days[i])
	}
	slices.SortFunc(out, func(a, b rhythm) int { return cmp.Compare(a.spans[0].from, b.spans[0].from) })
	return out
}

// pattern says how ascending days follow each other, if that is regular.
func pattern(days []int) string {
	if len(days) < 3 {
		return ""
	}
	even, weekly := true, true
	var week [7]bool
	for i, d := range days {
		week[(d+4)%7] = true // day 0, 1 January 1970, was a Thursday
		even = even && (i == 0 || d-days[i-1] == days[1]-days[0])
		weekly = weekly && (i == 0 || d-days[i-1] < 7)
	}
	switch gap := days[1] - days[0]; {
	case even && gap == 1:
		return "every day"
	case even && gap == 7:
		return "every week"
	case even && gap == 14:
		return "every second week"
	case even && gap%7 == 0:
		return fmt.Sprintf("every %d weeks", gap/7)
	case even:
		return fmt.Sprintf("every %d days", gap)
	case weekly && everyWeek(days, week):
		return "every " + weekdays(week)
	default:
		return ""
	}
}

// everyWeek says whether between the first and the last day no such weekday is missing.
func everyWeek(days []int, week [7]bool) bool {
	n := 0
	for d := days[0]; d <= days[len(days)-1]; d++ {
		if week[(d+4)%7] {
			n++
		}
	}
	return n == len(days)
}

func weekdays(week [7]bool) string {
	if week == [7]bool{false, true, true, true, true, true, false} {
		return "Mon-Fri"
	}
	var names []string
	for i := range 7 {
		if day := (i + 1) % 7; week[day] { // from Monday on
			names = append(names, time.Weekday(day).String()[:3])
		}
	}
	return strings.Join(names, ", ")
}
