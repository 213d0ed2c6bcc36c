package main

import (
	"github.com/spf13/cobra"
)

// cli is what the commands share: the global flags, once they are parsed, and the surroundings.
type cli struct {
	surroundings
	config string // --config: a file or folder; empty means the built-in example
	json   bool   // --json
}

// newRootCommand builds the whole tree. started tells afterwards whether a command began, so
// that a mistyped command line can be told from a fault.
func newRootCommand(s surroundings) (root *cobra.Command, started *bool) {
	c := &cli{surroundings: s}
	started = new(bool)
	root = &cobra.Command{
		Use:   "tocsin",
		Short: "Routes alerts to the people on call, and makes sure that somebody answers",
		Long: `Tocsin takes alerts from monitors, pages the people on call tier by tier until
somebody acknowledges, and proves what it did.

Exit codes: 0 done, 1 failed (the reason is on standard error), 2 not understood.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRun:  func(*cobra.Command, []string) { *started = true },
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetIn(s.stdin)
	root.SetOut(s.stdout)
	root.SetErr(s.stderr)
	config, _ := s.lookup("TOCSIN_CONFIG")
	flags := root.PersistentFlags()
	flags.StringVar(&c.config, "config", config, "configuration: a YAML file, or a folder of them (environment: TOCSIN_CONFIG)")
	flags.BoolVar(&c.json, "json", false, "print JSON for scripts instead of text for people")
	root.AddCommand(
		newServeCommand(c), newDemoCommand(c), newInitCommand(c), newCheckCommand(c),
		newNormalizeCommand(c), newSimulateCommand(c), newOnCallCommand(c), newSchedulesCommand(c),
		newConfigCommand(c), newOverridesCommand(c), newIncidentsCommand(c), newPageCommand(c), newAuditCommand(c), newBackupCommand(c), newRestoreCommand(c), newVersionCommand(c),
	)
	return root, started
}

// newGroup is a command that only holds others; alone, or with a word that none of them
// has, it is a mistake.
func newGroup(use, short string, commands ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{
		Use: use, Short: short,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q for %q", args[0], cmd.CommandPath())
			}
			return usagef("%s needs a command", cmd.CommandPath())
		},
	}
	group.AddCommand(commands...)
	return group
}
