package configs

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/escalation"
	"tocsin/schedules"
)

// How far ahead [Config.Coverage] looks for gaps, and how far it looks for those that there is
// still time for.
const (
	Horizon    = 14 * 24 * time.Hour
	FarHorizon = 90 * 24 * time.Hour
)

// watched is a schedule or layer that some tier or fallback relies on.
type watched struct {
	at              node
	schedule, layer string
}

// Weaknesses are all that [Config.Warnings] says, what [escalation.Readiness] finds ahead,
// each where it can be mended, and the faults of [Config.Coverage].
func (c *Config) Weaknesses(now time.Time) []Problem {
	problems := append(slices.Clone(c.warnings), c.Coverage(now)...)
	for _, f := range escalation.Readiness(c.book, now, escalation.ReadinessOptions{}) {
		if _, promised := c.promised[f.Schedule]; promised && f.Kind == escalation.Gap && f.Layer == "" {
			continue // a fault already
		}
		p := c.placeOf(f).problem(f.Text)
		p.Warning = true
		problems = append(problems, p)
	}
	problems.sort()
	return problems
}

// placeOf is where a finding can be mended.
func (c *Config) placeOf(f escalation.Finding) node {
	if f.Kind == escalation.Gap {
		for _, w := range c.watched {
			if w.schedule == f.Schedule && w.layer == f.Layer {
				return w.at
			}
		}
	}
	keys := []string{"schedules/" + f.Schedule, "policies/" + f.Policy}
	if f.Policy != "" {
		keys = []string{"policies/" + f.Policy + "/" + f.Tier, "policies/" + f.Policy}
	}
	if f.Kind == escalation.Unreachable && len(f.Users) > 0 {
		keys = []string{"users/" + string(f.Users[0])}
	}
	for _, key := range keys {
		if at, ok := c.places[key]; ok {
			return at
		}
	}
	return c.first
}

// landmarks are the places of what findings speak of, by section and name.
func (r *reader) landmarks() map[string]node {
	at := map[string]node{}
	for _, section := range []string{"schedules", "policies", "users"} {
		for _, item := range r.items[section] {
			name, ok := item.peek("name")
			if !ok {
				continue
			}
			at[section+"/"+name.y.Value] = item
			tiers, _ := item.peek("tiers")
			for _, tier := range r.list(tiers) {
				if t, ok := tier.peek("name"); ok {
					at[section+"/"+name.y.Value+"/"+t.y.Value] = tier
				}
			}
		}
	}
	return at
}

// Coverage are the schedules that require coverage (require_coverage: true) and leave
// nobody on call at some time of the [FarHorizon] after now. They are faults, not warnings.
func (c *Config) Coverage(now time.Time) (faults Problems) {
	for _, name := range slices.Sorted(maps.Keys(c.promised)) {
		schedule, ok := c.book.Schedules[name]
		if !ok {
			continue
		}
		if text := gaps(schedule, "", now); text != "" {
			faults = append(faults, c.promised[name].problem(fmt.Sprintf("schedule %q requires coverage: %s", name, text)))
		}
	}
	faults.sort()
	return faults
}

// gaps says when nobody is on call in the [FarHorizon] after now; "" when somebody always is.
func gaps(schedule *schedules.Schedule, layer string, now time.Time) string {
	found := schedule.Gaps(layer, now, now.Add(FarHorizon))
	if len(found) == 0 {
		return ""
	}
	text := fmt.Sprintf("nobody is on call from %s to %s", clock(found[0].Start), clock(found[0].End))
	soon := now.Add(Horizon)
	later := slices.IndexFunc(found, func(gap schedules.Shift) bool { return !gap.Start.Before(soon) })
	if later < 0 {
		later = len(found)
	}
	switch more := len(found) - 1; {
	case later > 1:
		text += fmt.Sprintf(", and in %d more gaps of the next 14 days (%d of 90)", later-1, more)
	case more > 0:
		text += fmt.Sprintf(", and in %d more gaps of the next 90 days", more)
	}
	return text
}

func clock(t time.Time) string { return t.Format("Mon 2006-01-02 15:04 MST") }
