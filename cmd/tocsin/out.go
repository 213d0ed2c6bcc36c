package main

import (
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// addOutFlag gives a command --out, for writeFile.
func addOutFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("out", "", "the file to write; it must not exist")
}

// writeFile writes the file that --out names whole, durably, or not at all. One that exists is
// left alone.
func writeFile(name string, write func(io.Writer) error) error {
	if name == "" {
		return usagef("--out names the file to write")
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err = errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		_ = os.Remove(name) // half a file is of no use
	}
	return err
}
