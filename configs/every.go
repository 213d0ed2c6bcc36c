package configs

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"tocsin/schedules"
)

// every reads the length of a turn, or a list of lengths that follow each other.
func (r *reader) every(n node) (one schedules.Every, sequence []schedules.Every) {
	items := []node{n}
	if n.y.Kind == yaml.SequenceNode {
		if items = r.list(n); len(items) == 0 {
			r.fail(n, "the list is empty; write the length of a turn, such as 1 week")
		}
	}
	for _, item := range items {
		s, ok := r.text(item)
		if !ok {
			continue
		}
		e, err := schedules.ParseEvery(strings.ToLower(s))
		if err != nil {
			if meant := everyMeant(s); meant != "" {
				r.fail(item, "every %q is not a number and a unit; write %s", s, meant)
			} else {
				r.fail(item, "%v", err)
			}
		}
		sequence = append(sequence, e)
	}
	if len(sequence) == 1 {
		return sequence[0], nil
	}
	return schedules.Every{}, sequence
}

// everyWords are lengths of turns as other systems call them.
var everyWords = map[string]string{
	"hourly": "1 hour", "daily": "1 day", "weekly": "1 week", "monthly": "1 month", "fortnightly": "2 weeks",
	"hour": "1 hour", "day": "1 day", "week": "1 week", "month": "1 month", "fortnight": "2 weeks",
}

// everyShape is a length in short, such as 168h, 1w, 1week or 604800 seconds. An m alone
// could be minutes or months.
var everyShape = regexp.MustCompile(`^(\d{1,9}) *(s|seconds?|h|hrs?|hours?|d|days?|w|wks?|weeks?|mo|months?)?$`)

// everyMeant is the length that somebody means, as it is to be written, or "".
func everyMeant(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if meant, ok := everyWords[s]; ok {
		return meant
	}
	m := everyShape.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	count, _ := strconv.Atoi(m[1]) // digits, as matched
	e := schedules.Every{N: count}
	switch unit := m[2]; {
	case strings.HasPrefix(unit, "mo"):
		e.Unit = schedules.Month
	case strings.HasPrefix(unit, "w"):
		e.Unit = schedules.Week
	case strings.HasPrefix(unit, "d"):
		e.Unit = schedules.Day
	case strings.HasPrefix(unit, "h"):
		e = hoursMeant(count)
	case count%3600 == 0: // seconds, with or without a unit
		e = hoursMeant(count / 3600)
	}
	if again, err := schedules.ParseEvery(e.String()); err != nil || again != e {
		return ""
	}
	return e.String()
}

// hoursMeant takes whole weeks and days for what they are: nobody wants hand-offs to move
// with the clocks.
func hoursMeant(hours int) schedules.Every {
	switch {
	case hours%(7*24) == 0:
		return schedules.Every{N: hours / (7 * 24), Unit: schedules.Week}
	case hours%24 == 0:
		return schedules.Every{N: hours / 24, Unit: schedules.Day}
	}
	return schedules.Every{N: hours, Unit: schedules.Hour}
}
