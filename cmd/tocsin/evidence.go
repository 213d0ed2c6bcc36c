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
	cmd := &cobra.Command{
		Use: "evidence ID --out FILE.zip", Short: "Write all that is known of an incident into a ZIP that an outsider can check",
		Args: cobra.ExactArgs(1),
	}
	out := addOutFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		err := writeFile(*out, func(w io.Writer) error {
			api, err := s.connect(c, cmd)
			if err != nil {
				return err
			}
			return api.Evidence(cmd.Context(), args[0], w)
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "wrote "+*out+"; its README.txt says how to check it")
		return err
	}
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
