package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tocsin/cmd/internal/registry"
	"tocsin/routing"
	"tocsin/routing/source"
)

func newNormalizeCommand(c *cli) *cobra.Command {
	var name string
	var headers []string
	cmd := &cobra.Command{
		Use:   "normalize --source NAME [--header 'Name: value']… FILE",
		Short: "Show what Tocsin makes of a body that a monitor sends",
		Long: `Decodes a body as the gateway would and prints the alerts in it. FILE "-" is
standard input. No server is needed, and no configuration: severities are those of
the built-in example unless --config names others.

Exits 1 when the body can never be taken. A body that is taken but means no alert
(a ping, a comment) is no fault.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.normalize(cmd, name, headers, args[0]) },
	}
	cmd.Flags().StringVar(&name, "source", "", "format of the body: "+sourceNames())
	cmd.Flags().StringArrayVar(&headers, "header", nil, "header of the request, 'Name: value'; may be repeated")
	return cmd
}

func sourceNames() (names string) {
	for i, s := range registry.Sources() {
		if i > 0 {
			names += ", "
		}
		names += s.Name
	}
	return names
}

func (c *cli) normalize(cmd *cobra.Command, name string, headers []string, file string) error {
	src, ok := registry.Config().Sources[name]
	switch {
	case name == "":
		return usagef("--source is missing; name one of %s", sourceNames())
	case !ok:
		return usagef("source %q is unknown; known are %s", name, sourceNames())
	}
	header, err := parseHeader(headers)
	if err != nil {
		return err
	}
	config, err := c.look()
	if err != nil {
		return err
	}
	body, err := c.body(file)
	if err != nil {
		return err
	}
	batch, err := src.Decode(header, body, c.now())
	if err != nil {
		return fmt.Errorf("%s: %w", src.Name, err)
	}
	remark(cmd.ErrOrStderr(), batch)
	alerts := make([]normalized, 0, len(batch.Alerts))
	for _, a := range batch.Alerts {
		if a.Status == routing.Acknowledged {
			fmt.Fprintln(cmd.ErrOrStderr(), oneLine("tocsin: "+a.Identity+" ("+a.Title+") acknowledges an open incident: it is no alert of its own"))
			continue
		}
		alerts = append(alerts, normalize(a, config.Severities))
	}
	if c.json {
		return writeJSON(cmd.OutOrStdout(), alerts)
	}
	return printAlerts(cmd.OutOrStdout(), alerts)
}

// remark tells of what is not an alert.
func remark(w io.Writer, b routing.Batch) {
	for _, r := range b.Rejected {
		fmt.Fprintln(w, oneLine(fmt.Sprintf("tocsin: item %d could not be taken: %s", r.Index, r.Reason)))
	}
	if len(b.Rejected) == source.MaxRejections {
		fmt.Fprintln(w, "tocsin: what else was rejected is not listed")
	}
	if b.Note != "" {
		fmt.Fprintln(w, oneLine("tocsin: no alert: "+b.Note))
	}
}

// normalized is an alert with the field names that scripts rely on. What its source does
// not say is absent. Times are in UTC.
type normalized struct {
	Source       string            `json:"source"`
	Identity     string            `json:"identity"`
	Group        string            `json:"group,omitempty"`
	Status       routing.Status    `json:"status"`
	Title        string            `json:"title"`
	Description  string            `json:"description,omitempty"`
	SeverityWord string            `json:"severity_word,omitempty"`
	Severity     routing.Severity  `json:"severity"`
	Labels       map[string]string `json:"labels,omitempty"`
	Links        []routing.Link    `json:"links,omitempty"`
	StartsAt     *time.Time        `json:"starts_at,omitempty"`
	EndsAt       *time.Time        `json:"ends_at,omitempty"`
}

func normalize(a routing.Alert, scale routing.Scale) normalized {
	severity, _ := scale.FromWord(a.SeverityWord)
	return normalized{
		Source: a.Source, Identity: a.Identity, Group: a.Group, Status: a.Status, Title: a.Title,
		Description: a.Description, SeverityWord: a.SeverityWord, Severity: severity,
		Labels: a.Labels, Links: a.Links, StartsAt: utc(a.StartsAt), EndsAt: utc(a.EndsAt),
	}
}

func printAlerts(w io.Writer, alerts []normalized) error {
	rows := [][]string{{"STATUS", "SEVERITY", "WORD", "SINCE", "TITLE", "IDENTITY"}}
	for _, a := range alerts {
		since := "-"
		if a.StartsAt != nil {
			since = a.StartsAt.Format(time.RFC3339)
		}
		word := a.SeverityWord
		if word == "" {
			word = "-"
		}
		rows = append(rows, []string{string(a.Status), string(a.Severity), word, since, a.Title, a.Identity})
	}
	if len(alerts) == 0 {
		_, err := fmt.Fprintln(w, "no alert")
		return err
	}
	return table(w, rows)
}
