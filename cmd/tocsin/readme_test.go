package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	quotedCode  = regexp.MustCompile("`([^`\n]+)`")
	commandLine = regexp.MustCompile(`^(?:\./|go run \./cmd/)?tocsin((?: [a-z]+)+)`)
	longFlag    = regexp.MustCompile(`(?:^|[\s\[])--([a-z][a-z-]*)`)
)

// codeIn is what a page shows as code: lines of sh blocks, and words between backquotes.
func codeIn(page string) (code []string) {
	for i, part := range strings.Split(page, "```") {
		switch {
		case i%2 == 0:
			for _, m := range quotedCode.FindAllStringSubmatch(part, -1) {
				code = append(code, m[1])
			}
		case strings.HasPrefix(part, "sh\n") && !strings.Contains(part, "curl "):
			code = append(code, strings.Split(part, "\n")[1:]...)
		}
	}
	return code
}

func TestTheWordsOfThePagesExist(t *testing.T) {
	// Ensures that every command and flag that README and CHANGELOG name exists, and that README
	// names every command.
	root, _ := newRootCommand(surroundings{lookup: func(string) (string, bool) { return "", false }})
	flags := map[string]bool{}
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		for _, set := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
			set.VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(root)
	named := map[*cobra.Command]bool{}
	for _, page := range []string{"../../README.md", "../../CHANGELOG.md"} {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, code := range codeIn(string(text)) {
			code, _, _ = strings.Cut(code, "#")
			if m := commandLine.FindStringSubmatch(code); m != nil {
				c, rest, err := root.Find(strings.Fields(m[1]))
				require.NoError(t, err, "%s: %s", page, code)
				assert.False(t, c == root || c.HasSubCommands() && len(rest) > 0, "%s: %s", page, code)
				named[c] = true
			}
			for _, m := range longFlag.FindAllStringSubmatch(code, -1) {
				assert.True(t, flags[m[1]], "%s: --%s of %s", page, m[1], code)
			}
		}
	}
	for _, c := range root.Commands() {
		shown := named[c]
		for _, sub := range c.Commands() {
			shown = shown || named[sub]
		}
		assert.True(t, shown || c.Hidden, "README does not name tocsin %s", c.Name())
	}
}
