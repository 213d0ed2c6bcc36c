package main

import (
	"github.com/spf13/cobra"

	"tocsin/configs/history"
	"tocsin/schedules"
)

func newCoverCommand(c *cli, s *server) *cobra.Command {
	var f spanFlags
	var user string
	cmd := &cobra.Command{
		Use:   "cover --schedule NAME --user USER --from TIME --to TIME",
		Short: "Ask for somebody who serves instead; until one takes it, nothing changes",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, to, err := f.times()
			if err != nil {
				return err
			}
			if user == "" {
				return usagef("--user is missing: who needs cover?")
			}
			api, err := s.connect(c, cmd)
			if err != nil {
				return err
			}
			o, err := api.AskCover(cmd.Context(), history.Cover{
				Schedule: f.schedule, Layers: f.layers, User: schedules.UserID(user), From: from, To: to, Reason: f.reason,
			})
			if err != nil {
				return err
			}
			return c.printOverlay(cmd.OutOrStdout(), o)
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&user, "user", "", "who needs cover")
	return cmd
}

func newTakeCommand(c *cli, s *server) *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use: "take ID --user USER", Short: "Serve instead of whoever asked for cover; the first who takes it has it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if user == "" {
				return usagef("--user is missing: who takes it?")
			}
			api, err := s.connect(c, cmd)
			if err != nil {
				return err
			}
			o, err := api.TakeCover(cmd.Context(), args[0], schedules.UserID(user))
			if err != nil {
				return err
			}
			return c.printOverlay(cmd.OutOrStdout(), o)
		},
	}
	cmd.Flags().StringVar(&user, "user", "", "who serves")
	return cmd
}
