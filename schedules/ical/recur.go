package ical

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

const (
	maxInterval = 1000 // of a rule, in its units
	maxTimes    = 48   // a day
	// maxWork bounds the instances that the rules of one calendar give, and the days that
	// they make us look at (four count as one): two seconds at worst.
	maxWork  = 5_000_000
	maxNames = 200 // of zones
	// cycle is the 400 years after which the Gregorian calendar repeats itself, in seconds.
	cycle = 146_097 * daySeconds
)

// budget is the work that is left for one file.
type budget struct {
	left  int64
	names map[string]*time.Location // the zones that were looked for; nil if there is none
}

func newBudget() *budget { return &budget{left: maxWork, names: map[string]*time.Location{}} }

// known looks a zone up once.
func (b *budget) known(id string) (*time.Location, error) {
	loc, ok := b.names[id]
	if !ok {
		if len(b.names) == maxNames {
			return nil, fmt.Errorf("the calendar names more than %d time zones", maxNames)
		}
		loc = known(id)
		b.names[id] = loc
	}
	return loc, nil
}

func (b *budget) spend(n int64) error {
	if b.left -= n; b.left < 0 {
		return errors.New("the rules of the calendar give too many instances, or look for days that never come, such as 30 February: delete old or broken series")
	}
	return nil
}

// rule is an RRULE without its end. It runs on the line of wall clocks.
type rule struct {
	option rrule.ROption
	count  int    // 0: no such end
	until  *stamp // inclusive; nil: no such end
}

func (r *rule) endless() bool { return r.count == 0 && r.until == nil }

// parseRule reads an RRULE. A local UNTIL is in loc, a date in dates.
func parseRule(value string, loc, dates *time.Location) (*rule, error) {
	value = strings.ToUpper(strings.TrimSuffix(strings.TrimSpace(value), ";"))
	if len(value) > 1000 {
		return nil, errors.New("RRULE is longer than 1000 characters")
	}
	r := &rule{}
	parts := strings.Split(value, ";")
	for i, part := range parts {
		until, ok := strings.CutPrefix(part, "UNTIL=")
		if !ok {
			continue
		}
		s, err := parseStamp(until, loc, dates)
		if err != nil {
			return nil, fmt.Errorf("UNTIL: %w", err)
		}
		r.until = &s
		parts = slices.Delete(parts, i, i+1)
		break
	}
	option, err := rrule.StrToROption(strings.Join(parts, ";"))
	if err != nil {
		return nil, fmt.Errorf("RRULE %.80q: %w", value, err)
	}
	r.count, option.Count = option.Count, 0
	r.option = *option
	if r.count < 0 || strings.Contains(value, "COUNT=0") {
		return nil, fmt.Errorf("RRULE %.80q: COUNT must be 1 or more", value)
	}
	if err := r.check(value); err != nil {
		return nil, fmt.Errorf("RRULE %.80q: %w", value, err)
	}
	return r, nil
}

// check refuses what makes the library loop for ever, panic or give instances without bound.
func (r *rule) check(value string) error {
	o := &r.option
	for _, list := range []*[]int{&o.Byhour, &o.Byminute, &o.Bysecond, &o.Bymonth, &o.Bymonthday, &o.Byyearday, &o.Byweekno, &o.Bysetpos} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	farthest := 5 // the fifth Monday of a month
	if o.Freq == rrule.YEARLY && len(o.Bymonth) == 0 {
		farthest = 53
	}
	switch {
	case o.Freq > rrule.HOURLY:
		return fmt.Errorf("FREQ=%s is not for shifts; HOURLY is the shortest", o.Freq)
	case strings.Contains(value, "INTERVAL=") && (o.Interval < 1 || o.Interval > maxInterval):
		return fmt.Errorf("INTERVAL must be 1 to %d", maxInterval)
	case len(o.Byeaster) > 0, strings.Contains(value, "DTSTART="):
		return errors.New("BYEASTER and DTSTART are no parts of a rule")
	case o.Freq == rrule.HOURLY && len(o.Byhour) > 0:
		return errors.New("HOURLY with BYHOUR is not supported; write FREQ=DAILY with BYHOUR")
	case max(1, len(o.Byhour))*max(1, len(o.Byminute))*max(1, len(o.Bysecond)) > maxTimes:
		return fmt.Errorf("more than %d times", maxTimes)
	}
	for _, day := range o.Byweekday {
		if day.N() > farthest || day.N() < -farthest {
			return fmt.Errorf("BYDAY counts at most to %d there", farthest)
		}
	}
	// Bounds of months, days and so on; the library leaves zeros to us.
	if slices.Contains(o.Bymonthday, 0) || slices.Contains(o.Byyearday, 0) || slices.Contains(o.Byweekno, 0) || slices.Contains(o.Bysetpos, 0) {
		return errors.New("days, weeks and positions count from 1, or back from -1")
	}
	_, err := rrule.NewRRule(*o)
	return err
}

// walls calls yield with the wall clocks of the instances of a series, in order, until it
// returns false, or the next is after stop. start is always the first.
func (r *rule) walls(start stamp, stop int64, b *budget, yield func(wall int64) bool) error {
	option := r.option
	// The library looks for the next instance up to the year 9999. The calendar repeats itself,
	// weekdays included, so the search goes on in the last cycle that holds stop: a day that
	// never comes costs 400 years, not 8000.
	shift := (lastWall - min(stop, lastWall)) / cycle * cycle
	option.Dtstart = time.Unix(start.wall+shift, 0).UTC()
	option.Until = time.Unix(lastWall, 0).UTC() // else it ends 292 years after the start
	rr, err := rrule.NewRRule(option)
	if err != nil {
		return err
	}
	var last time.Time
	if r.until != nil {
		last = r.until.instant()
		if r.until.date && !start.date {
			last = first(start.loc, r.until.wall+daySeconds).Add(-time.Second)
		}
	}
	if start.wall > stop || !yield(start.wall) {
		return nil
	}
	next := rr.Iterator()
	for n, at := 1, start.wall; r.count == 0 || n < r.count; n++ {
		t, ok := next()
		if ok && t.Unix()-shift == start.wall {
			n-- // it was counted
			continue
		}
		wall := lastWall - shift
		if ok {
			wall = t.Unix() - shift
		}
		if err := b.spend(1 + (wall-at)/(4*daySeconds)); err != nil {
			return err
		}
		at = wall
		if !ok || wall > stop || r.until != nil && first(start.loc, wall).After(last) || !yield(wall) {
			break
		}
	}
	return nil
}
