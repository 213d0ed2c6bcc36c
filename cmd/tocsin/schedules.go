package main

import (
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tocsin/schedules"
)

func newSchedulesCommand(c *cli) *cobra.Command {
	return newGroup("schedules", "Show the schedules of the configuration",
		newSchedulesListCommand(c), newSchedulesShowCommand(c), newFairnessCommand(c), newCalendarCommand(c))
}

// listedSchedule is a schedule in the list.
type listedSchedule struct {
	Name     string             `json:"name"`
	Owner    schedules.UserID   `json:"owner,omitempty"`
	TimeZone string             `json:"time_zone"`
	Layers   []string           `json:"layers"`
	Users    []schedules.UserID `json:"users"`   // who can ever be on call
	OnCall   []schedules.UserID `json:"on_call"` // who is now
}

func newSchedulesListCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the schedules, their layers and who is on call now", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := c.look()
			if err != nil {
				return err
			}
			list := []listedSchedule{}
			rows := [][]string{{"SCHEDULE", "LAYERS", "ON CALL NOW", "TIME ZONE", "OWNER"}}
			for _, name := range slices.Sorted(maps.Keys(config.Book().Schedules)) {
				s, err := schedule(config, name, "")
				if err != nil {
					return err
				}
				l := listedSchedule{
					Name: name, Owner: s.Owner(), TimeZone: zoneOf(s, "", c.now()).String(), Layers: s.Layers(),
					Users: listed(s.Users()), OnCall: listed(s.On("", c.now(), nil)),
				}
				list = append(list, l)
				rows = append(rows, []string{name, joined(l.Layers), joined(l.OnCall), l.TimeZone, string(l.Owner)})
			}
			if c.json {
				return writeJSON(cmd.OutOrStdout(), list)
			}
			return table(cmd.OutOrStdout(), rows)
		},
	}
}

const (
	defaultSpan  = 14 * 24 * time.Hour
	longestYears = 5 // a shift of an hour over this time is a list of 44 000
)

func newSchedulesShowCommand(c *cli) *cobra.Command {
	var layer, from, to string
	cmd := &cobra.Command{
		Use:   "show NAME [--layer LAYER] [--from TIME] [--to TIME]",
		Short: "Show the shifts of a schedule, overrides applied",
		Long: `Prints every shift from --from (default: now) up to --to (default: 14 days later),
layer by layer. Times are RFC 3339, or a date or date and time on the schedule's clock.
A gap is a shift without users.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.showSchedule(cmd, args[0], layer, from, to)
		},
	}
	cmd.Flags().StringVar(&layer, "layer", "", "one of its layers (default: each of them)")
	cmd.Flags().StringVar(&from, "from", "", "first instant (default: now)")
	cmd.Flags().StringVar(&to, "to", "", "end, not included (default: 14 days after --from)")
	return cmd
}

// shift is one line of a rendered schedule.
type shift struct {
	Start  time.Time          `json:"start"`
	End    time.Time          `json:"end"`
	Users  []schedules.UserID `json:"users"` // empty in a gap
	Layer  string             `json:"layer"`
	Source string             `json:"source"` // rotation, override or gap
}

func (c *cli) showSchedule(cmd *cobra.Command, name, layer, from, to string) error {
	config, err := c.look()
	if err != nil {
		return err
	}
	s, err := schedule(config, name, layer)
	if err != nil {
		return err
	}
	zone := zoneOf(s, layer, c.now())
	start, err := parseInstant("from", from, zone, c.now().Truncate(time.Second))
	if err != nil {
		return err
	}
	end, err := parseInstant("to", to, zone, start.Add(defaultSpan))
	switch {
	case err != nil:
		return err
	case !end.After(start):
		return usagef("--to %s is not after --from %s", end.Format(time.RFC3339), start.Format(time.RFC3339))
	case end.After(start.AddDate(longestYears, 0, 0)):
		return usagef("the span from %s to %s is longer than 5 years; ask for less", start.Format(time.RFC3339), end.Format(time.RFC3339))
	}
	out := []shift{}
	rows := [][]string{{"FROM", "TO", "LAYER", "ON CALL", "WHY"}}
	for _, x := range s.Shifts(layer, start, end) {
		out = append(out, shift{x.Start.UTC(), x.End.UTC(), listed(x.Users), x.Layer, x.Source})
		rows = append(rows, []string{clock(x.Start), clock(x.End), x.Layer, joined(x.Users), x.Source})
	}
	if c.json {
		return writeJSON(cmd.OutOrStdout(), out)
	}
	return table(cmd.OutOrStdout(), rows)
}
