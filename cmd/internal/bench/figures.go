package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// figure is one measure as a machine reads it.
type figure struct {
	Name  string  `json:"name"` // small-letter words with dashes
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Goal  string  `json:"goal,omitempty"` // ">= 70", "< 10"; empty: there is none
}

// met says whether the value reaches the goal; ok is false when there is none.
func (f figure) met() (met, ok bool) {
	sign, text, _ := strings.Cut(f.Goal, " ")
	goal, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return false, false
	}
	switch sign {
	case "<":
		return f.Value < goal, true
	case "<=":
		return f.Value <= goal, true
	default:
		return f.Value >= goal, true
	}
}

// String is the line of a measure at the end of a run.
func (f figure) String() string {
	line := fmt.Sprintf("bench: %s %s %s", f.Name, plain(f.Value), f.Unit)
	switch met, ok := f.met(); {
	case !ok:
		return line + " (no goal)"
	case met:
		return line + fmt.Sprintf(" (goal %s) met", f.Goal)
	default:
		return line + fmt.Sprintf(" (goal %s) missed", f.Goal)
	}
}

// plain writes a value with three digits that count.
func plain(v float64) string {
	switch {
	case v >= 100 || v <= -100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10 || v <= -10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
}

// figure notes one measure.
func (b *bench) figure(name string, value float64, unit, goal string) {
	b.report.figures = append(b.report.figures, figure{name, value, unit, goal})
}

// goalTable shows what has a goal.
func (r *report) goalTable(s *strings.Builder) {
	s.WriteString("| goal | reached | wanted | |\n| --- | --- | --- | --- |\n")
	for _, f := range r.figures {
		met, ok := f.met()
		if !ok {
			continue
		}
		verdict := "**missed**"
		if met {
			verdict = "met"
		}
		fmt.Fprintf(s, "| %s | %s %s | %s | %s |\n", strings.ReplaceAll(f.Name, "-", " "), plain(f.Value), f.Unit, f.Goal, verdict)
	}
	s.WriteString("\n")
}

// lines writes a line a measure.
func (r *report) lines(out io.Writer) {
	for _, f := range r.figures {
		fmt.Fprintln(out, f)
	}
}
