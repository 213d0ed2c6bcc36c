package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tocsin/cmd/internal/api"
	"tocsin/escalation"
)

// mostIncidents is the most that one answer of the server holds.
const mostIncidents = 500

func newIncidentsCommand(c *cli) *cobra.Command {
	group := newGroup("incidents", "List, show and answer incidents of a running server")
	s := addServerFlags(c, group)
	group.AddCommand(newIncidentsListCommand(c, s), newIncidentsShowCommand(c, s), newEvidenceCommand(c, s))
	group.AddCommand(newActionCommands(c, s)...)
	return group
}

func newIncidentsListCommand(c *cli, s *server) *cobra.Command {
	var all bool
	var limit int
	var before string
	cmd := &cobra.Command{
		Use: "list [--all] [--limit N] [--before ID]", Short: "List incidents, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 || limit > mostIncidents {
				return usagef("--limit must be from 1 to %d; go on with --before", mostIncidents)
			}
			server, err := s.connect(c, cmd)
			if err != nil {
				return err
			}
			list, err := server.Incidents(cmd.Context(), all, limit, before)
			if err != nil {
				return err
			}
			if list.Next != "" {
				fmt.Fprintf(cmd.ErrOrStderr(), "tocsin: there may be more; go on with --before %s\n", oneLine(string(list.Next)))
			}
			if c.json {
				return writeJSON(cmd.OutOrStdout(), append([]api.Incident{}, list.Incidents...))
			}
			return printIncidents(cmd.OutOrStdout(), list.Incidents, c.now())
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "resolved ones, too")
	cmd.Flags().IntVar(&limit, "limit", 50, "how many")
	cmd.Flags().StringVar(&before, "before", "", "go on after this incident")
	return cmd
}

func newIncidentsShowCommand(c *cli, s *server) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show one incident with its alerts, pages and timeline", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := s.connect(c, cmd)
			if err != nil {
				return err
			}
			detail, err := server.Incident(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if c.json {
				return writeJSON(cmd.OutOrStdout(), detail)
			}
			return printIncident(cmd.OutOrStdout(), detail)
		},
	}
}

func printIncidents(w io.Writer, incidents []api.Incident, now time.Time) error {
	if len(incidents) == 0 {
		_, err := fmt.Fprintln(w, "no incident")
		return err
	}
	rows := [][]string{{"ID", "SEVERITY", "STATE", "AGE", "ALERTS", "TITLE", "WITH"}}
	for _, i := range incidents {
		rows = append(rows, []string{
			string(i.ID), string(i.Severity), state(i), span(now.Sub(i.OpenedAt)),
			fmt.Sprintf("%d firing, %d ended", i.Firing, i.Ended), i.Title, with(i),
		})
	}
	return table(w, rows)
}

// state is where an incident stands, quiet being a state for people.
func state(i api.Incident) string {
	if i.Quiet != nil {
		return string(i.Quiet.Kind)
	}
	return string(i.State)
}

// with is who has an incident now.
func with(i api.Incident) string {
	switch {
	case i.State == escalation.Resolved && i.Ending != nil && i.Ending.By.Name != "":
		return "resolved by " + i.Ending.By.Name
	case i.State == escalation.Resolved && i.Ending != nil:
		return i.Ending.Reason
	case i.Ack != nil:
		return i.Ack.By.Name + " until " + i.Ack.Expires.UTC().Format(time.RFC3339)
	case i.Quiet != nil:
		return i.Quiet.Reason
	case i.Position != nil:
		return "tier " + i.Position.Name + " until " + i.Position.Deadline.UTC().Format(time.RFC3339)
	default:
		return ""
	}
}

func printIncident(w io.Writer, d api.IncidentDetail) error {
	i := d.Incident
	fmt.Fprintln(w, oneLine(fmt.Sprintf("%s %s (%s)", i.Severity, i.Title, i.ID)))
	rows := [][]string{
		{"  state", state(i) + "  " + with(i)},
		{"  policy", i.Policy + ", by " + i.Route},
		{"  opened", clock(i.OpenedAt.UTC())},
		{"  alerts", fmt.Sprintf("%d firing, %d ended, seen %d times, last %s", i.Firing, i.Ended, i.Count, clock(i.LastSeen.UTC()))},
	}
	for _, reason := range i.Reasons {
		rows = append(rows, []string{"  because", reason})
	}
	for _, sla := range i.SLAs {
		rows = append(rows, []string{"  promise", fmt.Sprintf("%s %s by %s: %s", sla.Kind, sla.Tier, clock(sla.Deadline.UTC()), promise(sla))})
	}
	for _, link := range i.Links {
		rows = append(rows, []string{"  link", link.URL + " " + link.Text})
	}
	for _, m := range d.Members {
		status := "ended"
		if m.Firing {
			status = "fires"
		}
		rows = append(rows, []string{"  alert", fmt.Sprintf("%s %s: %s (%s %s)", status, m.Severity, m.Title, m.Integration, m.Identity)})
	}
	for _, a := range d.Attempts {
		rows = append(rows, []string{"  " + string(a.Kind), fmt.Sprintf("%s by %s %s, due %s: %s", a.User, a.Channel, a.Address, clock(a.Due.UTC()), a.State)})
	}
	if err := table(w, rows); err != nil {
		return err
	}
	fmt.Fprintln(w, "timeline")
	rows = nil
	for _, e := range d.Timeline {
		rows = append(rows, []string{"  " + e.At.UTC().Format(time.RFC3339), string(e.Kind), e.Text})
	}
	return table(w, rows)
}

// promise is how an SLA stands.
func promise(s escalation.SLA) string {
	switch {
	case !s.MetAt.IsZero():
		return "met"
	case !s.Breached.IsZero():
		return "breached"
	case !s.Ended.IsZero():
		return "over"
	case !s.WarnedAt.IsZero():
		return "runs out soon"
	default:
		return "runs"
	}
}
