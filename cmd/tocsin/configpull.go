package main

import (
	"bytes"
	"context"
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
a later apply is refused if somebody else was faster. YAML files and calendars that were changed
or added since are not overwritten or removed without --force.`,
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
			stale, err := unharmed(cmd.Context(), r, args[0], active, force)
			if err != nil {
				return err
			}
			if err := active.Bundle.Write(args[0]); err != nil {
				return err
			}
			for _, name := range stale {
				if err := os.Remove(name); err != nil {
					return err
				}
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

// unharmed refuses to lose what is neither in the revision nor as it was pulled, unless forced:
// files that were changed, and YAML that an apply from this folder would bring back. stale are
// files that the revision has no more.
func unharmed(ctx context.Context, r revisions, folder string, active history.Revision, force bool) (stale []string, err error) {
	m, err := readMarker(folder)
	if err != nil {
		return nil, err
	}
	var last configs.Bundle
	if m.Revision != 0 && !force {
		pulled, err := r.Revision(ctx, m.Revision)
		if err != nil {
			return nil, err
		}
		last = pulled.Bundle
	}
	have := map[string][]byte{}
	if here, err := configs.ReadBundle(folder); err == nil {
		for _, f := range here.Files {
			have[f.Name] = f.Data
		}
	}
	for name, data := range have {
		is := slices.ContainsFunc(active.Bundle.Files, func(f configs.File) bool { return f.Name == name })
		same := contains(active.Bundle, name, data)
		switch {
		case !same && !force && !contains(last, name, data):
			return nil, fmt.Errorf("%s was changed or added here: it is neither in %s nor as it was pulled. Apply it, move it away, or pull with --force", filepath.Join(folder, name), active.Label())
		case !is:
			stale = append(stale, filepath.Join(folder, filepath.FromSlash(name)))
		}
	}
	return stale, nil
}

func contains(b configs.Bundle, name string, data []byte) bool {
	return slices.ContainsFunc(b.Files, func(f configs.File) bool { return f.Name == name && bytes.Equal(f.Data, data) })
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

// readMarker is the revision that a folder's files were pulled from, the zero one when they were not.
func readMarker(folder string) (m marked, err error) {
	data, err := os.ReadFile(filepath.Join(folder, marker))
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		return m, fmt.Errorf("%s cannot be read: %w; remove it, or name --parent", filepath.Join(folder, marker), err)
	}
	return m, nil
}

// pulled is the revision that the files of --config were pulled from.
func (c *cli) pulled() (marked, error) { return readMarker(c.folder()) }

// mark notes what the files of --config are now, if they were pulled once.
func (c *cli) mark(m history.Meta) error {
	if was, err := c.pulled(); err != nil || was.Revision == 0 {
		return err
	}
	return writeMarker(c.folder(), m)
}
