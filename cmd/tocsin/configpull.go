package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"tocsin/configs"
	"tocsin/configs/history"
)

// marker remembers beside pulled files which revision they are, for the next apply.
const marker = ".tocsin-revision"

func newConfigPullCommand(c *cli, at *place) *cobra.Command {
	force := false
	cmd := &cobra.Command{
		Use:   "pull FOLDER",
		Short: "Write the files of the active revision into a folder",
		Long: `Writes the files, byte by byte as they were applied, and remembers their revision, so that
a later apply is refused if somebody else was faster. Files that were changed since they were
pulled are not overwritten without --force.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, done, err := at.open(c, cmd)
			if err != nil {
				return err
			}
			defer done()
			active, err := r.Revision(cmd.Context(), 0)
			if err != nil {
				return err
			}
			if err := unharmed(cmd, r, args[0], active, force); err != nil {
				return err
			}
			if err := active.Bundle.Write(args[0]); err != nil {
				return err
			}
			if err := writeMarker(args[0], active.Meta); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is in %s\n", active.Label(), args[0])
			return err
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "overwrite files that were changed")
	return cmd
}

// unharmed refuses to overwrite what is neither the revision nor as it was pulled.
func unharmed(cmd *cobra.Command, r revisions, folder string, active history.Revision, force bool) error {
	if force {
		return nil
	}
	var last configs.Bundle
	if number, err := readMarker(folder); err != nil {
		return err
	} else if number != 0 {
		pulled, err := r.Revision(cmd.Context(), number)
		if err != nil {
			return err
		}
		last = pulled.Bundle
	}
	for _, f := range active.Bundle.Files {
		have, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(f.Name)))
		if errors.Is(err, fs.ErrNotExist) || bytes.Equal(have, f.Data) {
			continue
		}
		if err != nil {
			return err
		}
		pulled := slices.ContainsFunc(last.Files, func(was configs.File) bool { return was.Name == f.Name && bytes.Equal(was.Data, have) })
		if !pulled {
			return fmt.Errorf("%s was changed here and would be lost; apply it, move it away, or pull with --force", filepath.Join(folder, f.Name))
		}
	}
	return nil
}

// marked is what the marker holds.
type marked struct {
	Revision uint64 `json:"revision"`
	Hash     string `json:"hash"`
}

func writeMarker(folder string, m history.Meta) error {
	data, err := json.Marshal(marked{m.Number, m.Hash})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, marker), append(data, '\n'), 0o600)
}

// readMarker is the revision that a folder's files were pulled from, 0 when they were not.
func readMarker(folder string) (uint64, error) {
	data, err := os.ReadFile(filepath.Join(folder, marker))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var m marked
	if err := json.Unmarshal(data, &m); err != nil {
		return 0, fmt.Errorf("%s cannot be read: %w; remove it, or name --parent", filepath.Join(folder, marker), err)
	}
	return m.Revision, nil
}

// pulled is the revision that the files of --config were pulled from, 0 when they were not.
func (c *cli) pulled() (uint64, error) { return readMarker(c.folder()) }

// mark notes what the files of --config are now, if they were pulled once.
func (c *cli) mark(m history.Meta) error {
	if number, err := c.pulled(); err != nil || number == 0 {
		return err
	}
	return writeMarker(c.folder(), m)
}
