// Package examples holds the configurations that come with the program: those to learn
// from, the one that `tocsin init` writes (starter.yaml) and the one that `tocsin demo`
// runs (demo.yaml). The calendars (*.ics) are those that full.yaml and
// follow-the-sun.yaml name. Each is loaded by a test of package configs.
package examples

import "embed"

// Files are the examples, by file name.
//
//go:embed *.yaml *.ics
var Files embed.FS
