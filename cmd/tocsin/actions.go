package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/client"
	"tocsin/escalation"
	"tocsin/paging"
)

// newActionCommands are what a responder does to an incident.
func newActionCommands(c *cli, s *server) []*cobra.Command {
	return []*cobra.Command{
		newActionCommand(c, s, client.Ack, "Take an incident: paging stops", "acknowledged"),
		newActionCommand(c, s, client.Unack, "Give an incident back: its tier is paged again", "given back"),
		newActionCommand(c, s, client.Resolve, "Close an incident", "resolved"),
		newActionCommand(c, s, client.Escalate, "Pass an incident on to the next tier now", "passed on"),
		newSnoozeCommand(c, s),
	}
}

func newActionCommand(c *cli, s *server, action, short, did string) *cobra.Command {
	var body api.Action
	cmd := &cobra.Command{
		Use: action + " ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.act(cmd, s, args[0], action, did, body) },
	}
	addAs(cmd, &body)
	return cmd
}

func newSnoozeCommand(c *cli, s *server) *cobra.Command {
	var body api.Action
	var length string
	cmd := &cobra.Command{
		Use: "snooze ID [--for 30m]", Short: "Take an incident for a while; then it pages again", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := parseSpan("for", length, paging.MaxSnooze)
			if err != nil {
				return err
			}
			body.For = d.String()
			return c.act(cmd, s, args[0], client.Snooze, "snoozed for "+span(d), body)
		},
	}
	addAs(cmd, &body)
	cmd.Flags().StringVar(&length, "for", span(paging.DefaultSnooze), "how long")
	return cmd
}

func addAs(cmd *cobra.Command, body *api.Action) {
	cmd.Flags().StringVar(&body.As, "as", "", "user on whose behalf (default: the token)")
}

// act asks for an action and tells what became of it.
func (c *cli) act(cmd *cobra.Command, s *server, id, action, did string, body api.Action) error {
	server, err := s.connect(c, cmd)
	if err != nil {
		return err
	}
	out, err := server.Act(cmd.Context(), id, action, body)
	if err != nil {
		return err
	}
	if c.json {
		return writeJSON(cmd.OutOrStdout(), out)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), oneLine(sentence(out, did)))
	return err
}

// sentence tells the outcome of an action.
func sentence(out api.Outcome, did string) string {
	by := ""
	if out.By != "" {
		by = " by " + out.By
	}
	if !out.At.IsZero() {
		by += " at " + out.At.UTC().Format(time.RFC3339)
	}
	what := did + by
	switch out.Outcome {
	case escalation.AlreadyAcked:
		what = "was already acknowledged" + by
	case escalation.AlreadyOver:
		what = "was already resolved" + by
	case escalation.StillFiring:
		what = "still fires: acknowledged" + by + "; resolve it again to close it"
	case escalation.NotAcked:
		what = "is not acknowledged: nothing to give back"
	case escalation.Known, escalation.Repeated, escalation.Recorded:
		what = strings.TrimSpace("nothing new (" + string(out.Outcome) + ")")
	}
	return fmt.Sprintf("%s %s (%s): %s", out.Incident.Severity, out.Incident.Title, out.Incident.ID, what)
}
