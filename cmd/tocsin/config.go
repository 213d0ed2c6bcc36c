package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/cmd/internal/auditor"
	"tocsin/cmd/internal/registry"
	"tocsin/configs"
	"tocsin/configs/history"
	"tocsin/escalation/engine"
)

// revisions is where configurations are kept: a running server, or its store.
type revisions interface {
	Revisions(ctx context.Context, limit int) ([]history.Meta, error)
	Revision(ctx context.Context, number uint64) (history.Revision, error)
	PlanConfig(ctx context.Context, p history.Proposal) (history.Change, error)
	ApplyConfig(ctx context.Context, p history.Proposal) (history.Change, error)
}

func newConfigCommand(c *cli) *cobra.Command {
	group := newGroup("config", "Compare, apply and look up revisions of the configuration")
	group.Long = `The configuration in force is a revision in the store, which all processes follow within a
second. These commands ask a running server; with --store they work on the store itself, for
which the embedded store's server must not run.

--config names the files that are checked, compared and applied.`
	p := addPlaceFlags(c, group, "work on")
	check := newCheckCommand(c)
	group.AddCommand(
		check, newConfigDiffCommand(c, p), newConfigApplyCommand(c, p), newConfigHistoryCommand(c, p),
		newConfigShowCommand(c, p), newConfigRollbackCommand(c, p), newConfigPullCommand(c, p), newConfigEditCommand(c, p),
	)
	return group
}

// open connects to where the revisions are. done gives the store back.
func (p *place) open(c *cli, cmd *cobra.Command) (r revisions, done func(), err error) {
	if p.store == "" {
		api, err := p.server.connect(c, cmd)
		return api, func() {}, err
	}
	s, err := p.openStore(cmd)
	if err != nil {
		return nil, nil, err
	}
	clock := engine.NewClock(c.now) // the servers' time decides which shift is the current one
	if err := clock.Measure(cmd.Context(), s.Clock); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("cannot ask the store %s for its time: %w", p.store, err), s.Close())
	}
	record := auditor.New(s, clock.Now, c.logger())
	h := &history.History{Series: s, Build: c.buildWithoutSecrets, Token: rand.Text, Stored: record.Revision}
	return direct{h, clock.Now}, func() {
		if err := record.Flush(cmd.Context()); err != nil {
			fmt.Fprintln(cmd.ErrOrStderr(), "tocsin: it is stored, but the audit log could not be written:", err)
		}
		_ = s.Close() // every write was durable when it returned
	}, nil
}

// direct works on a store without a server.
type direct struct {
	history *history.History
	now     func() time.Time
}

func (d direct) Revisions(ctx context.Context, limit int) ([]history.Meta, error) {
	return d.history.List(ctx, limit)
}

func (d direct) Revision(ctx context.Context, number uint64) (history.Revision, error) {
	return d.history.Revision(ctx, number)
}

func (d direct) PlanConfig(ctx context.Context, p history.Proposal) (history.Change, error) {
	return d.history.Plan(ctx, p, d.now())
}

func (d direct) ApplyConfig(ctx context.Context, p history.Proposal) (history.Change, error) {
	return d.history.Apply(ctx, p, d.now())
}

// buildWithoutSecrets makes a configuration for looking and comparing: whoever applies from a
// machine of their own has no secrets there.
func (c *cli) buildWithoutSecrets(b configs.Bundle) (*configs.Config, error) {
	reg := registry.Config()
	return b.Config(configs.Options{Registry: reg, Env: c.lookup, Secrets: c.folder(), NoSecrets: true})
}

// folder is where the paths of secrets begin.
func (c *cli) folder() string {
	if c.config == "" {
		return "."
	}
	if isFolder(c.config) {
		return c.config
	}
	return filepath.Dir(c.config)
}

// author is who applies, for the record: --author, or whoever is logged in.
func (c *cli) author(flag string) string {
	if flag != "" {
		return flag
	}
	if name, ok := c.lookup("USER"); ok && name != "" {
		return name
	}
	return "unknown"
}

// parseRevision reads 7 or r7.
func parseRevision(text string) (uint64, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(text, "r"), 10, 64)
	if err != nil || n == 0 {
		return 0, usagef("%q is no revision; tocsin config history lists them, such as 7 or r7", text)
	}
	return n, nil
}
