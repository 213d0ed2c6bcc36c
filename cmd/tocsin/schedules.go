package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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
	final := false
	cmd := &cobra.Command{
		Use:   "show NAME [--layer LAYER | --final] [--from TIME] [--to TIME]",
		Short: "Show the shifts of a schedule, overrides applied",
		Long: `Prints every shift from --from (default: now) up to --to (default: 14 days later),
layer by layer. Times are RFC 3339, or a date or date and time on the schedule's clock.
A gap is a shift without users; --final shows the schedule as pages see it.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if final && layer != "" {
				return usagef("give either --layer or --final")
			}
			return c.showSchedule(cmd, args[0], layer, from, to, final)
		},
	}
	cmd.Flags().StringVar(&layer, "layer", "", "one of its layers (default: each of them)")
	cmd.Flags().BoolVar(&final, "final", false, "who is on call in the end, and by what: priorities, time off, overrides and swaps applied")
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
	Source string             `json:"source"`               // rotation, calendar, override, swap, only, fallback or gap
	Duties []schedules.Duty   `json:"duties,omitempty"`     // with --final: each person's layer and reason
	Skew   float64            `json:"skew_hours,omitempty"` // how much longer than the wall clock says: a day of 25 hours has 1
}

func (c *cli) showSchedule(cmd *cobra.Command, name, layer, from, to string, final bool) error {
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
	shifts := s.Final
	if !final {
		shifts = func(from, to time.Time) []schedules.Shift { return s.Shifts(layer, from, to) }
	}
	for _, x := range shifts(start, end) {
		if !final { // on a layer all have the same reason
			x.Duties = nil
		}
		out = append(out, shift{x.Start.UTC(), x.End.UTC(), listed(x.Users), x.Layer, x.Source, x.Duties, x.Skew.Hours()})
		rows = append(rows, []string{clock(x.Start), clock(x.End), layersOf(x), joined(x.Users), whyOf(x)})
	}
	if c.json {
		return writeJSON(cmd.OutOrStdout(), out)
	}
	return table(cmd.OutOrStdout(), rows)
}

// layersOf are the layers by which a shift has its people.
func layersOf(x schedules.Shift) string {
	if x.Layer != "" {
		return x.Layer
	}
	var names []string
	for _, d := range x.Duties {
		if d.Layer != "" && !slices.Contains(names, d.Layer) {
			names = append(names, d.Layer)
		}
	}
	return strings.Join(names, ", ")
}

// whyOf is where a shift comes from, and whether a change of the clock makes it longer or shorter.
func whyOf(x schedules.Shift) string {
	why := x.Source
	for _, d := range x.Duties {
		if d.By != "" {
			why += " " + d.By
			break
		}
	}
	if x.Skew != 0 {
		why += fmt.Sprintf(", %s (the clock changes)", span(x.End.Sub(x.Start)))
	}
	return why
}
