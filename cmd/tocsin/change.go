package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tocsin/configs/history"
)

// mostHandovers bounds how many shifts that change hands are listed one by one.
const mostHandovers = 40

// printChange shows what a proposal does: the text, then what it means for people.
func (c *cli) printChange(w io.Writer, change history.Change) error {
	if c.json {
		return writeJSON(w, change)
	}
	if change.Unchanged {
		_, err := fmt.Fprintf(w, "%s is in force and says the same\n", change.Revision.Label())
		return err
	}
	fmt.Fprint(w, printableText(change.Text))
	for _, n := range change.Notes {
		fmt.Fprintln(w, "note: "+oneLine(n))
	}
	if err := printHandovers(w, change.Handovers); err != nil {
		return err
	}
	if change.Routes != nil {
		fmt.Fprint(w, printable(change.Routes.Text()))
	}
	for _, part := range []struct {
		title string
		lines []string
	}{{"new weakness", change.New}, {"no longer a weakness", change.Gone}, {"no longer fits and is left out", change.Skipped}} {
		for _, line := range part.lines {
			fmt.Fprintf(w, "%s: %s\n", part.title, oneLine(line))
		}
	}
	if change.Replay != nil {
		fmt.Fprint(w, printable(change.Replay.Text()))
	}
	return nil
}

// printHandovers lists the shifts that change hands, schedule by schedule; what differs on the
// whole schedule is counted, what differs on a layer is listed.
func printHandovers(w io.Writer, all []history.Handover) error {
	layers := slices.DeleteFunc(slices.Clone(all), func(h history.Handover) bool { return h.Layer == "" })
	if len(layers) == 0 {
		_, err := fmt.Fprintln(w, "no shift of the next 90 days changes hands")
		return err
	}
	fmt.Fprintf(w, "%s of the next 90 days %s hands:\n", plural(len(layers), "shift", "shifts"), verb(len(layers), "changes", "change"))
	rows := [][]string{}
	for i, h := range layers {
		if i == mostHandovers {
			rows = append(rows, []string{fmt.Sprintf("  … and %d more; --json lists them", len(layers)-i)})
			break
		}
		rows = append(rows, []string{"  " + h.Schedule + "/" + h.Layer, short(h.From), short(h.To), joined(h.Before) + " → " + joined(h.After)})
	}
	return table(w, rows)
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// short is an instant without seconds.
func short(t time.Time) string { return t.Format("Mon 2006-01-02 15:04 MST") }

// printableText is text for people that ends its last line.
func printableText(s string) string {
	if s = printable(s); s != "" && !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	return s
}
