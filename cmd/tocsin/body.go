package main

import (
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"strings"
)

// bodyLimit is what the gateway takes of one delivery.
const bodyLimit = 32 << 20

// body reads a file, or with "-" standard input, as if it had been sent.
func (c *cli) body(name string) ([]byte, error) {
	in, what := c.stdin, "standard input"
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // opened for reading: nothing can be lost
		in, what = file, name
	}
	data, err := io.ReadAll(io.LimitReader(in, bodyLimit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s cannot be read: %w", what, err)
	case len(data) > bodyLimit:
		return nil, fmt.Errorf("%s has more than %d MiB; the gateway refuses such a body", what, bodyLimit>>20)
	}
	return data, nil
}

// parseHeader reads "Name: value" lines.
func parseHeader(lines []string) (http.Header, error) {
	header := http.Header{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name, " \t\r\n") {
			return nil, usagef("--header %q is not a header; write for example --header 'Sentry-Hook-Resource: issue'", line)
		}
		header.Add(textproto.CanonicalMIMEHeaderKey(name), strings.TrimSpace(value))
	}
	return header, nil
}
