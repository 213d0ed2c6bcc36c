package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"tocsin/cmd/internal/app"
	"tocsin/cmd/internal/demo"
	"tocsin/cmd/internal/registry"
	"tocsin/cmd/internal/standin"
	"tocsin/configs"
	"tocsin/configs/examples"
)

const (
	defaultListen = "127.0.0.1:8420"
	defaultStore  = "./tocsin-data"
	defaultSpool  = "./tocsin-spool"
	// stopTimeout bounds the wait for requests under way at the end.
	stopTimeout = 20 * time.Second
)

func newServeCommand(c *cli) *cobra.Command {
	var listen, store, spool, advertise string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the gateway",
		Long: `Run the gateway until SIGINT or SIGTERM, then drain: what was accepted is stored, what is
being sent is reported. SIGHUP, or POST /-/reload, puts changed files in force; a bad
configuration never replaces a good one.

Without --config the built-in example runs on loopback with random tokens, which are printed
once, and with a telephone that stands in for Twilio at "/".

The heap may grow to three times what lives in it, within 1 GiB and three quarters of what the
container may use; the environment variables GOGC and GOMEMLIMIT set other bounds.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			app.TuneHeap()
			if c.config == "" {
				return c.serveExample(cmd.Context(), listen, store)
			}
			if u, err := url.Parse(advertise); advertise != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
				return usagef("--advertise %s is no http:// or https:// URL", advertise)
			}
			return c.serve(cmd.Context(), listen, store, spool, advertise)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", defaultListen, "address to take requests on")
	cmd.Flags().StringVar(&store, "store", defaultStore, "a folder, or redis://, rediss://, redis+sentinel:// or redis+cluster:// URL")
	cmd.Flags().StringVar(&spool, "spool", defaultSpool, "folder on a local disk, of this process alone, for what comes in while a redis store is away")
	cmd.Flags().StringVar(&advertise, "advertise", "", "URL at which the other processes on the store reach this one (default: http:// and the address of --listen)")
	return cmd
}

func (c *cli) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(c.stderr, nil))
}

// redisLog takes what go-redis would print by itself: many lines a second while a server is
// away, which the engine tells of already.
type redisLog struct{ log *slog.Logger }

func (r redisLog) Printf(_ context.Context, format string, v ...any) {
	r.log.Debug("redis client", "message", fmt.Sprintf(format, v...))
}

func (c *cli) serve(ctx context.Context, listen, store, spool, advertise string) error {
	log := c.logger()
	redis.SetLogger(redisLog{log})
	a, err := app.New(ctx, app.Options{
		Files: func() (configs.Bundle, error) { return configs.ReadBundle(c.config) },
		Build: func(b configs.Bundle) (*configs.Config, error) {
			return b.Config(configs.Options{Registry: registry.Config(), Env: c.lookup, Secrets: c.folder()})
		},
		Look:  c.buildWithoutSecrets,
		Store: store, Spool: spool, Listen: listen, Advertise: advertise, Version: thisBuild().Version, Logger: log, Now: c.now,
	})
	if err != nil {
		return faults(err)
	}
	return c.runUntilDone(ctx, a)
}

func (c *cli) serveExample(ctx context.Context, listen, store string) error {
	socket, err := demo.ListenLoopback(listen)
	if err != nil {
		return err
	}
	url := "http://" + socket.Addr().String()
	world, err := standin.New(url, c.now, time.Second)
	if err != nil {
		return errors.Join(err, socket.Close())
	}
	defer func() { _ = world.Close() }() // nothing in it outlives the process
	config, err := world.Load(examples.Files, demo.Config)
	if err != nil {
		return errors.Join(err, socket.Close())
	}
	a, err := app.New(ctx, app.Options{
		Files: world.Files(examples.Files, demo.Config), Build: world.Build,
		Store: store, Socket: socket, Version: thisBuild().Version, Logger: c.logger(), Now: c.now,
		Home: demo.Page(world, config, url),
	})
	if err != nil {
		return errors.Join(err, socket.Close())
	}
	c.printExample(socket, world)
	return c.runUntilDone(ctx, a)
}

// printExample shows the example's random tokens, this once.
func (c *cli) printExample(socket net.Listener, w *standin.World) {
	url := "http://" + socket.Addr().String()
	_, _ = fmt.Fprintf(c.stdout, `No --config: the built-in example runs at %[1]s with simulated phones.
Tokens of this run:
  API (tocsin incidents, TOCSIN_TOKEN)  %[2]s
  POST %[1]s/webhooks/prometheus        Authorization: Bearer %[3]s
  POST %[1]s/webhooks/events            Authorization: Bearer %[4]s
  POST %[1]s/webhooks/scans/%[5]s
  secret of /webhooks/sentry            %[6]s
  secret of /webhooks/code              %[7]s
`, url, w.Env[standin.EnvAPIToken], w.Env[standin.EnvPrometheus], w.Env[standin.EnvEvents], w.Env[standin.EnvScans],
		w.Env[standin.EnvSentry], w.Env[standin.EnvGitHub])
}

// runUntilDone works until ctx ends, reloads on SIGHUP, and drains.
func (c *cli) runUntilDone(ctx context.Context, a *app.App) (err error) {
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		err = errors.Join(err, a.Stop(stopping))
	}()
	if err := a.Start(); err != nil {
		return err
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangup:
			_ = a.Reload(ctx) // a refusal is logged with its reasons
		case err := <-a.Failed():
			return err
		}
	}
}
