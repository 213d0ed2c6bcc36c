package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tocsin/cmd/internal/auditor"
	"tocsin/cmd/internal/evidence"
	"tocsin/escalation/audit"
)

func newEvidenceCommand(c *cli, s *server) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "evidence ID --out FILE.zip", Short: "Write all that is known of an incident into a ZIP that an outsider can check",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return usagef("--out names the file to write")
			}
			api, err := s.connect(c, cmd)
			if err != nil {
				return err
			}
			if err := c.writeFile(out, func(w io.Writer) error { return api.Evidence(cmd.Context(), args[0], w) }); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "wrote "+out+"; its README.txt says how to check it")
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the file to write; it must not exist")
	return cmd
}

// verifyBundle checks a file that `tocsin incidents evidence` wrote.
func verifyBundle(c *cli, name string, anchors []audit.Anchor) (auditor.Report, error) {
	f, err := os.Open(name)
	if err != nil {
		return auditor.Report{}, err
	}
	info, err := f.Stat()
	if err != nil {
		return auditor.Report{}, errors.Join(err, f.Close())
	}
	r, err := evidence.Verify(f, info.Size(), c.now(), anchors...)
	return r, errors.Join(err, f.Close())
}
