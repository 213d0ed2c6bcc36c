package main

import (
	"errors"

	"github.com/spf13/cobra"
)

func newServeCommand() *cobra.Command { return newPendingCommand("serve", "Run the gateway") }

func newDemoCommand() *cobra.Command {
	return newPendingCommand("demo", "Run the gateway with people who do not exist")
}

func newPendingCommand(name, short string) *cobra.Command {
	return &cobra.Command{Use: name, Short: short, RunE: func(*cobra.Command, []string) error {
		return errors.New(name + " is not available in this build")
	}}
}
