package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"tocsin/cmd/internal/registry"
	"tocsin/configs"
	"tocsin/configs/examples"
)

// builtIn is the example that stands in for a configuration.
const builtIn = "demo.yaml"

// source names the configuration in use, for people.
func (c *cli) source() string {
	if c.config == "" {
		return "built-in example " + builtIn
	}
	return c.config
}

// load reads the configuration, or without one the built-in example. Commands that only
// look take a configuration that can page nobody, and need none of its secrets.
func (c *cli) load(onlyLook bool) (*configs.Config, error) {
	reg := registry.Config()
	reg.AllowNoProvider = onlyLook
	if c.config != "" {
		return configs.Load(c.config, configs.Options{Registry: reg, Env: c.lookup, NoSecrets: onlyLook})
	}
	data, err := fs.ReadFile(examples.Files, builtIn)
	if err != nil {
		return nil, err
	}
	return configs.Parse(builtIn, data, reg, exampleVariables)
}

// exampleVariables are the variables of the built-in example. Their values are made up:
// whoever only looks neither sends nor verifies anything.
func exampleVariables(name string) (string, bool) {
	switch {
	case !strings.HasPrefix(name, "TOCSIN_DEMO_"):
		return "", false
	case strings.HasSuffix(name, "_URL"):
		return "http://127.0.0.1:8420", true
	case strings.HasSuffix(name, "_ACCOUNT_SID"):
		return "AC" + strings.Repeat("0", 32), true
	default:
		return rand.Text(), true
	}
}

// look loads a configuration for a command that needs it to be without faults.
func (c *cli) look() (*configs.Config, error) {
	config, err := c.load(true)
	if err != nil {
		return nil, fmt.Errorf("the configuration has faults; tocsin check shows them with its warnings:\n%w", faults(err))
	}
	return config, nil
}

// faults leaves the warnings out.
func faults(err error) error {
	var problems configs.Problems
	if errors.As(err, &problems) {
		return problems.Errors()
	}
	return err
}
