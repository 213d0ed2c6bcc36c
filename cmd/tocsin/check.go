package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tocsin/configs"
)

func newCheckCommand(c *cli) *cobra.Command {
	strict, store := false, ""
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Show every fault and weakness of the configuration",
		Long: `Reads the configuration and prints every error with its file and line, then what
works but deserves a look (nobody on call, a number that cannot be, …).

With --store it says instead what a store promises: which settings of Redis lose alerts that
were accepted, when, and what to do about each. Nothing is changed there.

Exits 1 when there is an error, with --strict also when there is a warning.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if store != "" {
				return c.checkStore(cmd, store, strict)
			}
			return c.check(cmd, strict)
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "treat warnings as errors")
	cmd.Flags().StringVar(&store, "store", "", "check a store: a folder, or redis://, rediss://, redis+sentinel:// or redis+cluster:// URL")
	return cmd
}

func (c *cli) check(cmd *cobra.Command, strict bool) error {
	problems, err := c.problems()
	if err != nil {
		return err
	}
	faults, warnings := problems.Errors(), problems.Warnings()
	sum := plural(len(faults), "error", "errors") + ", " + plural(len(warnings), "warning", "warnings")
	if c.json {
		if err := writeJSON(cmd.OutOrStdout(), append(append(configs.Problems{}, faults...), warnings...)); err != nil {
			return err
		}
	} else {
		for _, p := range append(faults, warnings...) {
			fmt.Fprintln(cmd.OutOrStdout(), oneLine(p.String()))
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", c.source(), sum)
	}
	switch {
	case len(faults) > 0:
		return fmt.Errorf("%s does not pass: %s", c.source(), sum)
	case strict && len(warnings) > 0:
		return fmt.Errorf("%s does not pass with --strict: %s", c.source(), sum)
	}
	return nil
}

// problems are all that the configuration has, now.
func (c *cli) problems() (configs.Problems, error) {
	config, err := c.load(false)
	var problems configs.Problems
	switch {
	case errors.As(err, &problems):
		return problems, nil
	case err != nil:
		return nil, err
	}
	return config.Weaknesses(c.now()), nil
}
