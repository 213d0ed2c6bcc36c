package main

import (
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"tocsin/cmd/internal/demo"
)

func newDemoCommand(c *cli) *cobra.Command {
	var listen string
	var auto bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole way of an alert with people who do not exist",
		Long: `Start the gateway on an embedded store in a temporary folder, with an example team and a
telephone that stands in for Twilio. An Alertmanager, a Sentry and a scanner send alerts; you
answer the texts here or on the page that is named.

With --auto the story plays itself and is checked by what the phones show and what the HTTP
API says; the exit code is 0 only if it came true.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo.Run(cmd.Context(), demo.Options{
				Listen: listen, Auto: auto, Out: c.stdout, In: c.stdin, Version: thisBuild().Version,
				Logger: slog.New(slog.NewTextHandler(demoLog(c.stderr, auto), &slog.HandlerOptions{Level: slog.LevelError})),
			})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", defaultListen, "loopback address of the page")
	cmd.Flags().BoolVar(&auto, "auto", false, "play the story, check it and exit")
	return cmd
}

// demoLog keeps the automatic story's output to the story.
func demoLog(w io.Writer, auto bool) io.Writer {
	if auto {
		return io.Discard
	}
	return w
}
