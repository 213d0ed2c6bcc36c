package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"tocsin/cmd/internal/app"
	"tocsin/cmd/internal/standin"
	"tocsin/configs"
	"tocsin/configs/examples"
)

// Config is the name of the built-in example that the demo runs.
const Config = "demo.yaml"

// receiptPause is the time between two receipts of a text, as a carrier would take it.
const receiptPause = 150 * time.Millisecond

// Options say how to show it.
type Options struct {
	Listen  string // loopback only
	Auto    bool   // play the story, check it and end
	Out     io.Writer
	In      io.Reader // what the visitor types; nil without a terminal
	Version string
	Logger  *slog.Logger

	// Tamper changes the world before the story begins, to see that the check notices.
	Tamper func(*Stage)
}

// ErrStory says that the story did not come true.
var ErrStory = errors.New("the story did not come true")

// Stage is the running demo.
type Stage struct {
	World  *standin.World
	App    *app.App
	Config *configs.Config
	URL    string

	folder string
	out    io.Writer
}

// Run shows the demo until ctx ends, or with Auto until the story is told. With Auto the
// error wraps ErrStory and names what was not met.
func Run(ctx context.Context, o Options) (err error) {
	stage, err := Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.close()) }()
	if o.Tamper != nil {
		o.Tamper(stage)
	}
	if o.Auto {
		return stage.tell(ctx)
	}
	return stage.show(ctx, o.In)
}

// Open sets the stage: a free loopback port, a telephone, and the gateway in a folder of its own.
func Open(ctx context.Context, o Options) (*Stage, error) {
	socket, err := ListenLoopback(o.Listen)
	if err != nil {
		return nil, err
	}
	s := &Stage{URL: "http://" + socket.Addr().String(), out: o.Out}
	if s.World, err = standin.New(s.URL, time.Now, receiptPause); err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	if s.folder, err = os.MkdirTemp("", "tocsin-demo-"); err != nil {
		return nil, errors.Join(err, s.World.Close(), socket.Close())
	}
	if s.Config, err = s.World.Load(examples.Files, Config); err == nil {
		s.App, err = app.New(ctx, app.Options{
			Files: s.World.Files(examples.Files, Config), Build: s.World.Build, Store: s.folder, Socket: socket, Version: o.Version, Logger: o.Logger, Home: Page(s.World, s.Config, s.URL),
		})
	}
	if err == nil {
		err = s.App.Start()
	}
	if err != nil {
		return nil, errors.Join(err, s.World.Close(), socket.Close(), os.RemoveAll(s.folder))
	}
	return s, nil
}

// ListenLoopback takes a port on loopback and refuses any other address: what runs on it is
// open without credentials.
func ListenLoopback(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: want host:port, such as 127.0.0.1:8420", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("--listen %s: without a configuration of your own only a loopback address is taken, such as 127.0.0.1:8420; `tocsin init DIR` writes a configuration", address)
	}
	socket, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; --listen 127.0.0.1:0 takes a free port", address, err)
	}
	return socket, nil
}

// stopTimeout bounds the wait for requests under way at the end.
const stopTimeout = 10 * time.Second

func (s *Stage) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return errors.Join(s.App.Stop(ctx), s.World.Close(), os.RemoveAll(s.folder))
}

func (s *Stage) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.out, format+"\n", args...)
}
