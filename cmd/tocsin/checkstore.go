package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/escalation/store/redisstore"
)

// askTimeout bounds the questions to a Redis that does not answer.
const askTimeout = 10 * time.Second

// checkStore says what the settings of a store promise. It changes nothing there.
func (c *cli) checkStore(cmd *cobra.Command, where string, strict bool) error {
	findings, err := storeFindings(cmd.Context(), where)
	if err != nil {
		return err
	}
	faults, warnings := 0, 0
	for _, f := range findings {
		switch f.Level {
		case redisstore.Fault:
			faults++
		case redisstore.Warning:
			warnings++
		case redisstore.Fine:
		}
	}
	sum := plural(faults, "error", "errors") + ", " + plural(warnings, "warning", "warnings")
	if c.json {
		if err := writeJSON(cmd.OutOrStdout(), findings); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Fprintln(cmd.OutOrStdout(), oneLine(f.String()))
		}
		fmt.Fprintf(cmd.OutOrStdout(), "store: %s\n", sum)
	}
	switch {
	case faults > 0:
		return fmt.Errorf("the store does not pass: %s", sum)
	case strict && warnings > 0:
		return fmt.Errorf("the store does not pass with --strict: %s", sum)
	}
	return nil
}

// storeFindings asks Redis; the embedded store has no settings that could be wrong.
func storeFindings(ctx context.Context, where string) ([]redisstore.Finding, error) {
	if !strings.HasPrefix(where, "redis") || !strings.Contains(where, "://") {
		return []redisstore.Finding{{
			Level: redisstore.Fine, About: "embedded store",
			Text: "what is accepted is on this machine's disk before the sender is told so; it is lost with the disk, and only one process can use it",
		}}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return redisstore.Inspect(ctx, where)
}
