package replay

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Text tells the report to people: what changes, and nothing else.
func (r Report) Text() string {
	var b strings.Builder
	if r.Deliveries == 0 {
		return "Nothing is recorded for that time: there is nothing to replay.\n"
	}
	answer := "nobody answers a page"
	if r.AckAfter > 0 {
		answer = "whoever is paged first acknowledges after " + short(r.AckAfter)
	}
	fmt.Fprintf(&b, "Replayed %s in %s, %s to %s; %s.\n", count(r.Alerts, "alert"), count(r.Deliveries, "delivery"), minute(r.From), minute(r.To), answer)
	fmt.Fprintf(&b, "%s before, %d after; %s before, %d after.\n\n",
		count(r.Before.Pages, "page"), r.After.Pages, count(r.Before.Incidents, "incident"), r.After.Incidents)
	r.pages(&b)
	r.moves(&b, r.Policies, "would go to another policy")
	r.moves(&b, r.Levels, "would have another severity")
	r.caveats(&b)
	return b.String()
}

// pages writes the numbers of pages that change.
func (r Report) pages(b *strings.Builder) {
	type row struct {
		name string
		Change
	}
	table := func(title string, rows []row) {
		changed := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.Before == r.After })
		if len(changed) == 0 {
			fmt.Fprintf(b, "%s: no change\n", title)
			return
		}
		fmt.Fprintf(b, "%s:\n", title)
		w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
		for _, row := range changed {
			fmt.Fprintf(w, "  %s\t%d → %d\t%+d\n", row.name, row.Before, row.After, row.After-row.Before)
		}
		_ = w.Flush() // into memory
		if same := len(rows) - len(changed); same > 0 {
			fmt.Fprintf(b, "  %d more without a change\n", same)
		}
	}
	var people, tiers, severities []row
	for _, p := range r.People {
		people = append(people, row{p.User, p.Change})
	}
	for _, t := range r.Tiers {
		tiers = append(tiers, row{t.Policy + "/" + t.Tier.Tier, t.Change})
	}
	for _, s := range r.Severities {
		severities = append(severities, row{s.Severity, s.Change})
	}
	table("Pages by person", people)
	table("Pages by tier", tiers)
	table("Pages by severity", severities)
}

func (r Report) moves(b *strings.Builder, moves []Move, what string) {
	n := 0
	for _, m := range moves {
		n += m.Alerts
	}
	if n == 0 {
		fmt.Fprintf(b, "\nNo alert %s.\n", what)
		return
	}
	fmt.Fprintf(b, "\n%d of %s %s:\n", n, count(r.Alerts, "alert"), what)
	for _, m := range moves {
		titles := strings.Join(m.Examples, "; ")
		if m.Alerts > len(m.Examples) {
			titles += "; …"
		}
		fmt.Fprintf(b, "  %d %s → %s: %s\n", m.Alerts, m.From, m.To, titles)
	}
}

// caveats say what the numbers leave out, each once when it is the same for both.
func (r Report) caveats(b *strings.Builder) {
	tell := func(when string, o Outcome) {
		if o.Skipped.Deliveries > 0 {
			fmt.Fprintf(b, "\nLeft out%s: %s\n", when, count(o.Skipped.Deliveries, "delivery"))
			for _, reason := range o.Skipped.Reasons {
				fmt.Fprintf(b, "  %d: %s\n", reason.Deliveries, reason.Why)
			}
		}
		if o.Note != "" {
			fmt.Fprintf(b, "\nNot complete%s: %s\n", when, o.Note)
		}
	}
	if fmt.Sprint(r.Before.Skipped, r.Before.Note) == fmt.Sprint(r.After.Skipped, r.After.Note) {
		tell("", r.Before)
		return
	}
	tell(" before", r.Before)
	tell(" after", r.After)
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func count(n int, what string) string {
	if n != 1 {
		what = strings.TrimSuffix(what, "y") + map[bool]string{true: "ies", false: "s"}[strings.HasSuffix(what, "y")]
	}
	return fmt.Sprintf("%d %s", n, what)
}

// short prints a duration without its empty parts.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
