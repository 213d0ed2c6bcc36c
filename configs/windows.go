package configs

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/schedules"
)

const day = 24 * 60 * 60 // seconds

// clockTime is a time of the day, up to 24:00.
var clockTime = regexp.MustCompile(`^([01]\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?$`)

// windows reads when a layer serves at all.
func (r *reader) windows(f fields) (windows []schedules.Window) {
	n, ok := f.get("windows")
	if !ok {
		return nil
	}
	items := r.list(n)
	if len(items) == 0 && n.kind() == "a list" {
		r.fail(n, "the list is empty; write when the layer serves, or remove the key for always")
	}
	for _, item := range items {
		windows = append(windows, r.window(item))
	}
	return windows
}

// window reads { days: [mo, tu], from: "09:00", to: "17:00" }; what is absent is every
// day, midnight and the midnight after.
func (r *reader) window(n node) (w schedules.Window) {
	w.To = day
	f, ok := r.mapping(n, "days", "from", "to")
	if !ok {
		return w
	}
	if from, ok := f.get("from"); ok {
		if w.From, ok = r.timeOfDay(from); ok && w.From == day {
			r.fail(from, "24:00 is no beginning; write 00:00")
		}
	}
	if to, ok := f.get("to"); ok {
		w.To, _ = r.timeOfDay(to)
	}
	if days, ok := f.get("days"); ok {
		w.Days = r.days(days)
	}
	if len(n.y.Content) == 0 {
		r.fail(n, "the window is empty; write days, from or to")
	}
	return w
}

// timeOfDay reads "09:00" as seconds since midnight.
func (r *reader) timeOfDay(n node) (int, bool) {
	s, ok := r.text(n)
	if !ok {
		return 0, false
	}
	m := clockTime.FindStringSubmatch(s)
	if m == nil || m[1] == "24" && (m[2] != "00" || m[3] != "" && m[3] != "00") {
		r.fail(n, "%q is no time of the day; write for example \"09:00\", up to \"24:00\"", s)
		return 0, false
	}
	seconds := 0
	for _, part := range m[1:] {
		v, _ := strconv.Atoi(part) // digits or nothing, as matched
		seconds = seconds*60 + v
	}
	return seconds, true
}

// weekdays by their names; each may be cut after two or three letters.
var weekdays = [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func weekday(s string) (time.Weekday, bool) {
	for i, name := range weekdays {
		if s = strings.ToLower(s); s == name || s == name[:2] || s == name[:3] {
			return time.Weekday(i), true
		}
	}
	return 0, false
}

// days reads weekdays and ranges of them, such as monday:friday; a range may
// go over the end of the week.
func (r *reader) days(n node) (days []time.Weekday) {
	items := r.listOrOne(n)
	if len(items) == 0 && n.kind() == "a list" {
		r.fail(n, "the list is empty; name days, or remove the key for every day")
	}
	for _, item := range items {
		s, ok := r.text(item)
		if !ok {
			continue
		}
		first, last, isRange := strings.Cut(s, ":")
		from, ok := r.dayNamed(item, first)
		to := from
		if ok && isRange {
			to, ok = r.dayNamed(item, last)
		}
		if !ok {
			continue
		}
		for d := from; ; d = (d + 1) % 7 {
			if slices.Contains(days, d) {
				r.fail(item, "%s is listed twice; once is enough", d)
			} else {
				days = append(days, d)
			}
			if d == to {
				break
			}
		}
	}
	return days
}

func (r *reader) dayNamed(n node, s string) (time.Weekday, bool) {
	d, ok := weekday(s)
	if !ok {
		r.fail(n, "%q is no day of the week; write mo, tu, we, th, fr, sa, su, a full name, or a range such as monday:friday%s",
			s, didYouMean(s, weekdays[:]))
	}
	return d, ok
}
