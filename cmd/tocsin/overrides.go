package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/configs/history"
	"tocsin/schedules"
)

func newOverridesCommand(c *cli) *cobra.Command {
	group := newGroup("overrides", "Arrange overrides, swaps and cover on a running server")
	group.Long = `Overrides that are arranged here come on top of those in the files and need no change of
them. Times are on the schedule's clock: 2026-03-01T09:00.`
	s := addServerFlags(c, group)
	group.AddCommand(newOverridesListCommand(c, s), newOverridesAddCommand(c, s), newSwapCommand(c, s),
		newOverridesRemoveCommand(c, s), newCoverCommand(c, s), newTakeCommand(c, s))
	return group
}

func newOverridesListCommand(c *cli, s *server) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List what is arranged, and who asks for cover", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := s.connect(c, cmd)
			if err != nil {
				return err
			}
			o, err := api.Overlay(cmd.Context())
			if err != nil {
				return err
			}
			return c.printOverlay(cmd.OutOrStdout(), o)
		},
	}
}

func (c *cli) printOverlay(w io.Writer, o history.Overlay) error {
	if c.json {
		return writeJSON(w, o)
	}
	if len(o.Overrides)+len(o.Covers) == 0 {
		_, err := fmt.Fprintln(w, "nothing is arranged")
		return err
	}
	rows := [][]string{{"ID", "SCHEDULE", "FROM", "TO", "WHAT", "BY", "WHY"}}
	for _, x := range o.Overrides {
		from, to := x.Override.From, x.Override.End()
		if x.Override.Type == schedules.Swap {
			if from = x.Override.A.From; x.Override.B.From.Before(from) {
				from = x.Override.B.From
			}
		}
		rows = append(rows, []string{x.Override.ID, onLayers(x.Schedule, x.Override.Layers), from.String(), to.String(), does(x.Override), x.Author, x.Reason})
	}
	for _, x := range o.Covers {
		what := string(x.User) + " asks for cover"
		if x.TakenBy != "" {
			what = string(x.TakenBy) + " covers " + string(x.User)
		}
		rows = append(rows, []string{x.ID, onLayers(x.Schedule, x.Layers), x.From.String(), x.To.String(), what, x.Author, x.Reason})
	}
	return table(w, rows)
}

func onLayers(schedule string, layers []string) string {
	if len(layers) == 0 {
		return schedule
	}
	return schedule + "/" + strings.Join(layers, ",")
}

// does says what an override does.
func does(o schedules.Override) string {
	switch o.Type {
	case schedules.Replace:
		if o.Remove == "" {
			return string(o.Add) + " instead of everybody"
		}
		return string(o.Add) + " instead of " + string(o.Remove)
	case schedules.Addition:
		return string(o.Add) + " as well"
	case schedules.Removal:
		return "without " + string(o.Remove)
	case schedules.Swap:
		return string(o.A.User) + " and " + string(o.B.User) + " swap"
	case schedules.Only:
		return "only " + joined(o.People())
	default:
		return string(o.Type)
	}
}

// span of time that a flag names.
type spanFlags struct {
	schedule, from, to, reason string
	layers                     []string
}

func (f *spanFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.schedule, "schedule", "", "name of the schedule")
	flags.StringSliceVar(&f.layers, "layer", nil, "only on this layer; may be repeated (default: all)")
	flags.StringVar(&f.from, "from", "", "begin, on the schedule's clock")
	flags.StringVar(&f.to, "to", "", "end, not included")
	flags.StringVar(&f.reason, "reason", "", "why")
}

func (f *spanFlags) times() (from, to schedules.Civil, err error) {
	if f.schedule == "" {
		return from, to, usagef("--schedule is missing")
	}
	if from, err = parseCivil("from", f.from); err != nil {
		return from, to, err
	}
	to, err = parseCivil("to", f.to)
	return from, to, err
}

func parseCivil(flag, text string) (schedules.Civil, error) {
	if text == "" {
		return schedules.Civil{}, usagef("--%s is missing", flag)
	}
	if !strings.Contains(text, "T") {
		text = strings.Replace(text, " ", "T", 1)
		if !strings.Contains(text, "T") {
			text += "T00:00"
		}
	}
	t, err := schedules.ParseCivil(text)
	if err != nil {
		return t, usagef("--%s: %v", flag, err)
	}
	return t, nil
}

func newOverridesAddCommand(c *cli, s *server) *cobra.Command {
	var f spanFlags
	var add, remove string
	cmd := &cobra.Command{
		Use:   "add --schedule NAME --from TIME --to TIME [--add USER] [--remove USER]",
		Short: "Have somebody serve as well (--add), not serve (--remove), or instead of somebody (both)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, to, err := f.times()
			if err != nil {
				return err
			}
			o := schedules.Override{From: from, To: to, Add: schedules.UserID(add), Remove: schedules.UserID(remove), Layers: f.layers}
			switch {
			case add != "" && remove != "":
				o.Type = schedules.Replace
			case add != "":
				o.Type = schedules.Addition
			case remove != "":
				o.Type = schedules.Removal
			default:
				return usagef("say --add USER, --remove USER, or both")
			}
			return c.arrangeOverride(cmd, s, history.Override{Schedule: f.schedule, Override: o, Reason: f.reason})
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&add, "add", "", "who serves")
	cmd.Flags().StringVar(&remove, "remove", "", "who does not")
	return cmd
}

func (c *cli) arrangeOverride(cmd *cobra.Command, s *server, x history.Override) error {
	api, err := s.connect(c, cmd)
	if err != nil {
		return err
	}
	o, err := api.AddOverride(cmd.Context(), x)
	if err != nil {
		return err
	}
	return c.printOverlay(cmd.OutOrStdout(), o)
}

func newSwapCommand(c *cli, s *server) *cobra.Command {
	var f spanFlags
	var a, b, otherFrom, otherTo string
	cmd := &cobra.Command{
		Use:   "swap --schedule NAME --user A --from TIME --to TIME --with B --other-from TIME --other-to TIME",
		Short: "Two people take each other's duty, as one unit",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, to, err := f.times()
			if err != nil {
				return err
			}
			if a == "" || b == "" {
				return usagef("--user and --with name the two who swap")
			}
			o := schedules.Override{Type: schedules.Swap, Layers: f.layers, A: schedules.SwapSide{User: schedules.UserID(a), From: from, To: to}, B: schedules.SwapSide{User: schedules.UserID(b)}}
			if o.B.From, err = parseCivil("other-from", otherFrom); err != nil {
				return err
			}
			if o.B.To, err = parseCivil("other-to", otherTo); err != nil {
				return err
			}
			return c.arrangeOverride(cmd, s, history.Override{Schedule: f.schedule, Override: o, Reason: f.reason})
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&a, "user", "", "whose duty from --from to --to goes to the other")
	cmd.Flags().StringVar(&b, "with", "", "whose duty from --other-from to --other-to goes to --user")
	cmd.Flags().StringVar(&otherFrom, "other-from", "", "begin of the other's duty")
	cmd.Flags().StringVar(&otherTo, "other-to", "", "end of the other's duty")
	return cmd
}

func newOverridesRemoveCommand(c *cli, s *server) *cobra.Command {
	return &cobra.Command{
		Use: "remove ID", Short: "Take an override, swap or request for cover back", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := s.connect(c, cmd)
			if err != nil {
				return err
			}
			o, err := api.RemoveOverride(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.printOverlay(cmd.OutOrStdout(), o)
		},
	}
}
