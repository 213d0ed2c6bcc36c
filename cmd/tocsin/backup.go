package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"tocsin/cmd/internal/app"
	"tocsin/cmd/internal/auditor"
	"tocsin/cmd/internal/backup"
	"tocsin/escalation/audit"
	"tocsin/escalation/store/boltstore"
)

func newBackupCommand(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use: "backup [--store WHERE] --out FILE", Short: "Write everything in a store into one file, while gateways run",
		Long: `Write everything in a store into one file that ends with a checksum.

--store reads a Redis directly, with gateways running or not. The file of the embedded store is
its server's while that runs: then, and without --store, the server is asked (--server).

What was accepted before the backup began is in it. The embedded store is copied as it stood at
one moment; of a Redis each incident is whole, but not all are of the same moment.`,
		Args: cobra.NoArgs,
	}
	p, out := addPlaceFlags(c, cmd, "read"), addOutFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := writeFile(*out, func(w io.Writer) error { return c.backup(cmd, p, w) }); err != nil {
			return err
		}
		_, err := fmt.Fprintln(cmd.OutOrStdout(), "backed up to "+*out)
		return err
	}
	return cmd
}

func (c *cli) backup(cmd *cobra.Command, p *place, w io.Writer) error {
	if p.store != "" {
		s, err := p.openStore(cmd)
		if err == nil {
			_, err = backup.Write(cmd.Context(), s, w, thisBuild().Version, c.now)
			return errors.Join(err, s.Close())
		}
		if !errors.Is(err, boltstore.ErrLocked) {
			return err
		}
		fmt.Fprintln(cmd.ErrOrStderr(), "tocsin: a server has this store open; it is asked")
	}
	api, err := p.server.connect(c, cmd)
	if err != nil {
		return err
	}
	return api.Backup(cmd.Context(), w)
}

func newRestoreCommand(c *cli) *cobra.Command {
	var where string
	var force bool
	cmd := &cobra.Command{
		Use: "restore FILE --store WHERE", Short: "Make a store of a backup; no gateway may run on it meanwhile",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if where == "" {
				return usagef("--store names the folder or the redis URL to restore into")
			}
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer func() { _ = f.Close() }() // only read
			r, err := backup.Restore(cmd.Context(), f, where, force)
			if err != nil {
				return err
			}
			return c.restored(cmd, where, r)
		},
	}
	cmd.Flags().StringVar(&where, "store", "", "folder or redis URL to restore into; it must be empty")
	cmd.Flags().BoolVar(&force, "force", false, "replace what is there: a folder's file is set aside, a Redis's keys are deleted")
	return cmd
}

// restored records the restore in the audit log and says what is there now.
func (c *cli) restored(cmd *cobra.Command, where string, r backup.Restored) error {
	s, err := app.OpenStore(cmd.Context(), where)
	if err != nil {
		return fmt.Errorf("restored, but the store cannot be opened: %w", err)
	}
	log := auditor.New(s, c.now, slog.New(slog.DiscardHandler))
	log.Add(audit.Record{Kind: audit.Restored, From: r.Began, Before: r.Ended, Reason: "restored from a backup"})
	err = log.Flush(cmd.Context())
	report, err2 := auditor.Verify(cmd.Context(), s, c.now())
	if err = errors.Join(err, err2, s.Close()); err != nil {
		return fmt.Errorf("restored, but the store cannot be read: %w", err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "restored the backup of %s: %s, %s and %s of the audit log\n", r.Began.UTC().Format(time.RFC3339),
		plural(report.Incidents, "incident", "incidents"), plural(report.Revisions, "revision", "revisions"), plural(report.Records, "record", "records"))
	if r.Aside != "" {
		fmt.Fprintln(cmd.OutOrStdout(), "what was there before is in "+r.Aside)
	}
	if !report.Clean() {
		fmt.Fprintln(cmd.ErrOrStderr(), "tocsin: the restored store is not as its audit log says; see tocsin audit verify --store "+where)
	}
	return nil
}
