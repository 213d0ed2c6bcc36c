package ical

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // so that a binary alone knows the zones
)

// zones finds the zones that one calendar names.
type zones struct {
	dates    *time.Location // where whole days are
	floating *time.Location // where times without a zone are
	own      map[string]*component
	found    map[string]*time.Location
	budget   *budget
}

// newZones knows the VTIMEZONE blocks of a calendar and its X-WR-TIMEZONE.
func newZones(cal *component, zone *time.Location, b *budget) (*zones, error) {
	if zone == nil {
		zone = time.UTC
	}
	z := &zones{dates: zone, floating: zone, own: map[string]*component{}, found: map[string]*time.Location{}, budget: b}
	for _, c := range cal.children {
		if c.name == "VTIMEZONE" {
			z.own[c.text("TZID")] = c
		}
	}
	name, ok := cal.get("X-WR-TIMEZONE")
	if !ok || strings.TrimSpace(name.value) == "" {
		return z, nil
	}
	loc, err := z.find(name.value)
	if err != nil {
		return nil, fmt.Errorf("line %d: X-WR-TIMEZONE: %w", name.line, err)
	}
	z.floating = loc
	return z, nil
}

// stamp reads the value of a property as a time, or one of a list of values.
func (z *zones) stamp(p property, value string, floating *time.Location) (stamp, error) {
	id := p.params["TZID"]
	if id == "" || strings.HasSuffix(strings.TrimSpace(value), "Z") {
		return parseStamp(value, floating, z.dates)
	}
	loc, err := z.find(id)
	if err != nil {
		return stamp{}, err
	}
	return parseStamp(value, loc, z.dates)
}

// find is the zone that id names; package comment for the order.
func (z *zones) find(id string) (*time.Location, error) {
	id = strings.TrimSpace(id)
	if loc, ok := z.found[id]; ok {
		return loc, nil
	}
	loc, err := z.budget.known(id)
	if err != nil {
		return nil, err
	}
	if own, ok := z.own[id]; ok && loc == nil {
		loc = load(own.text("X-LIC-LOCATION"))
		if loc == nil {
			if loc, err = ownZone(own, z.budget); err != nil {
				return nil, fmt.Errorf("time zone %.80q is unknown, and its VTIMEZONE cannot be used: %w", id, err)
			}
		}
	}
	if loc == nil {
		return nil, fmt.Errorf("time zone %.80q is unknown and the calendar does not describe it; use an IANA name such as Europe/Berlin", id)
	}
	z.found[id] = loc
	return loc, nil
}

// known is the zone of a name that means the same everywhere, or nil.
func known(id string) *time.Location {
	if loc := load(windows[id]); loc != nil {
		return loc
	}
	if loc := load(id); loc != nil {
		return loc
	}
	// "/vendor.example/20260101_1/America/Argentina/Ushuaia"
	if parts := strings.Split(id, "/"); strings.HasPrefix(id, "/") && len(parts) < 12 {
		for n := min(3, len(parts)-1); n > 0; n-- {
			if loc := load(strings.Join(parts[len(parts)-n:], "/")); loc != nil {
				return loc
			}
		}
	}
	return shown(id)
}

// load is the zone with that IANA name, or nil.
func load(name string) *time.Location {
	if name == "" || name == "Local" || len(name) > 64 {
		return nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return loc
}

var display = regexp.MustCompile(`^\((?:UTC|GMT)(?:([+-])(\d\d):(\d\d))?\) *(.{1,80})$`)

// shown is the zone of a name that Outlook shows, such as "(UTC+01:00) Amsterdam, Berlin,
// Bern": that of the region, or of the first city whose standard time is as it says.
func shown(id string) *time.Location {
	m := display.FindStringSubmatch(id)
	if m == nil {
		return nil
	}
	if name, ok := regions[m[4]]; ok {
		return load(name)
	}
	offset := 0
	if m[1] != "" {
		d, err := time.ParseDuration(m[2] + "h" + m[3] + "m")
		if err != nil {
			return nil
		}
		offset = int(d.Seconds())
		if m[1] == "-" {
			offset = -offset
		}
	}
	for city := range strings.SplitSeq(m[4], ",") {
		city = strings.ReplaceAll(strings.TrimSpace(city), " ", "_")
		for _, area := range [...]string{"Europe", "America", "Asia", "Africa", "Australia", "Pacific", "Atlantic"} {
			if loc := load(area + "/" + city); loc != nil && standard(loc) == offset {
				return loc
			}
		}
	}
	return nil
}

// standard is the offset of a zone's standard time in seconds, in a recent year: the lower
// one of January and July.
func standard(loc *time.Location) int {
	_, january := time.Date(2025, time.January, 15, 0, 0, 0, 0, time.UTC).In(loc).Zone()
	_, july := time.Date(2025, time.July, 15, 0, 0, 0, 0, time.UTC).In(loc).Zone()
	return min(january, july)
}
