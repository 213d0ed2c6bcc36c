package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// writeJSON prints a value for scripts.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // nobody puts it into a page, and people read it, too
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// table prints rows in columns, with no blank at the end of a line.
func table(w io.Writer, rows [][]string) error {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = oneLine(cell)
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// printable takes out what could move the cursor or hide text: what is printed comes from
// senders whom nobody knows.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return ' '
		}
		return r
	}, s)
}

func oneLine(s string) string { return strings.ReplaceAll(printable(s), "\n", " ") }

// span prints a duration in its largest units, without empty ones: 90m is 1h30m, 48h is 2d.
func span(d time.Duration) string {
	if d < 0 {
		return "-" + span(-d)
	}
	d = d.Round(time.Second)
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if n := int64(d / unit.size); n > 0 {
			fmt.Fprintf(&b, "%d%s", n, unit.name)
			d %= unit.size
		}
	}
	return b.String()
}

// clock prints an instant for people, in the zone that it carries.
func clock(t time.Time) string { return t.Format("Mon 2006-01-02 15:04:05 MST") }

// utc is an instant for JSON; nil, and so absent, when it is unbounded or beyond what RFC 3339 can say.
func utc(t time.Time) *time.Time {
	u := t.UTC()
	if t.IsZero() || u.Year() < 1 || u.Year() > 9999 {
		return nil
	}
	return &u
}

// plural counts things.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
