package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newPageCommand(c *cli) *cobra.Command {
	test := false
	cmd := &cobra.Command{
		Use:   "page USER --test",
		Short: "Page a person to try whether it works",
		Long: `Asks a running server to page a person like an urgent incident, marked as a test. It
is answered like any page, and it shows which provider took it.`,
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().BoolVar(&test, "test", false, "say that this is a test; there is no other page by hand")
	s := addServerFlags(c, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !test {
			return usagef("add --test: this command only sends test pages")
		}
		server, err := s.connect(c, cmd)
		if err != nil {
			return err
		}
		out, err := server.TestPage(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if c.json {
			return writeJSON(cmd.OutOrStdout(), out)
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), oneLine(fmt.Sprintf("%s is being paged; see tocsin incidents show %s", args[0], out.Incident.ID)))
		return err
	}
	return cmd
}
