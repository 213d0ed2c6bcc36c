package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tocsin/configs/history"
)

func newConfigHistoryCommand(c *cli, at *place) *cobra.Command {
	limit := 20
	cmd := &cobra.Command{
		Use: "history [--limit N]", Short: "List the last revisions, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 || limit > 1000 {
				return usagef("--limit must be from 1 to 1000")
			}
			r, done, err := at.open(c, cmd)
			if err != nil {
				return err
			}
			defer done()
			list, err := r.Revisions(cmd.Context(), limit)
			if err != nil {
				return err
			}
			if c.json {
				return writeJSON(cmd.OutOrStdout(), list)
			}
			if len(list) == 0 {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "no revision yet")
				return err
			}
			rows := [][]string{{"REVISION", "WHEN", "BY", "HOW", "WHY"}}
			for _, m := range list {
				rows = append(rows, []string{m.Label(), m.At.UTC().Format(time.RFC3339), m.Author, how(m), m.Reason})
			}
			return table(cmd.OutOrStdout(), rows)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "how many")
	return cmd
}

// how says in words where a revision came from.
func how(m history.Meta) string {
	if m.Origin == history.FromRollback {
		return fmt.Sprintf("rollback to r%d", m.Of)
	}
	return string(m.Origin)
}

func newConfigShowCommand(c *cli, at *place) *cobra.Command {
	return &cobra.Command{
		Use:   "show [REVISION]",
		Short: "Show a revision: who, when, why, its files and what rollouts pinned (default: the active one)",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var number uint64
			if len(args) == 1 {
				var err error
				if number, err = parseRevision(args[0]); err != nil {
					return err
				}
			}
			r, done, err := at.open(c, cmd)
			if err != nil {
				return err
			}
			defer done()
			revision, err := r.Revision(cmd.Context(), number)
			if err != nil {
				return err
			}
			if c.json {
				return writeJSON(cmd.OutOrStdout(), revision)
			}
			return printRevision(cmd, revision)
		},
	}
}

func printRevision(cmd *cobra.Command, r history.Revision) error {
	w := cmd.OutOrStdout()
	rows := [][]string{
		{"# revision", r.Label()},
		{"# when", r.At.UTC().Format(time.RFC3339)},
		{"# by", r.Author},
		{"# how", how(r.Meta) + ", rollout " + string(r.Rollout)},
	}
	if r.Reason != "" {
		rows = append(rows, []string{"# why", r.Reason})
	}
	for name, pins := range r.Pins {
		for _, p := range pins {
			rows = append(rows, []string{"# pinned", fmt.Sprintf("%s/%s since %s", name, p.Layer, p.Since.UTC().Format(time.RFC3339))})
		}
	}
	if err := table(w, rows); err != nil {
		return err
	}
	for _, f := range r.Bundle.Files {
		if len(r.Bundle.Files) > 1 {
			fmt.Fprintf(w, "\n# ----- %s -----\n", oneLine(f.Name))
		}
		if _, err := fmt.Fprintln(w, printable(string(f.Data))); err != nil {
			return err
		}
	}
	return nil
}
