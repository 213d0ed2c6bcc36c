package configs

import (
	"fmt"
	"time"
)

// Horizon is how far ahead [Config.Weaknesses] looks for gaps.
const Horizon = 14 * 24 * time.Hour

// watched is a schedule or layer that some tier or fallback relies on.
type watched struct {
	at              node
	schedule, layer string
}

// Weaknesses are all warnings: those of [Config.Warnings] and the gaps in the
// [Horizon] after now, each at the target that would lead to nobody.
func (c *Config) Weaknesses(now time.Time) []Problem {
	problems := append(Problems{}, c.warnings...)
	told := map[string]bool{}
	for _, w := range c.watched {
		name := w.schedule + "/" + w.layer
		schedule, ok := c.book.Schedules[w.schedule]
		if !ok || told[name] {
			continue
		}
		told[name] = true
		gaps := schedule.Gaps(w.layer, now, now.Add(Horizon))
		if len(gaps) == 0 {
			continue
		}
		text := fmt.Sprintf("nobody is on call from %s to %s", clock(gaps[0].Start), clock(gaps[0].End))
		if more := len(gaps) - 1; more > 0 {
			text += fmt.Sprintf(", and in %d more gaps of the next 14 days", more)
		}
		problems = append(problems, Problem{File: w.at.file, Line: w.at.y.Line, Column: w.at.y.Column, Path: w.at.path, Message: text, Warning: true})
	}
	problems.sort()
	return problems
}

func clock(t time.Time) string { return t.Format("Mon 2006-01-02 15:04 MST") }
