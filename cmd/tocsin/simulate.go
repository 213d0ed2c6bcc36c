package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/configs"
	"tocsin/escalation"
	"tocsin/routing"
	"tocsin/routing/source"
)

// longestSimulation bounds --for.
const longestSimulation = 366 * 24 * time.Hour

// question is what the flags of simulate ask.
type question struct {
	integration, title, word, at, horizon string
	labels, headers                       []string
}

func newSimulateCommand(c *cli) *cobra.Command {
	var q question
	cmd := &cobra.Command{
		Use:   "simulate (--integration NAME FILE | --label NAME=VALUE…)",
		Short: "Show who would be paged when, if nobody answered",
		Long: `Runs what the gateway runs, in virtual time: the severity and the route of an alert
and why, then every page until nobody new would be paged.

The alert is what an integration would make of FILE ("-" is standard input), or is put
together from --label, --title and --severity-word; --integration without a FILE then
says where such an alert comes in. Alerts of one FILE that would be one incident are
shown as one.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.simulate(cmd, q, args) },
	}
	f := cmd.Flags()
	f.StringVar(&q.integration, "integration", "", "where the alert comes in")
	f.StringArrayVar(&q.labels, "label", nil, "label of the alert, NAME=VALUE; may be repeated")
	f.StringVar(&q.title, "title", "", "title of the alert (default: its label alertname)")
	f.StringVar(&q.word, "severity-word", "", "what its source says about severity (default: its label severity)")
	f.StringArrayVar(&q.headers, "header", nil, "header that came with FILE, 'Name: value'; may be repeated")
	f.StringVar(&q.at, "at", "", "when it fires: RFC 3339, or a date and time in UTC (default: now)")
	f.StringVar(&q.horizon, "for", "24h", "how long to look ahead")
	return cmd
}

func (c *cli) simulate(cmd *cobra.Command, q question, args []string) error {
	at, err := parseInstant("at", q.at, time.UTC, c.now().Truncate(time.Second))
	if err != nil {
		return err
	}
	horizon, err := parseSpan("for", q.horizon, longestSimulation)
	if err != nil {
		return err
	}
	config, err := c.look()
	if err != nil {
		return err
	}
	var alerts []routing.Alert
	if len(args) == 1 {
		alerts, err = c.alertsOf(cmd, config, q, args[0], at)
	} else {
		alerts, err = q.alert(config, at)
	}
	if err != nil {
		return err
	}
	sims := simulate(config.Book(), alerts, at, horizon)
	if c.json {
		return writeJSON(cmd.OutOrStdout(), describe(sims, at))
	}
	return printSimulations(cmd.OutOrStdout(), config.Book(), sims, at, horizon)
}

// integration finds the place where the alert comes in.
func integration(config *configs.Config, name string) (configs.Integration, error) {
	i, ok := config.Integration(name)
	if ok {
		return i, nil
	}
	named := map[string]configs.Integration{}
	for _, i := range config.Integrations {
		named[i.Name] = i
	}
	return i, fmt.Errorf("there is no integration %q; %s", name, known("integrations", named))
}

// alertsOf decodes a file, and keeps what fires.
func (c *cli) alertsOf(cmd *cobra.Command, config *configs.Config, q question, file string, at time.Time) ([]routing.Alert, error) {
	switch {
	case q.integration == "":
		return nil, usagef("--integration is missing: whose format is %s in?", file)
	case len(q.labels) > 0 || q.title != "" || q.word != "":
		return nil, usagef("give either a file, or --label, --title and --severity-word")
	}
	from, err := integration(config, q.integration)
	if err != nil {
		return nil, err
	}
	header, err := parseHeader(q.headers)
	if err != nil {
		return nil, err
	}
	body, err := c.body(file)
	if err != nil {
		return nil, err
	}
	batch, err := from.Source.Decode(header, body, at)
	if err != nil {
		return nil, fmt.Errorf("%s (%s): %w", from.Name, from.Source.Name, err)
	}
	remark(cmd.ErrOrStderr(), batch)
	var firing []routing.Alert
	for _, a := range batch.Alerts {
		if a.Integration = from.Name; a.Status == routing.Firing {
			firing = append(firing, a)
		}
	}
	if n := len(batch.Alerts) - len(firing); n > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "tocsin: left out %s of the body, which can page nobody: only what fires can\n", plural(n, "alert", "alerts"))
	}
	return firing, nil
}

// alert is the alert that the flags put together.
func (q question) alert(config *configs.Config, at time.Time) ([]routing.Alert, error) {
	if len(q.labels) == 0 && q.title == "" && q.word == "" {
		return nil, usagef("name an alert: --integration NAME FILE, or --label NAME=VALUE")
	}
	if len(q.headers) > 0 {
		return nil, usagef("--header goes with a FILE")
	}
	a := routing.Alert{Source: "generic", Status: routing.Firing, Title: q.title, SeverityWord: q.word, StartsAt: at, Labels: map[string]string{}}
	if q.integration != "" {
		from, err := integration(config, q.integration)
		if err != nil {
			return nil, err
		}
		a.Integration, a.Source = from.Name, from.Source.Name
	}
	for _, label := range q.labels {
		name, value, ok := strings.Cut(label, "=")
		if !ok || name == "" {
			return nil, usagef("--label %q is no label; write NAME=VALUE", label)
		}
		a.Labels[name] = value
	}
	a.SeverityWord = source.First(a.SeverityWord, a.Labels["severity"])
	a.Title = source.First(a.Title, a.Labels["alertname"], "simulated alert")
	a.Identity = source.LabelsDigest(a.Labels)
	return []routing.Alert{a}, nil
}

// simulated is one incident that would be: the alert that speaks for it, and how many join.
type simulated struct {
	escalation.Simulation
	alert  routing.Alert
	alerts int
}

// simulate shows one incident per key, led by the alert that pages most. A member that is
// no more urgent than its incident does not page again, so that the others change nothing.
func simulate(book *escalation.Book, alerts []routing.Alert, at time.Time, horizon time.Duration) []simulated {
	var out []simulated
	place := map[routing.DedupKey]int{}
	for _, a := range alerts {
		better := false
		for _, d := range book.Table.Route(a, at) {
			i, ok := place[d.Key]
			joins := ok && d.Dropped == ""
			if joins {
				out[i].alerts++
			}
			better = better || !joins || morePressing(book, d, out[i].Decision)
		}
		if !better {
			continue
		}
		for _, sim := range escalation.Simulate(book, a, at, horizon) {
			i, ok := place[sim.Decision.Key]
			switch {
			case !ok || sim.Decision.Dropped != "":
				if sim.Decision.Dropped == "" {
					place[sim.Decision.Key] = len(out)
				}
				out = append(out, simulated{sim, a, 1})
			case morePressing(book, sim.Decision, out[i].Decision):
				out[i].Simulation, out[i].alert = sim, a
			}
		}
	}
	return out
}

// morePressing says whether a pages where b does not, or is more urgent.
func morePressing(book *escalation.Book, a, b routing.Decision) bool {
	if a.Quiet() != b.Quiet() {
		return !a.Quiet()
	}
	return book.Scale.MoreUrgent(a.Severity, b.Severity)
}

// peopleOf are those who would be paged, each once, in order.
func peopleOf(pages []escalation.SimulatedPage) (people []string) {
	for _, p := range pages {
		if !slices.Contains(people, p.User) {
			people = append(people, p.User)
		}
	}
	return people
}
