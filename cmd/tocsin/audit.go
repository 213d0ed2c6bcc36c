package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tocsin/cmd/internal/auditor"
	"tocsin/escalation/audit"
	"tocsin/escalation/store"
)

// auditLog is where the audit log is: a running server, or its store.
type auditLog interface {
	AuditHead(ctx context.Context) (audit.Head, error)
	AuditRecords(ctx context.Context, before uint64, limit int) ([]auditor.Line, error)
	VerifyAudit(ctx context.Context, anchors ...audit.Anchor) (auditor.Report, error)
}

func newAuditCommand(c *cli) *cobra.Command {
	group := newGroup("audit", "Read the audit log, and find out whether anything was changed past it")
	group.Long = `The audit log is a hash-chained list of what happened: revisions of the configuration, what
became of incidents, who changed something through the API. These commands ask a running
server; with --store they read the store itself, for which the embedded store's server must
not run. Who can write the store can rewrite the log: keep what "tocsin audit head" prints
somewhere else, and give it to "verify" as --anchor.`
	p := addPlaceFlags(c, group, "read")
	group.AddCommand(newAuditHeadCommand(c, p), newAuditListCommand(c, p), newAuditVerifyCommand(c, p))
	return group
}

// openAudit connects to where the log is.
func (p *place) openAudit(c *cli, cmd *cobra.Command) (log auditLog, done func(), err error) {
	if p.store == "" {
		api, err := p.server.connect(c, cmd)
		return api, func() {}, err
	}
	s, err := p.openStore(cmd)
	if err != nil {
		return nil, nil, err
	}
	return storedLog{s, c.now}, func() { _ = s.Close() }, nil // only read
}

// storedLog reads a store without a server.
type storedLog struct {
	store store.Store
	now   func() time.Time
}

func (s storedLog) AuditHead(ctx context.Context) (audit.Head, error) {
	return auditor.Head(ctx, s.store)
}

func (s storedLog) AuditRecords(ctx context.Context, before uint64, limit int) ([]auditor.Line, error) {
	return auditor.Records(ctx, s.store, before, limit)
}

func (s storedLog) VerifyAudit(ctx context.Context, anchors ...audit.Anchor) (auditor.Report, error) {
	now, err := s.store.Clock(ctx, s.now())
	if err != nil {
		return auditor.Report{}, err
	}
	return auditor.Verify(ctx, s.store, now, anchors...)
}

func newAuditHeadCommand(c *cli, p *place) *cobra.Command {
	return &cobra.Command{
		Use: "head", Short: "Print number and hash of the last record, NUMBER:HASH, to be kept elsewhere", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, done, err := p.openAudit(c, cmd)
			if err != nil {
				return err
			}
			defer done()
			head, err := log.AuditHead(cmd.Context())
			switch {
			case err != nil:
				return err
			case c.json:
				return writeJSON(cmd.OutOrStdout(), head)
			case head.Number == 0:
				return fmt.Errorf("there is no record yet")
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), head)
			return err
		},
	}
}

func newAuditListCommand(c *cli, p *place) *cobra.Command {
	limit, before := 50, uint64(0)
	cmd := &cobra.Command{
		Use: "list [--limit N] [--before NUMBER]", Short: "List the last records, oldest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 || limit > 1000 {
				return usagef("--limit must be from 1 to 1000")
			}
			log, done, err := p.openAudit(c, cmd)
			if err != nil {
				return err
			}
			defer done()
			lines, err := log.AuditRecords(cmd.Context(), before, limit)
			if err != nil {
				return err
			}
			slices.Reverse(lines)
			if c.json {
				return writeJSON(cmd.OutOrStdout(), lines)
			}
			rows := [][]string{{"NUMBER", "WHEN", "WHAT", "BY", "ABOUT", "HASH"}}
			for _, l := range lines {
				rows = append(rows, []string{fmt.Sprint(l.Number), l.At.UTC().Format(time.RFC3339), string(l.Kind), l.By, about(l.Record), l.Hash[:min(len(l.Hash), 12)]})
			}
			return table(cmd.OutOrStdout(), rows)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "how many")
	cmd.Flags().Uint64Var(&before, "before", 0, "only records before this number")
	return cmd
}

// about is the rest of a record in words.
func about(r audit.Record) string {
	switch {
	case r.Incident != "":
		return fmt.Sprintf("incident %s, timeline up to %d %.8s", r.Incident, r.Seq, r.Head)
	case r.Series != "" && r.Reason != "":
		return fmt.Sprintf("%s revision %d: %s", r.Series, r.Value, r.Reason)
	case r.Series != "":
		return fmt.Sprintf("%s revision %d", r.Series, r.Value)
	case r.Kind == audit.Access:
		return fmt.Sprintf("%s %s: %s", r.Action, r.Target, r.Outcome)
	case r.Kind == audit.Pruned:
		return "incidents that ended before " + r.Before.UTC().Format(time.RFC3339) + " (" + r.Reason + ")"
	case r.Count > 0:
		return fmt.Sprintf("%d times: %s", r.Count, r.Reason)
	default:
		return "process " + r.Process
	}
}

func newAuditVerifyCommand(c *cli, p *place) *cobra.Command {
	var anchors []string
	cmd := &cobra.Command{
		Use: "verify [FILE.zip] [--anchor NUMBER:HASH]...", Short: "Hold the store, or a bundle of evidence, against the audit log",
		Long: `Hold the store against its audit log, or check a bundle of evidence that "tocsin incidents
evidence" wrote, for which neither a server nor a store is needed. A line tells of each finding,
and the exit code is then 1.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			parsed, err := parseAnchors(anchors)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				report, err := verifyBundle(c, args[0], parsed)
				if err != nil {
					return err
				}
				return c.printVerified(cmd, report)
			}
			log, done, err := p.openAudit(c, cmd)
			if err != nil {
				return err
			}
			defer done()
			report, err := log.VerifyAudit(cmd.Context(), parsed...)
			if err != nil {
				return err
			}
			return c.printVerified(cmd, report)
		},
	}
	cmd.Flags().StringArrayVar(&anchors, "anchor", nil, "a head kept elsewhere, as `tocsin audit head` prints it; may be repeated")
	return cmd
}

func parseAnchors(texts []string) ([]audit.Anchor, error) {
	var out []audit.Anchor
	for _, text := range texts {
		a, err := audit.ParseAnchor(text)
		if err != nil {
			return nil, usagef("%v", err)
		}
		out = append(out, a)
	}
	return out, nil
}

// printVerified prints what was found. An error when something was.
func (c *cli) printVerified(cmd *cobra.Command, r auditor.Report) error {
	found := 0
	for _, f := range r.Findings {
		if !f.Note {
			found++
		}
	}
	if c.json {
		if err := writeJSON(cmd.OutOrStdout(), r); err != nil {
			return err
		}
	} else {
		for _, f := range r.Findings {
			if f.Note {
				fmt.Fprintln(cmd.ErrOrStderr(), "note: "+oneLine(f.String()))
			} else {
				fmt.Fprintln(cmd.OutOrStdout(), oneLine(f.String()))
			}
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%s, %s and %s checked; the log ends at %s\n", plural(r.Records, "record", "records"),
			plural(r.Incidents, "incident", "incidents"), plural(r.Revisions, "revision", "revisions"), r.Head)
	}
	if found > 0 {
		return fmt.Errorf("%s", plural(found, "finding: the store is not as its audit log says", "findings: the store is not as its audit log says"))
	}
	return nil
}
