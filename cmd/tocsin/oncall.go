package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tocsin/schedules"
)

func newOnCallCommand(c *cli) *cobra.Command {
	var name, layer, at string
	live := false
	cmd := &cobra.Command{
		Use:   "oncall --schedule NAME [--layer LAYER] [--at TIME] [--live]",
		Short: "Show who is on call",
		Long: `Answers from the files of the configuration alone; no server is needed. With --live it asks
the running server, which also knows overrides, swaps and rollouts. Without --layer the
people of all layers are shown.`,
		Args: cobra.NoArgs,
	}
	s := addServerFlags(c, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if live {
			return c.onCallLive(cmd, s, name, layer, at)
		}
		return c.onCall(cmd, name, layer, at)
	}
	cmd.Flags().BoolVar(&live, "live", false, "ask the running server")
	cmd.Flags().StringVar(&name, "schedule", "", "name of the schedule")
	cmd.Flags().StringVar(&layer, "layer", "", "one of its layers (default: all together)")
	cmd.Flags().StringVar(&at, "at", "", "when: RFC 3339, or a date and time on the schedule's clock (default: now)")
	return cmd
}

// duty is who is on call at an instant, and how long they have been and will be.
type duty struct {
	Users []schedules.UserID `json:"users"`
	Layer string             `json:"layer"`           // "" stands for all
	Since *time.Time         `json:"since,omitempty"` // absent: it has always been so
	Until *time.Time         `json:"until,omitempty"` // absent: it stays so
}

func (c *cli) onCall(cmd *cobra.Command, name, layer, at string) error {
	if name == "" {
		return usagef("--schedule is missing; tocsin schedules list names them")
	}
	config, err := c.look()
	if err != nil {
		return err
	}
	s, err := schedule(config, name, layer)
	if err != nil {
		return err
	}
	zone := zoneOf(s, layer, c.now())
	when, err := parseInstant("at", at, zone, c.now())
	if err != nil {
		return err
	}
	shift, err := s.OnCall(layer, when)
	if err != nil {
		return err
	}
	if c.json {
		return writeJSON(cmd.OutOrStdout(), duty{Users: listed(shift.Users), Layer: layer, Since: utc(shift.Start), Until: utc(shift.End)})
	}
	return printDuty(cmd.OutOrStdout(), shift.Users, shift.Start.In(zone), shift.End.In(zone))
}

// onCallLive asks the server.
func (c *cli) onCallLive(cmd *cobra.Command, s *server, name, layer, at string) error {
	if name == "" {
		return usagef("--schedule is missing")
	}
	when, err := parseInstant("at", at, time.UTC, time.Time{})
	if err != nil {
		return err
	}
	api, err := s.connect(c, cmd)
	if err != nil {
		return err
	}
	answer, err := api.OnCall(cmd.Context(), name, layer, when)
	if err != nil {
		return err
	}
	if c.json {
		return writeJSON(cmd.OutOrStdout(), answer)
	}
	return printDuty(cmd.OutOrStdout(), answer.Users, answer.Since, answer.Until)
}

func printDuty(w io.Writer, users []schedules.UserID, since, until time.Time) error {
	text := joined(users)
	if !since.IsZero() {
		text += " since " + clock(since)
	}
	if !until.IsZero() {
		text += " until " + clock(until)
	}
	_, err := fmt.Fprintln(w, oneLine(text))
	return err
}

// listed makes an empty list of nobody, for JSON.
func listed(users []schedules.UserID) []schedules.UserID {
	return append([]schedules.UserID{}, users...)
}
