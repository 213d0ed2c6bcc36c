package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"tocsin/configs/edit"
)

func newConfigEditCommand(c *cli, at *place) *cobra.Command {
	var f proposing
	cmd := &cobra.Command{
		Use:   "edit set PATH JSON | add PATH JSON | remove PATH",
		Short: "Change one value of a managed configuration; comments and order stay",
		Long: `PATH leads to the value, lists by the name of their item: schedules[platform].layers[primary].rotation.participants.
set replaces or creates a key, add appends to a list, remove takes a key or an item out.`,
		Args: cobra.RangeArgs(2, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := f.proposal(c)
			if err != nil {
				return err
			}
			op := edit.Op{Op: args[0], Path: args[1]}
			if len(args) == 3 {
				if err := json.Unmarshal([]byte(args[2]), &op.Value); err != nil {
					return usagef("%q is no JSON (%v); write text in quotes: '\"ana\"'", args[2], err)
				}
			}
			p.Ops = []edit.Op{op}
			_, err = c.apply(cmd, at, p)
			return err
		},
	}
	f.register(cmd, true)
	return cmd
}
