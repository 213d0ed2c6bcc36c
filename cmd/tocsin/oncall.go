package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tocsin/schedules"
)

func newOnCallCommand(c *cli) *cobra.Command {
	var name, layer, at string
	cmd := &cobra.Command{
		Use:   "oncall --schedule NAME [--layer LAYER] [--at TIME]",
		Short: "Show who is on call",
		Long: `Answers from the configuration alone; no server is needed. Without --layer the
people of all layers are shown.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.onCall(cmd, name, layer, at) },
	}
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
	text := joined(shift.Users)
	if !shift.Start.IsZero() {
		text += " since " + clock(shift.Start.In(zone))
	}
	if !shift.End.IsZero() {
		text += " until " + clock(shift.End.In(zone))
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), oneLine(text))
	return err
}

// listed makes an empty list of nobody, for JSON.
func listed(users []schedules.UserID) []schedules.UserID {
	return append([]schedules.UserID{}, users...)
}
