package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/cmd/internal/client"
)

const (
	defaultServer = "http://127.0.0.1:8420"
	maxToken      = 4 << 10
)

// server are the flags of commands that ask a running server.
type server struct{ address, tokenFile string }

// addServerFlags gives a command, and all below it, --server and --token-file. A token
// itself is never an argument: every user of the machine could read it.
func addServerFlags(c *cli, cmd *cobra.Command) *server {
	s := &server{}
	address, ok := c.lookup("TOCSIN_SERVER")
	if !ok || address == "" {
		address = defaultServer
	}
	cmd.PersistentFlags().StringVar(&s.address, "server", address, "address of the server (environment: TOCSIN_SERVER)")
	cmd.PersistentFlags().StringVar(&s.tokenFile, "token-file", "", "file with the API token (or environment TOCSIN_TOKEN, or the first of api_tokens in --config)")
	return s
}

// connect makes the client that the flags ask for.
func (s *server) connect(c *cli, cmd *cobra.Command) (*client.Client, error) {
	token, err := s.token(c)
	if err != nil {
		return nil, err
	}
	api, err := client.New(s.address, token)
	if err != nil {
		return nil, usagef("%v", err)
	}
	if unprotected(s.address) {
		fmt.Fprintln(cmd.ErrOrStderr(), "tocsin: the token travels unprotected over http; use an https address")
	}
	return api, nil
}

// token is --token-file, else TOCSIN_TOKEN, else the configuration's first.
func (s *server) token(c *cli) (string, error) {
	if s.tokenFile != "" {
		return readToken(s.tokenFile)
	}
	if token, ok := c.lookup("TOCSIN_TOKEN"); ok && strings.TrimSpace(token) != "" {
		return strings.TrimSpace(token), nil
	}
	if c.config == "" {
		return "", errors.New("no API token: set TOCSIN_TOKEN, or name a file with --token-file, or a configuration with --config")
	}
	config, err := c.look()
	if err != nil {
		return "", err
	}
	if len(config.APITokens) == 0 {
		return "", fmt.Errorf("%s has no api_tokens; add one, or set TOCSIN_TOKEN", c.config)
	}
	token := config.APITokens[0].Token.Reveal()
	if token == "" {
		return "", fmt.Errorf("the first of api_tokens in %s cannot be read here; set TOCSIN_TOKEN, or name a file with --token-file", c.config)
	}
	return token, nil
}

func readToken(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // opened for reading: nothing can be lost
	data, err := io.ReadAll(io.LimitReader(file, maxToken+1))
	token := strings.TrimSpace(string(data))
	switch {
	case err != nil:
		return "", fmt.Errorf("%s cannot be read: %w", name, err)
	case token == "" || len(data) > maxToken:
		return "", fmt.Errorf("%s holds no token: it is empty or too long", name)
	}
	return token, nil
}

func unprotected(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}
