package routing

import (
	"strings"
	"time"
)

// Severity is the name of one step of the configured scale ("P0").
type Severity string

// Urgency chooses which notification rules of a person run.
type Urgency string

// The three urgencies.
const (
	Urgent Urgency = "urgent"
	Normal Urgency = "normal"
	Low    Urgency = "low"
)

// Level is one step of the scale. Zero durations mean "no promise".
type Level struct {
	Name               Severity
	Words              []string // what sources say for it, case-insensitive
	Urgency            Urgency
	RespondWithin      time.Duration // first acknowledgement of the incident
	ResolveWithin      time.Duration
	AcknowledgeExpires time.Duration // after this an acknowledged incident pages again; 0 means the default, 24 h
	Degraded           Degraded      // while the shared store is away; "" is the default
}

// DefaultAcknowledgeExpires is used by a level that names no expiry of its own.
const DefaultAcknowledgeExpires = 24 * time.Hour

// Scale is the configured list of severities, most urgent first, and the step for unknown words.
type Scale struct {
	Levels  []Level
	Default Severity
}

// Rank is the position of s, 0 being the most urgent. A name that the scale no longer
// has (after a reload) counts as the default step.
func (s Scale) Rank(name Severity) int {
	fallback := len(s.Levels) - 1
	for i := range s.Levels {
		if s.Levels[i].Name == name {
			return i
		}
		if s.Levels[i].Name == s.Default {
			fallback = i
		}
	}
	return max(fallback, 0)
}

// Has says whether the scale has a step of that name.
func (s Scale) Has(name Severity) bool {
	for i := range s.Levels {
		if s.Levels[i].Name == name {
			return true
		}
	}
	return false
}

// Level returns the step of that name, or the default step.
func (s Scale) Level(name Severity) Level {
	if len(s.Levels) == 0 {
		return Level{Name: name, Urgency: Urgent}
	}
	return s.Levels[s.Rank(name)]
}

// MoreUrgent says whether a is more urgent than b.
func (s Scale) MoreUrgent(a, b Severity) bool { return s.Rank(a) < s.Rank(b) }

// MostUrgent returns the name of the first step.
func (s Scale) MostUrgent() Severity {
	if len(s.Levels) == 0 {
		return ""
	}
	return s.Levels[0].Name
}

// FromWord maps a source's word to a step. Known is false when no step claims the word
// and the default is used.
func (s Scale) FromWord(word string) (name Severity, known bool) {
	word = strings.TrimSpace(word)
	for i := range s.Levels {
		if strings.EqualFold(string(s.Levels[i].Name), word) {
			return s.Levels[i].Name, true
		}
		for _, w := range s.Levels[i].Words {
			if strings.EqualFold(w, word) {
				return s.Levels[i].Name, true
			}
		}
	}
	return s.Level(s.Default).Name, false
}
