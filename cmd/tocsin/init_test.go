package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInitWritesAFolderThatPasses(t *testing.T) {
	// Ensures that the folder passes check as it is, that secrets are random and private, and what to paste is right.
	dir := filepath.Join(t.TempDir(), "new", "tocsin")
	r := tocsin(t, "init", dir)
	require.Equal(t, exitOK, r.code, r.err)
	for _, config := range []string{dir, filepath.Join(dir, "tocsin.yaml")} {
		check := tocsin(t, "check", "--config", config)
		require.Equal(t, exitOK, check.code, check.out)
		require.Contains(t, check.out, ": 0 errors, ")
	}
	prometheus := filepath.Join(dir, "secrets", "prometheus.token")
	require.Contains(t, r.out, "url: http://127.0.0.1:8420/webhooks/prometheus\n")
	require.Contains(t, r.out, "credentials_file: '"+prometheus+"'\n")
	require.Contains(t, r.out, "tocsin serve --config "+filepath.Join(dir, "tocsin.yaml"))

	one, err := os.ReadFile(prometheus)
	require.NoError(t, err)
	random, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(string(one)))
	require.NoError(t, err)
	require.Len(t, random, 32)
	two, err := os.ReadFile(filepath.Join(dir, "secrets", "ops.token"))
	require.NoError(t, err)
	require.NotEqual(t, one, two)
	require.NotContains(t, r.out+r.err, strings.TrimSpace(string(one)))

	entries, err := os.ReadDir(filepath.Join(dir, "secrets"))
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), e.Name())
	}
	ignored, err := os.ReadFile(filepath.Join(dir, ".gitignore"))
	require.NoError(t, err)
	require.Equal(t, "/secrets/\n/tocsin-data/\n", string(ignored))
}

func TestInitOverwritesNothing(t *testing.T) {
	// Ensures that what is there stays, that nothing is written beside it, and that --force spares secrets.
	dir := t.TempDir()
	path, token := filepath.Join(dir, "tocsin.yaml"), filepath.Join(dir, "secrets", "ops.token")
	require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("*.swp"), 0o600))
	r := tocsin(t, "init", dir)
	require.Equal(t, exitFault, r.code)
	require.Contains(t, r.err, path+" exists")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "mine", string(data))
	require.NoDirExists(t, filepath.Join(dir, "secrets"))

	require.NoError(t, os.Mkdir(filepath.Join(dir, "secrets"), 0o700))
	require.NoError(t, os.WriteFile(token, []byte("a-token-that-senders-know\n"), 0o600))
	written := decode[map[string][]string](t, tocsin(t, "init", dir, "--force", "--json"))["written"]
	require.Contains(t, written, path)
	require.NotContains(t, written, token)
	data, err = os.ReadFile(token)
	require.NoError(t, err)
	require.Equal(t, "a-token-that-senders-know\n", string(data))
	data, err = os.ReadFile(filepath.Join(dir, ".gitignore"))
	require.NoError(t, err)
	require.Equal(t, "*.swp\n/secrets/\n/tocsin-data/\n", string(data))
	require.Equal(t, exitOK, tocsin(t, "check", "--config", dir).code)

	require.Equal(t, exitFault, tocsin(t, "init", path).code, "a file is no folder")
}

func TestEverySecretOfTheStarterIsWritten(t *testing.T) {
	// Ensures that what is only a comment in the starter gets no file, and each reference has one.
	files, err := starter()
	require.NoError(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.name)
	}
	require.Equal(t, []string{"tocsin.yaml", "secrets/ops.token", "secrets/prometheus.token", "secrets/twilio-account-sid", "secrets/twilio-auth-token"}, names)
}
