package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/configs/examples"
)

const configName = "tocsin.yaml"

func newInitCommand(c *cli) *cobra.Command {
	force := false
	cmd := &cobra.Command{
		Use:   "init DIR",
		Short: "Write a configuration to begin with",
		Long: `Writes tocsin.yaml and its secrets into a folder, random where Tocsin may choose
them. Nothing is overwritten; --force replaces tocsin.yaml, but never a secret that is
there, because senders use it.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			written, err := initialize(args[0], force)
			if err != nil {
				return err
			}
			if c.json {
				return writeJSON(cmd.OutOrStdout(), map[string][]string{"written": written})
			}
			return printNextSteps(cmd.OutOrStdout(), args[0], written)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace the tocsin.yaml that is there")
	return cmd
}

// newFile is a file to be written.
type newFile struct {
	name    string // relative to the folder
	content []byte
	secret  bool
}

// initialize writes the folder and returns the paths of what it wrote.
func initialize(dir string, force bool) (written []string, err error) {
	files, err := starter()
	if err != nil {
		return nil, err
	}
	if !force {
		for _, f := range files {
			if _, err := os.Lstat(filepath.Join(dir, f.name)); err == nil {
				return nil, fmt.Errorf("%s exists; choose another folder, or replace the configuration (not its secrets) with --force", filepath.Join(dir, f.name))
			}
		}
	}
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.MkdirAll(filepath.Join(dir, "secrets"), 0o700)); err != nil {
		return nil, err
	}
	ignored, err := ignore(filepath.Join(dir, ".gitignore")) // first, so that no secret is ever unguarded
	if err != nil {
		return nil, err
	}
	if ignored {
		written = append(written, filepath.Join(dir, ".gitignore"))
	}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		err := f.write(path, force)
		switch {
		case f.secret && errors.Is(err, fs.ErrExist):
			continue // senders know it
		case err != nil:
			return nil, err
		}
		written = append(written, path)
	}
	return written, nil
}

func (f newFile) write(path string, force bool) error {
	flags, mode := os.O_WRONLY|os.O_CREATE|os.O_EXCL, fs.FileMode(0o644)
	if f.secret {
		mode = 0o600
	} else if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(path, flags, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(f.content)
	return errors.Join(err, file.Close())
}

// secretFile finds the secrets that the starter names outside of comments.
var secretFile = regexp.MustCompile(`(?m)^[^#\n]*\{ *file: *(secrets/[A-Za-z0-9._-]+) *\}`)

// starter is the configuration to begin with, and a file for each secret that it names.
func starter() ([]newFile, error) {
	config, err := fs.ReadFile(examples.Files, "starter.yaml")
	if err != nil {
		return nil, err
	}
	files := []newFile{{name: configName, content: config}}
	for _, m := range secretFile.FindAllSubmatch(config, -1) {
		name := string(m[1])
		content := "CHANGE-ME\n"
		switch {
		case strings.HasSuffix(name, ".token"):
			random := make([]byte, 32)
			_, _ = rand.Read(random) // crypto/rand.Read never fails
			content = base64.RawURLEncoding.EncodeToString(random) + "\n"
		case strings.HasSuffix(name, "account-sid"):
			content = "AC" + strings.Repeat("0", 32) + "\n"
		}
		files = append(files, newFile{filepath.FromSlash(name), []byte(content), true})
	}
	return files, nil
}

// ignore keeps secrets and data out of git, and leaves alone what a .gitignore says already.
func ignore(path string) (written bool, err error) {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	text := string(old)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	for _, line := range []string{"/secrets/", "/tocsin-data/"} {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			text += line + "\n"
			written = true
		}
	}
	if !written {
		return false, nil
	}
	return true, os.WriteFile(path, []byte(text), 0o644)
}

func printNextSteps(w io.Writer, dir string, written []string) error {
	config, token := filepath.Join(dir, configName), filepath.Join(dir, "secrets", "prometheus.token")
	if abs, err := filepath.Abs(token); err == nil {
		token = abs // Alertmanager runs in another folder
	}
	_, err := fmt.Fprintf(w, `Wrote
  %s

For Alertmanager's configuration (receivers), once Tocsin runs:

  - name: tocsin
    webhook_configs:
      - url: http://127.0.0.1:8420/webhooks/prometheus
        send_resolved: true
        http_config:
          authorization:
            type: Bearer
            credentials_file: '%s'

Next:
  1. Change what %s marks with CHANGE, and put your Twilio account into
     %s and %s
  2. tocsin check --config %s
  3. tocsin serve --config %s
`, strings.Join(written, "\n  "), strings.ReplaceAll(token, "'", "''"), config,
		filepath.Join(dir, "secrets", "twilio-account-sid"), filepath.Join(dir, "secrets", "twilio-auth-token"), config, config)
	return err
}
