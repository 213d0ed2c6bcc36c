package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tocsin/configs"
	"tocsin/configs/history"
	"tocsin/schedules"
)

// mostReplay bounds --replay.
const mostReplay = 400 * 24 * time.Hour

// proposing are the flags of everything that proposes a revision.
type proposing struct {
	rollout, reason, author, parent string
	replay, ackAfter                string
}

func (f *proposing) register(cmd *cobra.Command, applies bool) {
	flags := cmd.Flags()
	flags.StringVar(&f.rollout, "rollout", "", "when changed rotations take effect: now, after-current-shift or after-full-rotation (default: what the files say)")
	flags.StringVar(&f.parent, "parent", "", "revision that the files were made from (default: that of config pull, else the active one)")
	if applies {
		flags.StringVar(&f.reason, "reason", "", "why, for the history")
		flags.StringVar(&f.author, "author", "", "who, for the history (default: $USER; with a server, beside the token's name)")
		return
	}
	flags.StringVar(&f.replay, "replay", "", "run the alerts of that long through both configurations, such as 30d")
	flags.StringVar(&f.ackAfter, "ack-after", "", "in the replay, somebody answers that long after the first page (default: nobody answers)")
}

// proposal fills in what the flags say.
func (f *proposing) proposal(c *cli) (p history.Proposal, err error) {
	modes := []schedules.Rollout{"", schedules.RolloutNow, schedules.RolloutAfterShift, schedules.RolloutAfterRotation}
	if p.Rollout = schedules.Rollout(f.rollout); !slices.Contains(modes, p.Rollout) {
		return p, usagef("--rollout %q is unknown; use now, after-current-shift or after-full-rotation", f.rollout)
	}
	if f.parent != "" {
		if p.Parent, err = parseRevision(f.parent); err != nil {
			return p, err
		}
	}
	p.Reason, p.Author = f.reason, c.author(f.author)
	if f.replay == "" {
		if f.ackAfter != "" {
			return p, usagef("--ack-after goes with --replay")
		}
		return p, nil
	}
	back, err := parseSpan("replay", f.replay, mostReplay)
	if err != nil {
		return p, err
	}
	p.Replay = &history.Replay{Since: c.now().Add(-back)}
	if f.ackAfter != "" {
		p.Replay.AckAfter, err = parseSpan("ack-after", f.ackAfter, mostReplay)
	}
	return p, err
}

// ofFiles is the proposal of the files of --config.
func (f *proposing) ofFiles(c *cli) (history.Proposal, error) {
	p, err := f.proposal(c)
	if err != nil {
		return p, err
	}
	return p, c.files(&p)
}

// files adds the files of --config to a proposal, and the revision that they were pulled from.
func (c *cli) files(p *history.Proposal) error {
	if c.config == "" {
		return usagef("--config is missing: which files?")
	}
	b, err := configs.ReadBundle(c.config)
	if err != nil {
		return faults(err)
	}
	p.Bundle = &b
	if p.Parent == 0 {
		var m marked
		m, err = c.pulled()
		p.Parent, p.ParentHash = m.Revision, m.Hash
	}
	return err
}

// since makes the revision that is active now the parent of files that name none, so that what
// somebody applies while this command works is not written over. A managed installation wants
// to hear of a parent that is really one.
func since(ctx context.Context, r revisions, p *history.Proposal) error {
	if p.Parent != 0 || p.Bundle == nil {
		return nil
	}
	active, err := r.Revisions(ctx, 1)
	if err == nil && len(active) > 0 && !active[0].Managed {
		p.Parent, p.ParentHash = active[0].Number, active[0].Hash
	}
	return err
}

func newConfigDiffCommand(c *cli, at *place) *cobra.Command {
	var f proposing
	cmd := &cobra.Command{
		Use:   "diff [--replay 30d]",
		Short: "Show what applying the files would change: shifts, routes, weaknesses",
		Long: `Compares the files of --config with the active revision and shows what would follow:
the shifts of the next 90 days that change hands, recent alerts that would go elsewhere, new
weaknesses. With --replay the recorded alerts of that time are run through both
configurations in virtual time, and the pages that each person would get are compared.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := f.ofFiles(c)
			if err != nil {
				return err
			}
			r, done, err := at.open(c, cmd)
			if err != nil {
				return err
			}
			defer done()
			if p.Parent == 0 { // to look is always allowed
				if p.Parent, err = activeNumber(cmd.Context(), r); err != nil {
					return err
				}
			}
			change, err := r.PlanConfig(cmd.Context(), p)
			if err != nil {
				return faults(err)
			}
			return c.printChange(cmd.OutOrStdout(), change)
		},
	}
	f.register(cmd, false)
	return cmd
}

func newConfigApplyCommand(c *cli, at *place) *cobra.Command {
	var f proposing
	cmd := &cobra.Command{
		Use:   "apply [--reason TEXT] [--rollout MODE]",
		Short: "Put the files in force, for all processes",
		Long: `Makes the files of --config the active revision and shows what changed. When somebody
else applied another one since these files were pulled, or since the command began, nothing is
applied and the difference is shown.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := f.ofFiles(c)
			if err != nil {
				return err
			}
			change, err := c.apply(cmd, at, p)
			if err != nil || c.config == "" {
				return err
			}
			return c.mark(change.Revision)
		},
	}
	f.register(cmd, true)
	return cmd
}

// apply puts a proposal in force and shows what it did.
func (c *cli) apply(cmd *cobra.Command, at *place, p history.Proposal) (history.Change, error) {
	r, done, err := at.open(c, cmd)
	if err != nil {
		return history.Change{}, err
	}
	defer done()
	if err := since(cmd.Context(), r, &p); err != nil {
		return history.Change{}, err
	}
	change, err := r.ApplyConfig(cmd.Context(), p)
	if err != nil {
		return change, faults(err)
	}
	if err := c.printChange(cmd.OutOrStdout(), change); err != nil || c.json {
		return change, err
	}
	if change.Unchanged {
		return change, nil
	}
	what := "is in force"
	if at.store != "" {
		what = "is stored; servers that can build it follow within a second"
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", change.Revision.Label(), what)
	return change, err
}

// activeNumber is the number of the active revision, 0 when there is none.
func activeNumber(ctx context.Context, r revisions) (uint64, error) {
	active, err := r.Revisions(ctx, 1)
	if err != nil || len(active) == 0 {
		return 0, err
	}
	return active[0].Number, nil
}

func newConfigRollbackCommand(c *cli, at *place) *cobra.Command {
	var f proposing
	cmd := &cobra.Command{
		Use:   "rollback REVISION [--reason TEXT]",
		Short: "Put the files of an earlier revision in force again, as a new revision",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := f.proposal(c)
			if err != nil {
				return err
			}
			if p.Rollback, err = parseRevision(args[0]); err != nil {
				return err
			}
			_, err = c.apply(cmd, at, p)
			return err
		},
	}
	f.register(cmd, true)
	return cmd
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
