package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"
)

// report gathers figures for the tables.
type report struct {
	volleys []volley
	ingest  map[string][]rate // by store: distinct and repeats of each volley in turn
	limits  []string
	rows    []row
	alone   [][3]string // what, figure, goal
	notes   []string
	figures []figure
}

// row is a figure that each store has.
type row struct {
	what, goal      string
	redis, embedded string
}

func (r *row) set(k kind, figure string) {
	if k.short == "redis" {
		r.redis = figure
	} else {
		r.embedded = figure
	}
}

func (r *report) note(text string) { r.notes = append(r.notes, text) }

func (r *report) markdown() string {
	var s strings.Builder
	if len(r.ingest) > 0 {
		r.ingestTable(&s)
	}
	if len(r.rows) > 0 {
		s.WriteString("| measure | Redis, everysec | embedded, fsync | goal |\n| --- | --- | --- | --- |\n")
		for _, row := range r.rows {
			fmt.Fprintf(&s, "| %s | %s | %s | %s |\n", row.what, dash(row.redis), dash(row.embedded), row.goal)
		}
		s.WriteString("\n")
	}
	if len(r.alone) > 0 {
		s.WriteString("| without a store, one core, best of ten runs | | goal |\n| --- | --- | --- |\n")
		for _, a := range r.alone {
			fmt.Fprintf(&s, "| %s | %s | %s |\n", a[0], a[1], a[2])
		}
		s.WriteString("\n")
	}
	if len(r.figures) > 0 {
		r.goalTable(&s)
	}
	for _, note := range r.notes {
		s.WriteString(note + "\n")
	}
	return s.String()
}

func (r *report) ingestTable(s *strings.Builder) {
	s.WriteString("| ingest through HTTP, durable before 200 | distinct alerts/s | of the limit | p50 / p99 | CPU per alert | repeats/s | of the limit | p50 / p99 | CPU per alert |\n")
	s.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, store := range []string{"Redis, everysec", "embedded, fsync"} {
		for i := 0; i+1 < len(r.ingest[store]); i += 2 {
			v := r.volleys[i/2]
			fmt.Fprintf(s, "| %s, %d a body | %s | %s |\n", store, v.alerts, r.ingest[store][i].cells(), r.ingest[store][i+1].cells())
		}
	}
	s.WriteString("\nThe limit, in the same rounds: " + strings.Join(r.limits, "; ") + ": the store alone, " +
		"committing exactly the changes that the engine makes of these alerts, in batches of 64 by four committers; touches move the counters of a repeat. " +
		"Every distinct alert (about 700 B, Alertmanager's format) opens an incident of its own, with its member, timer, index and history, and every body goes to the intake log. " +
		"The route holds pages for an hour, so that this is ingest alone. ")
	var how []string
	for _, v := range r.volleys {
		how = append(how, fmt.Sprintf("%d connections at %d a body", v.conns, v.alerts))
	}
	s.WriteString("Closed loop over loopback with " + strings.Join(how, ", ") + "; CPU is the gateway's, + Redis's.\n\n")
}

func (r rate) cells() string {
	cpu := fmt.Sprintf("%.1f µs", r.gateway)
	if r.base > 0 {
		cpu = fmt.Sprintf("%.1f + %.1f µs", r.gateway, r.base)
	}
	return fmt.Sprintf("%s | %.0f %% | %s / %s | %s", thousands(r.perSecond), 100*r.share, millis(r.p50), millis(r.p99), cpu)
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func thousands(f float64) string {
	if f < 10_000 {
		return fmt.Sprintf("%.1f k", f/1000)
	}
	return fmt.Sprintf("%.0f k", f/1000)
}

func millis(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	if ms < 10 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// count writes thousands apart: 100 000.
func count(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + " " + text[i:]
	}
	return text
}

// The part of the README that bench owns.
const (
	benchStart = "<!-- bench:start -->"
	benchEnd   = "<!-- bench:end -->"
)

// replaceIn puts text between the marks of a file.
func replaceIn(path, text string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	replaced, err := replace(data, text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, replaced, 0o644)
}

func replace(data []byte, text string) ([]byte, error) {
	before, rest, found := bytes.Cut(data, []byte(benchStart))
	_, after, ended := bytes.Cut(rest, []byte(benchEnd))
	if !found || !ended {
		return nil, fmt.Errorf("there is no %s followed by %s; add both where the tables should stand", benchStart, benchEnd)
	}
	return fmt.Appendf(nil, "%s%s\n%s%s%s", before, benchStart, text, benchEnd, after), nil
}
