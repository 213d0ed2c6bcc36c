// Command tocsin routes alerts to the people on call, and is the tool to look into it.
//
// main.go knows signals and exit codes; root.go the flags that all commands share; every
// subcommand has a file of its own. Commands are built by functions and get their streams,
// environment and clock as arguments, so that tests run them in this process.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// The exit codes.
const (
	exitOK    = 0
	exitFault = 1 // the command was understood and failed; standard error says why
	exitUsage = 2 // the command was not understood
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, surroundings{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		lookup: os.LookupEnv, now: time.Now,
	}, os.Args[1:]))
}

// surroundings is what a command gets from outside.
type surroundings struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	lookup         func(name string) (string, bool) // of environment variables
	now            func() time.Time
}

// usageError is a command line that was not understood.
type usageError struct{ reason string }

func (e usageError) Error() string { return e.reason }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// run executes one command line and returns the exit code.
func run(ctx context.Context, s surroundings, args []string) int {
	root, started := newRootCommand(s)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(s.stderr, "tocsin: "+printable(err.Error()))
	var usage usageError
	if *started && !errors.As(err, &usage) {
		return exitFault
	}
	fmt.Fprintf(s.stderr, "Run '%s --help' for what it takes.\n", cmd.CommandPath())
	return exitUsage
}
