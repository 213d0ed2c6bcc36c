package ical

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	tableFrom = 0          // 1970-01-01
	tableTo   = 4102444800 // 2100-01-01: until then the rules of a VTIMEZONE are followed
	maxOnsets = 2000
	maxBlocks = 200 // the offsets of a time-zone file have numbers of one byte
)

// onset is an instant from which on a clock is that many seconds east of UTC.
type onset struct{ at, before, offset int64 }

// ownZone makes a location of a VTIMEZONE (RFC 5545 §3.6.5).
func ownZone(c *component, b *budget) (*time.Location, error) {
	var all []onset
	for _, part := range c.children {
		if part.name != "STANDARD" && part.name != "DAYLIGHT" {
			continue
		}
		onsets, err := onsetsOf(part, b)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", part.line, err)
		}
		if all = append(all, onsets...); len(all) > maxOnsets {
			break
		}
	}
	if len(all) == 0 || len(all) > maxOnsets || len(c.children) > maxBlocks {
		return nil, fmt.Errorf("line %d: it has %d changes of the clock; 1 to %d are expected", c.line, len(all), maxOnsets)
	}
	slices.SortStableFunc(all, func(a, b onset) int { return cmp.Compare(a.at, b.at) })
	for i := 1; i < len(all); i++ {
		if gap := all[i].at - all[i-1].at; gap > 0 && gap < daySeconds {
			return nil, fmt.Errorf("line %d: its clock changes twice within a day", c.line)
		}
	}
	return time.LoadLocationFromTZData(c.text("TZID"), tzif(all))
}

// onsetsOf is when a STANDARD or DAYLIGHT block begins to hold: its last time before the
// table, and all in it. Its clock runs at the offset before the change.
func onsetsOf(c *component, b *budget) ([]onset, error) {
	from, err1 := offsetOf(c, "TZOFFSETFROM")
	to, err2 := offsetOf(c, "TZOFFSETTO")
	clock := time.FixedZone("", int(from))
	start, err3 := parseStamp(c.text("DTSTART"), clock, clock)
	series, err4 := onlyRule(c, clock)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	var out []onset
	add := func(wall int64) bool {
		at := wall - from
		if len(out) == 1 && out[0].at < tableFrom && at < tableFrom {
			out = out[:0]
		}
		out = append(out, onset{at, from, to})
		return len(out) <= maxOnsets
	}
	if err := series.walls(start, tableTo, b, add); err != nil {
		return nil, err
	}
	for _, p := range c.props {
		if p.name != "RDATE" {
			continue
		}
		for value := range strings.SplitSeq(p.value, ",") {
			s, err := parseStamp(value, clock, clock)
			if err != nil {
				return nil, fmt.Errorf("RDATE: %w", err)
			}
			if !add(s.wall) {
				return out, nil
			}
		}
	}
	return out, nil
}

// onlyRule is the RRULE of a block; without one it begins once.
func onlyRule(c *component, clock *time.Location) (*rule, error) {
	r := &rule{count: 1}
	seen := false
	for _, p := range c.props {
		if p.name != "RRULE" {
			continue
		}
		if seen {
			return nil, errors.New("more than one RRULE is not supported")
		}
		var err error
		if r, err = parseRule(p.value, clock, clock); err != nil {
			return nil, err
		}
		seen = true
	}
	return r, nil
}

// offsetOf reads +0530 or -043015 (RFC 5545 §3.3.14) in seconds east of UTC.
func offsetOf(c *component, name string) (int64, error) {
	text := c.text(name)
	wrong := fmt.Errorf("%s %.20q is no offset such as +0100", name, text)
	if len(text) != 5 && len(text) != 7 || text[0] != '+' && text[0] != '-' {
		return 0, wrong
	}
	n, err := strconv.ParseUint((text[1:] + "00")[:6], 10, 32)
	if err != nil || n/10000 > 25 || n/100%100 > 59 || n%100 > 59 {
		return 0, wrong
	}
	seconds := int64(n/10000*3600 + n/100%100*60 + n%100)
	if text[0] == '-' {
		seconds = -seconds
	}
	return seconds, nil
}

// tzif writes a time-zone file (RFC 8536, version 2), the only way to make a location that
// package time will take. Type 0 is what held before the first change.
func tzif(onsets []onset) []byte {
	types := []int64{onsets[0].before}
	var times, indices, kinds []byte
	for i, o := range onsets {
		if i+1 < len(onsets) && onsets[i+1].at == o.at {
			continue // two changes at once: the later one holds
		}
		index := slices.Index(types[1:], o.offset) + 1
		if index == 0 {
			index = len(types)
			types = append(types, o.offset)
		}
		times = binary.BigEndian.AppendUint64(times, uint64(o.at)) // two's complement, as the format has it
		indices = append(indices, byte(index))
	}
	for _, offset := range types {
		kinds = binary.BigEndian.AppendUint32(kinds, uint32(int32(offset))) // within ±26 h
		kinds = append(kinds, 0, 0)                                         // no daylight flag; the only abbreviation
	}
	header := func(timecnt, typecnt, charcnt int) []byte {
		h := append([]byte("TZif2"), make([]byte, 15+12)...) // no UT, standard or leap indicators
		for _, n := range [...]int{timecnt, typecnt, charcnt} {
			h = binary.BigEndian.AppendUint32(h, uint32(n))
		}
		return h
	}
	return slices.Concat(header(0, 0, 0), header(len(indices), len(types), 4), times, indices, kinds, []byte("-00\x00\n\n"))
}
