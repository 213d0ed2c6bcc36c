package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tocsin/configs"
	"tocsin/schedules"
)

func newFairnessCommand(c *cli) *cobra.Command {
	var from, to, openFrom, openTo string
	cmd := &cobra.Command{
		Use:   "fairness NAME [--from TIME] [--to TIME] [--open-from TIME --open-to TIME]",
		Short: "Show who bears how much: hours, nights, weekends, holidays; and who should take an open shift",
		Long: `Counts the final shifts from --from (default: 90 days ago) up to --to (default: in 90 days):
hours on call, of them at night (22 to 7 on the person's clock), on weekends and on holidays
(time off of kind "holidays"). With --open-from and --open-to it also says who should take that
shift: not off, not on call already, rested, the least loaded first.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.fairness(cmd, args[0], [4]string{from, to, openFrom, openTo})
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "first instant (default: 90 days ago)")
	cmd.Flags().StringVar(&to, "to", "", "end, not included (default: in 90 days)")
	cmd.Flags().StringVar(&openFrom, "open-from", "", "begin of a shift that somebody has to take")
	cmd.Flags().StringVar(&openTo, "open-to", "", "its end")
	return cmd
}

// load is what one person bears, for scripts: hours as numbers.
type load struct {
	User         schedules.UserID `json:"user"`
	Hours        float64          `json:"hours"`
	Night        float64          `json:"night_hours"`
	Weekend      float64          `json:"weekend_hours"`
	Holiday      float64          `json:"holiday_hours"`
	Shifts       int              `json:"shifts"`
	Longest      float64          `json:"longest_hours"`
	ShortestRest float64          `json:"shortest_rest_hours"`
	ShortRests   int              `json:"short_rests"`
	Share        float64          `json:"share"`
}

// taker is somebody who could take an open shift, for scripts.
type taker struct {
	User   schedules.UserID `json:"user"`
	Reason string           `json:"reason"`
}

// fair is the answer of tocsin schedules fairness.
type fair struct {
	Loads       []load  `json:"loads"`
	Suggestions []taker `json:"suggestions,omitempty"`
}

func (c *cli) fairness(cmd *cobra.Command, name string, times [4]string) error {
	config, err := c.look()
	if err != nil {
		return err
	}
	s, err := schedule(config, name, "")
	if err != nil {
		return err
	}
	const window = 90 * 24 * time.Hour
	var at [4]time.Time
	for i, flag := range []string{"from", "to", "open-from", "open-to"} {
		absent := [4]time.Time{c.now().Add(-window), c.now().Add(window)}[i]
		if at[i], err = parseInstant(flag, times[i], s.Zone(), absent); err != nil {
			return err
		}
	}
	if !at[1].After(at[0]) || at[1].After(at[0].AddDate(longestYears, 0, 0)) {
		return usagef("the span must end after it begins, and within 5 years")
	}
	loads := schedules.Fairness(s, at[0], at[1], fairnessOptions(config, name))
	out := fair{Loads: []load{}}
	rows := [][]string{{"PERSON", "HOURS", "NIGHT", "WEEKEND", "HOLIDAY", "SHIFTS", "LONGEST", "SHORT RESTS", "SHARE"}}
	for _, l := range loads {
		out.Loads = append(out.Loads, load{
			l.User, l.Hours.Hours(), l.Night.Hours(), l.Weekend.Hours(), l.Holiday.Hours(), l.Shifts, l.Longest.Hours(), l.ShortestRest.Hours(), l.ShortRests, l.Share,
		})
		rows = append(rows, []string{
			string(l.User), hours(l.Hours), hours(l.Night), hours(l.Weekend), hours(l.Holiday), fmt.Sprint(l.Shifts), span(l.Longest),
			fmt.Sprint(l.ShortRests), fmt.Sprintf("%.0f %%", 100*l.Share),
		})
	}
	if !at[2].IsZero() || !at[3].IsZero() {
		if !at[3].After(at[2]) || at[2].IsZero() {
			return usagef("--open-from and --open-to go together, the end after the begin")
		}
		for _, x := range schedules.Suggest(s, config.Specs()[name], schedules.Span{Start: at[2], End: at[3]}, loads) {
			out.Suggestions = append(out.Suggestions, taker(x))
		}
	}
	if c.json {
		return writeJSON(cmd.OutOrStdout(), out)
	}
	if err := table(cmd.OutOrStdout(), rows); err != nil || at[2].IsZero() {
		return err
	}
	return printTakers(cmd.OutOrStdout(), out.Suggestions)
}

// printTakers lists who could take an open shift, the best first.
func printTakers(w io.Writer, takers []taker) error {
	if len(takers) == 0 {
		_, err := fmt.Fprintln(w, "nobody is free then: all are on call already, or off")
		return err
	}
	for i, x := range takers {
		if _, err := fmt.Fprintf(w, "%d. %s: %s\n", i+1, x.User, oneLine(x.Reason)); err != nil {
			return err
		}
	}
	return nil
}

// hours prints a duration as people count duty.
func hours(d time.Duration) string { return fmt.Sprintf("%.1f", d.Hours()) }

// fairnessOptions are where people live, and the holidays of the schedule.
func fairnessOptions(config *configs.Config, name string) schedules.FairnessOptions {
	o := schedules.FairnessOptions{Zones: map[schedules.UserID]*time.Location{}}
	for user, u := range config.Book().Users {
		if u.Location != nil {
			o.Zones[user] = u.Location
		}
	}
	zone := config.Book().Schedules[name].Zone()
	for _, a := range config.Specs()[name].Away {
		switch {
		case a.Kind != holidays:
		case len(a.Spans) > 0:
			o.Holidays = append(o.Holidays, a.Spans...)
		case a.From.Before(a.To): // written out, not read from a calendar
			o.Holidays = append(o.Holidays, schedules.Span{Start: instant(a.From, zone), End: instant(a.To, zone)})
		}
	}
	return o
}

// instant is when a clock of that zone shows c.
func instant(c schedules.Civil, zone *time.Location) time.Time {
	return time.Date(c.Year, c.Month, c.Day, c.Hour, c.Minute, c.Second, 0, zone)
}

// holidays is the kind of time off that counts as such.
const holidays = "holidays"
