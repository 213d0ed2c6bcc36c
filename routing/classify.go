package routing

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
)

// Rule changes the severity of the alerts that it matches, or silences them. The first
// matching rule wins per field: one rule may decide the severity and another, wherever it
// stands, that the alert is suppressed or dropped. A rule that matches has decided its
// field even when it changes nothing (RaiseTo of an alert that is more urgent already).
//
// Matchers see the alert's labels and, in place of labels of the same name, `severity`
// (the step that the source's word stands for, before any rule), `severity_word` (as it
// was sent, in its own case), `source` and `integration`. A missing label is "".
type Rule struct {
	Name     string // for the reasons; without one the rule is called after its place, "classify[2]"
	Matchers labels.Matchers

	// At most one of these is set.
	Set, RaiseTo, LowerTo Severity

	Suppress bool // kept and shown, pages nobody
	Drop     bool // forgotten; excludes Suppress
}

// verdict is what classification found.
type verdict struct {
	severity          Severity
	reasons           []string
	suppress, dropped string // the name of the rule
}

// classifier holds the prepared rules.
type classifier struct {
	scale  Scale
	rules  []Rule // names filled in
	conds  []conditions
	quoted []string // `rule "name"`
	index  *index
}

// newClassifier prepares rules. Its errors are [PathError] values.
func newClassifier(scale Scale, rules []Rule) (*classifier, []error) {
	c := &classifier{scale: scale}
	var errs []error
	for i, rule := range rules {
		path := "classify[" + strconv.Itoa(i) + "]"
		if rule.Name == "" {
			rule.Name = path
		}
		conds, err := compileMatchers(rule.Matchers)
		for _, err := range append(checkRule(scale, rule), err) {
			if err != nil {
				errs = append(errs, &PathError{Path: path, Err: err})
			}
		}
		c.rules = append(c.rules, rule)
		c.conds = append(c.conds, conds)
		c.quoted = append(c.quoted, "rule "+strconv.Quote(rule.Name))
	}
	c.index = newIndex(c.conds)
	return c, errs
}

func checkRule(scale Scale, rule Rule) (errs []error) {
	steps := 0
	for _, step := range []Severity{rule.Set, rule.RaiseTo, rule.LowerTo} {
		if step == "" {
			continue
		}
		if steps++; !scale.Has(step) {
			errs = append(errs, fmt.Errorf("severity %q is no step of the scale; use one of %s", step, scale.names()))
		}
	}
	if steps > 1 {
		errs = append(errs, errors.New("set only one of set, raise_to and lower_to"))
	}
	if rule.Suppress && rule.Drop {
		errs = append(errs, errors.New("set only one of suppress and drop"))
	}
	quiets := rule.Suppress || rule.Drop
	if steps == 0 && !quiets {
		errs = append(errs, errors.New("the rule does nothing; give it set, raise_to, lower_to, suppress or drop"))
	}
	if quiets && len(rule.Matchers) == 0 {
		errs = append(errs, errors.New("the rule would silence every alert; give it matchers"))
	}
	return errs
}

// names lists the steps for an error message.
func (s Scale) names() string {
	names := make([]string, len(s.Levels))
	for i, level := range s.Levels {
		names[i] = string(level.Name)
	}
	return strings.Join(names, ", ")
}

// classify finds the severity of an alert and whether a rule silences it.
func (c *classifier) classify(a *Alert) verdict {
	severity, reason := c.fromWord(a.SeverityWord)
	found := verdict{severity: severity, reasons: append(make([]string, 0, 4), reason)}
	v := viewOf(a, severity)

	var room [8][]int32
	lists := c.index.candidates(&v, room[:0])
	for severityOpen, quietOpen := true, true; severityOpen || quietOpen; {
		i := pop(lists)
		if i < 0 {
			break
		}
		rule := &c.rules[i]
		wantsSeverity := severityOpen && (rule.Set != "" || rule.RaiseTo != "" || rule.LowerTo != "")
		wantsQuiet := quietOpen && (rule.Suppress || rule.Drop)
		if (!wantsSeverity && !wantsQuiet) || !c.conds[i].match(&v) {
			continue
		}
		if wantsSeverity {
			severityOpen = false
			c.decideSeverity(&found, i)
		}
		if wantsQuiet {
			quietOpen = false
			c.decideQuiet(&found, i)
		}
	}
	return found
}

func (c *classifier) decideSeverity(found *verdict, i int) {
	rule, was := &c.rules[i], found.severity
	switch {
	case rule.Set != "":
		found.severity = rule.Set
		found.reasons = append(found.reasons, c.quoted[i]+": "+string(rule.Set))
	case rule.RaiseTo != "" && c.scale.MoreUrgent(rule.RaiseTo, was):
		found.severity = rule.RaiseTo
		found.reasons = append(found.reasons, c.quoted[i]+": raised to "+string(rule.RaiseTo))
	case rule.LowerTo != "" && c.scale.MoreUrgent(was, rule.LowerTo):
		found.severity = rule.LowerTo
		found.reasons = append(found.reasons, c.quoted[i]+": lowered to "+string(rule.LowerTo))
	case rule.RaiseTo != "":
		found.reasons = append(found.reasons, c.quoted[i]+": not less urgent than "+string(rule.RaiseTo)+", stays "+string(was))
	default:
		found.reasons = append(found.reasons, c.quoted[i]+": not more urgent than "+string(rule.LowerTo)+", stays "+string(was))
	}
}

func (c *classifier) decideQuiet(found *verdict, i int) {
	if c.rules[i].Drop {
		found.dropped = c.rules[i].Name
		found.reasons = append(found.reasons, c.quoted[i]+": dropped")
		return
	}
	found.suppress = c.rules[i].Name
	found.reasons = append(found.reasons, c.quoted[i]+": suppressed, pages nobody")
}

// fromWord finds the step for the source's word, and says how.
func (c *classifier) fromWord(word string) (Severity, string) {
	severity, known := c.scale.FromWord(word)
	switch {
	case known:
		return severity, "severity word " + quoteShort(word) + " is " + string(severity)
	case strings.TrimSpace(word) == "":
		return severity, "no severity word: default " + string(severity)
	}
	return severity, "unknown severity word " + quoteShort(word) + ": default " + string(severity)
}

// quoteShort quotes what a sender wrote, so that it stays on one line and short.
func quoteShort(s string) string {
	const limit = 80
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return strconv.Quote(s)
}
